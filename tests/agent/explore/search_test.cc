// The search: deterministic, honest about its limits, its ways shortest, its schedules replayable.
#include "agent/explore/search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "agent/scenario/catalogue.h"
#include "agent/scenario/compile.h"
#include "tests/agent/explore/explorations.h"

namespace crosscall::explore {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

v1::Scenario BuiltIn(const std::string& id, const scenario::Overrides& overrides = {}) {
  const auto entry = scenario::FindScenario(id);
  if (!entry.ok()) throw std::runtime_error(entry.status().ToString());
  return ParsedScenario(std::string((*entry)->yaml), overrides);
}

TEST(Explore, TwiceTheSameInputIsTwiceTheSameSearch) {
  for (const MemoryModel memory : {MemoryModel::kSc, MemoryModel::kWeak}) {
    for (const char* const id : {"mutual-masked", "target-masked", "function-takes-lock", "ring-masked", "nested"}) {
      for (const char* const name : {"per_target/spin/mask_all", "call_lock/open_window/ipi_open"}) {
        SCOPED_TRACE(absl::StrCat(id, " on ", name, ", ", MemoryModelName(memory)));
        const Exploration one = ExplorationOf(BuiltIn(id), name, In(memory));
        const Exploration other = ExplorationOf(BuiltIn(id), name, In(memory));
        EXPECT_EQ(one.finding.verdict, other.finding.verdict);
        EXPECT_EQ(one.finding.reason, other.finding.reason);
        EXPECT_EQ(one.finding.states, other.finding.states);
        EXPECT_EQ(one.finding.executions, other.finding.executions);
        EXPECT_EQ(one.finding.steps, other.finding.steps);
        EXPECT_EQ(one.finding.passes, other.finding.passes);
        EXPECT_EQ(one.finding.schedule, other.finding.schedule);
        EXPECT_EQ(one.trace.lines, other.trace.lines);
        EXPECT_EQ(one.trace.waits, other.trace.waits);
      }
    }
  }
}

TEST(Explore, TheMemoryModelIsWeakForTwoCpusAndSequentialForMoreUnlessToldOtherwise) {
  const char* const name = "mailbox_grid/spin/mask_all";
  EXPECT_EQ(ExplorationOf(BuiltIn("single-call", {{"n", 1}}), name).memory, MemoryModel::kWeak);
  EXPECT_EQ(ExplorationOf(BuiltIn("ring-masked"), name).memory, MemoryModel::kSc);
  EXPECT_EQ(ExplorationOf(BuiltIn("ring-masked"), name, In(MemoryModel::kWeak)).memory, MemoryModel::kWeak);
}

TEST(Explore, WhatCannotBeSearchedIsAnError) {
  const auto loops = Explore(NamelessScenario("programs:\n  0: [{repeat: 9, do: [call 1 noop wait]}]\n  1: []\n"),
                             core::Implementation{}, {});
  EXPECT_EQ(loops.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(loops.status().message()), HasSubstr("cannot be explored"));
  EXPECT_EQ(Explore(v1::Scenario(), core::Implementation{}, {}).status().code(), absl::StatusCode::kInvalidArgument);
}

// Two deadlocks and more than a thousand states, none of which a limit may make into a verdict.
Finding Limited(const SearchLimits& limits) {
  ExploreOptions options = In(MemoryModel::kWeak);
  options.limits = limits;
  const Exploration exploration = ExplorationOf(
      NamelessScenario(
          "programs:\n  0: [{repeat: 3, do: [call 1 noop wait]}]\n  1: [{repeat: 3, do: [call 0 noop wait]}]\n"),
      "per_target/spin/mask_all", options);
  EXPECT_THAT(exploration.trace.lines, IsEmpty());
  return exploration.finding;
}

TEST(Limits, WithoutThemTheSearchEnds) {
  const Finding finding = Limited({});
  EXPECT_EQ(finding.verdict, Verdict::kCompletes);
  EXPECT_GT(finding.states, 500U);
  EXPECT_GT(finding.executions, finding.states);
  EXPECT_GT(finding.steps, finding.executions);
  EXPECT_GT(finding.bytes, finding.states * sizeof(Fingerprint));
  EXPECT_GT(finding.time, absl::ZeroDuration());
}

TEST(Limits, OfStatesEndsAsUnknownAndIsNamed) {
  SearchLimits limits;
  limits.max_states = 100;
  const Finding finding = Limited(limits);
  EXPECT_EQ(finding.verdict, Verdict::kUnknown);
  EXPECT_EQ(finding.reason, "limit of 100 states");
  EXPECT_GT(finding.states, 100U);
  EXPECT_LT(finding.states, 500U);
}

TEST(Limits, OfTimeEndsAsUnknownAndIsNamed) {
  SearchLimits limits;
  limits.max_time = absl::ZeroDuration();
  const Finding finding = Limited(limits);
  EXPECT_EQ(finding.verdict, Verdict::kUnknown);
  EXPECT_EQ(finding.reason, "limit of 0");
}

TEST(Limits, OfMemoryEndsAsUnknownAndIsNamed) {
  SearchLimits limits;
  limits.max_bytes = 1;
  const Finding finding = Limited(limits);
  EXPECT_EQ(finding.verdict, Verdict::kUnknown);
  EXPECT_THAT(finding.reason, StartsWith("limit of 0 MiB"));
}

TEST(Limits, CancellingEndsAsUnknown) {
  SearchLimits limits;
  u32 asked = 0;
  limits.cancelled = [&asked] { return ++asked == 3; };
  const Finding finding = Limited(limits);
  EXPECT_EQ(finding.verdict, Verdict::kUnknown);
  EXPECT_EQ(finding.reason, "cancelled");
  EXPECT_EQ(asked, 3U);
}

TEST(Limits, MemoryThatThereIsNotEndsAsUnknown) {
  ExploreOptions options;
  options.factory = SubjectFactory{[](const scenario::ScenarioView&) { return usize{1} << 50; },
                                   [](char*, ModelPort&, const core::CallOptions&,
                                      const scenario::ScenarioView&) -> Subject& { throw std::bad_alloc(); }};
  const Exploration exploration = ExplorationOf(BuiltIn("single-call", {{"n", 1}}), "call_lock/spin/mask_all", options);
  EXPECT_EQ(exploration.finding.verdict, Verdict::kUnknown);
  EXPECT_EQ(exploration.finding.reason, "out of memory");
}

class MutualMasked : public testing::Test {
 protected:
  const v1::Scenario scenario_ = BuiltIn("mutual-masked");
  const core::Implementation implementation_ = ImplementationOf("generic_2008/spin/mask_all");
  const Exploration exploration_ = ExplorationOf(scenario_, implementation_);
};

TEST_F(MutualMasked, TheTraceTellsTheDeadlockInFieldWords) {
  EXPECT_EQ(exploration_.finding.verdict, Verdict::kDeadlock);
  EXPECT_THAT(LinesOf(exploration_.trace),
              ElementsAre("0: irq_off", "0: call 1 noop wait: claimed", "0: call 1 noop wait: queued",
                          "0: call 1 noop wait: kicked", "1: irq_off", "1: call 0 noop wait: claimed",
                          "1: call 0 noop wait: queued", "1: call 0 noop wait: kicked"));
  EXPECT_THAT(WaitsOf(exploration_.trace), ElementsAre("0 waits for completion of call to CPU 1, masked, IPI pending",
                                                       "1 waits for completion of call to CPU 0, masked, IPI pending"));
}

// Counts the ends of all ways of `steps` more steps; finds no deadlock on any of them.
void ExpectNoDeadlockWithin(Search& search, Schedule& way, usize steps, u64& ways) {
  ModelPort& port = search.port();
  port.Restart();
  for (const Choice& choice : way) port.Take(choice);
  std::vector<Choice> choices;
  port.Choices(choices);
  if (choices.empty()) {
    EXPECT_TRUE(port.Idle()) << "deadlock after " << FormatSchedule(way);
  }
  if (choices.empty() || steps == 0) {
    ++ways;
    return;
  }
  for (const Choice& choice : choices) {
    way.push_back(choice);
    ExpectNoDeadlockWithin(search, way, steps - 1, ways);
    way.pop_back();
  }
}

TEST_F(MutualMasked, NoShorterWayLeadsToADeadlock) {
  const auto compiled = scenario::Compile(scenario_);
  ASSERT_TRUE(compiled.ok());
  SearchInput input;
  input.factory = FactoryOf(implementation_.algorithm);
  input.options = {.policy = implementation_.policy, .irq_model = implementation_.irq_model};
  input.view = compiled->view();
  Search search(input);
  const Finding finding = search.Run({});
  ASSERT_EQ(finding.schedule, exploration_.finding.schedule);
  ASSERT_GT(finding.schedule.size(), 1U);
  Schedule way;
  u64 ways = 0;
  ExpectNoDeadlockWithin(search, way, finding.schedule.size() - 1, ways);
  EXPECT_GT(ways, finding.schedule.size()) << "there are that many ways at least";
}

TEST_F(MutualMasked, ReplayTellsTheSame) {
  Trace told;
  const absl::Status status = Replay(scenario_, implementation_, {}, exploration_.finding.schedule, told);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(told.lines, exploration_.trace.lines);
  EXPECT_EQ(told.waits, exploration_.trace.waits);
}

TEST_F(MutualMasked, ReplayOfTheBeginningTellsTheBeginning) {
  Schedule half = exploration_.finding.schedule;
  half.resize(half.size() / 2);
  Trace told;
  EXPECT_TRUE(Replay(scenario_, implementation_, {}, half, told).ok());
  EXPECT_GT(told.lines.size(), 0U);
  EXPECT_LT(told.lines.size(), exploration_.trace.lines.size());
}

TEST_F(MutualMasked, ReplayRejectsASchedulesImpossibleStepByNumber) {
  const usize steps = exploration_.finding.schedule.size();
  const std::vector<Choice> impossible = {
      {0, Move::kTakeIpi, 0}, {0, Move::kStep, 99}, {1, Move::kDevice, 0}, {5, Move::kStep, 0}, {0, Move::kLateIpi, 0}};
  for (const Choice& wrong : impossible) {
    Schedule altered = exploration_.finding.schedule;
    altered[steps / 2] = wrong;
    Trace told;
    const absl::Status status = Replay(scenario_, implementation_, {}, altered, told);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()),
                HasSubstr(absl::StrCat("step ", steps / 2 + 1, " (", FormatSchedule({wrong}), ")")));
    EXPECT_LT(told.lines.size(), exploration_.trace.lines.size()) << "it ends where it fails";
  }
}

TEST_F(MutualMasked, ReplayRejectsStepsAfterTheDeadlock) {
  Schedule longer = exploration_.finding.schedule;
  longer.push_back(Choice{0, Move::kStep, 0});
  Trace told;
  EXPECT_EQ(Replay(scenario_, implementation_, {}, longer, told).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(told.lines, exploration_.trace.lines);
}

TEST_F(MutualMasked, ReplayRejectsTheScheduleOnWhatCannotHang) {
  Trace told;
  EXPECT_EQ(
      Replay(scenario_, ImplementationOf("generic_2008/fail_fast/mask_all"), {}, exploration_.finding.schedule, told)
          .code(),
      absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace crosscall::explore
