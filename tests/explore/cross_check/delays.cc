#include "tests/explore/cross_check/delays.h"

#include <sched.h>

#include "agent/ports/atomics.h"

#include "proto/shared/check.h"
#include "proto/shared/random.h"

namespace crosscall::cross_check {
namespace {

// A stop ends after so many looks at the other CPUs even if they do not move: they may be waiting for this one.
constexpr u32 kMostLooks = 100'000;
// Of the pauses, one in so many gives the processor away instead.
constexpr u32 kYieldOneIn = 8;

// Stops fall among the first points of a CPU. If it is not known how many matter, several guesses are made.
constexpr std::array<u64, 5> kHorizons = {6, 16, 40, 120, 400};
// At the least, a call is made meanwhile; at the most, a signal arrives, while the others look and look.
constexpr std::array<u32, 3> kStopPoints = {60, 1000, 10'000};

void AddPauses(u64& random, DelayPlan& plan) {
  constexpr std::array<u32, 3> kOneIn = {3, 16, 64};
  constexpr std::array<u32, 3> kSpins = {40, 400, 4000};
  const u64 kind = shared::NextRandom(random) % kOneIn.size();
  plan.pause_one_in = kOneIn[kind];
  plan.pause_spins = kSpins[kind];
}

void AddStops(u64& random, u32 cpus, u64 horizon, DelayPlan& plan) {
  plan.stop_points = kStopPoints[shared::NextRandom(random) % kStopPoints.size()];
  const u64 guess = kHorizons[shared::NextRandom(random) % kHorizons.size()];
  if (horizon == 0) horizon = guess;
  const u64 stops = 1 + shared::NextRandom(random) % kMaxStops;
  for (u64 i = 0; i < stops; ++i) {
    plan.stops[shared::NextRandom(random) % cpus][i] = 1 + shared::NextRandom(random) % horizon;
  }
}

}  // namespace

constinit thread_local Delays::Cpu* Delays::here_ = nullptr;

DelayPlan MakeDelayPlan(u64 seed, u32 cpus, u64 horizon) {
  DelayPlan plan;
  u64 random = seed;
  shared::NextRandom(random);
  if (seed % 16 == 0) return plan;  // as the machine has it
  if (seed % 4 != 1) AddStops(random, cpus, horizon, plan);
  if (seed % 2 == 1) AddPauses(random, plan);
  return plan;
}

Delays::Delays(const DelayPlan& plan, u64 seed, u32 cpus) : plan_(plan), cpu_count_(cpus) {
  CROSSCALL_CHECK(cpus >= 1 && cpus <= kMaxCpus, "more CPUs than delays are planned for");
  for (CpuId cpu = 0; cpu < cpus; ++cpu) {
    cpus_[cpu].owner = this;
    cpus_[cpu].id = cpu;
    u64 random = seed ^ ((static_cast<u64>(cpu) + 1) << 32);
    cpus_[cpu].random.store(shared::NextRandom(random), std::memory_order_relaxed);
  }
}

void Delays::Enter(CpuId cpu) { here_ = &cpus_[cpu]; }

void Delays::Pass(Cpu& cpu) {
  // Relaxed: a count that orders nothing, so that the delays themselves add no order that the tested code lacks.
  const u64 point = cpu.points.load(std::memory_order_relaxed) + 1;
  cpu.points.store(point, std::memory_order_relaxed);
  if (StopsAt(cpu, point)) {
    Stop(cpu);
  } else if (plan_.pause_one_in != 0) {
    PauseByChance(cpu);
  }
}

bool Delays::StopsAt(const Cpu& cpu, u64 point) const {
  for (const u64 stop : plan_.stops[cpu.id]) {
    if (stop == point) return true;
  }
  return false;
}

void Delays::Stop(const Cpu& cpu) {
  // Relaxed, as above. CPUs that wait for each other to move would only pass the time.
  if (stopped_.exchange(1, std::memory_order_relaxed) != 0) return;
  const u64 until = PointsOfOthers(cpu) + plan_.stop_points;
  for (u32 looks = 0; looks < kMostLooks && PointsOfOthers(cpu) < until; ++looks) ports::CpuRelax();
  stopped_.store(0, std::memory_order_relaxed);
}

void Delays::PauseByChance(Cpu& cpu) {
  u64 random = cpu.random.load(std::memory_order_relaxed);
  const u64 drawn = shared::NextRandom(random);
  cpu.random.store(random, std::memory_order_relaxed);
  if (drawn % plan_.pause_one_in != 0) return;
  const u64 rest = drawn / plan_.pause_one_in;
  if (rest % kYieldOneIn == 0) {
    sched_yield();
    return;
  }
  for (u64 spins = rest / kYieldOneIn % plan_.pause_spins; spins != 0; --spins) ports::CpuRelax();
}

u64 Delays::PointsOfOthers(const Cpu& cpu) const {
  u64 sum = 0;
  for (CpuId other = 0; other < cpu_count_; ++other) {
    if (other != cpu.id) sum += points(other);
  }
  return sum;
}

}  // namespace crosscall::cross_check
