// The verdict table of the reference, section 6, in code: seven scenarios on seventy implementations. Who tests it
// brings the scenarios in a form of its own.
#ifndef TESTS_AGENT_CORE_VERDICT_TABLE_H_
#define TESTS_AGENT_CORE_VERDICT_TABLE_H_

#include "agent/core/implementation.h"

namespace crosscall::core::verdict_table {

enum class Scenario { kBoth, kTarget, kRing, kRing1, kLOpen, kLMasked, kK };
inline constexpr Scenario kScenarios[] = {Scenario::kBoth,  Scenario::kTarget,  Scenario::kRing, Scenario::kRing1,
                                          Scenario::kLOpen, Scenario::kLMasked, Scenario::kK};
inline constexpr const char* kScenarioNames[] = {"both", "target", "ring", "ring-1", "L-open", "L-masked", "K"};

// Completes, refused, or a deadlock by what it is made of.
enum class Verdict {
  kCompletes,
  kRefused,
  kHeldOverWait,  // D1-D4: the call lock's holder waits for a masked CPU that wants the call lock
  kLockOfCaller,  // D5, D6, D9, D10: the caller holds L, its target wants L, masked
  kCycle,         // D7, D8: each waits for the next one's completion, all masked
  kOwnHandler,    // D11: a handler wants the lock that the code it interrupted holds
};

inline Verdict LockVerdict(WaitPolicy policy, Scenario scenario) {
  const bool on_lock = scenario == Scenario::kLOpen || scenario == Scenario::kLMasked;
  switch (policy) {
    case WaitPolicy::kPollEverywhere:
      return Verdict::kCompletes;
    case WaitPolicy::kOpenWindow:
      return on_lock ? Verdict::kLockOfCaller : Verdict::kCompletes;
    case WaitPolicy::kFailFast:
      return scenario == Scenario::kLOpen ? Verdict::kLockOfCaller : Verdict::kRefused;
    case WaitPolicy::kSpin:
    case WaitPolicy::kPollCompletion:
      return on_lock ? Verdict::kLockOfCaller : Verdict::kHeldOverWait;
  }
  return Verdict::kCompletes;
}

inline Verdict QueueVerdict(WaitPolicy policy, Scenario scenario) {
  const bool on_lock = scenario == Scenario::kLOpen || scenario == Scenario::kLMasked;
  switch (policy) {
    case WaitPolicy::kPollEverywhere:
      return Verdict::kCompletes;
    case WaitPolicy::kPollCompletion:
      return on_lock ? Verdict::kLockOfCaller : Verdict::kCompletes;
    case WaitPolicy::kFailFast:
      return scenario == Scenario::kLOpen ? Verdict::kLockOfCaller : Verdict::kRefused;
    case WaitPolicy::kSpin:
    case WaitPolicy::kOpenWindow:
      if (on_lock) return Verdict::kLockOfCaller;
      return scenario == Scenario::kBoth || scenario == Scenario::kRing ? Verdict::kCycle : Verdict::kCompletes;
  }
  return Verdict::kCompletes;
}

// A waiting initiator serves, as if by polling, whatever the policy.
inline Verdict LoopVerdict(WaitPolicy policy, Scenario scenario) {
  const bool serves = policy == WaitPolicy::kSpin || policy == WaitPolicy::kOpenWindow;
  return QueueVerdict(serves ? WaitPolicy::kPollCompletion : policy, scenario);
}

// The table, in its own words.
inline Verdict Expected(const Implementation& implementation, Scenario scenario) {
  const bool fail_fast = implementation.policy == WaitPolicy::kFailFast;
  if (implementation.irq_model == IrqModel::kIpiOpen) {
    if (scenario == Scenario::kK) return Verdict::kOwnHandler;
    return fail_fast && scenario != Scenario::kLOpen ? Verdict::kRefused : Verdict::kCompletes;
  }
  if (scenario == Scenario::kK) return Verdict::kCompletes;
  switch (implementation.algorithm) {
    case AlgorithmKind::kCallLock:
    case AlgorithmKind::kRendezvous:
      return LockVerdict(implementation.policy, scenario);
    case AlgorithmKind::kServerLoop:
      return LoopVerdict(implementation.policy, scenario);
    case AlgorithmKind::kGeneric2008:
    case AlgorithmKind::kPercpuRecord:
    case AlgorithmKind::kPerTarget:
    case AlgorithmKind::kMailboxGrid:
      return QueueVerdict(implementation.policy, scenario);
  }
  return Verdict::kCompletes;
}

}  // namespace crosscall::core::verdict_table

#endif  // TESTS_AGENT_CORE_VERDICT_TABLE_H_
