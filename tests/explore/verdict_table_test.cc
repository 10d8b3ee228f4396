// The verdict table of the reference (section 6), by exploration: 490 cells, those of two CPUs in both memory models,
// the rings as `crosscall explore` takes them, in sc. Where a cell is a deadlock, who waits for whom at the end of the
// trace is what the table's D1 to D11 say.
#include "tests/agent/core/verdict_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <string>
#include <vector>

#include "tests/agent/explore/explorations.h"

namespace crosscall::explore {
namespace {

namespace table = core::verdict_table;
using testing::Contains;
using testing::SizeIs;
using testing::UnorderedElementsAre;

v1::Scenario ScenarioOf(table::Scenario id) {
  switch (id) {
    case table::Scenario::kBoth:
      return NamelessScenario(
          "programs:\n"
          "  0: [irq_off, call 1 noop wait, irq_on]\n"
          "  1: [irq_off, call 0 noop wait, irq_on]\n");
    case table::Scenario::kTarget:
      return NamelessScenario(
          "programs:\n"
          "  0: [call 1 noop wait]\n"
          "  1: [irq_off, call 0 noop wait, irq_on]\n");
    case table::Scenario::kRing:
      return NamelessScenario(
          "programs:\n"
          "  0: [irq_off, call 1 noop wait, irq_on]\n"
          "  1: [irq_off, call 2 noop wait, irq_on]\n"
          "  2: [irq_off, call 0 noop wait, irq_on]\n");
    case table::Scenario::kRing1:
      return NamelessScenario(
          "programs:\n"
          "  0: [irq_off, call 1 noop wait, irq_on]\n"
          "  1: [irq_off, call 2 noop wait, irq_on]\n"
          "  2: [call 0 noop wait]\n");
    case table::Scenario::kLOpen:
      return NamelessScenario(
          "programs:\n"
          "  0: [lock L, call 1 noop wait, unlock L]\n"
          "  1: [irq_off, lock L, unlock L, irq_on]\n");
    case table::Scenario::kLMasked:
      return NamelessScenario(
          "programs:\n"
          "  0: [irq_off, lock L, call 1 noop wait, unlock L, irq_on]\n"
          "  1: [irq_off, lock L, unlock L, irq_on]\n");
    case table::Scenario::kK:
      return NamelessScenario(
          "functions:\n"
          "  f: [lock K, unlock K]\n"
          "programs:\n"
          "  0: [call 1 f wait]\n"
          "  1: [irq_off, lock K, unlock K, irq_on]\n");
  }
  return {};
}

Verdict Expected(table::Verdict verdict) {
  if (verdict == table::Verdict::kCompletes) return Verdict::kCompletes;
  return verdict == table::Verdict::kRefused ? Verdict::kRefused : Verdict::kDeadlock;
}

// D1 to D4: one CPU holds the call lock and waits for a masked one, which wants the call lock as all the others do.
void ExpectHeldOverWait(const Trace& trace, u32 cpus) {
  u32 holders = 0;
  for (const WaitLine& holder : trace.waits) {
    if (holder.waits_for.rfind("completion of call to CPU ", 0) != 0) continue;
    ++holders;
    const u32 target = static_cast<u32>(holder.waits_for.back() - '0');
    for (const WaitLine& other : trace.waits) {
      if (other.cpu == holder.cpu) continue;
      EXPECT_EQ(other.waits_for, absl::StrCat("the call lock held by CPU ", holder.cpu));
      EXPECT_TRUE(other.cpu != target || (other.masked && other.ipi_pending)) << "CPU " << other.cpu;
    }
    EXPECT_NE(target, holder.cpu);
    EXPECT_LT(target, cpus);
  }
  EXPECT_EQ(holders, 1U);
  EXPECT_THAT(trace.waits, SizeIs(cpus));
}

// D7, D8: each waits for the next one.
void ExpectCycle(const Trace& trace, u32 cpus) {
  ASSERT_THAT(trace.waits, SizeIs(cpus));
  for (const WaitLine& wait : trace.waits) {
    EXPECT_EQ(wait.waits_for, absl::StrCat("completion of call to CPU ", (wait.cpu + 1) % cpus));
    EXPECT_TRUE(wait.masked && wait.ipi_pending) << "CPU " << wait.cpu;
  }
}

void ExpectWaits(const Trace& trace, table::Verdict verdict, table::Scenario scenario, u32 cpus) {
  switch (verdict) {
    case table::Verdict::kCompletes:
    case table::Verdict::kRefused:
      EXPECT_THAT(trace.waits, SizeIs(0));
      break;
    case table::Verdict::kHeldOverWait:
      ExpectHeldOverWait(trace, cpus);
      break;
    case table::Verdict::kLockOfCaller:  // D5, D9 open; D6, D10 masked
      EXPECT_THAT(WaitsOf(trace),
                  UnorderedElementsAre(absl::StrCat("0 waits for completion of call to CPU 1",
                                                    scenario == table::Scenario::kLMasked ? ", masked" : ""),
                                       "1 waits for lock L held by CPU 0, masked, IPI pending"));
      break;
    case table::Verdict::kCycle:
      ExpectCycle(trace, cpus);
      break;
    case table::Verdict::kOwnHandler:  // D11
      EXPECT_THAT(WaitsOf(trace), UnorderedElementsAre("0 waits for completion of call to CPU 1",
                                                       "1 waits for lock K held by CPU 1, masked"));
      EXPECT_THAT(LinesOf(trace), Contains("1: take IPI"));
      EXPECT_THAT(LinesOf(trace), Contains("1: function for CPU 0: started"));
      break;
  }
}

// A column of the table under one irq model and one memory model: 35 cells.
struct Part {
  MemoryModel memory;
  core::IrqModel irq_model;
  table::Scenario scenario;
};

std::vector<Part> Parts() {
  std::vector<Part> parts;
  for (const MemoryModel memory : {MemoryModel::kSc, MemoryModel::kWeak}) {
    for (const core::IrqModel irq_model : {core::IrqModel::kMaskAll, core::IrqModel::kIpiOpen}) {
      for (const table::Scenario scenario : table::kScenarios) {
        const bool ring = scenario == table::Scenario::kRing || scenario == table::Scenario::kRing1;
        if (memory == MemoryModel::kSc || !ring) parts.push_back(Part{memory, irq_model, scenario});
      }
    }
  }
  return parts;
}

std::string PartName(const testing::TestParamInfo<Part>& info) {
  std::string name = absl::StrCat(MemoryModelName(info.param.memory), "_",
                                  core::kIrqModelNames[static_cast<u32>(info.param.irq_model)], "_",
                                  table::kScenarioNames[static_cast<u32>(info.param.scenario)]);
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

class VerdictTable : public testing::TestWithParam<Part> {};

TEST_P(VerdictTable, EveryCellIsAsExplored) {
  const Part part = GetParam();
  const v1::Scenario scenario = ScenarioOf(part.scenario);
  ExploreOptions options = In(part.memory);
  options.limits.max_time = absl::InfiniteDuration();
  u32 cells = 0;
  u64 states = 0;
  u64 most = 0;
  u64 steps = 0;
  absl::Duration time;
  for (const core::Implementation& implementation : core::kImplementations) {
    if (implementation.irq_model != part.irq_model) continue;
    SCOPED_TRACE(NameOf(implementation));
    const table::Verdict expected = table::Expected(implementation, part.scenario);
    const Exploration exploration = ExplorationOf(scenario, implementation, options);
    EXPECT_EQ(exploration.finding.verdict, Expected(expected)) << exploration.finding.reason;
    EXPECT_EQ(exploration.finding.reason, "");
    ExpectWaits(exploration.trace, expected, part.scenario, scenario.cpu_count());
    ++cells;
    states += exploration.finding.states;
    most = std::max(most, exploration.finding.states);
    steps += exploration.finding.steps;
    time += exploration.finding.time;
  }
  EXPECT_EQ(cells * 14, 490U);
  std::cout << cells << " cells, " << states << " states, at most " << most << " in one, " << steps << " steps, "
            << absl::FormatDuration(time) << std::endl;
}

INSTANTIATE_TEST_SUITE_P(AllCells, VerdictTable, testing::ValuesIn(Parts()), PartName);

}  // namespace
}  // namespace crosscall::explore
