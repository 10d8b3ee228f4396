// What an agent reports and what it does with an answer: the state machine of Synchronize at the agent's end. Pure;
// times are spans of one monotonic clock. Not thread-safe.
//
// Level-triggered: an answer lists every lease to hold, applying it twice changes nothing. A lease that it does not
// list is stopped and dropped. Time left counts from when the call was *sent*, so that nothing of a lease that expired
// at the controller still runs here; a lease that lapses is stopped and dropped, too.
#ifndef AGENT_SUPERVISOR_AGENT_PROTOCOL_H_
#define AGENT_SUPERVISOR_AGENT_PROTOCOL_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "crosscall/v1/board_service.pb.h"
#include "proto/shared/resource_name.h"

namespace crosscall::supervisor {

struct AgentIdentity {
  std::string board;  // `boards/{board}`
  std::string incarnation_id;
  std::string boot_id;
  v1::BoardDescription description;
};

// What else a report says; read at the moment it is made.
struct AgentStock {
  std::vector<shared::AttemptKey> spooled;  // the oldest first
  std::uint64_t spooled_bytes = 0;
  std::string health;
};

// What to do after an event. Starts are in the order of the answer.
struct AgentActions {
  struct Start {
    shared::AttemptKey key;
    v1::TrialSpec spec;
  };
  std::vector<shared::AttemptKey> stops;
  std::vector<Start> starts;
};

class AgentProtocol {
 public:
  explicit AgentProtocol(AgentIdentity identity) : identity_(std::move(identity)) {}

  // The next report. Every one has its own sequence number: a repeated number would not be applied.
  v1::SynchronizeRequest Report(const AgentStock& stock, absl::Duration now);
  // True if the newest report no longer says what is so: the leases, their states or the health changed.
  bool Outdated(const AgentStock& stock) const;

  // The answer to the newest report, which was sent at `sent`.
  AgentActions OnAnswer(const v1::SynchronizeResponse& answer, const AgentStock& stock, absl::Duration sent,
                        absl::Duration now);
  // Drops the leases that have lapsed.
  AgentActions OnTime(absl::Duration now);
  // When the next lease lapses; InfiniteDuration if none can.
  absl::Duration NextLapse() const;

  // What became of a started lease. Leases that are not held any more are ignored.
  void OnRunning(const shared::AttemptKey& key);
  void OnSpooled(const shared::AttemptKey& key);
  void OnStartError(const shared::AttemptKey& key, absl::string_view error);
  void OnProgress(const shared::AttemptKey& key, std::uint64_t completed_calls, absl::Duration last_call);

  bool Holds(const shared::AttemptKey& key) const { return leases_.count(Id(key)) != 0; }
  std::size_t lease_count() const { return leases_.size(); }
  absl::Duration hold() const { return hold_; }

 private:
  using LeaseId = std::pair<std::string, std::uint32_t>;
  struct Lease {
    v1::HeldLease::State state = v1::HeldLease::STATE_STARTING;
    std::string start_error;
    absl::Duration lapses;
    std::uint64_t completed_calls = 0;
    absl::Duration last_call;
  };
  static LeaseId Id(const shared::AttemptKey& key) { return {key.trial, key.attempt}; }
  static bool Active(const Lease& lease);
  static std::string Fingerprint(const v1::SynchronizeRequest& report);
  v1::SynchronizeRequest Describe(const AgentStock& stock) const;
  void Renew(absl::Duration lapses);
  Lease* Find(const shared::AttemptKey& key);

  AgentIdentity identity_;
  std::map<LeaseId, Lease> leases_;
  std::uint64_t sequence_ = 0;
  bool description_wanted_ = true;
  absl::Duration hold_ = absl::Seconds(30);
  std::string reported_;
};

}  // namespace crosscall::supervisor

#endif  // AGENT_SUPERVISOR_AGENT_PROTOCOL_H_
