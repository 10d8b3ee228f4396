// Explorations as people read them, and the words of the scenario language for verdicts and memory models.
//
// Pure; thread-safe.
#ifndef PROTO_SHARED_EXPLORATION_TEXT_H_
#define PROTO_SHARED_EXPLORATION_TEXT_H_

#include <string>

#include "absl/strings/string_view.h"
#include "crosscall/v1/exploration.pb.h"
#include "crosscall/v1/trial.pb.h"

namespace crosscall::shared {

// "completes", "refused", "deadlock", "livelock", "violation"; "unknown" also for a value that this build does not
// know.
absl::string_view VerdictName(v1::Exploration::Verdict verdict);

// "sc", "weak"; empty if it is not said.
absl::string_view MemoryModelName(v1::MemoryModel memory);

// "signal", "explore"; UNSPECIFIED means signal. "unknown" for a value that this build does not know.
absl::string_view TargetSystemName(v1::TargetSystem system);

// The verdict, what it cost, the way to what was found and who waits for what at its end, as lines of text, each ended
// by a newline. Parts that the exploration does not have are left out.
std::string ExplorationText(const v1::Exploration& exploration);

// The end of the way in one line, or else the reason: "8 steps: CPU 0 waits for ...; CPU 1 waits for ...".
std::string ExplorationSummary(const v1::Exploration& exploration);

}  // namespace crosscall::shared

#endif  // PROTO_SHARED_EXPLORATION_TEXT_H_
