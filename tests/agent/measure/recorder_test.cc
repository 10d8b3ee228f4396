// Joins of hand-written stamp rings with known answers. The clock runs at one tick a nanosecond.
#include "agent/measure/recorder.h"

#include <gtest/gtest.h>

#include <vector>

#include "agent/core/stage.h"
#include "agent/measure/ipi_ledger.h"

namespace crosscall::measure {
namespace {

using core::CallId;
using core::Stage;

constexpr std::uint32_t kRingSize = 64;
constexpr std::uint16_t kSeveral = 0xffff;

// Rings of a few CPUs, written as the port writes them.
class Rings {
 public:
  explicit Rings(std::uint32_t cpus) : slots_(cpus, std::vector<core::Stamp>(kRingSize)), heads_(cpus) {}

  void Stamp(std::uint32_t cpu, std::uint64_t time, Stage stage, std::uint64_t call = 0, std::uint16_t peer = kSeveral,
             std::uint16_t detail = 0) {
    const std::uint64_t index = heads_[cpu]++;
    slots_[cpu][index % kRingSize] = {time, call, static_cast<std::uint16_t>(stage), peer, detail, 0, index};
  }
  // The caller's stages of a waiting call to one target that is kicked, from `start` on.
  void Caller(std::uint32_t cpu, std::uint16_t target, std::uint64_t call, std::uint64_t start, std::uint64_t end) {
    Stamp(cpu, start, Stage::kEnter, call, target);
    Stamp(cpu, start + 10, Stage::kClaim, call, target);
    Stamp(cpu, start + 30, Stage::kPublish, call, target);
    Stamp(cpu, start + 40, Stage::kKick, call, target);
    Stamp(cpu, start + 90, Stage::kKicked, call, target);
    Stamp(cpu, end - 5, Stage::kObserved, call, target);
    Stamp(cpu, end, Stage::kReturn, call, target);
  }
  // One function served, 100 ns after `start`.
  void Serve(std::uint32_t cpu, std::uint64_t call, std::uint64_t start) {
    const auto caller = static_cast<std::uint16_t>(core::CallerOf(call));
    Stamp(cpu, start + 20, Stage::kDrain, call, caller);
    Stamp(cpu, start + 50, Stage::kFnEntry, call, caller);
    Stamp(cpu, start + 150, Stage::kFnExit, call, caller);
    Stamp(cpu, start + 160, Stage::kComplete, call, caller);
  }
  void Handler(std::uint32_t cpu, std::uint64_t call, std::uint64_t start) {
    Stamp(cpu, start, Stage::kIpiEntry);
    Serve(cpu, call, start);
    Stamp(cpu, start + 170, Stage::kHandlerExit);
  }

  std::vector<StampRing> View() const {
    std::vector<StampRing> view;
    for (std::size_t cpu = 0; cpu < heads_.size(); ++cpu) view.push_back({slots_[cpu].data(), heads_[cpu]});
    return view;
  }

