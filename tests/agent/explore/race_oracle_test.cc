// Data races in sequentially consistent memory, found by the search and, for comparison, by every interleaving with
// vector clocks: small random programs, all kinds of accesses, two and three CPUs.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <new>
#include <string>
#include <vector>

#include "proto/shared/random.h"
#include "tests/agent/explore/explorations.h"

namespace crosscall::explore {
namespace {

enum class Kind { kLock, kUnlock, kGet, kSet, kLoad, kStore, kAdd };
constexpr const char* kKindNames[] = {"lock", "unlock", "get", "set", "load", "store", "add"};
constexpr u32 kCells = 2;  // of each kind

struct Instruction {
  Kind kind;
  u32 cell;
};
using Program = std::vector<Instruction>;

std::string Text(const std::vector<Program>& programs) {
  std::string text;
  for (const Program& program : programs) {
    for (const Instruction& each : program)
      absl::StrAppend(&text, kKindNames[static_cast<u32>(each.kind)], each.cell, " ");
    absl::StrAppend(&text, "| ");
  }
  return text;
}

// Critical sections do not overlap, so nothing can deadlock.
Program Random(u64& seed, u32 length) {
  const auto below = [&](u64 count) { return static_cast<u32>(shared::NextRandom(seed) % count); };
  Program program;
  u32 left = 0;  // of a critical section
  u32 lock = 0;
  while (length-- > 0) {
    if (left == 0 && below(3) == 0) {
      lock = below(kCells);
      left = 1 + below(3);
      program.push_back({Kind::kLock, lock});
      continue;
    }
    program.push_back({static_cast<Kind>(2 + below(5)), below(kCells)});
    if (left > 0 && --left == 0) program.push_back({Kind::kUnlock, lock});
  }
  if (left > 0) program.push_back({Kind::kUnlock, lock});
  return program;
}

// Every interleaving, with what each CPU and each cell knows of the others.
class Oracle {
 public:
  explicit Oracle(const std::vector<Program>& programs) : programs_(programs) {}
  bool Races() { return Races(State(programs_.size())); }

 private:
  using Clock = std::array<u32, 3>;
  struct Access {
    u32 cpu, time;
    bool write;
  };
  struct State {
    explicit State(usize cpus) : at(cpus, 0), clocks(cpus, Clock{}) {}
    std::vector<usize> at;
    std::vector<Clock> clocks;
    std::array<Clock, kCells> locks = {}, atomics = {};
    std::array<bool, kCells> held = {};
    std::array<std::vector<Access>, kCells> made;
  };
  static void Join(Clock& clock, const Clock& other) {
    for (usize i = 0; i < clock.size(); ++i) clock[i] = std::max(clock[i], other[i]);
  }

  static bool Races(State& state, u32 cpu, const Instruction& next) {
    Clock& mine = state.clocks[cpu];
    ++mine[cpu];
    switch (next.kind) {
      case Kind::kLock:
        state.held[next.cell] = true;
        Join(mine, state.locks[next.cell]);
        return false;
      case Kind::kUnlock:
        state.held[next.cell] = false;
        state.locks[next.cell] = mine;
        return false;
      case Kind::kLoad:
        Join(mine, state.atomics[next.cell]);
        return false;
      case Kind::kStore:
        Join(state.atomics[next.cell], mine);
        return false;
      case Kind::kAdd:
        Join(mine, state.atomics[next.cell]);
        state.atomics[next.cell] = mine;
        return false;
      case Kind::kGet:
      case Kind::kSet:
        break;
    }
    const bool write = next.kind == Kind::kSet;
    for (const Access& other : state.made[next.cell]) {
      if (other.cpu != cpu && (other.write || write) && other.time > mine[other.cpu]) return true;
    }
    state.made[next.cell].push_back({cpu, mine[cpu], write});
    return false;
  }
  bool Races(const State& state) {
    for (u32 cpu = 0; cpu < programs_.size(); ++cpu) {
      if (state.at[cpu] == programs_[cpu].size()) continue;
      const Instruction& next = programs_[cpu][state.at[cpu]];
      if (next.kind == Kind::kLock && state.held[next.cell]) continue;
      State after = state;
      ++after.at[cpu];
      if (Races(after, cpu, next) || Races(after)) return true;
    }
    return false;
  }

