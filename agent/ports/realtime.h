// Real-time circumstances of a trial: SCHED_FIFO and locked memory where the system allows them, the reason where not.
// Getting less than wanted is no error; a latency travels with what was really obtained.
#ifndef AGENT_PORTS_REALTIME_H_
#define AGENT_PORTS_REALTIME_H_

#include <string>
#include <vector>

#include "agent/core/types.h"

namespace crosscall::ports {

// Scenario CPUs run at this SCHED_FIFO priority, above every ordinary thread. The interrupt timer runs one above the
// CPUs, since it must get in while they spin.
inline constexpr int kCpuPriority = 50;
inline constexpr int kTimerPriority = kCpuPriority + 1;

// The two requests a system may refuse; a seam for tests. Each returns 0 or an errno value.
struct RealtimeCalls {
  int (*set_fifo)(int priority);  // the calling thread
  int (*lock_memory)();           // all pages mapped now

  static RealtimeCalls Kernel();
};

// What one thread asked for and has.
struct ThreadScheduling {
  int policy = 0;  // SCHED_FIFO, SCHED_OTHER, ..., as the kernel reports it
  int priority = 0;
  int refused_with = 0;  // errno of the refusal of SCHED_FIFO, 0 if granted or not wanted
};

// Asks for SCHED_FIFO if `priority` is not 0, then reads back what the calling thread has.
ThreadScheduling ObtainScheduling(const RealtimeCalls& calls, int priority);

struct Scheduling {
  bool realtime = false;  // every CPU's thread has SCHED_FIFO
  bool memory_locked = false;
  std::string note;  // one sentence: what was wanted, obtained, and why not
};

// Pure. `memory_errno`: result of lock_memory, or kNotAsked.
inline constexpr int kNotAsked = -1;
Scheduling DescribeScheduling(bool wanted, const std::vector<ThreadScheduling>& threads, int memory_errno);

}  // namespace crosscall::ports

#endif  // AGENT_PORTS_REALTIME_H_