 private:
  std::vector<std::vector<core::Stamp>> slots_;
  std::vector<std::uint64_t> heads_;
};

RecorderOptions OptionsOf(std::uint32_t cpus) { return {.cpu_count = cpus, .ring_size = kRingSize}; }

void ExpectOne(const Recorder& recorder, Interval interval, std::uint64_t nanos) {
  const shared::Histogram& histogram = recorder.book().interval(interval);
  EXPECT_EQ(histogram.count(), 1u);
  EXPECT_EQ(histogram.min(), nanos);
  EXPECT_EQ(histogram.max(), nanos);
}

TEST(RecorderTest, OneCallGivesEveryInterval) {
  Rings rings(2);
  const std::uint64_t call = CallId(0, 1);
  rings.Caller(0, 1, call, 1000, 1500);
  rings.Handler(1, call, 1200);
  Recorder recorder(OptionsOf(2));
  recorder.Join(rings.View(), {});
  EXPECT_EQ(recorder.book().whole().count(), 1u);
  EXPECT_EQ(recorder.book().whole().max(), 500u);
  ExpectOne(recorder, Interval::kEnterClaim, 10);
  ExpectOne(recorder, Interval::kClaimPublish, 20);
  ExpectOne(recorder, Interval::kPublishKicked, 60);
  ExpectOne(recorder, Interval::kKickEntry, 160);
  ExpectOne(recorder, Interval::kKickedEntry, 110);
  ExpectOne(recorder, Interval::kEntryDrain, 20);
  ExpectOne(recorder, Interval::kDrainFnEntry, 30);
  ExpectOne(recorder, Interval::kFunction, 100);
  ExpectOne(recorder, Interval::kFnExitComplete, 10);
  ExpectOne(recorder, Interval::kCompleteObserved, 135);
  ExpectOne(recorder, Interval::kPublishFnEntry, 220);
  EXPECT_EQ(recorder.book().targets(Route::kIpi), 1u);
  EXPECT_EQ(recorder.ipis(1).entries, 1u);
  EXPECT_EQ(recorder.ipis(1).kicks.expected, 1u);
  EXPECT_EQ(recorder.ipis(1).kicks.open, 1u);
  EXPECT_EQ(recorder.lost_stamps(), 0u);
  EXPECT_EQ(recorder.broken_calls(), 0u);
}

TEST(RecorderTest, OverheadIsSubtractedFromWholeCallsButNeverBelowZero) {
  Rings rings(2);
  rings.Caller(0, 1, CallId(0, 1), 1000, 1500);
  rings.Handler(1, CallId(0, 1), 1200);
  rings.Caller(0, 1, CallId(0, 2), 2000, 2100);
  rings.Handler(1, CallId(0, 2), 1900);
  Recorder recorder(OptionsOf(2));
  recorder.SetCosts(/*overhead_nanos=*/120, /*skew_nanos=*/0);
  recorder.Join(rings.View(), {});
  EXPECT_EQ(recorder.book().whole().count(), 2u);
  EXPECT_EQ(recorder.book().whole().max(), 380u);
  EXPECT_EQ(recorder.book().whole().min(), 0u);
  EXPECT_EQ(recorder.book().interval(Interval::kFunction).max(), 100u);
}

TEST(RecorderTest, IntervalsBelowTheSkewBoundAreReportedAsTheBound) {
  Rings rings(2);
  const std::uint64_t call = CallId(0, 1);
  rings.Caller(0, 1, call, 1000, 1500);
  rings.Handler(1, call, 1050);  // before the doorbell had ended, says the other clock
  Recorder recorder(OptionsOf(2));
  recorder.SetCosts(0, /*skew_nanos=*/200);
  recorder.Join(rings.View(), {});
  ExpectOne(recorder, Interval::kKickedEntry, 200);
  ExpectOne(recorder, Interval::kKickEntry, 200);
  ExpectOne(recorder, Interval::kCompleteObserved, 285);
  ExpectOne(recorder, Interval::kEntryDrain, 20);  // one clock, no bound
}

TEST(RecorderTest, PolledCallHasNoIpiLatencyAndItsInterruptComesLaterAsSpurious) {
  Rings rings(2);
  const std::uint64_t call = CallId(0, 1);
  rings.Caller(0, 1, call, 1000, 1500);
  rings.Stamp(1, 1100, Stage::kPollHit, 0, kSeveral, static_cast<std::uint16_t>(core::Site::kCompletion));
  rings.Serve(1, call, 1100);
  rings.Stamp(1, 1270, Stage::kHandlerExit);
  rings.Stamp(1, 1900, Stage::kIpiEntry);
  rings.Stamp(1, 1910, Stage::kSpurious);
  rings.Stamp(1, 1920, Stage::kHandlerExit);
  Recorder recorder(OptionsOf(2));
  recorder.Join(rings.View(), {});
  EXPECT_EQ(recorder.book().targets(Route::kPolled), 1u);
  EXPECT_EQ(recorder.book().targets(Route::kIpi), 0u);
  EXPECT_EQ(recorder.book().interval(Interval::kKickEntry).count(), 0u);
  ExpectOne(recorder, Interval::kPublishFnEntry, 120);
  EXPECT_EQ(recorder.ipis(1).kicks.expected, 1u);
  EXPECT_EQ(recorder.ipis(1).entries, 1u);
  EXPECT_EQ(recorder.spurious_entries(), 1u);
}

TEST(RecorderTest, SkippedKickThatAnotherEntryServesIsProxied) {
  Rings rings(3);
  const std::uint64_t first = CallId(0, 1);
  const std::uint64_t second = CallId(2, 1);
  rings.Caller(0, 1, first, 1000, 2000);
  rings.Stamp(2, 1050, Stage::kEnter, second, 1);
  rings.Stamp(2, 1055, Stage::kPublish, second, 1);
  rings.Stamp(2, 1060, Stage::kKickSkipped, second, 1, static_cast<std::uint16_t>(core::SkipReason::kNotFirst));
  rings.Stamp(2, 2300, Stage::kReturn, second, 1);
  rings.Stamp(1, 1200, Stage::kIpiEntry);
  rings.Serve(1, first, 1200);
  rings.Serve(1, second, 1400);
  rings.Stamp(1, 1600, Stage::kHandlerExit);
  Recorder recorder(OptionsOf(3));
  recorder.Join(rings.View(), {});
  EXPECT_EQ(recorder.book().targets(Route::kIpi), 1u);
  EXPECT_EQ(recorder.book().targets(Route::kProxied), 1u);
  EXPECT_EQ(recorder.book().interval(Interval::kKickEntry).count(), 1u);
  EXPECT_EQ(recorder.ipis(1).kicks.expected, 1u);
}

TEST(RecorderTest, OwnKickServedByAnEarlierEntryHasNoIpiLatency) {
  Rings rings(2);
  const std::uint64_t call = CallId(0, 1);
  rings.Stamp(1, 900, Stage::kIpiEntry);
  rings.Serve(1, call, 1100);
  rings.Stamp(1, 1300, Stage::kHandlerExit);
  rings.Caller(0, 1, call, 1000, 1500);
  Recorder recorder(OptionsOf(2));
  recorder.Join(rings.View(), {});
  EXPECT_EQ(recorder.book().targets(Route::kIpi), 1u);
  EXPECT_EQ(recorder.book().interval(Interval::kKickEntry).count(), 0u);
  EXPECT_EQ(recorder.ipis(1).kicks.open, 0u);  // it found the target in a handler
}

TEST(RecorderTest, MaskCallHasOneLatencyAndARouteForEachTarget) {
  Rings rings(4);
  const std::uint64_t call = CallId(0, 1);
  rings.Stamp(0, 1000, Stage::kEnter, call);
  rings.Stamp(0, 1010, Stage::kClaim, call);
  rings.Stamp(0, 1020, Stage::kPublish, call);
  rings.Stamp(0, 1030, Stage::kKick, call);
  rings.Stamp(0, 1040, Stage::kKicked, call);
  rings.Stamp(0, 1050, Stage::kKickSkipped, call, 0, static_cast<std::uint16_t>(core::SkipReason::kSelf));
  rings.Stamp(0, 1060, Stage::kFnEntry, call, 0);
  rings.Stamp(0, 1090, Stage::kFnExit, call, 0);
  rings.Stamp(0, 2000, Stage::kObserved, call);
  rings.Stamp(0, 2010, Stage::kReturn, call);
  for (std::uint32_t cpu = 1; cpu < 4; ++cpu) rings.Handler(cpu, call, 1100 + 100 * cpu);
  Recorder recorder(OptionsOf(4));
  recorder.Join(rings.View(), {});
  EXPECT_EQ(recorder.book().whole().count(), 1u);
  EXPECT_EQ(recorder.book().whole().max(), 1010u);
  EXPECT_EQ(recorder.book().targets(Route::kIpi), 3u);
  EXPECT_EQ(recorder.book().targets(Route::kSelf), 1u);
  EXPECT_EQ(recorder.book().interval(Interval::kKickEntry).count(), 3u);
  EXPECT_EQ(recorder.book().interval(Interval::kKickEntry).min(), 170u);
  EXPECT_EQ(recorder.book().interval(Interval::kKickEntry).max(), 370u);
  EXPECT_EQ(recorder.book().interval(Interval::kFunction).count(), 4u);
  v1::TrialResult result;
  recorder.book().Fill(result);
  EXPECT_EQ(result.pairs_size(), 0);  // no target has a latency of its own
}

TEST(RecorderTest, RefusedCallsHaveNoLatency) {
  Rings rings(2);
  rings.Stamp(0, 1000, Stage::kEnter, CallId(0, 1), 1);
  rings.Stamp(0, 1010, Stage::kReturn, CallId(0, 1), 1, static_cast<std::uint16_t>(core::Result::kBusy));
  Recorder recorder(OptionsOf(2));
  recorder.Join(rings.View(), {});
  EXPECT_EQ(recorder.book().targets(Route::kRefused), 1u);
  EXPECT_EQ(recorder.book().whole().count(), 0u);
  EXPECT_EQ(recorder.broken_calls(), 0u);
}

TEST(RecorderTest, NestedCallsKeepTheirOwnTimes) {
  Rings rings(2);
  const std::uint64_t outer = CallId(0, 1);
  const std::uint64_t inner = CallId(1, 1);
  rings.Caller(0, 1, outer, 1000, 3000);
  rings.Stamp(1, 1200, Stage::kIpiEntry);
  rings.Stamp(1, 1220, Stage::kDrain, outer, 0);
  rings.Stamp(1, 1250, Stage::kFnEntry, outer, 0);
  rings.Caller(1, 0, inner, 1300, 2000);
  rings.Stamp(1, 2050, Stage::kFnExit, outer, 0);
  rings.Stamp(1, 2060, Stage::kComplete, outer, 0);
  rings.Stamp(1, 2070, Stage::kHandlerExit);
  rings.Handler(0, inner, 1500);
  Recorder recorder(OptionsOf(2));
  recorder.Join(rings.View(), {});
  EXPECT_EQ(recorder.book().whole().count(), 2u);
  EXPECT_EQ(recorder.book().whole().min(), 700u);
  EXPECT_EQ(recorder.book().whole().max(), 2000u);
  EXPECT_EQ(recorder.book().interval(Interval::kFunction).max(), 800u);
}

TEST(RecorderTest, EachJoinTakesOnlyWhatCameSince) {
  Rings rings(2);
  rings.Stamp(0, 5, Stage::kEnter);  // calibration, of no call
  Recorder recorder(OptionsOf(2));
  recorder.SkipTo(rings.View());
  for (std::uint64_t i = 1; i <= 40; ++i) {
    rings.Caller(0, 1, CallId(0, i), i * 10'000, i * 10'000 + 500);
    rings.Handler(1, CallId(0, i), i * 10'000 + 200);
    recorder.Join(rings.View(), {});
    EXPECT_EQ(recorder.largest_share(), 7u);
    EXPECT_EQ(recorder.calls_of_batch(), 1u);
  }
  EXPECT_EQ(recorder.book().whole().count(), 40u);
  EXPECT_EQ(recorder.lost_stamps(), 0u);
  EXPECT_EQ(recorder.ipis(1).entries, 40u);
}

TEST(RecorderTest, OverwrittenStampsAreCountedAndNothingIsInvented) {
  Rings rings(2);
  for (std::uint64_t i = 1; i <= 20; ++i) {  // 140 stamps of the caller in a ring of 64
    rings.Caller(0, 1, CallId(0, i), i * 10'000, i * 10'000 + 500);
    rings.Handler(1, CallId(0, i), i * 10'000 + 200);
  }
  Recorder recorder(OptionsOf(2));
  recorder.Join(rings.View(), {});
  EXPECT_EQ(recorder.lost_stamps(), (140u - 64) + (120u - 64));
  EXPECT_EQ(recorder.book().whole().count(), 9u);  // those whose entry was still there
  EXPECT_EQ(recorder.book().whole().max(), 500u);
}

TEST(RecorderTest, CallWithoutReturnIsBroken) {
  Rings rings(2);
  rings.Stamp(0, 1000, Stage::kEnter, CallId(0, 1), 1);
  Recorder recorder(OptionsOf(2));
  recorder.Join(rings.View(), {});
  EXPECT_EQ(recorder.broken_calls(), 1u);
  EXPECT_EQ(recorder.book().whole().count(), 0u);
}

TEST(RecorderTest, AcceptedCallThatNobodyServedIsBroken) {
  Rings rings(2);
  rings.Caller(0, 1, CallId(0, 1), 1000, 1500);
  Recorder recorder(OptionsOf(2));
  recorder.Join(rings.View(), {});
  EXPECT_EQ(recorder.broken_calls(), 1u);
}

TEST(RecorderTest, PacedLatencyCountsFromTheIntendedStartSoAStallIsNotHidden) {
  // A call every 100 ns. The first one takes 350, so the next three start late, though each takes only 50.
  Pacer pacer(100, 16);
  std::uint64_t clock = 1000;
  const auto now = [&] { return clock; };
  const auto relax = [&] { ++clock; };
  pacer.Resume(1000);
  Rings rings(2);
  for (std::uint64_t i = 1; i <= 4; ++i) {
    EXPECT_EQ(pacer.WaitForStart(now, relax), 1000 + (i - 1) * 100);
    const std::uint64_t call = CallId(0, i);
    rings.Stamp(0, clock, Stage::kEnter, call, 1);
    clock += i == 1 ? 350 : 50;
    rings.Stamp(0, clock, Stage::kReturn, call, 1);
  }
  Recorder recorder(OptionsOf(2));
  recorder.Join(rings.View(), {&pacer, nullptr});
  const shared::Histogram& latency = recorder.book().whole();
  EXPECT_EQ(latency.count(), 4u);
  EXPECT_EQ(latency.min(), 200u);  // the fourth: meant for 1300, ended at 1500
  EXPECT_EQ(latency.max(), 350u);
  EXPECT_EQ(static_cast<std::uint64_t>(latency.sum()), 350u + 300u + 250u + 200u);
}

TEST(PacerTest, ClosedLoopStartsAtOnce) {
  Pacer pacer(0, 16);
  EXPECT_FALSE(pacer.paced());
  EXPECT_EQ(pacer.WaitForStart([]() -> std::uint64_t { return 5; }, [] { FAIL() << "no reason to wait"; }), 0u);
  EXPECT_TRUE(pacer.starts().empty());
}

TEST(PacerTest, TimeSpentParkedIsNotOnTheSchedule) {
  Pacer pacer(100, 16);
  std::uint64_t clock = 1000;
  const auto now = [&] { return clock; };
  const auto relax = [&] { ++clock; };
  pacer.Resume(1000);
  EXPECT_EQ(pacer.WaitForStart(now, relax), 1000u);
  pacer.Pause(1040);
  pacer.Resume(9040);
  clock = 9040;
  EXPECT_EQ(pacer.WaitForStart(now, relax), 9100u);
  EXPECT_EQ(clock, 9100u);
}

TEST(PacerTest, StartsBeyondTheCapacityAreCounted) {
  Pacer pacer(1, 2);
  for (int i = 0; i < 5; ++i) pacer.WaitForStart([]() -> std::uint64_t { return 1'000'000; }, [] {});
  EXPECT_EQ(pacer.starts().size(), 2u);
  EXPECT_EQ(pacer.lost(), 3u);
  pacer.Clear();
  EXPECT_TRUE(pacer.starts().empty());
}

LedgerCounts Count(std::vector<std::uint64_t> kicks, const std::vector<HandlerSpan>& handlers) {
  return CountKicks(kicks, handlers, /*back_to_back_ticks=*/10);
}

TEST(IpiLedgerTest, EachKickWithItsOwnEntryIsExpected) {
  const LedgerCounts counts = Count({100, 300}, {{150, 200, true}, {350, 400, true}});
  EXPECT_EQ(counts.expected, 2u);
  EXPECT_EQ(counts.merged, 0u);
  EXPECT_EQ(counts.open, 2u);
}

TEST(IpiLedgerTest, KicksWhileTheLatchIsSetMerge) {
  const LedgerCounts counts = Count({120, 100, 110}, {{150, 200, true}});
  EXPECT_EQ(counts.expected, 1u);
  EXPECT_EQ(counts.merged, 2u);
}

TEST(IpiLedgerTest, LostKickIsExpectedAndLaterOnesMergeIntoIt) {
  const LedgerCounts counts = Count({100, 200}, {});
  EXPECT_EQ(counts.expected, 1u);
  EXPECT_EQ(counts.merged, 1u);
  EXPECT_EQ(counts.open, 1u);
}

TEST(IpiLedgerTest, PollingDoesNotClearTheLatch) {
  const LedgerCounts counts = Count({100, 200}, {{120, 150, false}, {250, 260, true}});
  EXPECT_EQ(counts.expected, 1u);
  EXPECT_EQ(counts.merged, 1u);
}

TEST(IpiLedgerTest, KickIntoAHandlerIsNoInterruptOfTheKernel) {
  const LedgerCounts counts = Count({100, 160}, {{150, 200, true}, {205, 220, true}});
  EXPECT_EQ(counts.expected, 2u);
  EXPECT_EQ(counts.open, 1u);
}

TEST(IpiLedgerTest, EntryRightBehindAHandlerMayHaveBeenPendingAndIsNotCountedAsOpen) {
  const LedgerCounts counts = Count({100, 201}, {{150, 200, true}, {208, 220, true}});
  EXPECT_EQ(counts.expected, 2u);
  EXPECT_EQ(counts.open, 1u);
}

}  // namespace
}  // namespace crosscall::measure
