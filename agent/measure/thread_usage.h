// What the kernel says it did to a thread: context switches and page faults.
//
// Read by the thread itself, so it needs no /proc and works between two timed parts. Thread-safe.
#ifndef AGENT_MEASURE_THREAD_USAGE_H_
#define AGENT_MEASURE_THREAD_USAGE_H_

#include <cstdint>

namespace crosscall::measure {

struct ThreadUsage {
  std::uint64_t voluntary_switches = 0;
  std::uint64_t involuntary_switches = 0;
  std::uint64_t page_faults = 0;  // minor and major

  ThreadUsage& operator+=(const ThreadUsage& other);
  friend ThreadUsage operator-(const ThreadUsage& after, const ThreadUsage& before);
};

// Of the calling thread, since it began (getrusage(2), RUSAGE_THREAD).
ThreadUsage ReadThreadUsage();

// The CPU that the calling thread runs on at this moment.
std::uint32_t ReadCurrentCpu();

}  // namespace crosscall::measure

#endif  // AGENT_MEASURE_THREAD_USAGE_H_
