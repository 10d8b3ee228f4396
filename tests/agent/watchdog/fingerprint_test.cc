#include "agent/watchdog/fingerprint.h"

#include <gtest/gtest.h>

#include <set>

#include "agent/watchdog/verdict.h"
#include "tests/agent/watchdog/synthetic_hang.h"

namespace crosscall::watchdog {
namespace {

std::string Of(SyntheticHang& hang) { return Judge(hang.evidence()).report.fingerprint(); }

StampLook Stamped(std::uint32_t cpu, core::Stage stage, std::uint32_t caller, std::uint64_t sequence,
                  std::uint32_t peer) {
  StampLook seen;
  seen.cpu = cpu;
  seen.stamp.stage = static_cast<std::uint16_t>(stage);
  seen.stamp.call = core::CallId(caller, sequence);
  seen.stamp.peer = static_cast<std::uint16_t>(peer);
  return seen;
}

// CPU `caller` waits for a CPU that masks interrupts.
SyntheticHang Masked(std::uint32_t caller, std::uint32_t target, std::uint64_t sequence) {
  SyntheticHang hang(4);
  hang.WaitsForCompletion(caller, sequence, {target}).Masked(target).Queued(target).Latched(target);
  return hang;
}

TEST(Fingerprint, IsOfTheKindOfHangAndNotOfItsNumbers) {
  SyntheticHang hang = Masked(0, 1, 3);
  SyntheticHang elsewhere = Masked(2, 3, 44);
  EXPECT_EQ(Of(hang), "masked / no handler / kicked");
  EXPECT_EQ(Of(elsewhere), Of(hang));
}

TEST(Fingerprint, HasTheTargetsState) {
  SyntheticHang lock(2);
  lock.WaitsForCompletion(0, 3, {1}).Masked(1).Queued(1).Latched(1).Holds(0, 1).WaitsForLock(1, 1);
  EXPECT_EQ(Of(lock), "masked, at lock L0 / no handler / kicked");
  SyntheticHang stopped(2);
  stopped.WaitsForCompletion(0, 3, {1}).Queued(1);
  for (std::uint32_t cpu : {0, 1}) stopped.On(cpu, [](CpuLook& look) { look.thread.state = 'T'; });
  EXPECT_EQ(Of(stopped), "stopped / no handler / kicked");
  SyntheticHang descheduled(2);
  descheduled.WaitsForCompletion(0, 3, {1}).Masked(1).Queued(1).Latched(1).On(
      1, [](CpuLook& look) { look.thread.state = 'S'; });
  EXPECT_EQ(Of(descheduled), "masked, asleep / no handler / kicked");
  SyntheticHang gone(2);
  gone.WaitsForCompletion(0, 3, {1}).On(1, [](CpuLook& look) { look.thread.exists = false; });
  EXPECT_EQ(Of(gone), "gone / no handler / kicked");
}

TEST(Fingerprint, HasWhatTheHandlerIsIn) {
  SyntheticHang hang(2);
  hang.WaitsForCompletion(0, 3, {1}).Masked(1).On(1, [](CpuLook& look) {
    look.frames = {CallFrame(1, 9, 0), HandlerFrame(), FunctionFrame(0, 3)};
    look.requests_published = look.requests_taken = 1;
  });
  EXPECT_EQ(Of(hang), "masked / handler>fn / kicked");
}

TEST(Fingerprint, HasTheLastStageThatTheCallReachedAtTheTarget) {
  SyntheticHang hang = Masked(0, 1, 3);
  hang.evidence().timeline = {Stamped(0, core::Stage::kKicked, 0, 3, 1), Stamped(1, core::Stage::kDrain, 0, 3, 0),
                              // Of another call, of another target, and of no call.
                              Stamped(1, core::Stage::kComplete, 0, 2, 0), Stamped(2, core::Stage::kComplete, 0, 3, 0),
                              Stamped(1, core::Stage::kSpurious, 0, 0, 0)};
  EXPECT_EQ(Of(hang), "masked / no handler / drain");
}

TEST(Fingerprint, WithoutStampsTheFrameSaysHowFarTheCallWas) {
  std::set<std::string> different;
  for (const core::CallPhase phase : {core::CallPhase::kEntered, core::CallPhase::kClaimed, core::CallPhase::kPublished,
                                      core::CallPhase::kKicked, core::CallPhase::kSkipped}) {
    SyntheticHang hang = Masked(0, 1, 3);
    hang.On(0, [phase](CpuLook& look) { look.frames.back().phase = phase; });
    different.insert(Of(hang));
  }
  EXPECT_EQ(different.size(), 5u);
}

TEST(Fingerprint, OfACycleIsTheSameWhereverItIsEntered) {
  const auto cycle = [](bool turned) {
    const std::uint32_t caller = turned ? 1 : 0;
    const std::uint32_t holder = turned ? 0 : 1;
    SyntheticHang hang(2);
    hang.WaitsForCompletion(caller, 3, {holder}).Masked(holder).Queued(holder).Latched(holder);
    hang.Masked(caller).Holds(caller, 0).WaitsForLock(holder, 0).Overdue(holder);
    return Of(hang);
  };
  EXPECT_EQ(cycle(false), "masked, at own / no handler / kicked");
  EXPECT_EQ(cycle(true), cycle(false));
}

TEST(Fingerprint, OfLocksAloneHasNoCall) {
  SyntheticHang hang(2, 2);
  hang.WaitsForLock(0, 2).Holds(1, 2).WaitsForLock(1, 1).Holds(0, 1);
  EXPECT_EQ(Of(hang), "open, at lock L0 / no handler / no call");
}

}  // namespace
}  // namespace crosscall::watchdog
