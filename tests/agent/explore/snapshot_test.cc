// A machine that returns to a snapshot is the one that was saved: it shows the same state and the same choices, and the
// same steps lead to the same ends, whatever it did in between.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "agent/explore/search.h"
#include "agent/scenario/compile.h"
#include "proto/shared/random.h"
#include "tests/agent/explore/explorations.h"

namespace crosscall::explore {
namespace {

constexpr char kText[] =
    "functions:\n"
    "  f: [call 2 noop nowait]\n"
    "programs:\n"
    "  0: [irq_off, call 1 f wait, irq_on]\n"
    "  1: [call others noop wait, lock L, unlock L]\n"
    "  2: [irq_off, lock L, call 0 noop wait, unlock L, irq_on]\n";

struct Seen {
  Choice taken;
  Fingerprint print;
};

// Random steps until there are none; what each led to.
std::vector<Seen> Walk(ModelPort& port, u64 seed, usize most) {
  std::vector<Seen> way;
  std::vector<Choice> choices;
  while (way.size() < most && port.violation() == ModelViolation::kNone) {
    port.Choices(choices);
    if (choices.empty()) break;
    const Choice choice = choices[shared::NextRandom(seed) % choices.size()];
    port.Take(choice);
    way.push_back({choice, port.StatePrint()});
  }
  return way;
}

class SnapshotTest : public testing::TestWithParam<bool> {};

TEST_P(SnapshotTest, LeadsWhereTheSavedMachineDid) {
  if (!Fiber::kCopyable) GTEST_SKIP() << "the sanitizer keeps books on stacks";
  const v1::Scenario scenario = NamelessScenario(kText);
  const auto compiled = scenario::Compile(scenario);
  ASSERT_TRUE(compiled.ok());
  for (const char* name : {"generic_2008/poll_completion/mask_all", "rendezvous/poll_everywhere/mask_all",
                           "mailbox_grid/open_window/ipi_open", "server_loop/spin/mask_all"}) {
    SCOPED_TRACE(name);
    const core::Implementation implementation = ImplementationOf(name);
    SearchInput input{.factory = FactoryOf(implementation.algorithm),
                      .options = {.policy = implementation.policy, .irq_model = implementation.irq_model},
                      .view = compiled->view(),
                      .faults = {}};
    input.weak = GetParam();
    Search search(input);
    search.Learn();
    ModelPort& port = search.port();
    for (u64 round = 0; round < 40; ++round) {
      port.Settle();
      port.Restart();
      // Three kept machines, one on the way to the next, and what each went on to.
      std::vector<Fingerprint> kept;
      std::vector<std::vector<Seen>> ways;
      for (u64 depth = 0; depth < 3; ++depth) {
        Walk(port, 3 * round + depth, round / 3);
        if (port.violation() != ModelViolation::kNone) break;
        port.Push();
        kept.push_back(port.StatePrint());
        ways.push_back(Walk(port, round + 100, 1000));
        port.Return();
      }
      for (; !kept.empty(); kept.pop_back(), ways.pop_back(), port.Pop()) {
        Walk(port, round + 200, 1000);
        port.Return();
        ASSERT_EQ(port.StatePrint(), kept.back());
        for (const Seen& step : ways.back()) {
          port.Take(step.taken);
          ASSERT_EQ(port.StatePrint(), step.print) << "round " << round;
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(BothMemories, SnapshotTest, testing::Bool(),
                         [](const auto& memory) { return memory.param ? "weak" : "sc"; });

}  // namespace
}  // namespace crosscall::explore
