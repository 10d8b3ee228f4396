// Verdicts of the explorer, in the words of the scenario language.
#ifndef AGENT_EXPLORE_VERDICT_H_
#define AGENT_EXPLORE_VERDICT_H_

#include "agent/explore/fingerprint.h"

namespace crosscall::explore {

enum class Verdict : u8 {
  kCompletes,  // every execution ends, and the search was exhaustive for the memory model
  kRefused,    // the same, and in every execution some call was refused
  kDeadlock,
  kLivelock,
  kViolation,
  kUnknown,  // a limit was reached first; nothing is claimed
};

constexpr const char* VerdictName(Verdict verdict) {
  switch (verdict) {
    case Verdict::kCompletes:
      return "completes";
    case Verdict::kRefused:
      return "refused";
    case Verdict::kDeadlock:
      return "deadlock";
    case Verdict::kLivelock:
      return "livelock";
    case Verdict::kViolation:
      return "violation";
    case Verdict::kUnknown:
      return "unknown";
  }
  return "unknown";
}

}  // namespace crosscall::explore

#endif  // AGENT_EXPLORE_VERDICT_H_
