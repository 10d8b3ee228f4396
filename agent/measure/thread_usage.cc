#include "agent/measure/thread_usage.h"

#include <sched.h>
#include <sys/resource.h>

#include "proto/shared/check.h"

namespace crosscall::measure {

ThreadUsage& ThreadUsage::operator+=(const ThreadUsage& other) {
  voluntary_switches += other.voluntary_switches;
  involuntary_switches += other.involuntary_switches;
  page_faults += other.page_faults;
  return *this;
}

ThreadUsage operator-(const ThreadUsage& after, const ThreadUsage& before) {
  return {.voluntary_switches = after.voluntary_switches - before.voluntary_switches,
          .involuntary_switches = after.involuntary_switches - before.involuntary_switches,
          .page_faults = after.page_faults - before.page_faults};
}

ThreadUsage ReadThreadUsage() {
  rusage usage{};
  CROSSCALL_CHECK(getrusage(RUSAGE_THREAD, &usage) == 0, "RUSAGE_THREAD is always there on Linux");
  return {.voluntary_switches = static_cast<std::uint64_t>(usage.ru_nvcsw),
          .involuntary_switches = static_cast<std::uint64_t>(usage.ru_nivcsw),
          .page_faults = static_cast<std::uint64_t>(usage.ru_minflt) + static_cast<std::uint64_t>(usage.ru_majflt)};
}

std::uint32_t ReadCurrentCpu() {
  const int cpu = sched_getcpu();
  CROSSCALL_CHECK(cpu >= 0, "sched_getcpu is always there on Linux");
  return static_cast<std::uint32_t>(cpu);
}

}  // namespace crosscall::measure
