// Schedules from their creation to their removal, and their firings.
//
// A firing, the progress of its schedule and the sweep that it starts are one transaction: after a crash either all is
// there or the nominal time is still due, and the store's key lets nothing fire twice.
#ifndef CONTROLLER_DISPATCH_SCHEDULE_DESK_H_
#define CONTROLLER_DISPATCH_SCHEDULE_DESK_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "controller/dispatch/batch.h"
#include "controller/dispatch/settings.h"
#include "controller/dispatch/sweep_desk.h"
#include "controller/dispatch/world.h"
#include "controller/store/store.h"
#include "crosscall/v1/schedule_service.pb.h"

namespace crosscall::dispatch {

class ScheduleDesk {
 public:
  ScheduleDesk(const Settings& settings, store::Store& store, World& world, SweepDesk& sweeps)
      : settings_(settings), store_(store), world_(world), sweeps_(sweeps) {}

  // Codes: those of schedule_service.proto.
  absl::StatusOr<v1::CreateScheduleResponse> Create(Batch& batch, const v1::CreateScheduleRequest& request);
  absl::StatusOr<v1::PauseScheduleResponse> Pause(Batch& batch, const v1::PauseScheduleRequest& request);
  absl::StatusOr<v1::ResumeScheduleResponse> Resume(Batch& batch, const v1::ResumeScheduleRequest& request);
  absl::StatusOr<v1::RunScheduleResponse> Run(Batch& batch, const v1::RunScheduleRequest& request);
  absl::StatusOr<v1::DeleteScheduleResponse> Delete(Batch& batch, const v1::DeleteScheduleRequest& request);

  // Decides what is due of the schedule, and when to look again.
  void CheckDue(Batch& batch, std::int64_t number);

 private:
  absl::StatusOr<ScheduleState*> Find(const std::string& name);
  absl::StatusOr<v1::Sweep> Start(Batch& batch, const ScheduleState& schedule, absl::Time nominal,
                                  const std::string& request_id);
  void Fire(Batch& batch, const ScheduleState& schedule, const scheduler::Decision& decision);
  // Writes the schedule with its next nominal time, and sets when to look again.
  void Store(Batch& batch, ScheduleState& schedule);
  // A nominal time for a run that a person asks for now: no minute that the cron could name, and not taken.
  absl::StatusOr<absl::Time> FreeInstant(Batch& batch, std::int64_t number);
  // A sweep of the schedule that goes on; empty: none.
  std::string OpenSweepOf(absl::string_view name) const;

  const Settings& settings_;
  store::Store& store_;
  World& world_;
  SweepDesk& sweeps_;
};

}  // namespace crosscall::dispatch

#endif  // CONTROLLER_DISPATCH_SCHEDULE_DESK_H_