  const std::vector<Program>& programs_;
};

// A factory has no room for them.
const std::vector<Program>* programs_under_test = nullptr;

class ProgramsSubject final : public Subject {
 public:
  explicit ProgramsSubject(ModelPort& port) : port_(port) {}
  void RunProgram(CpuId cpu) override {
    for (const Instruction& each : (*programs_under_test)[cpu]) Run(each);
    port_.EndProgram(0);
  }
  void TakeIpi() override {}
  void TakeDevice(u32) override {}
  const scenario::ViolationReport& violations(CpuId) const override { return none_; }
  u64 refused(CpuId) const override { return 0; }

 private:
  void Run(const Instruction& each) {
    switch (each.kind) {
      case Kind::kLock:
        return locks_[each.cell].lock();
      case Kind::kUnlock:
        return locks_[each.cell].unlock();
      case Kind::kGet:
        return static_cast<void>(plains_[each.cell].get());
      case Kind::kSet:
        return plains_[each.cell].set(1);
      case Kind::kLoad:
        return static_cast<void>(atomics_[each.cell].load(core::Order::kSeqCst));
      case Kind::kStore:
        return atomics_[each.cell].store(1, core::Order::kSeqCst);
      case Kind::kAdd:
        atomics_[each.cell].fetch_add(1, core::Order::kSeqCst);
    }
  }

  ModelPort& port_;
  ModelPort::SpinLock locks_[kCells];
  ModelPort::Plain<u64> plains_[kCells];
  ModelPort::Atomic<u64> atomics_[kCells];
  scenario::ViolationReport none_ = {};
};

Verdict Searched(const std::vector<Program>& programs, bool reduced) {
  programs_under_test = &programs;
  ExploreOptions options = In(MemoryModel::kSc);
  options.reduced = reduced;
  options.factory =
      SubjectFactory{[](const scenario::ScenarioView&) -> usize { return sizeof(ProgramsSubject); },
                     [](char* block, ModelPort& port, const core::CallOptions&,
                        const scenario::ScenarioView&) -> Subject& { return *::new (block) ProgramsSubject(port); }};
  std::string text = "programs:\n";
  for (usize cpu = 0; cpu < programs.size(); ++cpu) absl::StrAppend(&text, "  ", cpu, ": []\n");
  return ExplorationOf(NamelessScenario(text), core::Implementation{}, options).finding.verdict;
}

void ExpectAsTheOracle(u32 cpus, u32 length, u32 count, bool reduced) {
  u32 races = 0;
  for (u64 round = 0; round < count; ++round) {
    u64 seed = round * 8 + cpus;
    std::vector<Program> programs;
    std::generate_n(std::back_inserter(programs), cpus, [&] { return Random(seed, length); });
    const bool expected = Oracle(programs).Races();
    races += expected ? 1 : 0;
    ASSERT_EQ(Searched(programs, reduced), expected ? Verdict::kViolation : Verdict::kCompletes)
        << "round " << round << ": " << Text(programs);
  }
  EXPECT_GT(races, count / 20);
  EXPECT_GT(count - races, count / 20);
}

TEST(RaceOracle, TwoCpus) { ExpectAsTheOracle(2, 5, 1500, /*reduced=*/true); }
TEST(RaceOracle, TwoCpusEveryAccessAStep) { ExpectAsTheOracle(2, 4, 500, /*reduced=*/false); }
TEST(RaceOracle, ThreeCpus) { ExpectAsTheOracle(3, 3, 600, /*reduced=*/true); }

}  // namespace
}  // namespace crosscall::explore
