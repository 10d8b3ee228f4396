#include "agent/ports/realtime.h"

#include <sched.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace crosscall::ports {
namespace {

int SetFifo(int priority) {
  sched_param param{};
  param.sched_priority = priority;
  return sched_setscheduler(0, SCHED_FIFO, &param) == 0 ? 0 : errno;
}

int LockMemory() { return mlockall(MCL_CURRENT) == 0 ? 0 : errno; }

std::string PolicyName(int policy) {
  switch (policy) {
    case SCHED_OTHER:
      return "SCHED_OTHER";
    case SCHED_FIFO:
      return "SCHED_FIFO";
    case SCHED_RR:
      return "SCHED_RR";
    case SCHED_BATCH:
      return "SCHED_BATCH";
    case SCHED_IDLE:
      return "SCHED_IDLE";
    default:
      return absl::StrCat("scheduling policy ", policy);
  }
}

}  // namespace

RealtimeCalls RealtimeCalls::Kernel() { return {&SetFifo, &LockMemory}; }

ThreadScheduling ObtainScheduling(const RealtimeCalls& calls, int priority) {
  ThreadScheduling obtained;
  if (priority != 0) obtained.refused_with = calls.set_fifo(priority);
  obtained.policy = sched_getscheduler(0);
  sched_param param{};
  if (sched_getparam(0, &param) == 0) obtained.priority = param.sched_priority;
  return obtained;
}

Scheduling DescribeScheduling(bool wanted, const std::vector<ThreadScheduling>& threads, int memory_errno) {
  Scheduling result;
  result.realtime = !threads.empty();
  result.memory_locked = memory_errno == 0;
  std::string refusal;
  for (core::usize cpu = 0; cpu < threads.size(); ++cpu) {
    if (threads[cpu].policy != SCHED_FIFO) result.realtime = false;
    if (threads[cpu].refused_with != 0 && refusal.empty()) {
      refusal = absl::StrCat("SCHED_FIFO refused on CPU ", cpu, ": ", strerror(threads[cpu].refused_with),
                             " (raise RLIMIT_RTPRIO or grant CAP_SYS_NICE)");
    }
  }
  if (!threads.empty()) {
    result.note = PolicyName(threads[0].policy);
    if (threads[0].priority != 0) absl::StrAppend(&result.note, " ", threads[0].priority);
  }
  if (!wanted) {
    absl::StrAppend(&result.note, "; real time not wanted");
    return result;
  }
  if (!refusal.empty()) absl::StrAppend(&result.note, "; ", refusal);
  if (memory_errno == 0) {
    absl::StrAppend(&result.note, "; memory locked");
  } else if (memory_errno == kNotAsked) {
    absl::StrAppend(&result.note, "; memory not locked: scenario CPUs share board CPUs");
  } else {
    absl::StrAppend(&result.note, "; memory not locked: ", strerror(memory_errno),
                    " (raise RLIMIT_MEMLOCK or grant CAP_IPC_LOCK)");
  }
  return result;
}

}  // namespace crosscall::ports
