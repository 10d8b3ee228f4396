// What a CPU does while nobody calls it: the target state of a trial. Interrupts (signals) are served meanwhile.
//
// Thread-safe: no state but the settings. The three states reach a target by different ways of the kernel (running user
// code, asleep, in a system call), so latency depends on them and they are an axis of every measurement.
#ifndef AGENT_MEASURE_IDLER_H_
#define AGENT_MEASURE_IDLER_H_

#include <atomic>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "crosscall/v1/trial.pb.h"

namespace crosscall::measure {

class Idler {
 public:
  // `share_cpu`: CPUs share a processor, so a spinning one gives it up now and then.
  Idler(v1::TargetState state, bool share_cpu) : state_(state), share_cpu_(share_cpu) {}

  // Returns once `word` is no longer `value`; sees what was written before the release store that changed it.
  void WaitWhile(const std::atomic<std::uint32_t>& word, std::uint32_t value) const;
  // Stores `value` (release) and wakes those that WaitWhile put to sleep.
  void Change(std::atomic<std::uint32_t>& word, std::uint32_t value) const;
  // Idle for that long, but not less.
  void IdleFor(std::uint64_t nanos) const;

 private:
  void Step(std::uint32_t look) const;

  v1::TargetState state_;
  bool share_cpu_;
};

// "spin", "sleep" or "syscall".
absl::string_view TargetStateName(v1::TargetState state);

}  // namespace crosscall::measure

#endif  // AGENT_MEASURE_IDLER_H_
