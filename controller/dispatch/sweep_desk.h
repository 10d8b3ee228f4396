// Sweeps from their creation to their end, and those who watch them.
#ifndef CONTROLLER_DISPATCH_SWEEP_DESK_H_
#define CONTROLLER_DISPATCH_SWEEP_DESK_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "controller/dispatch/attempts.h"
#include "controller/dispatch/batch.h"
#include "controller/dispatch/settings.h"
#include "controller/dispatch/world.h"
#include "controller/scheduler/expand.h"
#include "controller/store/store.h"

namespace crosscall::dispatch {

// Where a sweep comes from, beside its spec.
struct SweepOrigin {
  v1::Sweep::Priority priority = v1::Sweep::PRIORITY_AD_HOC;
  std::string owner;
  // The schedule that starts it, for which nominal time, and the end of its window; empty: a person asked.
  std::string schedule;
  absl::Time nominal_time = absl::UnixEpoch();
  absl::Time window_end = absl::InfiniteFuture();
};

class SweepDesk {
 public:
  SweepDesk(const Settings& settings, store::Store& store, World& world)
      : settings_(settings), store_(store), world_(world), attempts_(settings, world) {}

  // Both: codes as in sweep_service.proto.
  absl::StatusOr<v1::CreateSweepResponse> Create(Batch& batch, const v1::CreateSweepRequest& request,
                                                 const std::string& owner);
  absl::StatusOr<v1::Sweep> Cancel(Batch& batch, const v1::CancelSweepRequest& request, const Requester& by);
  // Expands and stores a sweep with a name of our choice. Codes: those of CreateSweep; nothing is written then.
  absl::StatusOr<v1::Sweep> CreateFor(Batch& batch, const v1::SweepSpec& spec, const std::string& request_id,
                                      const SweepOrigin& origin);
  // Why `spec` would be refused now; OK if it would not be.
  absl::Status CheckSpec(const Batch& batch, const v1::SweepSpec& spec) const;
  // Makes a sweep of the controller's own, named `{prefix}-{number}`, and returns its name. Codes: those of
  // scheduler::Expand and of the store.
  absl::StatusOr<std::string> CreateOwn(Batch& batch, const v1::SweepSpec& spec, absl::string_view prefix);
  // Its deadline has passed, or its time budget is used up.
  void CheckDue(Batch& batch, SweepState& sweep);
  // Ends it if no trial is open, and writes its row: once a batch for each sweep that was touched.
  void Finish(Batch& batch, SweepState& sweep);
  // A sweep as it is now, ended or not. NOT_FOUND if there is none.
  absl::StatusOr<v1::Sweep> Find(const std::string& name);

 private:
  // What its schedule, if there is one, keeps of a sweep that was created, or has ended.
  void RecordStart(Batch& batch, const v1::Sweep& sweep);
  void RecordEnd(Batch& batch, const SweepState& sweep);
  void KeepRecord(Batch& batch, ScheduleState& schedule);
  absl::StatusOr<v1::CreateSweepResponse> TryCreate(Batch& batch, const v1::CreateSweepRequest& request,
                                                    const SweepOrigin& origin);
  absl::StatusOr<std::string> NameFor(const v1::CreateSweepRequest& request, std::int64_t number);
  absl::StatusOr<bool> IsTaken(const std::string& name);
  absl::StatusOr<scheduler::Plan> PlanOf(const Batch& batch, const v1::CreateSweepRequest& request);
  // What an ended sweep left of its trials. Codes: as in sweep_service.proto.
  absl::StatusOr<scheduler::Plan> RestOf(const std::string& name);
  void Expire(Batch& batch, SweepState& sweep);
  void LeaveRest(Batch& batch, SweepState& sweep);
  v1::Sweep NewSweep(Batch& batch, const v1::SweepSpec& spec, const scheduler::Plan& plan,
                     const SweepOrigin& origin) const;
  void Store(Batch& batch, v1::Sweep sweep, const std::string& request_id, std::vector<scheduler::PlannedTrial> trials);
  // Waiting trials end as `waiting_to`, leases are revoked, the sweep is CANCELLING.
  void BeginEnd(Batch& batch, SweepState& sweep, store::EndCause cause, v1::Trial::State waiting_to,
                const std::string& reason);
  // Why sweeps that do not name the board leave it out; empty if they do not.
  std::string WhyWithheld(const BoardState& board) const;
  std::vector<scheduler::BoardOffer> Offers(const Batch& batch) const;

  const Settings& settings_;
  store::Store& store_;
  World& world_;
  Attempts attempts_;
};

}  // namespace crosscall::dispatch

#endif  // CONTROLLER_DISPATCH_SWEEP_DESK_H_
