// A board of a simulated fleet: the real agent's protocol (AgentProtocol, UploadCursor, Backoff) over its real gRPC
// client and a connection of its own. Only the worker is simulated: it is ready at once, a trial takes as long as it
// asks for and completes, and the spool is in memory. The loop around them follows agent/supervisor/agent_loop.cc.
//
// Lives on its fleet's thread.
#ifndef TESTS_BENCH_FLEET_FLEET_BOARD_H_
#define TESTS_BENCH_FLEET_FLEET_BOARD_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "agent/supervisor/agent_protocol.h"
#include "agent/supervisor/backoff.h"
#include "agent/supervisor/controller_client.h"
#include "agent/supervisor/upload_cursor.h"
#include "tests/bench/fleet/fleet_thread.h"
#include "tests/bench/fleet/logbook.h"

namespace crosscall::fleet {

class FleetBoard {
 public:
  // `name` is `boards/{board}`. `thread` and `logbook` outlive the board.
  FleetBoard(std::string name, const std::string& controller, std::uint64_t seed, FleetThread& thread,
             Logbook& logbook);

  void Start();
  // Does nothing any more, and ends its calls. The objects of other boards must still be there: their events may run.
  void Mute() { muted_ = true; }
  void Disconnect() { client_.reset(); }

 private:
  // A trial that runs or has yet to.
  struct Job {
    shared::AttemptKey key;
    absl::Duration length;
    absl::Duration begin = absl::ZeroDuration();
    bool runs = false;
  };

  supervisor::AgentStock Stock() const;
  void Advance();
  void PlanWakeUp();
  void StartSynchronize();
  void OnSynchronized(absl::Duration sent, const supervisor::CallEnd& end, const v1::SynchronizeResponse& answer);
  void Apply(const supervisor::AgentActions& actions);
  void RunNextJob();
  void OnJobEnded(const shared::AttemptKey& key);
  void StartUpload();
  void OnUploaded(const supervisor::CallEnd& end, const v1::UploadResultResponse& answer);

  const std::string name_;
  FleetThread& thread_;
  Logbook& logbook_;
  supervisor::AgentProtocol protocol_;
  supervisor::Backoff synchronize_backoff_;
  supervisor::Backoff upload_backoff_;
  std::vector<Job> jobs_;
  std::vector<std::pair<shared::AttemptKey, std::string>> spool_;
  std::optional<supervisor::UploadCursor> upload_;
  absl::Duration next_synchronize_;
  absl::Duration next_upload_;
  absl::Duration wake_up_ = -absl::InfiniteDuration();
  bool superseded_call_ = false;
  bool muted_ = false;
  std::unique_ptr<supervisor::ControllerClient> client_;
};

}  // namespace crosscall::fleet

#endif  // TESTS_BENCH_FLEET_FLEET_BOARD_H_
