// What the kernel knows of the threads that play CPUs: run state, processor time, pending and blocked signals.
#ifndef AGENT_WATCHDOG_THREAD_READER_H_
#define AGENT_WATCHDOG_THREAD_READER_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "agent/watchdog/evidence.h"

namespace crosscall::watchdog {

// Parses /proc/PID/task/TID/status and schedstat (nanoseconds run, nanoseconds runnable, time
// slices). Pure; what a text does not
// say stays as in a fresh ThreadLook.
ThreadLook ParseThread(absl::string_view status, absl::string_view schedstat);

// Reads one thread of one process. `proc` is "/proc" but in tests. A thread that does not exist, or is no thread of
// that process, yields exists = false: thread ids come from an untrusted worker.
ThreadLook ReadThread(const std::string& proc, std::int64_t process, std::uint64_t thread);

// Fills in the kernel's view of every CPU.
void ReadThreads(const std::string& proc, std::int64_t process, Look& look);

// True if the process is stopped by a signal (state T or t of its main thread), a zombie, or gone.
bool ProcessStopped(const std::string& proc, std::int64_t process);

}  // namespace crosscall::watchdog

#endif  // AGENT_WATCHDOG_THREAD_READER_H_
