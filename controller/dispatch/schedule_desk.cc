#include "controller/dispatch/schedule_desk.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/util/message_differencer.h"
#include "proto/shared/log.h"
#include "proto/shared/proto_time.h"
#include "proto/shared/resource_name.h"
#include "proto/shared/sanitize.h"

namespace crosscall::dispatch {
namespace {

// What its creator said, with unsaid policies filled in, and nothing that the controller says.
v1::Schedule DefinitionOf(const v1::Schedule& schedule, const scheduler::ScheduleRule& rule) {
  v1::Schedule definition;
  definition.set_cron(schedule.cron());
  definition.set_time_zone(schedule.time_zone());
  *definition.mutable_window() = schedule.window();
  *definition.mutable_spec() = schedule.spec();
  definition.set_missed_run_policy(rule.missed_run);
  definition.set_overlap_policy(rule.overlap);
  definition.set_owner(schedule.owner());
  return definition;
}

bool SameDefinition(const ScheduleState& known, const v1::Schedule& definition) {
  return google::protobuf::util::MessageDifferencer::Equals(DefinitionOf(known.row.schedule, known.rule), definition);
}

std::string KindWord(v1::Firing::Kind kind) { return v1::Firing::Kind_Name(kind).substr(sizeof("KIND_") - 1); }

}  // namespace

absl::StatusOr<ScheduleState*> ScheduleDesk::Find(const std::string& name) {
  if (ScheduleState* const schedule = world_.FindSchedule(name)) return schedule;
  return absl::NotFoundError(absl::StrCat("no schedule \"", shared::CleanText(name, 80),
                                          "\"; `crosscallctl schedule list` shows those there are"));
}

absl::StatusOr<v1::CreateScheduleResponse> ScheduleDesk::Create(Batch& batch,
                                                                const v1::CreateScheduleRequest& request) {
  absl::StatusOr<scheduler::ScheduleRule> rule = scheduler::RuleOf(request.schedule());
  if (!rule.ok()) return rule.status();
  v1::Schedule definition = DefinitionOf(request.schedule(), *rule);
  const std::string name = shared::ScheduleName(request.schedule_id());
  v1::CreateScheduleResponse response;
  if (const ScheduleState* known = world_.FindSchedule(name)) {
    if (!SameDefinition(*known, definition)) {
      return absl::AlreadyExistsError(
          absl::StrCat(name, " exists already, and is another: choose another id, or remove it first"));
    }
    *response.mutable_schedule() = known->row.schedule;
    return response;
  }
  if (world_.schedules.size() >= settings_.max_schedules) {
    return absl::ResourceExhaustedError(
        absl::StrCat("there are ", settings_.max_schedules, " schedules already: remove one first"));
  }
  definition.set_name(name);
  *definition.mutable_create_time() = shared::TimestampOf(batch.wall());
  const std::int64_t number = ++world_.last_schedule_number;
  store::ScheduleRow row = {.number = number, .schedule = std::move(definition), .decided_until = batch.wall()};
  ScheduleState& added = world_.schedules.emplace(number, ScheduleState{std::move(row), *rule}).first->second;
  Store(batch, added);
  batch.AddEvent(name, "created", request.schedule().cron());
  *response.mutable_schedule() = added.row.schedule;
  response.set_warning(std::string(sweeps_.CheckSpec(batch, request.schedule().spec()).message()));
  return response;
}

absl::StatusOr<v1::PauseScheduleResponse> ScheduleDesk::Pause(Batch& batch, const v1::PauseScheduleRequest& request) {
  absl::StatusOr<ScheduleState*> found = Find(request.name());
  if (!found.ok()) return found.status();
  v1::Schedule& schedule = (*found)->row.schedule;
  if (!schedule.paused()) {
    schedule.set_paused(true);
    schedule.set_state_reason(request.reason());
    Store(batch, **found);
    batch.AddEvent(schedule.name(), "paused", request.reason());
  }
  v1::PauseScheduleResponse response;
  *response.mutable_schedule() = schedule;
  return response;
}

absl::StatusOr<v1::ResumeScheduleResponse> ScheduleDesk::Resume(Batch& batch,
                                                                const v1::ResumeScheduleRequest& request) {
  absl::StatusOr<ScheduleState*> found = Find(request.name());
  if (!found.ok()) return found.status();
  v1::Schedule& schedule = (*found)->row.schedule;
  if (schedule.paused()) {
    schedule.set_paused(false);
    schedule.clear_state_reason();
    // What it would have done meanwhile was neither run nor missed.
    (*found)->row.decided_until = std::max((*found)->row.decided_until, batch.wall());
    Store(batch, **found);
    batch.AddEvent(schedule.name(), "resumed", "");
  }
  v1::ResumeScheduleResponse response;
  *response.mutable_schedule() = schedule;
  return response;
}

absl::StatusOr<v1::RunScheduleResponse> ScheduleDesk::Run(Batch& batch, const v1::RunScheduleRequest& request) {
  absl::StatusOr<ScheduleState*> found = Find(request.name());
  if (!found.ok()) return found.status();
  const ScheduleState& schedule = **found;
  absl::StatusOr<absl::Time> nominal = FreeInstant(batch, schedule.row.number);
  if (!nominal.ok()) return nominal.status();
  const std::int64_t newest = world_.last_sweep_number;
  absl::StatusOr<v1::Sweep> sweep = Start(batch, schedule, *nominal, request.request_id());
  if (!sweep.ok()) return sweep.status();
  // A repeated request found the sweep that it made the first time.
  if (world_.last_sweep_number > newest) {
    batch.tx().InsertFiring({.schedule_number = schedule.row.number,
                             .nominal_time = *nominal,
                             .kind = v1::Firing::KIND_RUN,
                             .sweep = sweep->name(),
                             .reason = "",
                             .decide_time = batch.wall(),
                             .manual = true});
    batch.AddEvent(request.name(), "run", absl::StrCat(sweep->name(), ", asked for"));
  }
  v1::RunScheduleResponse response;
  *response.mutable_sweep() = *std::move(sweep);
  return response;
}

absl::StatusOr<v1::DeleteScheduleResponse> ScheduleDesk::Delete(Batch& batch,
                                                                const v1::DeleteScheduleRequest& request) {
  absl::StatusOr<ScheduleState*> found = Find(request.name());
  if (!found.ok()) return found.status();
  store::ScheduleRow& row = (*found)->row;
  row.remove_time = batch.wall();
  Store(batch, **found);
  batch.AddEvent(row.schedule.name(), "removed", "");
  world_.schedules.erase(row.number);
  return v1::DeleteScheduleResponse();
}

void ScheduleDesk::CheckDue(Batch& batch, std::int64_t number) {
  ScheduleState& schedule = world_.schedules.at(number);
  const std::vector<scheduler::Decision> due = scheduler::Decide(
      schedule.rule, schedule.row.decided_until, batch.wall(), OpenSweepOf(schedule.row.schedule.name()));
  for (const scheduler::Decision& decision : due) Fire(batch, schedule, decision);
  if (!due.empty()) {
    schedule.row.decided_until = due.back().nominal;
    return Store(batch, schedule);
  }
  const absl::Time next = schedule.rule.cron.Next(schedule.row.decided_until, schedule.rule.zone);
  world_.schedule_deadlines.Set(number, batch.now() + scheduler::SleepFor(next, batch.wall()));
}

void ScheduleDesk::Fire(Batch& batch, const ScheduleState& schedule, const scheduler::Decision& decision) {
  const std::string& name = schedule.row.schedule.name();
  store::FiringRow row = {.schedule_number = schedule.row.number,
                          .nominal_time = decision.nominal,
                          .kind = decision.kind,
                          .sweep = "",
                          .reason = decision.reason,
                          .decide_time = batch.wall(),
                          .manual = false};
  if (decision.kind == v1::Firing::KIND_RUN) {
    if (absl::StatusOr<v1::Sweep> sweep = Start(batch, schedule, decision.nominal, ""); sweep.ok()) {
      row.sweep = sweep->name();
    } else {
      row.kind = v1::Firing::KIND_REFUSED;
      row.reason = absl::StrCat("refused: ", sweep.status().message());
    }
  }
  batch.tx().InsertFiring(row);
  batch.AddEvent(name, absl::AsciiStrToLower(KindWord(row.kind)), absl::StrCat(row.sweep, row.reason));
  if (row.kind == v1::Firing::KIND_RUN) return;
  shared::LogWarning("dispatch", absl::StrCat(name, " did not run at its nominal time ",
                                              absl::FormatTime(absl::RFC3339_sec, row.nominal_time, schedule.rule.zone),
                                              ": ", row.reason));
}

absl::StatusOr<v1::Sweep> ScheduleDesk::Start(Batch& batch, const ScheduleState& schedule, absl::Time nominal,
                                              const std::string& request_id) {
  SweepOrigin origin;
  origin.priority = v1::Sweep::PRIORITY_NIGHTLY;
  origin.owner = schedule.row.schedule.owner();
  origin.schedule = schedule.row.schedule.name();
  origin.nominal_time = nominal;
  origin.window_end = nominal + schedule.rule.window;
  return sweeps_.CreateFor(batch, schedule.row.schedule.spec(), request_id, origin);
}

void ScheduleDesk::Store(Batch& batch, ScheduleState& schedule) {
  store::ScheduleRow& row = schedule.row;
  row.schedule.clear_next_time();
  absl::optional<absl::Duration> look_at;
  if (!row.schedule.paused() && row.remove_time == absl::UnixEpoch()) {
    const absl::Time next = schedule.rule.cron.Next(row.decided_until, schedule.rule.zone);
    *row.schedule.mutable_next_time() = shared::TimestampOf(next);
    look_at = batch.now() + scheduler::SleepFor(next, batch.wall());
  }
  schedule.view = ViewOf(row, schedule.rule);
  world_.schedule_deadlines.Set(row.number, look_at);
  batch.tx().PutSchedule(row);
}

absl::StatusOr<absl::Time> ScheduleDesk::FreeInstant(Batch& batch, std::int64_t number) {
  for (absl::Time instant = batch.wall() + absl::Nanoseconds(1);; instant += absl::Nanoseconds(1)) {
    absl::StatusOr<bool> taken = store_.HasFiring(number, instant);
    if (!taken.ok()) return taken.status();
    const bool is_whole_second = absl::FromUnixSeconds(absl::ToUnixSeconds(instant)) == instant;
    if (!*taken && !is_whole_second) return instant;
  }
}

std::string ScheduleDesk::OpenSweepOf(absl::string_view name) const {
  for (const auto& [number, sweep] : world_.sweeps) {
    const v1::Sweep& row = sweep->row.sweep;
    const bool goes_on = row.state() == v1::Sweep::STATE_PENDING || row.state() == v1::Sweep::STATE_RUNNING;
    if (goes_on && row.schedule() == name) return row.name();
  }
  return "";
}

}  // namespace crosscall::dispatch
