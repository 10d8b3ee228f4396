// The one thread that owns scheduling: calls become events, events a batch, a batch pure decisions and one store
// transaction, and only its commit lets the answers go.
//
// Invariants: nothing is acknowledged that the store does not have. If a transaction fails, every caller of the batch
// gets its code, held calls and watchers included, and the state in memory is read again from the store, as after a
// restart. Thread safety: all methods may be called from any thread. Callbacks must not block and must not call back
// into a method that waits for the dispatcher (none does but Stop and the destructor).
#ifndef CONTROLLER_DISPATCH_DISPATCHER_H_
#define CONTROLLER_DISPATCH_DISPATCHER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "controller/dispatch/board_desk.h"
#include "controller/dispatch/done.h"
#include "controller/dispatch/settings.h"
#include "controller/dispatch/snapshot.h"
#include "controller/store/store.h"
#include "crosscall/v1/board_service.pb.h"
#include "crosscall/v1/schedule_service.pb.h"
#include "crosscall/v1/sweep_service.pb.h"
#include "proto/shared/clock.h"

namespace crosscall::dispatch {

class Dispatcher {
 public:
  // Reads the live state from the store and starts the thread. `store` and `clock` must outlive the dispatcher, and
  // nobody else may write to `store`. Codes: those of the store.
  static absl::StatusOr<std::unique_ptr<Dispatcher>> Start(store::Store& store, const shared::Clock& clock,
                                                           const Settings& settings);
  // Stops.
  ~Dispatcher();
  Dispatcher(const Dispatcher&) = delete;
  Dispatcher& operator=(const Dispatcher&) = delete;

  // Finishes what is queued, answers held calls and watchers with UNAVAILABLE and ends the thread; later calls are
  // refused with UNAVAILABLE. Repeating is harmless.
  void Stop();

  // The agent protocol's long poll; see board_service.proto. The ticket names the call for Abandon.
  std::uint64_t Synchronize(v1::SynchronizeRequest request, const Done<v1::SynchronizeResponse>& done);
  // The client went away: a call that is still held ends with CANCELLED. Unknown tickets are ignored.
  void Abandon(std::uint64_t ticket);

  void UploadResult(const v1::UploadResultRequest& request, const Done<v1::UploadResultResponse>& done);
  void ExplainSweep(v1::ExplainSweepRequest request, const Done<v1::ExplainSweepResponse>& done);

  // What people ask for. Sweeps and schedules are owned by him who made them; boards are shared among owners.
  void CreateSweep(v1::CreateSweepRequest request, Requester by, const Done<v1::CreateSweepResponse>& done);
  void CancelSweep(v1::CancelSweepRequest request, Requester by, const Done<v1::CancelSweepResponse>& done);
  // See schedule_service.proto.
  void CreateSchedule(v1::CreateScheduleRequest request, Requester by, const Done<v1::CreateScheduleResponse>& done);
  void PauseSchedule(v1::PauseScheduleRequest request, Requester by, const Done<v1::PauseScheduleResponse>& done);
  void ResumeSchedule(v1::ResumeScheduleRequest request, Requester by, const Done<v1::ResumeScheduleResponse>& done);
  void RunSchedule(v1::RunScheduleRequest request, Requester by, const Done<v1::RunScheduleResponse>& done);
  void DeleteSchedule(v1::DeleteScheduleRequest request, Requester by, const Done<v1::DeleteScheduleResponse>& done);

  // An operator's order; see controller/dispatch/board_desk.h.
  void OrderBoard(BoardOrder order, const Done<v1::Board>& done);
  void SwitchPower(BoardOrder order, const Done<v1::SwitchBoardPowerResponse>& done);

  std::uint64_t WatchSweep(std::string name, const SweepWatcher& watcher);
  void Unwatch(std::uint64_t id);

  // For state of the store that the dispatcher itself does not hold: `apply` runs on its thread, in a batch's
  // transaction, and answers through Batch::Reply. It may run on a batch whose commit then fails, so what it changes
  // in memory must wait for the reply. `refuse` runs instead if the queue is full or stopped.
  void Transact(std::function<void(Batch&)> apply, std::function<void(const absl::Status&)> refuse);

  // Never null. The queue figures are those of the moment of the call.
  std::shared_ptr<const Snapshot> snapshot() const;

  // Why the schedule is overdue now, as a sentence; nothing if it is not, or is unknown.
  absl::optional<std::string> WhyOverdue(absl::string_view schedule) const;

  // Makes the thread look at the clock again; for tests that move it.
  void Wake();

 private:
  class Impl;
  explicit Dispatcher(std::unique_ptr<Impl> impl);
  const std::unique_ptr<Impl> impl_;
};

}  // namespace crosscall::dispatch

#endif  // CONTROLLER_DISPATCH_DISPATCHER_H_
