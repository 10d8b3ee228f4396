// A peer for calls: DPDK's rte_eal_remote_launch and rte_eal_wait_lcore between two lcores pinned to the given CPUs.
// Prints one nanosecond figure a line, one a launch. Usage: dpdk_launch_bench CALLER_CPU TARGET_CPU CALLS
#include <rte_eal.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <sched.h>
#include <ctime>

#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

uint64_t NowNanos() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

// The same scheduling class as the calls it is compared with, on whichever lcore runs it.
int BecomeRealtime(void*) {
  sched_param param{};
  param.sched_priority = 50;
  sched_setscheduler(0, SCHED_FIFO, &param);
  return 0;
}

int Count(void* counter) {
  ++*static_cast<uint64_t*>(counter);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: %s CALLER_CPU TARGET_CPU CALLS\n", argv[0]);
    return 2;
  }
  // Lcore 0 is the caller, lcore 1 the target, whatever the CPUs' order.
  std::string lcores = "--lcores=0@" + std::string(argv[1]) + ",1@" + argv[2];
  std::vector<std::string> words = {argv[0], "--no-huge",      "--no-pci",       "--no-shconf", "-m",
                                    "64",    "--no-telemetry", "--main-lcore=0", lcores,        "--log-level=error"};
  std::vector<char*> arguments;
  arguments.reserve(words.size());
  for (std::string& word : words) arguments.push_back(word.data());
  if (rte_eal_init(static_cast<int>(arguments.size()), arguments.data()) < 0) {
    std::fprintf(stderr, "rte_eal_init failed\n");
    return 1;
  }
  rte_eal_remote_launch(&BecomeRealtime, nullptr, 1);
  rte_eal_wait_lcore(1);
  BecomeRealtime(nullptr);

  const auto calls = static_cast<uint64_t>(std::strtoull(argv[3], nullptr, 10));
  const uint64_t warm_up = calls / 10;
  std::vector<uint64_t> nanos;
  nanos.reserve(calls);
  uint64_t ran = 0;
  for (uint64_t i = 0; i < warm_up + calls; ++i) {
    const uint64_t start = NowNanos();
    rte_eal_remote_launch(&Count, &ran, 1);
    rte_eal_wait_lcore(1);
    const uint64_t end = NowNanos();
    if (i >= warm_up) nanos.push_back(end - start);
  }
  for (const uint64_t sample : nanos) std::printf("%" PRIu64 "\n", sample);
  rte_eal_cleanup();
  return ran == warm_up + calls ? 0 : 1;
}
