#include "controller/dispatch/sweep_desk.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/scheduler/board_labels.h"
#include "controller/scheduler/board_states.h"
#include "controller/scheduler/placement.h"
#include "controller/scheduler/releases.h"
#include "controller/scheduler/sweep_boards.h"
#include "controller/scheduler/verdict.h"
#include "google/protobuf/util/message_differencer.h"
#include "proto/shared/check.h"
#include "proto/shared/proto_time.h"
#include "proto/shared/resource_name.h"
#include "proto/shared/sanitize.h"

namespace crosscall::dispatch {
namespace {

// Of a sweep that is continued.
constexpr int kTrialsPerRead = 1000;

bool SameSpec(const v1::SweepSpec& a, const v1::SweepSpec& b) {
  return google::protobuf::util::MessageDifferencer::Equals(a, b);
}

void SetState(v1::Sweep& sweep, v1::Sweep::State to) {
  const absl::Status allowed = scheduler::CheckTransition(sweep.state(), to);
  CROSSCALL_CHECK(allowed.ok(), allowed.message());
  sweep.set_state(to);
}

// Which deadline a sweep has met: its own, or the end of its schedule's window.
std::string WhatPassed(const v1::Sweep& sweep) {
  const absl::Time expired = shared::TimeOf(sweep.expire_time());
  const bool own_deadline =
      sweep.schedule().empty() ||
      (sweep.spec().has_sweep_deadline() &&
       shared::TimeOf(sweep.create_time()) + shared::SpanOf(sweep.spec().sweep_deadline()) == expired);
  if (own_deadline) return "the sweep's deadline passed";
  return absl::StrCat("the window of ", sweep.schedule(), " closed at ",
                      absl::FormatTime(absl::RFC3339_sec, expired, absl::UTCTimeZone()));
}

// `by` may be its owner, or one who may end what others asked for.
absl::Status CheckMayEnd(const v1::Sweep& sweep, const Requester& by) {
  if (by.others.ok() || sweep.owner() == by.name) return absl::OkStatus();
  return absl::Status(by.others.code(),
                      absl::StrCat(sweep.name(), " was asked for by ",
                                   sweep.owner().empty() ? "somebody without a certificate" : sweep.owner(), ": ",
                                   by.others.message()));
}

absl::Status NoSuchSweep(const std::string& name) {
  return absl::NotFoundError(absl::StrCat("no sweep \"", shared::CleanText(name, 80), "\""));
}

}  // namespace

absl::StatusOr<v1::CreateSweepResponse> SweepDesk::Create(Batch& batch, const v1::CreateSweepRequest& request,
                                                          const std::string& owner) {
  SweepOrigin origin;
  origin.owner = owner;
  return TryCreate(batch, request, origin);
}

absl::StatusOr<v1::Sweep> SweepDesk::CreateFor(Batch& batch, const v1::SweepSpec& spec, const std::string& request_id,
                                               const SweepOrigin& origin) {
  v1::CreateSweepRequest request;
  *request.mutable_spec() = spec;
  request.set_request_id(request_id);
  absl::StatusOr<v1::CreateSweepResponse> response = TryCreate(batch, request, origin);
  if (!response.ok()) return response.status();
  return std::move(*response->mutable_sweep());
}

absl::Status SweepDesk::CheckSpec(const Batch& batch, const v1::SweepSpec& spec) const {
  return scheduler::Count(spec, Offers(batch)).status();
}

absl::StatusOr<v1::CreateSweepResponse> SweepDesk::TryCreate(Batch& batch, const v1::CreateSweepRequest& request,
                                                             const SweepOrigin& origin) {
  v1::CreateSweepResponse response;
  if (!request.request_id().empty() && !request.dry_run()) {
    absl::StatusOr<absl::optional<store::SweepRow>> known = store_.FindSweepByRequest(request.request_id());
    if (!known.ok()) return known.status();
    if (known->has_value()) {
      if (!SameSpec((*known)->sweep.spec(), request.spec()) || (*known)->sweep.schedule() != origin.schedule) {
        return absl::AlreadyExistsError(absl::StrCat("request_id \"", shared::CleanText(request.request_id(), 64),
                                                     "\" made ", (*known)->sweep.name(),
                                                     " from another spec: choose a new one"));
      }
      absl::StatusOr<v1::Sweep> sweep = Find((*known)->sweep.name());
      if (!sweep.ok()) return sweep.status();
      *response.mutable_sweep() = *std::move(sweep);
      return response;
    }
  }
  absl::StatusOr<scheduler::Plan> plan = PlanOf(batch, request);
  if (!plan.ok()) return plan.status();
  v1::Sweep sweep = NewSweep(batch, request.spec(), *plan, origin);
  if (!request.dry_run()) {
    absl::StatusOr<std::string> name = NameFor(request, world_.last_sweep_number + 1);
    if (!name.ok()) return name.status();
    sweep.set_name(*std::move(name));
    Store(batch, sweep, request.request_id(), std::move(plan->trials));
  }
  *response.mutable_sweep() = std::move(sweep);
  return response;
}

absl::StatusOr<scheduler::Plan> SweepDesk::PlanOf(const Batch& batch, const v1::CreateSweepRequest& request) {
  const v1::SweepSpec& spec = request.spec();
  if (!spec.continued_sweep().empty()) return RestOf(spec.continued_sweep());
  return request.dry_run() ? scheduler::Count(spec, Offers(batch)) : scheduler::Expand(spec, Offers(batch));
}

// The trials themselves and not the axes again: what boards offer may have changed since.
absl::StatusOr<scheduler::Plan> SweepDesk::RestOf(const std::string& name) {
  absl::StatusOr<v1::Sweep> former = Find(name);
  if (!former.ok()) return former.status();
  if (!scheduler::HasEnded(former->state())) {
    return absl::FailedPreconditionError(
        absl::StrCat(name, " is ", scheduler::StateWord(former->state()), ": it can be continued when it has ended"));
  }
  scheduler::Plan rest;
  v1::ListTrialsRequest request;
  request.set_parent(name);
  request.set_page_size(kTrialsPerRead);
  do {
    absl::StatusOr<v1::ListTrialsResponse> page = store_.ListTrials(request);
    if (!page.ok()) return page.status();
    for (v1::Trial& trial : *page->mutable_trials()) {
      const bool retired = world_.boards.at(trial.board())->row.state == v1::Board::STATE_RETIRED;
      if (retired || trial.state() == v1::Trial::STATE_FINISHED) continue;
      scheduler::PlannedTrial& planned = rest.trials.emplace_back();
      planned.id = trial.name().substr(trial.name().rfind('/') + 1);
      planned.board = trial.board();
      planned.repetition = trial.repetition();
      planned.spec = std::move(*trial.mutable_spec());
    }
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  rest.trial_count = rest.trials.size();
  if (!rest.trials.empty()) return rest;
  return absl::FailedPreconditionError(absl::StrCat(name, " has left nothing: each of its trials has a finding"));
}

absl::StatusOr<std::string> SweepDesk::CreateOwn(Batch& batch, const v1::SweepSpec& spec, absl::string_view prefix) {
  absl::StatusOr<scheduler::Plan> plan = scheduler::Expand(spec, Offers(batch));
  if (!plan.ok()) return plan.status();
  SweepOrigin origin;
  origin.owner = "controller";
  v1::Sweep sweep = NewSweep(batch, spec, *plan, origin);
  // A user may have taken such a name.
  for (std::int64_t number = world_.last_sweep_number + 1; sweep.name().empty(); ++number) {
    const std::string name = shared::SweepName(absl::StrCat(prefix, "-", number));
    absl::StatusOr<bool> taken = IsTaken(name);
    if (!taken.ok()) return taken.status();
    if (!*taken) sweep.set_name(name);
  }
  const std::string name = sweep.name();
  Store(batch, std::move(sweep), "", std::move(plan->trials));
  return name;
}

std::string SweepDesk::WhyWithheld(const BoardState& board) const {
  if (!scheduler::TakesPart(board.row.state)) return scheduler::StateWord(board.row.state);
  const std::uint32_t release = board.row.description.release();
  if (scheduler::WhyNotServed(release, settings_.release).empty()) return "";
  return absl::StrCat("release ", release, ", not served");
}

std::vector<scheduler::BoardOffer> SweepDesk::Offers(const Batch& batch) const {
  std::vector<scheduler::BoardOffer> offers;
  for (const auto& [name, board] : world_.boards) {
    if (board->row.state == v1::Board::STATE_RETIRED) continue;
    offers.push_back({.name = name,
                      .description = &board->row.description,
                      .labels = scheduler::EffectiveLabels(board->row.description, board->row.record),
                      .withheld = WhyWithheld(*board),
                      .online = !board->IsSilent(settings_, batch.now()),
                      .switchable = board->CanBeSwitched(settings_)});
  }
  return offers;
}

v1::Sweep SweepDesk::NewSweep(Batch& batch, const v1::SweepSpec& spec, const scheduler::Plan& plan,
                              const SweepOrigin& origin) const {
  absl::Time expire_time = origin.window_end;
  if (spec.has_sweep_deadline() || origin.schedule.empty()) {
    const absl::Duration deadline =
        spec.has_sweep_deadline() ? shared::SpanOf(spec.sweep_deadline()) : settings_.default_sweep_deadline;
    expire_time = std::min(expire_time, batch.wall() + deadline);
  }
  v1::Sweep sweep;
  *sweep.mutable_spec() = spec;
  sweep.set_state(v1::Sweep::STATE_PENDING);
  sweep.mutable_progress()->set_total_count(plan.trial_count);
  sweep.mutable_progress()->set_pending_count(plan.trial_count);
  *sweep.mutable_create_time() = shared::TimestampOf(batch.wall());
  *sweep.mutable_expire_time() = shared::TimestampOf(expire_time);
  sweep.set_priority(origin.priority);
  sweep.set_owner(origin.owner);
  sweep.set_schedule(origin.schedule);
  if (!origin.schedule.empty()) *sweep.mutable_nominal_time() = shared::TimestampOf(origin.nominal_time);
  return sweep;
}

absl::StatusOr<std::string> SweepDesk::NameFor(const v1::CreateSweepRequest& request, std::int64_t number) {
  // Numbers are never reused, but a user may have taken such a name.
  for (std::string id = request.sweep_id();; id.clear(), ++number) {
    const bool wanted = !id.empty();
    const std::string name = shared::SweepName(wanted ? id : absl::StrCat("s", number));
    absl::StatusOr<bool> taken = IsTaken(name);
    if (!taken.ok()) return taken.status();
    if (!*taken) return name;
    if (wanted) return absl::AlreadyExistsError(absl::StrCat(name, " exists already: choose another id, or none"));
  }
}

absl::StatusOr<bool> SweepDesk::IsTaken(const std::string& name) {
  absl::StatusOr<absl::optional<store::SweepRow>> taken = store_.FindSweep(name);
  if (!taken.ok()) return taken.status();
  return taken->has_value();
}

void SweepDesk::Store(Batch& batch, v1::Sweep sweep, const std::string& request_id,
                      std::vector<scheduler::PlannedTrial> trials) {
  store::SweepRow row;
  row.number = world_.last_sweep_number + 1;
  row.request_id = request_id;
  row.sweep = std::move(sweep);
  const std::string sweep_id = row.sweep.name().substr(sizeof("sweeps/") - 1);
  batch.tx().InsertSweep(row);
  RecordStart(batch, row.sweep);
  std::vector<store::TrialRow> rows;
  rows.reserve(trials.size());
  for (scheduler::PlannedTrial& planned : trials) {
    store::TrialRow& trial = rows.emplace_back();
    trial.id = world_.last_trial_id + static_cast<std::int64_t>(rows.size());
    trial.sweep_number = row.number;
    trial.trial.set_name(shared::TrialName(sweep_id, planned.id));
    trial.trial.set_board(std::move(planned.board));
    *trial.trial.mutable_spec() = std::move(planned.spec);
    trial.trial.set_repetition(planned.repetition);
    trial.trial.set_state(v1::Trial::STATE_PENDING);
    *trial.trial.mutable_create_time() = row.sweep.create_time();
    trial.trial.set_order(static_cast<std::uint32_t>(rows.size() - 1));
    batch.tx().InsertTrial(trial);
  }
  batch.AddEvent(row.sweep.name(), "created", absl::StrCat(rows.size(), " trials"));
  SweepState& added = world_.AddSweep(std::move(row), std::move(rows), batch.now(), batch.wall());
  for (const TrialState& trial : added.trials) batch.Touch(*trial.board);
  batch.Touch(added);
}

absl::StatusOr<v1::Sweep> SweepDesk::Cancel(Batch& batch, const v1::CancelSweepRequest& request, const Requester& by) {
  const auto found = world_.sweeps_by_name.find(request.name());
  if (found == world_.sweeps_by_name.end() || scheduler::HasEnded(found->second->row.sweep.state())) {
    absl::StatusOr<v1::Sweep> ended = Find(request.name());
    if (!ended.ok()) return ended;
    if (absl::Status status = CheckMayEnd(*ended, by); !status.ok()) return status;
    if (ended->state() == v1::Sweep::STATE_CANCELLED) return ended;
    return absl::FailedPreconditionError(absl::StrCat(request.name(), " has ended already, ",
                                                      scheduler::StateWord(ended->state()), ": nothing to cancel"));
  }
  SweepState& sweep = *found->second;
  if (absl::Status status = CheckMayEnd(sweep.row.sweep, by); !status.ok()) return status;
  if (sweep.row.sweep.state() != v1::Sweep::STATE_CANCELLING) {
    const std::string reason = request.reason().empty() ? "cancelled" : absl::StrCat("cancelled: ", request.reason());
    BeginEnd(batch, sweep, store::EndCause::kUser, v1::Trial::STATE_CANCELLED, reason);
    Finish(batch, sweep);
  }
  return sweep.row.sweep;
}

void SweepDesk::CheckDue(Batch& batch, SweepState& sweep) {
  if (sweep.ends_by <= batch.now()) return Expire(batch, sweep);
  LeaveRest(batch, sweep);
  world_.sweep_deadlines.Set(sweep.row.number, sweep.ends_by);
}

// What runs goes on: its end is not far, and it is paid for.
void SweepDesk::LeaveRest(Batch& batch, SweepState& sweep) {
  v1::Sweep& row = sweep.row.sweep;
  if (row.state() == v1::Sweep::STATE_CANCELLING || scheduler::HasEnded(row.state())) return;
  for (TrialState& trial : sweep.trials) {
    if (trial.row.trial.state() == v1::Trial::STATE_PENDING) attempts_.Leave(batch, trial);
  }
  row.set_state_reason(absl::StrCat("its time budget of ",
                                    absl::FormatDuration(shared::SpanOf(row.spec().time_budget())),
                                    " is used up; what it leaves can be continued"));
  batch.AddEvent(row.name(), "budget used up", row.state_reason());
  batch.Touch(sweep);
}

void SweepDesk::Expire(Batch& batch, SweepState& sweep) {
  const v1::Sweep::State state = sweep.row.sweep.state();
  if (state == v1::Sweep::STATE_CANCELLING || scheduler::HasEnded(state)) return;
  BeginEnd(batch, sweep, store::EndCause::kDeadline, v1::Trial::STATE_EXPIRED, WhatPassed(sweep.row.sweep));
}

void SweepDesk::BeginEnd(Batch& batch, SweepState& sweep, store::EndCause cause, v1::Trial::State waiting_to,
                         const std::string& reason) {
  SetState(sweep.row.sweep, v1::Sweep::STATE_CANCELLING);
  sweep.row.sweep.set_state_reason(reason);
  sweep.row.end_cause = cause;
  batch.AddEvent(sweep.row.sweep.name(), "ending", reason);
  // Told for each board once: a sweep may have very many trials.
  std::map<const BoardState*, std::string> reasons;
  for (TrialState& trial : sweep.trials) {
    if (trial.row.trial.state() != v1::Trial::STATE_PENDING) continue;
    std::string& why = reasons[trial.board];
    if (why.empty()) {
      why = reason;
      if (const auto waits = scheduler::WhyBoardWaits(trial.board->Standing(settings_, batch.now()));
          waits && cause == store::EndCause::kDeadline) {
        absl::StrAppend(&why, "; it still waited: ", *waits);
      }
    }
    attempts_.EndWaiting(batch, trial, waiting_to, why);
  }
  for (const auto& [name, board] : world_.boards) {
    if (!board->lease || board->lease->trial->sweep != &sweep) continue;
    attempts_.Revoke(batch, *board, reason);
  }
  for (const auto& [name, board] : world_.boards) {
    if (board->diagnosed && board->diagnosed->trial->sweep == &sweep) {
      attempts_.LeaveDiagnosis(batch, *board,
                               absl::StrCat("UNKNOWN: it was not known yet why ", name, " was silent: ", reason));
    }
  }
  batch.Touch(sweep);
}

void SweepDesk::RecordStart(Batch& batch, const v1::Sweep& sweep) {
  ScheduleState* const schedule = world_.FindSchedule(sweep.schedule());
  if (schedule == nullptr) return;
  *schedule->row.schedule.mutable_record()->mutable_last_start_time() = sweep.create_time();
  KeepRecord(batch, *schedule);
}

void SweepDesk::RecordEnd(Batch& batch, const SweepState& sweep) {
  ScheduleState* const schedule = world_.FindSchedule(sweep.row.sweep.schedule());
  if (schedule == nullptr) return;
  scheduler::SweepBoardsCount boards;
  for (const TrialState& trial : sweep.trials) {
    boards.Add(trial.row.trial.board(), trial.row.trial.state(), trial.row.trial.outcome());
  }
  v1::ScheduleRecord& record = *schedule->row.schedule.mutable_record();
  *record.mutable_last_boards() = boards.Count();
  *record.mutable_last_completion_time() = sweep.row.sweep.end_time();
  if (scheduler::IsSuccess(record.last_boards())) *record.mutable_last_success_time() = sweep.row.sweep.end_time();
  *record.mutable_last_duration() =
      shared::ProtoOf(shared::TimeOf(sweep.row.sweep.end_time()) - shared::TimeOf(sweep.row.sweep.create_time()));
  KeepRecord(batch, *schedule);
}

void SweepDesk::KeepRecord(Batch& batch, ScheduleState& schedule) {
  schedule.view = ViewOf(schedule.row, schedule.rule);
  batch.tx().PutSchedule(schedule.row);
}

void SweepDesk::Finish(Batch& batch, SweepState& sweep) {
  v1::Sweep& row = sweep.row.sweep;
  if (scheduler::HasEnded(row.state())) return;
  row.set_coverage(scheduler::Coverage(row.progress()));
  if (scheduler::OpenTrials(row.progress()) == 0) {
    const bool by_user = sweep.row.end_cause == store::EndCause::kUser;
    SetState(row, scheduler::SweepEnd(row.progress(), settings_.required_coverage, by_user));
    *row.mutable_end_time() = shared::TimestampOf(batch.wall());
    if (row.state_reason().empty() && row.state() == v1::Sweep::STATE_FAILED) {
      row.set_state_reason(absl::StrCat("coverage ", row.coverage(), " is below ", settings_.required_coverage));
    }
    batch.AddEvent(row.name(), "ended", scheduler::StateWord(row.state()));
    RecordEnd(batch, sweep);
  }
  batch.tx().UpdateSweep(sweep.row);
  batch.Touch(sweep);
}

absl::StatusOr<v1::Sweep> SweepDesk::Find(const std::string& name) {
  const auto found = world_.sweeps_by_name.find(name);
  if (found != world_.sweeps_by_name.end()) return found->second->row.sweep;
  absl::StatusOr<absl::optional<store::SweepRow>> row = store_.FindSweep(name);
  if (!row.ok()) return row.status();
  if (!row->has_value()) return NoSuchSweep(name);
  return std::move((*row)->sweep);
}

}  // namespace crosscall::dispatch
