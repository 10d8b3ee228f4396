// What the explorer knows of a point that hung on a board. Looked up when it is shown, so that it does not matter which
// of the two came first.
#ifndef CONTROLLER_STORE_KNOWN_FINDING_H_
#define CONTROLLER_STORE_KNOWN_FINDING_H_

#include "absl/status/status.h"
#include "controller/store/connection.h"
#include "crosscall/v1/exploration.pb.h"
#include "crosscall/v1/hang.pb.h"
#include "crosscall/v1/trial.pb.h"

namespace crosscall::store {

// A verdict that says why nobody gets on.
inline bool ExplainsHang(v1::Exploration::Verdict verdict) {
  return verdict == v1::Exploration::VERDICT_DEADLOCK || verdict == v1::Exploration::VERDICT_LIVELOCK;
}

// The same scenario, text, parameter overrides in any order, and implementation.
bool SamePoint(const v1::TrialSpec& a, const v1::TrialSpec& b);

// Sets `known_finding` of the report of a trial with that spec to the newest one that explains a hang, or clears it.
// Not thread-safe: the owner guards the connection.
absl::Status LookUpFinding(Connection& connection, const v1::TrialSpec& spec, v1::HangReport& report);

}  // namespace crosscall::store

#endif  // CONTROLLER_STORE_KNOWN_FINDING_H_
