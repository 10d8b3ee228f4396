#include "controller/cli/result_groups.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/cli/heatmap.h"
#include "controller/cli/result_sheet.h"
#include "tests/controller/cli/sample_results.h"

namespace crosscall::cli {
namespace {

using ::testing::HasSubstr;

constexpr char kSpin[] = "generic_2008/spin/mask_all";
constexpr char kPoll[] = "generic_2008/poll_completion/mask_all";

v1::SweepSpec Spec() {
  v1::SweepSpec spec;
  spec.add_scenarios()->set_id("ring");
  spec.add_scenarios()->set_id("mesh");
  spec.add_implementations(kSpin);
  spec.add_implementations("*");
  return spec;
}

std::string Table(const ResultGroups& groups) {
  absl::StatusOr<Sheet> sheet = ResultSheet(groups);
  return sheet.ok() ? sheet->Render(Format::kTable) : sheet.status().ToString();
}

TEST(ResultGroupsTest, RepetitionsMergeExactly) {
  ResultGroups groups(Spec());
  const v1::Trial first = FinishedTrial("t1", "ring", kSpin, v1::OUTCOME_COMPLETED);
  const v1::Trial second = FinishedTrial("t2", "ring", kSpin, v1::OUTCOME_COMPLETED);
  groups.AddTrial(first);
  groups.AddTrial(second);
  ASSERT_TRUE(groups.AddResult(ResultOf(first, {100, 300})).ok());
  ASSERT_TRUE(groups.AddResult(ResultOf(second, {200, 20'000, 1'000'000})).ok());
  ASSERT_EQ(groups.points().size(), 1U);
  EXPECT_EQ(groups.points().begin()->second.latency.DebugString(),
            HistogramOf({100, 200, 300, 20'000, 1'000'000}).DebugString());
  EXPECT_EQ(Table(groups),
            "SCENARIO  IMPLEMENTATION              OUTCOME    CALLS     P50      P99    P99.9      MAX  "
            "IPIS SEEN/EXPECTED  NOTES\n"
            "ring      generic_2008/spin/mask_all  completed      5  301 ns  1.00 ms  1.00 ms  1.00 ms                 "
            "5/5  -\n");
}

v1::Result WithoutHistograms(v1::Result result, std::uint64_t max) {
  result.mutable_payload()->clear_latency();
  result.mutable_removal()->mutable_time()->set_seconds(1'800'000'000);
  result.mutable_removal()->set_p50_nanos(100);
  result.mutable_removal()->set_p99_nanos(200);
  result.mutable_removal()->set_p999_nanos(300);
  result.mutable_removal()->set_max_nanos(max);
  return result;
}

TEST(ResultGroupsTest, WhatRetentionRemovedIsSaidAndItsSummaryShown) {
  ResultGroups groups(Spec());
  const v1::Trial alone = FinishedTrial("t1", "ring", kSpin, v1::OUTCOME_COMPLETED);
  const v1::Trial first = FinishedTrial("t2", "mesh", kSpin, v1::OUTCOME_COMPLETED);
  const v1::Trial second = FinishedTrial("t3", "mesh", kSpin, v1::OUTCOME_COMPLETED);
  for (const v1::Trial& trial : {alone, first, second}) groups.AddTrial(trial);
  ASSERT_TRUE(groups.AddResult(WithoutHistograms(ResultOf(alone, {100, 400}), 400)).ok());
  ASSERT_TRUE(groups.AddResult(WithoutHistograms(ResultOf(first, {100, 700}), 700)).ok());
  ASSERT_TRUE(groups.AddResult(WithoutHistograms(ResultOf(second, {100, 500}), 500)).ok());
  const std::string table = Table(groups);
  EXPECT_THAT(table, HasSubstr("2  100 ns  200 ns  300 ns  400 ns"));
  // Quantiles of several cannot be pooled.
  EXPECT_THAT(table, HasSubstr("4       -       -       -  700 ns"));
  EXPECT_THAT(table, HasSubstr("histograms removed by retention on 2027-01-15"));
  EXPECT_THAT(table, HasSubstr("of 2 trials: histograms removed by retention on 2027-01-15"));
}

TEST(ResultGroupsTest, PointsStandInTheOrderOfTheSpec) {
  ResultGroups groups(Spec());
  for (const auto& [scenario, implementation] :
       {std::pair("mesh", kPoll), std::pair("ring", kPoll), std::pair("mesh", kSpin), std::pair("ring", kSpin)}) {
    groups.AddTrial(FinishedTrial("t", scenario, implementation, v1::OUTCOME_REFUSED));
  }
  std::string order;
  for (const auto& [key, point] : groups.points()) order += key.scenario + " " + key.implementation + "\n";
  EXPECT_EQ(order, std::string("ring ") + kSpin + "\nring " + kPoll + "\nmesh " + kSpin + "\nmesh " + kPoll + "\n");
}

TEST(ResultGroupsTest, WhatHungOrWasInvalidHasNoLatency) {
  ResultGroups groups(Spec());
  const v1::Trial hung = FinishedTrial("t1", "ring", kSpin, v1::OUTCOME_HUNG);
  v1::Trial invalid = FinishedTrial("t2", "ring", kPoll, v1::OUTCOME_INVALID);
  invalid.set_state(v1::Trial::STATE_FAILED);
  invalid.set_state_reason("no attempts left");
  groups.AddTrial(hung);
  groups.AddTrial(invalid);
  v1::Result hung_result = HungResult(hung);
  *hung_result.mutable_payload()->mutable_latency() = HistogramOf({50});
  hung_result.mutable_payload()->set_calls(1);
  ASSERT_TRUE(groups.AddResult(hung_result).ok());
  v1::Result invalid_result = ResultOf(invalid, {10, 20});
  invalid_result.mutable_payload()->set_reason("IPIs missing: 0 of 2 seen");
  invalid_result.mutable_payload()->mutable_ipis()->set_seen(0);
  ASSERT_TRUE(groups.AddResult(invalid_result).ok());
  EXPECT_EQ(
      Table(groups),
      "SCENARIO  IMPLEMENTATION                         OUTCOME  CALLS  P50  P99  P99.9  MAX  "
      "IPIS SEEN/EXPECTED  NOTES\n"
      "ring      generic_2008/spin/mask_all             hung         1    -    -      -    -                   -  "
      "masked target, cycle 0 -> 1 -> 0\n"
      "ring      generic_2008/poll_completion/mask_all  failed       2    -    -      -    -                 0/2  "
      "no attempts left; invalid: IPIs missing: 0 of 2 seen\n");
  EXPECT_EQ(ResultFooter(groups), "Why it hung: crosscallctl hang show sweeps/s/trials/t1/attempts/1\n");
}

TEST(ResultGroupsTest, RepeatedAttemptsAreSaidButNotCounted) {
  ResultGroups groups(Spec());
  v1::Trial trial = FinishedTrial("t1", "ring", kSpin, v1::OUTCOME_INVALID);
  v1::Result first = ResultOf(trial, {10, 10, 10});
  first.mutable_payload()->set_reason("steal");
  trial.set_attempt_count(2);
  trial.set_outcome(v1::OUTCOME_COMPLETED);
  *first.mutable_trial() = trial;
  v1::Result late = ResultOf(trial, {7});
  late.set_evidence(true);
  groups.AddTrial(trial);
  ASSERT_TRUE(groups.AddResult(first).ok());
  ASSERT_TRUE(groups.AddResult(ResultOf(trial, {30})).ok());
  ASSERT_TRUE(groups.AddResult(late).ok());
  const PointSummary& point = groups.points().begin()->second;
  EXPECT_EQ(point.calls, 1U);
  EXPECT_EQ(point.latency.DebugString(), HistogramOf({30}).DebugString());
  EXPECT_EQ(point.notes, std::vector<std::string>{"repeated after invalid: steal"});
}

TEST(ResultGroupsTest, MixedOutcomesAreCounted) {
  ResultGroups groups(Spec());
  groups.AddTrial(FinishedTrial("t1", "ring", kSpin, v1::OUTCOME_COMPLETED));
  groups.AddTrial(FinishedTrial("t2", "ring", kSpin, v1::OUTCOME_HUNG));
  groups.AddTrial(FinishedTrial("t3", "ring", kSpin, v1::OUTCOME_COMPLETED));
  EXPECT_EQ(StandingText(groups.points().begin()->second), "2 completed, 1 hung");
}

TEST(ResultGroupsTest, AxesThatVaryGetAColumn) {
  ResultGroups groups(Spec());
  v1::Trial trial = FinishedTrial("t1", "ring", kSpin, v1::OUTCOME_REFUSED);
  trial.mutable_spec()->add_cpus(0);
  trial.mutable_spec()->add_cpus(1);
  groups.AddTrial(trial);
  trial.mutable_spec()->set_cpus(1, 2);
  trial.mutable_spec()->set_target_state(v1::TARGET_STATE_SLEEP);
  v1::Parameter& parameter = *trial.mutable_spec()->add_parameters();
  parameter.set_id("n");
  parameter.set_value(5);
  trial.mutable_spec()->set_arrival_rate_hz(1000);
  trial.set_board("boards/b2");
  groups.AddTrial(trial);
  const std::string table = Table(groups);
  EXPECT_EQ(table.substr(0, table.find('\n')),
            "SCENARIO  IMPLEMENTATION              BOARD  CPUS  TARGET  PARAMETERS    RATE  OUTCOME  CALLS  P50  P99  "
            "P99.9  MAX  IPIS SEEN/EXPECTED  NOTES");
  EXPECT_NE(table.find("b2     0,2   sleep   n=5         1000/s"), std::string::npos) << table;
}

TEST(ResultGroupsTest, VerdictsStandBesideLatencies) {
  ResultGroups groups(Spec());
  const v1::Trial measured = FinishedTrial("t1", "ring", kPoll, v1::OUTCOME_COMPLETED);
  const v1::Trial completes = ExploredTrial("t2", "ring", kPoll);
  const v1::Trial deadlock = ExploredTrial("t3", "ring", kSpin);
  for (const v1::Trial& trial : {deadlock, completes, measured}) groups.AddTrial(trial);
  ASSERT_TRUE(groups.AddResult(ResultOf(measured, {100, 300})).ok());
  ASSERT_TRUE(groups.AddResult(ExploredResult(completes, v1::Exploration::VERDICT_COMPLETES)).ok());
  ASSERT_TRUE(groups.AddResult(ExploredResult(deadlock, v1::Exploration::VERDICT_DEADLOCK)).ok());
  EXPECT_EQ(Table(groups),
            "SCENARIO  IMPLEMENTATION                         SYSTEM   OUTCOME    VERDICT    MEMORY  STATES  CALLS     "
            "P50     P99   P99.9     MAX  IPIS SEEN/EXPECTED  NOTES\n"
            "ring      generic_2008/spin/mask_all             explore  completed  deadlock   weak     1,234      -     "
            "  -       -       -       -                   -  1 steps: CPU 0 waits for completion of call to CPU 1\n"
            "ring      generic_2008/poll_completion/mask_all  signal   completed  -          -            -      2  "
            "100 ns  300 ns  300 ns  300 ns                 2/2  -\n"
            "ring      generic_2008/poll_completion/mask_all  explore  completed  completes  weak     1,234      -     "
            "  -       -       -       -                   -  -\n");
  EXPECT_EQ(ResultFooter(groups), "The way:     crosscallctl result show sweeps/s/trials/t3/attempts/1\n");
}

TEST(ResultGroupsTest, ASweepThatOnlyExploresShowsNoLatencies) {
  ResultGroups groups(Spec());
  const v1::Trial completes = ExploredTrial("t1", "ring", kPoll);
  v1::Trial refused = ExploredTrial("t2", "mesh", kPoll);
  refused.set_outcome(v1::OUTCOME_REFUSED);
  groups.AddTrial(completes);
  groups.AddTrial(refused);
  ASSERT_TRUE(groups.AddResult(ExploredResult(completes, v1::Exploration::VERDICT_COMPLETES)).ok());
  v1::Result why;
  *why.mutable_trial() = refused;
  why.mutable_attempt()->set_attempt(1);
  why.mutable_payload()->set_outcome(v1::OUTCOME_REFUSED);
  why.mutable_payload()->set_reason("cannot be explored: it has 7 CPUs");
  ASSERT_TRUE(groups.AddResult(why).ok());
  EXPECT_EQ(Table(groups),
            "SCENARIO  IMPLEMENTATION                         OUTCOME    VERDICT    MEMORY  STATES  NOTES\n"
            "ring      generic_2008/poll_completion/mask_all  completed  completes  weak     1,234  -\n"
            "mesh      generic_2008/poll_completion/mask_all  refused    -          -            -  refused: cannot be "
            "explored: it has 7 CPUs\n");
}

TEST(ResultGroupsTest, DamagedHistogramIsNamedAndNeverShown) {
  ResultGroups groups(Spec());
  const v1::Trial trial = FinishedTrial("t1", "ring", kSpin, v1::OUTCOME_COMPLETED);
  groups.AddTrial(trial);
  v1::Result result = ResultOf(trial, {100});
  result.mutable_payload()->mutable_latency()->set_count(2);
  const absl::Status status = groups.AddResult(result);
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_NE(status.message().find("sweeps/s/trials/t1/attempts/1"), absl::string_view::npos) << status;
}

TEST(ResultSheetTest, ScriptsGetEveryAxisAndIntegers) {
  ResultGroups groups(Spec());
  const v1::Trial trial = FinishedTrial("t1", "ring", kSpin, v1::OUTCOME_COMPLETED);
  groups.AddTrial(trial);
  ASSERT_TRUE(groups.AddResult(ResultOf(trial, {100, 200})).ok());
  absl::StatusOr<Sheet> sheet = ResultSheet(groups);
  ASSERT_TRUE(sheet.ok());
  EXPECT_EQ(
      sheet->Render(Format::kJson),
      "{\"scenario\":\"ring\",\"implementation\":\"generic_2008/spin/"
      "mask_all\",\"target_system\":\"signal\",\"board\":\"b1\",\"cpus\":[],"
      "\"target_state\":\"spin\",\"parameters\":\"\",\"arrival_rate_hz\":0,\"trials\":1,\"outcome\":\"completed\","
      "\"verdict\":null,\"memory\":null,\"states\":null,\"steps\":null,\"calls\":2,\"refused_calls\":0,\"violations\":"
      "0,\"latency_count\":2,\"latency_min_nanos\":100,"
      "\"latency_mean_nanos\":150,\"latency_p50_nanos\":100,\"latency_p99_nanos\":200,\"latency_p999_nanos\":200,"
      "\"latency_max_nanos\":200,\"ipis_seen\":2,\"ipis_expected\":2,\"notes\":\"\"}\n");
}

TEST(ResultGroupsTest, PairsAreBoardCpus) {
  ResultGroups groups(Spec());
  v1::Trial trial = FinishedTrial("t1", "ring", kSpin, v1::OUTCOME_COMPLETED);
  trial.mutable_spec()->add_cpus(4);
  trial.mutable_spec()->add_cpus(2);
  groups.AddTrial(trial);
  v1::Result result = ResultOf(trial, {100});
  v1::PairLatency& pair = *result.mutable_payload()->add_pairs();
  pair.set_source(0);
  pair.set_target(1);
  *pair.mutable_histogram() = HistogramOf({100});
  ASSERT_TRUE(groups.AddResult(result).ok());
  ASSERT_EQ(groups.pairs().size(), 1U);
  EXPECT_EQ(groups.pairs().begin()->second.begin()->first, std::pair(4U, 2U));
}

TEST(ResultFooterTest, NumbersCarryTheirCircumstances) {
  ResultGroups groups(Spec());
  for (const char* id : {"t1", "t2"}) {
    const v1::Trial trial = FinishedTrial(id, "ring", kSpin, v1::OUTCOME_COMPLETED);
    groups.AddTrial(trial);
    v1::Result result = ResultOf(trial, {100});
    result.mutable_payload()->mutable_environment()->set_kernel("6.1.0");
    result.mutable_payload()->mutable_environment()->set_scheduling("SCHED_OTHER");
    result.mutable_payload()->mutable_environment()->set_scheduling_note("RLIMIT_RTPRIO is 0");
    result.mutable_payload()->mutable_overhead()->set_clock("tsc");
    result.mutable_payload()->mutable_overhead()->set_clock_read_nanos(9);
    result.mutable_payload()->mutable_overhead()->set_empty_call_nanos(id[1] == '1' ? 41 : 38);
    ASSERT_TRUE(groups.AddResult(result).ok());
  }
  EXPECT_EQ(ResultFooter(groups),
            "Measured on: 6.1.0; SCHED_OTHER; RLIMIT_RTPRIO is 0; clock tsc\n"
            "Overhead:    at most 41 ns a call (subtracted), clock read 9 ns, clock skew 0 ns\n");
}

TEST(ResultFooterTest, AFewHangsAreNamedAndTheListForTheRest) {
  ResultGroups groups(Spec());
  for (const char* scenario : {"a", "b", "c", "d"}) {
    const v1::Trial trial = FinishedTrial(scenario, scenario, kSpin, v1::OUTCOME_HUNG);
    groups.AddTrial(trial);
    ASSERT_TRUE(groups.AddResult(HungResult(trial)).ok());
  }
  EXPECT_EQ(ResultFooter(groups),
            "Why it hung: crosscallctl hang show sweeps/s/trials/a/attempts/1\n"
            "Why it hung: crosscallctl hang show sweeps/s/trials/b/attempts/1\n"
            "Why it hung: crosscallctl hang show sweeps/s/trials/c/attempts/1\n"
            "All hangs:   crosscallctl hangs s\n");
}

TEST(HeatmapTest, FewCpusShowValuesAndShades) {
  PairLatencies pairs;
  pairs[{0, 1}] = HistogramOf({100});
  pairs[{1, 0}] = HistogramOf({12'800});
  const absl::StatusOr<std::string> picture = FormatHeatmap("ring, spin", pairs, false);
  ASSERT_TRUE(picture.ok());
  EXPECT_EQ(*picture,
            "ring, spin: p50 of calls from row CPU to column CPU\n"
            "                0          1\n"
            "    0           .   100 ns -\n"
            "    1   12.8 us @          .\n"
            "  p50:  - <= 200 ns  = <= 400 ns  + <= 800 ns  * <= 1.60 us  # <= 3.20 us  % <= 6.40 us  @ <= 12.8 us  "
            ". not measured\n");
}

TEST(HeatmapTest, ManyCpusShowShadesOnly) {
  PairLatencies pairs;
  for (std::uint32_t cpu = 0; cpu < 13; ++cpu) pairs[{cpu, (cpu + 1) % 13}] = HistogramOf({1000});
  const absl::StatusOr<std::string> picture = FormatHeatmap("ring", pairs, false);
  ASSERT_TRUE(picture.ok());
  EXPECT_NE(picture->find("\n    0  . - . . . . . . . . . . .\n"), std::string::npos) << *picture;
  EXPECT_NE(picture->find("\n  p50:  - <= 1.10 us  = <= 1.22 us  "), std::string::npos) << *picture;
}

TEST(HeatmapTest, ColourIsOnlyForTerminals) {
  PairLatencies pairs;
  pairs[{0, 1}] = HistogramOf({100});
  EXPECT_EQ(FormatHeatmap("t", pairs, false)->find('\x1b'), std::string::npos);
  EXPECT_NE(FormatHeatmap("t", pairs, true)->find("\x1b[48;5;25m"), std::string::npos);
}

TEST(HeatmapTest, NoPairsNoPicture) { EXPECT_EQ(*FormatHeatmap("t", {}, false), ""); }

}  // namespace
}  // namespace crosscall::cli
