// Scheduling of the watcher and of what it watches: SCHED_FIFO spinners on all CPUs must not silence the agent.
#ifndef AGENT_SUPERVISOR_WATCH_PRIORITY_H_
#define AGENT_SUPERVISOR_WATCH_PRIORITY_H_

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace crosscall::supervisor {

// Workers take SCHED_FIFO 50.
inline constexpr int kWatcherPriority = 60;
inline constexpr int kAgentPriority = 55;

// Puts the calling thread above the workers. PERMISSION_DENIED, with what to do, where the system does not allow it.
absl::Status RaiseWatcher();

// The same for the calling thread and every thread it starts from now on, below the watcher (SCHED_RR).
absl::Status RaiseAgent();

// Keeps the calling thread off `cpus` if it may run on any other CPU; else changes nothing.
void AvoidCpus(const std::vector<std::uint32_t>& cpus);

// Moves all threads of a process to SCHED_OTHER; threads that end meanwhile are skipped.
void DemoteThreads(pid_t process);

}  // namespace crosscall::supervisor

#endif  // AGENT_SUPERVISOR_WATCH_PRIORITY_H_
