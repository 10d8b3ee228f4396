// The dispatcher without its thread: runs one batch at a time, on a clock and a store that are arguments. Tests and the
// simulator drive it directly.
#ifndef CONTROLLER_DISPATCH_ENGINE_H_
#define CONTROLLER_DISPATCH_ENGINE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "controller/dispatch/batch.h"
#include "controller/dispatch/board_desk.h"
#include "controller/dispatch/checked_result.h"
#include "controller/dispatch/diagnoses.h"
#include "controller/dispatch/done.h"
#include "controller/dispatch/health_checks.h"
#include "controller/dispatch/intake.h"
#include "controller/dispatch/retention.h"
#include "controller/dispatch/schedule_desk.h"
#include "controller/dispatch/sessions.h"
#include "controller/dispatch/settings.h"
#include "controller/dispatch/snapshot.h"
#include "controller/dispatch/sweep_desk.h"
#include "controller/dispatch/watchers.h"
#include "controller/dispatch/world.h"
#include "controller/store/store.h"
#include "proto/shared/clock.h"

namespace crosscall::dispatch {

// Not thread-safe.
class Engine {
 public:
  // One call on its way in. Made by the functions below; run by RunBatch, or refused.
  struct Event {
    std::function<void(Engine&, Batch&)> apply;
    // Ends the call without applying it.
    std::function<void(const absl::Status&)> refuse;
  };

  // `store` and `clock` outlive the engine.
  static absl::StatusOr<std::unique_ptr<Engine>> Load(store::Store& store, const shared::Clock& clock,
                                                      Settings settings);

  static Event Synchronize(std::uint64_t ticket, v1::SynchronizeRequest request,
                           const Done<v1::SynchronizeResponse>& done);
  static Event Abandon(std::uint64_t ticket);
  static Event AcceptResult(CheckedResult result, const Done<v1::UploadResultResponse>& done);
  // A result was refused before it came to the engine.
  static Event CountRejected(std::string reason);
  static Event WatchSweep(std::uint64_t id, std::string name, const SweepWatcher& watcher);
  static Event Unwatch(std::uint64_t id);

  static Event ExplainSweep(v1::ExplainSweepRequest request, const Done<v1::ExplainSweepResponse>& done);

  // What people ask for; each is told to the requester's witness.
  static Event CreateSweep(v1::CreateSweepRequest request, Requester by, const Done<v1::CreateSweepResponse>& done);
  static Event CancelSweep(v1::CancelSweepRequest request, Requester by, const Done<v1::CancelSweepResponse>& done);
  static Event OrderBoard(BoardOrder order, const Done<v1::Board>& done);
  static Event SwitchPower(BoardOrder order, const Done<v1::SwitchBoardPowerResponse>& done);
  // A call of the schedule desk, one of its public functions. `schedule` is the one concerned.
  template <class Request, class Response>
  static Event OnSchedules(absl::StatusOr<Response> (ScheduleDesk::*act)(Batch&, const Request&), Request request,
                           std::string schedule, Requester by, const Done<Response>& done) {
    return {.apply =
                [act, request = std::move(request), schedule = std::move(schedule), by = std::move(by), done](
                    Engine& engine, Batch& batch) {
                  Answer(batch, by, schedule, done, (engine.parts_->schedules.*act)(batch, request));
                },
            .refuse = done};
  }

  // Applies the events and whatever is due, commits, answers. An error is that of the commit: everybody has been told
  // it, and the world was read again.
  absl::Status RunBatch(const std::vector<Event>& events);
  // When RunBatch has something to do even without events.
  absl::optional<absl::Duration> NextDeadline() const;
  // Ends held calls and watchers with `status`.
  void EndAll(const absl::Status& status);

  // Where events about ended power runs go, from any thread. Before the first batch.
  void DeliverReports(std::function<void(Event)> deliver) { deliver_ = std::move(deliver); }

  // The picture after the last batch.
  std::shared_ptr<const Snapshot> MakeSnapshot();

 private:
  // What lives and dies with a world.
  struct Parts {
    Parts(const Settings& settings, store::Store& store, std::unique_ptr<World> read, absl::Duration now,
          absl::Time wall)
        : world(std::move(read)),
          diagnoses(settings, *world),
          sessions(settings, store, *world, diagnoses),
          intake(settings, store, *world),
          desk(settings, store, *world),
          schedules(settings, store, *world, desk),
          boards(settings, *world, diagnoses),
          checks(settings, *world, desk),
          retention(settings, store, *world, now, wall) {}
    const std::unique_ptr<World> world;
    Diagnoses diagnoses;
    Sessions sessions;
    Intake intake;
    SweepDesk desk;
    ScheduleDesk schedules;
    BoardDesk boards;
    HealthChecks checks;
    Retention retention;
  };

  Engine(store::Store& store, const shared::Clock& clock, Settings settings)
      : store_(store), clock_(clock), settings_(std::move(settings)) {}

  template <class Response>
  static void Answer(Batch& batch, const Requester& by, const std::string& object, const Done<Response>& done,
                     absl::StatusOr<Response> answer) {
    if (by.witness) by.witness(batch, object, answer.status());
    batch.Reply<Response>(done, std::move(answer));
  }
  absl::Status ReadWorld();
  void CheckDeadlines(Batch& batch);
  void EndBatch(Batch& batch);
  void Committed(Batch& batch);
  void Failed(Batch& batch, const absl::Status& status);
  void StartPower(PowerJob job);
  void EndHeldCalls(const absl::Status& status);
  void TellFirst(Batch& batch, std::uint64_t id, const std::string& name, SweepWatcher watcher);

  store::Store& store_;
  const shared::Clock& clock_;
  const Settings settings_;
  // Null after a failed commit until the store could be read again.
  std::unique_ptr<Parts> parts_;
  std::function<void(Event)> deliver_;
  Watchers watchers_;
  DispatchLatency latency_;
  // After a failed commit: what is overdue is tried again then, not as fast as the disk can fail.
  absl::Duration not_before_ = -absl::InfiniteDuration();
  std::uint64_t batch_count_ = 0;
  std::uint64_t store_failure_count_ = 0;
  // Rebuilt where the batch touched something.
  std::map<std::string, std::shared_ptr<const BoardView>> board_views_;
  std::map<std::int64_t, std::shared_ptr<const v1::Sweep>> sweep_views_;
  std::vector<std::shared_ptr<const ScheduleView>> schedule_views_;
};

}  // namespace crosscall::dispatch

#endif  // CONTROLLER_DISPATCH_ENGINE_H_
