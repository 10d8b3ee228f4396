// What a waiting call costs over the signal port, beside what lies below it and what could be taken instead. Rounds of
// all ways are interleaved, so that a disturbance of the machine meets them alike; each figure stands beside its limit
// from the same run. Exit status: 0 all limits held, 1 one was missed, 2 the machine cannot run it.
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include "agent/ports/board_clock.h"
#include "agent/ports/board_cpus.h"
#include "tests/bench/call_round.h"
#include "tests/bench/call_samples.h"
#include "tests/bench/setxid_peer.h"

namespace crosscall::bench {
namespace {

using core::AlgorithmKind;
using core::kAlgorithmCount;
using core::kAlgorithmNames;
using core::u32;
using core::u64;

constexpr int kRounds = 8;
constexpr u32 kCallsARound = 2000;
// Slower by orders of magnitude, hence fewer.
constexpr u32 kPeerCallsARound = 500;

constexpr double kPingPongFactor = 1.05;
constexpr double kCacheLineFactor = 3;
constexpr double kPeerFactor = 0.5;

struct Measured {
  std::array<CallSamples, kAlgorithmCount> interrupted;
  std::array<CallSamples, kAlgorithmCount> polled;
  CallSamples ping_pong;
  CallSamples signal_and_flag;
  CallSamples cache_lines;
  CallSamples setxid;
  CallSamples dpdk;
};

std::string OwnFolder() {
  char path[PATH_MAX];
  const ssize_t length = readlink("/proc/self/exe", path, sizeof(path));
  const std::string whole(path, length > 0 ? static_cast<size_t>(length) : 0);
  return whole.substr(0, whole.rfind('/') + 1);
}

[[noreturn]] void CannotRun(const std::string& what) {
  std::fprintf(stderr, "%s failed; nothing is judged\n", what.c_str());
  std::exit(2);
}

// Runs the separate program beside this one, which exists if DPDK does; empty if it does not.
std::vector<u64> MeasureDpdkLaunches(CpuPair cpus, u32 calls) {
  const std::string program = OwnFolder() + "dpdk_launch_bench";
  if (access(program.c_str(), X_OK) != 0) return {};
  const std::string command = "'" + program + "' " + std::to_string(cpus.caller) + " " + std::to_string(cpus.target) +
                              " " + std::to_string(calls);
  std::FILE* output = popen(command.c_str(), "r");
  if (output == nullptr) CannotRun(program);
  std::vector<u64> nanos;
  char line[64];
  while (std::fgets(line, sizeof(line), output) != nullptr) nanos.push_back(std::strtoull(line, nullptr, 10));
  if (pclose(output) != 0 || nanos.empty()) CannotRun(program);
  return nanos;
}

void MeasureRound(CpuPair cpus, Measured& measured) {
  measured.ping_pong.Add(MeasureSignalPingPong(cpus, kCallsARound));
  measured.signal_and_flag.Add(MeasureSignalAndFlag(cpus, kCallsARound));
  measured.cache_lines.Add(MeasureCacheLines(cpus, kCallsARound));
  for (u32 i = 0; i < kAlgorithmCount; ++i) {
    measured.interrupted[i].Add(MeasureInterruptedCalls(static_cast<AlgorithmKind>(i), cpus, kCallsARound));
    measured.polled[i].Add(MeasurePolledCalls(static_cast<AlgorithmKind>(i), cpus, kCallsARound));
  }
  const std::vector<u64> broadcasts = MeasureSetxidBroadcasts(cpus, kPeerCallsARound);
  if (broadcasts.empty()) CannotRun("the setxid broadcast");
  measured.setxid.Add(broadcasts);
  measured.dpdk.Add(MeasureDpdkLaunches(cpus, kPeerCallsARound));
}

void PrintMachine(CpuPair cpus) {
  utsname name{};
  uname(&name);
  std::string load;
  std::ifstream loadavg("/proc/loadavg");
  std::getline(loadavg, load);
  std::printf("kernel %s, load %s, CPUs %u -> %u, %s, clock %s\n", name.release, load.c_str(), cpus.caller, cpus.target,
              LastSchedulingNote().c_str(), ports::BoardClock::Get().name().c_str());
  std::printf("%d interleaved rounds of %u calls (peers: %u); nanoseconds\n\n", kRounds, kCallsARound,
              kPeerCallsARound);
}

void PrintReference(const char* what, const CallSamples& samples) {
  if (samples.empty()) {
    std::printf("%-44s not available on this machine\n", what);
    return;
  }
  std::printf("%-44s p50 %8lu  p99 %8lu  samples %zu\n", what, samples.Percentile(50), samples.Percentile(99),
              samples.size());
}

// Prints one figure beside its limit; true if it holds, or if there is nothing to compare with.
bool Judge(const std::string& what, const CallSamples& ours, double factor, const char* of, const CallSamples& theirs) {
  if (theirs.empty()) return true;
  const u64 p50 = ours.Percentile(50);
  const double limit = factor * static_cast<double>(theirs.Percentile(50));
  const bool holds = static_cast<double>(p50) <= limit;
  std::printf("%-28s p50 %8lu  p99 %8lu  limit %10.0f = %.2f x %-20s %s\n", what.c_str(), p50, ours.Percentile(99),
              limit, factor, of, holds ? "ok" : "MISSED");
  return holds;
}

bool JudgeAll(const Measured& measured) {
  bool all = true;
  for (u32 i = 0; i < kAlgorithmCount; ++i) {
    const std::string call = std::string("call ") + kAlgorithmNames[i];
    const CallSamples& ours = measured.interrupted[i];
    all &= Judge(call, ours, kPingPongFactor, "signal ping-pong", measured.ping_pong);
    all &= Judge(call, ours, kPeerFactor, "setxid broadcast", measured.setxid);
    all &= Judge(call, ours, kPeerFactor, "DPDK launch + wait", measured.dpdk);
  }
  for (u32 i = 0; i < kAlgorithmCount; ++i) {
    all &= Judge(std::string("polled ") + kAlgorithmNames[i], measured.polled[i], kCacheLineFactor, "cache-line trip",
                 measured.cache_lines);
  }
  return all;
}

int Main() {
  const std::vector<u32> usable = ports::UsableBoardCpus();
  if (usable.size() < 2) {
    std::fprintf(stderr, "two usable CPUs are needed; this process may use %s\n", ports::FormatCpuList(usable).c_str());
    return 2;
  }
  const CpuPair cpus{usable[0], usable[1]};
  Measured measured;
  for (int round = 0; round < kRounds; ++round) MeasureRound(cpus, measured);

  PrintMachine(cpus);
  PrintReference("signal there, signal back", measured.ping_pong);
  PrintReference("signal there, flag back (not a limit)", measured.signal_and_flag);
  PrintReference("cache line there and back", measured.cache_lines);
  PrintReference("glibc setxid broadcast, two threads", measured.setxid);
  PrintReference("DPDK rte_eal_remote_launch + wait_lcore", measured.dpdk);
  std::printf("\n");
  return JudgeAll(measured) ? 0 : 1;
}

}  // namespace
}  // namespace crosscall::bench

int main() { return crosscall::bench::Main(); }
