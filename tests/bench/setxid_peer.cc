#include "tests/bench/setxid_peer.h"

#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <thread>

#include "agent/ports/atomics.h"
#include "agent/ports/board_clock.h"
#include "agent/ports/realtime.h"

namespace crosscall::bench {
namespace {

using core::u32;
using core::u64;

void Pin(u32 board_cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(board_cpu, &set);
  sched_setaffinity(0, sizeof(set), &set);
  ports::ObtainScheduling(ports::RealtimeCalls::Kernel(), ports::kCpuPriority);
}

// In the child. Returns its exit status.
int Broadcast(CpuPair cpus, u32 calls, int results) {
  std::atomic<bool> ready{false};
  std::atomic<bool> done{false};
  std::thread target([&] {
    Pin(cpus.target);
    ready = true;
    while (!done) ports::CpuRelax();
  });
  while (!ready) sched_yield();
  Pin(cpus.caller);
  const ports::BoardClock& clock = ports::BoardClock::Get();
  const gid_t own = getgid();
  std::vector<u64> nanos;
  const u32 warm_up = calls / 10;
  bool granted = true;
  for (u32 i = 0; i < warm_up + calls; ++i) {
    const u64 start = clock.Now();
    granted = setgid(own) == 0 && granted;
    const u64 end = clock.Now();
    if (i >= warm_up) nanos.push_back(clock.TicksToNanos(end - start));
  }
  done = true;
  target.join();
  const auto bytes = static_cast<ssize_t>(nanos.size() * sizeof(u64));
  return granted && write(results, nanos.data(), static_cast<size_t>(bytes)) == bytes ? 0 : 1;
}

}  // namespace

std::vector<u64> MeasureSetxidBroadcasts(CpuPair cpus, u32 calls) {
  int ends[2];
  if (pipe(ends) != 0) return {};
  const pid_t child = fork();
  if (child == 0) _exit(Broadcast(cpus, calls, ends[1]));
  close(ends[1]);
  std::vector<u64> nanos;
  std::FILE* results = fdopen(ends[0], "r");
  for (u64 sample = 0; child > 0 && std::fread(&sample, sizeof(sample), 1, results) == 1;) nanos.push_back(sample);
  std::fclose(results);
  int status = 1;
  if (child > 0) {
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
  }
  return status == 0 ? nanos : std::vector<u64>{};
}

}  // namespace crosscall::bench
