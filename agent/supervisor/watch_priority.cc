#include "agent/supervisor/watch_priority.h"

#include <sched.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "proto/shared/durable_file.h"

namespace crosscall::supervisor {
namespace {

absl::Status Raise(int policy, int priority, absl::string_view what) {
  sched_param param{};
  param.sched_priority = priority;
  if (sched_setscheduler(0, policy, &param) == 0) return absl::OkStatus();
  if (errno == EPERM) {
    return absl::PermissionDeniedError(absl::StrCat(what, " has no real-time priority ", priority,
                                                    ": give the agent CAP_SYS_NICE or raise RLIMIT_RTPRIO"));
  }
  return shared::ErrnoStatus(errno, absl::StrCat("real-time priority for ", what));
}

}  // namespace

absl::Status RaiseWatcher() { return Raise(SCHED_FIFO, kWatcherPriority, "the watcher"); }

absl::Status RaiseAgent() { return Raise(SCHED_RR, kAgentPriority, "the agent"); }

void AvoidCpus(const std::vector<std::uint32_t>& cpus) {
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0) return;
  for (const std::uint32_t cpu : cpus) {
    if (cpu < CPU_SETSIZE) CPU_CLR(cpu, &allowed);
  }
  if (CPU_COUNT(&allowed) > 0) sched_setaffinity(0, sizeof(allowed), &allowed);
}

void DemoteThreads(pid_t process) {
  const sched_param ordinary{};
  std::error_code error;
  const std::filesystem::path folder = absl::StrCat("/proc/", process, "/task");
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    pid_t thread = 0;
    if (absl::SimpleAtoi(entry->path().filename().string(), &thread)) {
      sched_setscheduler(thread, SCHED_OTHER, &ordinary);
    }
  }
}

}  // namespace crosscall::supervisor
