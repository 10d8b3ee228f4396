#include "proto/shared/hang_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

namespace crosscall::shared {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

v1::HangReport MutualMasked() {
  v1::HangReport report;
  report.set_hang_class(v1::HANG_CLASS_MASKED_TARGET);
  report.set_fingerprint("masked, at completion / no handler / kicked");
  report.set_summary("CPU 0 and CPU 1 wait for each other, both masked");
  report.set_detection_nanos(3'400'000);
  for (std::uint32_t cpu = 0; cpu < 2; ++cpu) {
    v1::HangWait& wait = *report.add_waits();
    wait.set_cpu(cpu);
    wait.set_site(v1::WAIT_SITE_COMPLETION);
    wait.add_for_cpus(1 - cpu);
    wait.set_waited_nanos(1'000'000'000);
    wait.set_call_sequence(7);
    report.add_cycle(cpu);
    v1::HangCpu& state = *report.add_cpus();
    state.set_cpu(cpu);
    state.set_board_cpu(cpu + 2);
    state.set_irqs_masked(true);
    state.set_ipi_pending(true);
    state.set_thread_state("R");
  }
  return report;
}

TEST(HangTextTest, SaysWhoWaitsForWhomAndTheCycle) {
  const std::string text = HangText(MutualMasked());
  EXPECT_THAT(text, HasSubstr("HANG: masked target, declared 3400.0 us after the deadline\n"));
  EXPECT_THAT(text, HasSubstr("CPU 0 waits for completion of its call to CPU 1, for 1000.0 ms (call 7)\n"));
  EXPECT_THAT(text, HasSubstr("CPU 0 -> CPU 1 -> CPU 0\n"));
  EXPECT_THAT(text, HasSubstr("\nfingerprint  masked, at completion / no handler / kicked\n"));
  EXPECT_THAT(text, HasSubstr("CPU 1 (board CPU 3): interrupts masked, IPI pending, 0 queued, thread R"));
  EXPECT_THAT(text, Not(HasSubstr("last stages")));
  EXPECT_EQ(text.back(), '\n');
}

TEST(HangTextTest, LocksAreNamedWithTheirOwner) {
  v1::HangReport report;
  v1::HangWait& wait = *report.add_waits();
  wait.set_site(v1::WAIT_SITE_LOCK);
  wait.set_lock("L");
  wait.add_for_cpus(3);
  EXPECT_THAT(HangText(report), HasSubstr("CPU 0 waits for lock L held by CPU 3"));
}

TEST(HangTextTest, TimelineKeepsItsEndAndSaysWhatItLeftOut) {
  v1::HangReport report;
  for (std::uint64_t i = 1; i <= 50; ++i) {
    v1::HangStamp& stamp = *report.add_timeline();
    stamp.set_stage("publish");
    stamp.set_at_nanos(i * 1000);
    stamp.set_call_sequence(i);
    stamp.set_peer(1);
  }
  const std::string text = HangText(report);
  EXPECT_THAT(text, HasSubstr("(10 earlier ones left out)"));
  EXPECT_THAT(text, HasSubstr("call 50 of CPU 0 to CPU 1\n"));
  EXPECT_THAT(text, Not(HasSubstr("call 10 of CPU 0")));
}

TEST(HangTextTest, EmptyReportIsStillALine) { EXPECT_THAT(HangText(v1::HangReport()), HasSubstr("HANG: unknown")); }

TEST(HangClassNameTest, EveryClassHasANameOfItsOwn) {
  std::set<std::string> names;
  for (int i = v1::HangClass_MIN; i <= v1::HangClass_MAX; ++i) {
    names.insert(std::string(HangClassName(static_cast<v1::HangClass>(i))));
  }
  EXPECT_EQ(names.size(), static_cast<std::size_t>(v1::HangClass_MAX + 1));
}

TEST(WaitSiteNameTest, EverySiteHasANameOfItsOwn) {
  std::set<std::string> names;
  for (int i = v1::WaitSite_MIN; i <= v1::WaitSite_MAX; ++i) {
    names.insert(std::string(WaitSiteName(static_cast<v1::WaitSite>(i))));
  }
  EXPECT_EQ(names.size(), static_cast<std::size_t>(v1::WaitSite_MAX + 1));
}

}  // namespace
}  // namespace crosscall::shared
