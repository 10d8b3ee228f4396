// What recording costs: the stamps that a call puts on its caller's path, as they are in a trial; and, off that path,
// the join of a call's stamps of both CPUs into distributions.
//
// Prints each figure with its limit. Exit status 1 if a limit is missed.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <vector>

#include "agent/core/account.h"
#include "agent/measure/recorder.h"
#include "agent/ports/board_cpus.h"
#include "agent/ports/flight_region.h"
#include "agent/ports/signal_port.h"

namespace crosscall {
namespace {

using core::Stage;

constexpr double kLimitNanos = 60;
constexpr std::uint32_t kRingSize = 16 * 1024;
constexpr int kCallsPerRun = 1000;
constexpr int kRuns = 300;

// A call to one target as its caller records it (agent/core/account.h).
void StampCall(ports::SignalPort& port, std::uint64_t sequence) {
  const std::uint64_t call = core::CallId(0, sequence);
  port.StampStage(Stage::kEnter, call, 1, 0);
  port.StampStage(Stage::kClaim, call, 1, 0);
  port.StampAgain(Stage::kPublish, call, 1, 0);
  port.StampStage(Stage::kKick, call, 1, 0);
  port.StampStage(Stage::kKicked, call, 1, 0);
  port.StampStage(Stage::kObserved, call, 1, 0);
  port.StampStage(Stage::kReturn, call, 1, 0);
}

// Nanoseconds a call.
struct Cost {
  double least = 0;  // of many runs: what else runs on the machine only adds
  double median = 0;
};

Cost CostOf(std::vector<double>& runs) {
  std::sort(runs.begin(), runs.end());
  return {runs.front(), runs[runs.size() / 2]};
}

template <class Body>
Cost CostPerCall(const ports::SignalPort& port, Body&& body) {
  std::vector<double> runs;
  for (int run = 0; run < kRuns; ++run) {
    const std::uint64_t start = port.Now();
    for (int i = 0; i < kCallsPerRun; ++i) body();
    runs.push_back(static_cast<double>(port.TicksToNanos(port.Now() - start)) / kCallsPerRun);
  }
  return CostOf(runs);
}

// One batch of calls of CPU 0 to CPU 1, as both rings hold it.
class Batch {
 public:
  Batch() : slots_{std::vector<core::Stamp>(kRingSize), std::vector<core::Stamp>(kRingSize)} {}

  void Fill(std::uint64_t first_sequence) {
    for (std::uint64_t i = 0; i < kCallsPerRun; ++i) {
      const std::uint64_t call = core::CallId(0, first_sequence + i);
      // Latencies spread as real ones do, so that the histograms' lines are not always the same.
      const std::uint64_t delay = 10'000 + (first_sequence + i) * 2654435761u % 4096;
      for (const Stage stage : {Stage::kEnter, Stage::kClaim, Stage::kPublish, Stage::kKick, Stage::kKicked}) {
        Put(0, stage, call, 1, 25);
      }
      now_ += delay;
      Put(1, Stage::kIpiEntry, 0, 0xffff, 0);
      for (const Stage stage : {Stage::kDrain, Stage::kFnEntry, Stage::kFnExit, Stage::kComplete}) {
        Put(1, stage, call, 0, 30);
      }
      Put(1, Stage::kHandlerExit, 0, 0xffff, 20);
      for (const Stage stage : {Stage::kObserved, Stage::kReturn}) Put(0, stage, call, 1, 40);
    }
  }
  std::vector<measure::StampRing> rings() const {
    return {{slots_[0].data(), heads_[0]}, {slots_[1].data(), heads_[1]}};
  }

 private:
  void Put(int cpu, Stage stage, std::uint64_t call, std::uint16_t peer, std::uint64_t step) {
    now_ += step;
    const std::uint64_t index = heads_[cpu]++;
    slots_[cpu][index % kRingSize] = {now_, call, static_cast<std::uint16_t>(stage), peer, 0, 0, index};
  }

  std::vector<core::Stamp> slots_[2];
  std::uint64_t heads_[2] = {0, 0};
  std::uint64_t now_ = 1'000'000;
};

Cost JoinCost(const ports::SignalPort& port) {
  measure::Recorder recorder({.cpu_count = 2, .ring_size = kRingSize});
  Batch batch;
  std::vector<double> runs;
  for (int run = 0; run < kRuns; ++run) {
    batch.Fill(1 + static_cast<std::uint64_t>(run) * kCallsPerRun);
    const std::vector<measure::StampRing> rings = batch.rings();
    const std::uint64_t start = port.Now();
    recorder.Join(rings, {});
    runs.push_back(static_cast<double>(port.TicksToNanos(port.Now() - start)) / kCallsPerRun);
  }
  if (recorder.book().whole().count() != std::uint64_t{kRuns} * kCallsPerRun || recorder.broken_calls() != 0) {
    std::fprintf(stderr, "recording_bench: the join lost calls; its figure means nothing\n");
    std::exit(1);
  }
  return CostOf(runs);
}

int Run() {
  const int memory = memfd_create("recording-bench", MFD_CLOEXEC);
  absl::StatusOr<ports::FlightRegion> region = ports::FlightRegion::Create(memory, 1, 1, kRingSize);
  if (!region.ok()) {
    std::fprintf(stderr, "recording_bench: %s\n", std::string(region.status().message()).c_str());
    return 1;
  }
  ports::SignalPort::Options options;
  options.board_cpus = {ports::UsableBoardCpus().front()};
  options.realtime = false;
  absl::StatusOr<std::unique_ptr<ports::SignalPort>> port = ports::SignalPort::Create(options, *region);
  if (!port.ok()) {
    std::fprintf(stderr, "recording_bench: %s\n", std::string(port.status().message()).c_str());
    return 1;
  }
  ports::SignalPort& machine = **port;
  Cost clock;
  Cost stamping;
  Cost joining;
  machine.SetHandlers([](void*) {}, [](void*, core::u32) {}, nullptr);
  const absl::Status started = machine.Start([&](core::CpuId) {
    volatile std::uint64_t sink = 0;
    clock = CostPerCall(machine, [&] { sink = machine.Now(); });
    std::uint64_t sequence = 0;
    stamping = CostPerCall(machine, [&] { StampCall(machine, ++sequence); });
    joining = JoinCost(machine);
  });
  if (!started.ok()) {
    std::fprintf(stderr, "recording_bench: %s\n", std::string(started.message()).c_str());
    return 1;
  }
  machine.Join();
  close(memory);
  const bool good = stamping.least <= kLimitNanos;
  std::printf("recording a call, on its caller's path   %7.1f ns   limit %.0f ns   %s   (median %.1f ns)\n",
              stamping.least, kLimitNanos, good ? "ok" : "MISSED", stamping.median);
  std::printf("  7 stamps, 6 of which read the clock in  %7.1f ns\n", clock.least);
  std::printf("joining a call, between batches          %7.1f ns   off the timed path, no limit\n", joining.least);
  return good ? 0 : 1;
}

}  // namespace
}  // namespace crosscall

int main() { return crosscall::Run(); }
