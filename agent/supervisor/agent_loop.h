// The agent: synchronises with its controller, runs what it is leased, and brings the results home.
//
// One thread (Run's) owns everything here; gRPC and the trial runner only post to its mailbox. Decisions are
// AgentProtocol's, UploadCursor's and Backoff's; this file has the effects.
#ifndef AGENT_SUPERVISOR_AGENT_LOOP_H_
#define AGENT_SUPERVISOR_AGENT_LOOP_H_

#include <grpcpp/security/credentials.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "agent/supervisor/agent_protocol.h"
#include "agent/supervisor/backoff.h"
#include "agent/supervisor/controller_client.h"
#include "agent/supervisor/life_signs.h"
#include "agent/supervisor/mailbox.h"
#include "agent/supervisor/spool.h"
#include "agent/supervisor/trial_runner.h"
#include "agent/supervisor/upload_cursor.h"
#include "proto/shared/clock.h"

namespace crosscall::supervisor {

struct AgentSettings {
  std::string controller;  // host:port
  std::shared_ptr<grpc::ChannelCredentials> credentials = grpc::InsecureChannelCredentials();
  AgentIdentity identity;
  Backoff::Settings backoff;
  std::uint64_t seed = 1;                          // of the jitter
  absl::Duration call_margin = absl::Seconds(10);  // of a call's deadline over its hold
  // Why the board should get no work at that instant, beside what the spool says; empty: nothing is looked at.
  std::function<std::string(absl::Duration now)> self_check;
  // How long something beside the agent has run; empty: nothing does.
  std::function<std::optional<absl::Duration>()> witness;
};

class AgentLoop {
 public:
  // `spool` and `clock` outlive the loop.
  AgentLoop(AgentSettings settings, RunTrial run, Spool& spool, const shared::Clock& clock);
  ~AgentLoop();

  // Until Stop (OK) or until the controller fences this incarnation (ABORTED, with its reason). The worker is gone and
  // the spool complete when it returns.
  absl::Status Run();
  // Asks Run to return. Thread-safe.
  void Stop() {
    mailbox_.Post([this] { stop_ = true; });
  }
  // For the calls from now on. Thread-safe; not after Run has returned.
  void UseCredentials(std::shared_ptr<grpc::ChannelCredentials> credentials) {
    mailbox_.Post([this, credentials = std::move(credentials)] {
      if (client_ != nullptr) client_->UseCredentials(credentials);
    });
  }

 private:
  absl::Duration Now() const { return clock_.Monotonic(); }
  AgentStock Stock() const;
  std::string Health() const;

  // Does what is due, and says how long nothing else will be.
  void Advance();
  absl::Duration Patience() const;
  void StartSynchronize();
  void OnSynchronized(absl::Duration sent, const CallEnd& end, const v1::SynchronizeResponse& answer);
  // Told once, not with each answer.
  void HearRefusal(std::string refusal);
  void Apply(const AgentActions& actions);
  void RefreshProgress();

  void StartUpload();
  void SendChunk();
  void OnUploaded(const CallEnd& end, const v1::UploadResultResponse& answer);
  void OnUploadFailed(const CallEnd& end);

  void OnTrialEnded(const shared::AttemptKey& key, absl::StatusOr<v1::TrialResult> result);
  void SpoolPending();

  AgentSettings settings_;
  Spool& spool_;
  const shared::Clock& clock_;
  Mailbox mailbox_;
  AgentProtocol protocol_;
  LifeSigns life_signs_;
  Backoff synchronize_backoff_;
  Backoff upload_backoff_;
  std::optional<UploadCursor> upload_;
  // Results that the disk did not take yet, serialised. Tried again; no lease is taken meanwhile.
  struct Unspooled {
    shared::AttemptKey key;
    std::string payload;
  };
  std::deque<Unspooled> unspooled_;
  absl::Duration next_synchronize_;
  absl::Duration next_upload_;
  absl::Duration next_spool_;
  bool superseded_call_ = false;  // the call in flight was cancelled by ourselves, for a newer report
  bool connected_ = false;
  std::string refusal_;
  bool stop_ = false;
  std::optional<absl::Status> fenced_;
  // Last: their ends post to the mailbox and refer to the members above.
  std::unique_ptr<TrialRunner> runner_;
  std::unique_ptr<ControllerClient> client_;
};

}  // namespace crosscall::supervisor

#endif  // AGENT_SUPERVISOR_AGENT_LOOP_H_
