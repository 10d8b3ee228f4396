#include "agent/measure/fault_plan.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/status/statusor.h"
#include "agent/scenario/parse.h"

namespace crosscall::measure {
namespace {

v1::Scenario Parse(const std::string& text) {
  const absl::StatusOr<v1::Scenario> parsed = scenario::ParseScenario(text, "test");
  EXPECT_TRUE(parsed.ok()) << parsed.status();
  return parsed.ok() ? *parsed : v1::Scenario();
}

TEST(FaultPlanTest, EveryFaultOfTheLanguageIsCarriedOver) {
  const ports::FaultPlan plan = FaultPlanOf(
      Parse("scenario: s\nabout: test\nfunctions:\n  f: [work 300ns]\nprograms:\n  0: [call 1 f wait]\n"
            "interrupts:\n  - {cpu: 1, run: f, times: 3}\n  - {cpu: 0, run: f, times: 1, at: queued-not-kicked}\n"
            "faults:\n  - {drop_ipi: {to: 1, nth: 2}}\n  - {dup_ipi: {to: 1, nth: 3}}\n"
            "  - {delay_ipi: {to: 1, by: 200us}}\n  - {deschedule: {cpu: 1, for: 1ms, at: handler-entry}}\n"
            "  - {alloc_fail: {cpu: 0, nth: 4}}\n  - {mutate_mask: {cpu: 0}}\n"));
  ASSERT_EQ(plan.ipis.size(), 3u);
  EXPECT_EQ(plan.ipis[0].kind, ports::IpiFault::Kind::kDrop);
  EXPECT_EQ(plan.ipis[0].nth, 2u);
  EXPECT_EQ(plan.ipis[1].kind, ports::IpiFault::Kind::kDuplicate);
  EXPECT_EQ(plan.ipis[2].kind, ports::IpiFault::Kind::kDelay);
  EXPECT_EQ(plan.ipis[2].delay_nanos, 200'000u);
  ASSERT_EQ(plan.deschedules.size(), 1u);
  EXPECT_EQ(plan.deschedules[0].point, ports::DescheduleFault::Point::kHandlerEntry);
  EXPECT_EQ(plan.deschedules[0].span_nanos, 1'000'000u);
  ASSERT_EQ(plan.allocs.size(), 1u);
  EXPECT_EQ(plan.allocs[0].nth, 4u);
  ASSERT_EQ(plan.mutate_masks.size(), 1u);
  ASSERT_EQ(plan.devices.size(), 2u);
  EXPECT_EQ(plan.devices[0].times, 3u);
  EXPECT_EQ(plan.devices[1].index, 1u);
  EXPECT_EQ(plan.devices[1].point, ports::DeviceInterrupt::Point::kQueuedNotKicked);
  EXPECT_TRUE(plan.kick_window);  // implied by the second interrupt
}

}  // namespace
}  // namespace crosscall::measure
