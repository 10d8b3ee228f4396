#include "agent/scenario/compile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "agent/scenario/parse.h"

namespace crosscall::scenario {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

v1::Scenario Parse(const std::string& text) {
  auto scenario = ParseScenario(text, "s.yaml");
  EXPECT_TRUE(scenario.ok()) << scenario.status();
  return *std::move(scenario);
}

CompiledScenario Compiled(const std::string& text) {
  auto compiled = Compile(Parse(text));
  EXPECT_TRUE(compiled.ok()) << compiled.status();
  return *std::move(compiled);
}

std::vector<OpKind> KindsFrom(const ScenarioView& view, core::u32 first) {
  std::vector<OpKind> kinds;
  for (core::u32 at = first; at < view.op_count; ++at) {
    kinds.push_back(view.ops[at].kind);
    if (view.ops[at].kind == OpKind::kEnd) break;
  }
  return kinds;
}

const Op& OpAt(const CompiledScenario& compiled, core::CpuId cpu, core::u32 index) {
  return compiled.view().ops[compiled.view().programs[cpu] + index];
}

TEST(CompileTest, BodiesEndAndAreFoundByCpuAndFunction) {
  const CompiledScenario compiled =
      Compiled("scenario: s\nfunctions: {f: [work 1ns]}\nprograms: {2: [call 0 f wait], 0: []}\n");
  const ScenarioView view = compiled.view();
  EXPECT_EQ(view.cpu_count, 3u);
  EXPECT_THAT(KindsFrom(view, view.functions[kNoopFunction]), ElementsAre(OpKind::kEnd));
  EXPECT_THAT(KindsFrom(view, view.functions[1]), ElementsAre(OpKind::kWork, OpKind::kEnd));
  EXPECT_THAT(KindsFrom(view, view.programs[0]), ElementsAre(OpKind::kEnd));
  EXPECT_EQ(view.programs[1], kNoBody);
  EXPECT_THAT(KindsFrom(view, view.programs[2]), ElementsAre(OpKind::kCallSingle, OpKind::kEnd));
  EXPECT_EQ(OpAt(compiled, 2, 0).function, 1u);
  EXPECT_EQ(OpAt(compiled, 2, 0).line, 3u);
  EXPECT_THAT(compiled.function_names(), ElementsAre("noop", "f"));
}

TEST(CompileTest, ViewsSurviveAMove) {
  CompiledScenario compiled = Compiled("scenario: s\nprograms: {0: [irq_off, irq_on]}\n");
  const ScenarioView before = compiled.view();
  const CompiledScenario moved = std::move(compiled);
  EXPECT_EQ(before.ops, moved.view().ops);
  EXPECT_THAT(KindsFrom(before, before.programs[0]), ElementsAre(OpKind::kIrqOff, OpKind::kIrqOn, OpKind::kEnd));
}

TEST(CompileTest, LoopsJumpToTheFirstOperationOfTheirBody) {
  const CompiledScenario compiled = Compiled(
      "scenario: s\nprograms: {0: [{repeat: 3, do: [irq_off, {repeat: 2, do: [work 1ns]}, irq_on]}, wait_all]}\n");
  const ScenarioView view = compiled.view();
  EXPECT_THAT(KindsFrom(view, view.programs[0]),
              ElementsAre(OpKind::kRepeat, OpKind::kIrqOff, OpKind::kRepeat, OpKind::kWork, OpKind::kRepeatEnd,
                          OpKind::kIrqOn, OpKind::kRepeatEnd, OpKind::kWaitAll, OpKind::kEnd));
  EXPECT_EQ(OpAt(compiled, 0, 0).value, 3u);
  EXPECT_EQ(OpAt(compiled, 0, 0).index, 0u);
  EXPECT_EQ(OpAt(compiled, 0, 2).index, 1u);
  EXPECT_EQ(OpAt(compiled, 0, 4).jump, view.programs[0] + 3);
  EXPECT_EQ(OpAt(compiled, 0, 6).jump, view.programs[0] + 1);
}

TEST(CompileTest, OneCpuIsASingleCallAndASetIsNot) {
  const CompiledScenario compiled = Compiled(R"(
scenario: s
programs:
  0: [call 1 noop wait, call self noop nowait, call others noop wait, call all noop wait, run_on self noop wait,
      run_on 1 noop wait, call 1-2 noop wait, call_async 2 noop, call_async self noop]
  1: []
  2: []
)");
  const ScenarioView view = compiled.view();
  const auto set_of = [&](core::u32 index) { return view.sets[OpAt(compiled, 0, index).index]; };
  EXPECT_EQ(OpAt(compiled, 0, 0).kind, OpKind::kCallSingle);
  EXPECT_EQ(OpAt(compiled, 0, 0).index, 1u);
  EXPECT_EQ(OpAt(compiled, 0, 0).wait, 1);
  EXPECT_EQ(OpAt(compiled, 0, 1).kind, OpKind::kCallSingle);
  EXPECT_EQ(OpAt(compiled, 0, 1).form, TargetForm::kSelf);
  EXPECT_EQ(OpAt(compiled, 0, 1).wait, 0);
  EXPECT_EQ(OpAt(compiled, 0, 2).kind, OpKind::kCallMany);
  EXPECT_EQ(set_of(2).word(0), 0b110u);
  EXPECT_EQ(set_of(3).word(0), 0b111u);
  EXPECT_EQ(OpAt(compiled, 0, 4).kind, OpKind::kRunOn);
  EXPECT_EQ(set_of(4).word(0), 0b001u);
  EXPECT_EQ(set_of(5).word(0), 0b010u);
  EXPECT_EQ(OpAt(compiled, 0, 6).index, OpAt(compiled, 0, 2).index) << "equal sets are stored once";
  EXPECT_EQ(OpAt(compiled, 0, 7).kind, OpKind::kCallAsync);
  EXPECT_EQ(OpAt(compiled, 0, 7).value, 0u);
  EXPECT_EQ(OpAt(compiled, 0, 8).value, 1u);
  EXPECT_EQ(OpAt(compiled, 0, 8).form, TargetForm::kSelf);
  EXPECT_EQ(view.async_slots, 2u);
}

TEST(CompileTest, FunctionsResolveTheirOwnCpuWhenTheyRun) {
  const CompiledScenario compiled = Compiled(
      "scenario: s\nfunctions: {f: [call others noop nowait, run_on self noop wait, call 1 noop nowait]}\n"
      "programs: {0: [call 1 f wait]}\n");
  const ScenarioView view = compiled.view();
  const Op* const body = view.ops + view.functions[1];
  EXPECT_EQ(body[0].form, TargetForm::kOthers);
  EXPECT_EQ(body[1].form, TargetForm::kSelf);
  EXPECT_EQ(body[2].form, TargetForm::kFixed);
}

TEST(CompileTest, CallsThatMayMeetAnOfflineCpuAreMarked) {
  const CompiledScenario compiled = Compiled(
      "scenario: s\nprograms:\n  0: [call 1 noop wait, call 2 noop wait, call others noop nowait, \"call 0,2 noop "
      "wait\"]\n"
      "  1: [{repeat: 2, do: [offline, online]}]\n  2: []\n");
  EXPECT_EQ(compiled.view().steady.word(0), 0b101u);
  EXPECT_EQ(OpAt(compiled, 0, 0).transient, 1);
  EXPECT_EQ(OpAt(compiled, 0, 1).transient, 0);
  EXPECT_EQ(OpAt(compiled, 0, 2).transient, 1);
  EXPECT_EQ(OpAt(compiled, 0, 3).transient, 0);
}

TEST(CompileTest, BarriersKnowHowManyMeet) {
  const CompiledScenario compiled = Compiled(
      "scenario: s\nprograms: {0: [barrier A, barrier B, barrier A], 1: [barrier B], 2: [barrier A, barrier A]}\n");
  const ScenarioView view = compiled.view();
  ASSERT_EQ(view.barrier_count, 2u);
  EXPECT_THAT(compiled.barrier_names(), ElementsAre("A", "B"));
  EXPECT_EQ(view.barrier_parties[0], 2u);
  EXPECT_EQ(view.barrier_parties[1], 2u);
  EXPECT_EQ(OpAt(compiled, 0, 1).index, 1u);
}

TEST(CompileTest, RecordsOfNowaitCallsCoverWhatAProgramQueues) {
  const auto slots = [](const std::string& body) {
    return Compiled(absl::StrCat("scenario: s\nprograms: {0: [", body, "], 1: []}\n")).view().nowait_slots;
  };
  EXPECT_EQ(slots("irq_off"), 16u);
  EXPECT_EQ(slots("{repeat: 20, do: [call 1 noop nowait]}"), 32u);
  EXPECT_EQ(slots("{repeat: 1000000000, do: [{repeat: 1000000000, do: [call 1 noop nowait]}]}"), 1024u);
}

TEST(CompileTest, DevicesKeepFunctionBudgetAndPoint) {
  const CompiledScenario compiled = Compiled(
      "scenario: s\nfunctions: {f: []}\nprograms: {0: []}\n"
      "interrupts: [{cpu: 0, run: f, times: 9}, {cpu: 0, run: noop, times: 1, at: queued-not-kicked}]\n");
  const ScenarioView view = compiled.view();
  ASSERT_EQ(view.device_count, 2u);
  EXPECT_EQ(view.devices[0].function, 1u);
  EXPECT_EQ(view.devices[0].times, 9u);
  EXPECT_EQ(view.devices[0].in_kick_window, 0);
  EXPECT_EQ(view.devices[1].function, kNoopFunction);
  EXPECT_EQ(view.devices[1].in_kick_window, 1);
}

// What comes over the wire has not been through our parser.
class ForeignScenarioTest : public ::testing::Test {
 protected:
  v1::Scenario scenario_ =
      Parse("scenario: s\nfunctions: {f: [work 1ns]}\nprograms: {0: [lock L, call 1 f wait, unlock L]}\n");
  std::string Error() {
    const auto compiled = Compile(scenario_);
    if (compiled.ok()) return "accepted";
    EXPECT_EQ(compiled.status().code(), absl::StatusCode::kInvalidArgument);
    return std::string(compiled.status().message());
  }
  v1::Operation& Operation(int index) { return *scenario_.mutable_programs(0)->mutable_body(index); }
};

TEST_F(ForeignScenarioTest, ParsedScenarioIsAccepted) { EXPECT_EQ(Error(), "accepted"); }

TEST_F(ForeignScenarioTest, UndefinedNamesAreRefused) {
  Operation(0).set_lock("M");
  EXPECT_EQ(Error(), "scenario 's' line 3: found the lock 'M'; allowed locks: L");
  Operation(0).set_lock("L");
  Operation(1).set_function("g");
  EXPECT_EQ(Error(), "scenario 's' line 3: found the function 'g'; allowed noop, f");
}

TEST_F(ForeignScenarioTest, TargetsAreChecked) {
  Operation(1).mutable_targets()->set_cpus(0, 2);
  EXPECT_THAT(Error(), HasSubstr("found CPU 2; allowed CPUs 0 to 1, since 2 take part"));
  Operation(1).mutable_targets()->set_cpus(0, 1);
  Operation(1).mutable_targets()->add_cpus(1);
  EXPECT_THAT(Error(), HasSubstr("found CPU 1 out of order; allowed CPUs ascending, each once"));
  Operation(1).mutable_targets()->clear_cpus();
  EXPECT_THAT(Error(), HasSubstr("found 0 CPUs; allowed at least one CPU"));
  Operation(1).mutable_targets()->set_kind(static_cast<v1::Targets::Kind>(77));
  EXPECT_THAT(Error(), HasSubstr("found targets of kind 77; allowed a set of CPUs"));
}

TEST_F(ForeignScenarioTest, UnknownKindsAreRefused) {
  Operation(1).set_kind(static_cast<v1::Operation::Kind>(99));
  EXPECT_THAT(Error(), HasSubstr("found operation kind 99; allowed the kinds of scenario.proto"));
  Operation(1).clear_kind();
  EXPECT_THAT(Error(), HasSubstr("found operation kind 0"));
}

TEST_F(ForeignScenarioTest, ProgramsAndFunctionsAreUnique) {
  scenario_.add_programs()->set_cpu(0);
  EXPECT_THAT(Error(), HasSubstr("found a second program for CPU 0; allowed one program a CPU"));
  scenario_.mutable_programs(1)->set_cpu(5);
  EXPECT_THAT(Error(), HasSubstr("found CPU 5"));
  scenario_.mutable_programs()->RemoveLast();
  scenario_.add_functions()->set_id("f");
  EXPECT_THAT(Error(), HasSubstr("found the function 'f' twice; allowed each function once"));
}

TEST_F(ForeignScenarioTest, CountsAndSpansAreLimited) {
  v1::Operation& repeat = Operation(1);
  repeat.set_kind(v1::Operation::KIND_REPEAT);
  EXPECT_THAT(Error(), HasSubstr("found a repeat of 0; allowed 1 to 1000000000"));
  repeat.set_kind(v1::Operation::KIND_WORK);
  repeat.set_duration_nanos(60'000'000'001);
  EXPECT_THAT(Error(), HasSubstr("found a span of 60000000001; allowed 1 to 60000000000"));
  scenario_.set_cpu_count(0);
  EXPECT_THAT(Error(), HasSubstr("found 0 CPUs; allowed 1 to 1024"));
}

TEST_F(ForeignScenarioTest, DeepRepeatsAreRefused) {
  v1::Operation* inner = &Operation(1);
  for (int i = 0; i < 9; ++i) {
    inner->set_kind(v1::Operation::KIND_REPEAT);
    inner->set_count(1);
    inner = inner->add_body();
  }
  inner->set_kind(v1::Operation::KIND_IRQ_OFF);
  EXPECT_THAT(Error(), HasSubstr("found a deeper repeat; allowed repeats nested 8 deep"));
}

}  // namespace
}  // namespace crosscall::scenario
