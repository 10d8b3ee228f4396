#include "controller/dispatch/world.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "controller/scheduler/board_states.h"
#include "proto/shared/check.h"
#include "proto/shared/proto_time.h"

namespace crosscall::dispatch {
namespace {

bool IsNightly(const TrialState& trial) { return trial.sweep->row.sweep.priority() == v1::Sweep::PRIORITY_NIGHTLY; }

}  // namespace

v1::TrialSpec TrialState::ParsedSpec() const {
  v1::TrialSpec parsed;
  CROSSCALL_CHECK(parsed.ParseFromString(spec), "a spec in memory was serialized by us");
  return parsed;
}

absl::string_view SweepState::VersionOn(const BoardState& board) const {
  const auto found = versions.find(board.row.name);
  return found == versions.end() ? absl::string_view() : found->second;
}

bool Reported::MayHaveSpooled(const AttemptId& id) const {
  return spool_is_longer || std::find(spool.begin(), spool.end(), id) != spool.end();
}

bool BoardState::CanBeSwitched(const Settings& settings) const {
  return settings.power.run && !row.record.power().argv().empty();
}

bool BoardState::PlansBoot() const {
  const v1::Diagnosis& diagnosis = row.record.diagnosis();
  return diagnosis.planned() && diagnosis.phase() != v1::Diagnosis::PHASE_ENDED;
}

bool BoardState::AwaitsPowerRun(const Settings& settings) const {
  return PowerIsUsed() && power_job == 0 && CanBeSwitched(settings) &&
         !scheduler::WordOf(row.record.diagnosis()).empty();
}

absl::Duration BoardState::WedgeSuspectedAt(const Settings& settings) const {
  const bool expected =
      scheduler::TakesPart(row.state) && !row.incarnation_id.empty() && !lease && !held && !PlansBoot();
  if (!expected || !CanBeSwitched(settings)) return absl::InfiniteDuration();
  return std::max(last_contact + settings.power_rules.wedge_after, not_suspected_before);
}

absl::Duration BoardState::SelfCheckFailsAt(const Settings& settings) const {
  if (!unhealthy_since) return absl::InfiniteDuration();
  const absl::Duration at = *unhealthy_since + settings.self_check_grace;
  // What a silent board said last is no news.
  return at < SilentAt(settings) ? at : absl::InfiniteDuration();
}

absl::Duration BoardState::SilentAt(const Settings& settings) const {
  if (!HasSession()) return -absl::InfiniteDuration();
  if (cut_at) return *cut_at + settings.reconnect_grace;
  return last_contact + settings.silent_holds * told_hold.value_or(settings.hold_idle);
}

absl::optional<absl::Duration> BoardState::NextDeadline(const Settings& settings, absl::Duration now) const {
  absl::Duration next = absl::InfiniteDuration();
  if (held) next = std::min(next, held->until);
  if (lease && !lease->awaits_boot) next = std::min(next, lease->term.expires);
  for (const SpooledAttempt& attempt : spooled) next = std::min(next, attempt.until);
  if (row.state == v1::Board::STATE_ACTIVE) {
    next = std::min(next, SelfCheckFailsAt(settings));
    // With a lease the end of the lease is waited for.
    if (settings.health_period > absl::ZeroDuration() && !lease) next = std::min(next, check_due);
  }
  next = std::min(next, WedgeSuspectedAt(settings));
  if (PowerIsUsed()) next = std::min(next, diagnosis_deadline);
  if (AwaitsPowerRun(settings)) next = now;
  // The instant at which it becomes silent matters only once.
  if (!IsSilent(settings, now)) next = std::min(next, SilentAt(settings));
  if (next == absl::InfiniteDuration()) return absl::nullopt;
  return next;
}

scheduler::BoardStanding BoardState::Standing(const Settings& settings, absl::Duration now) const {
  scheduler::BoardStanding standing;
  standing.name = row.name;
  standing.state = row.state;
  standing.state_reason = row.state_reason;
  standing.has_session = HasSession();
  standing.silent = IsSilent(settings, now);
  standing.silent_for = now - last_contact;
  standing.health = health;
  standing.description = &row.description;
  standing.release = settings.release;
  if (lease) standing.running_trial = lease->trial->row.trial.name();
  standing.listening = held.has_value();
  standing.switchable = CanBeSwitched(settings);
  standing.booting = PlansBoot();
  if (row.record.has_max_trial_time()) standing.max_trial_time = shared::SpanOf(row.record.max_trial_time());
  return standing;
}

void BoardState::Take(Lease taken, absl::Duration now) {
  // A health trial is nobody's wish.
  const bool asked_for = taken.trial->sweep->row.sweep.priority() == v1::Sweep::PRIORITY_AD_HOC;
  ad_hoc.Begin(asked_for && row.state != v1::Board::STATE_CHECKING, now);
  lease = std::move(taken);
}

void World::Enqueue(TrialState& trial, absl::Duration now) {
  BoardState& board = *trial.board;
  if (board.pending.empty()) board.work_since = now;
  if (IsNightly(trial) && board.nightly_waiting++ == 0) board.ad_hoc.NightlyWaits(now);
  board.pending[trial.row.sweep_number][trial.Rank()] = &trial;
}

void World::Dequeue(TrialState& trial) {
  if (IsNightly(trial) && --trial.board->nightly_waiting == 0) trial.board->ad_hoc.NoNightlyWaits();
  const auto of_sweep = trial.board->pending.find(trial.row.sweep_number);
  CROSSCALL_CHECK(of_sweep != trial.board->pending.end(), "a waiting trial is in its board's queue");
  of_sweep->second.erase(trial.Rank());
  if (of_sweep->second.empty()) trial.board->pending.erase(of_sweep);
}

SweepState& World::AddSweep(store::SweepRow row, std::vector<store::TrialRow> rows, absl::Duration now,
                            absl::Time wall) {
  const std::int64_t number = row.number;
  SweepState& sweep = *sweeps.emplace(number, std::make_unique<SweepState>()).first->second;
  sweep.row = std::move(row);
  sweeps_by_name[sweep.row.sweep.name()] = &sweep;
  sweep.ends_by = now + (shared::TimeOf(sweep.row.sweep.expire_time()) - wall);
  sweep_deadlines.Set(number, sweep.ends_by);
  CountBudget(sweep, now, wall);
  ShareOf(sweep).Enter(sweep.row.sweep.owner(), now);
  for (store::TrialRow& trial_row : rows) {
    TrialState& trial = sweep.trials.emplace_back();
    trial.spec = trial_row.trial.spec().SerializeAsString();
    trial.work = scheduler::WorkClassOf(trial_row.trial.spec().target_system());
    trial_row.trial.clear_spec();
    trial.row = std::move(trial_row);
    trial.sweep = &sweep;
    trial.board = boards.at(trial.row.trial.board()).get();
    trials[trial.row.trial.name()] = &trial;
    if (trial.row.trial.state() == v1::Trial::STATE_PENDING) Enqueue(trial, now);
  }
  last_sweep_number = std::max(last_sweep_number, number);
  if (!sweep.trials.empty()) last_trial_id = std::max(last_trial_id, sweep.trials.back().row.id);
  return sweep;
}

void World::CountBudget(SweepState& sweep, absl::Duration now, absl::Time wall) {
  const v1::Sweep& row = sweep.row.sweep;
  if (!row.spec().has_time_budget() || !row.has_start_time()) return;
  const absl::Time until = shared::TimeOf(row.start_time()) + shared::SpanOf(row.spec().time_budget());
  sweep.begins_until = now + (until - wall);
  sweep_deadlines.Set(sweep.row.number, std::min(sweep.ends_by, sweep.begins_until));
}

ScheduleState* World::FindSchedule(absl::string_view name) {
  const auto found = std::find_if(schedules.begin(), schedules.end(),
                                  [name](const auto& entry) { return entry.second.row.schedule.name() == name; });
  return found == schedules.end() ? nullptr : &found->second;
}

void World::RemoveSweep(std::int64_t number) {
  const auto found = sweeps.find(number);
  ShareOf(*found->second).Leave(found->second->row.sweep.owner());
  for (const TrialState& trial : found->second->trials) {
    trial.board->granted.erase({number, trial.work});
    trials.erase(trial.row.trial.name());
  }
  sweeps_by_name.erase(found->second->row.sweep.name());
  sweep_deadlines.Set(number, absl::nullopt);
  sweeps.erase(found);
}

scheduler::LeaseRules RulesOf(const Settings& settings, const BoardState& board) {
  absl::Duration untimed = settings.untimed_trial_limit;
  const v1::BoardRecord& record = board.row.record;
  if (record.has_max_trial_time()) untimed = std::min(untimed, shared::SpanOf(record.max_trial_time()));
  return {.first_term = settings.first_term,
          .term = settings.lease_term,
          .cap_extra = settings.lease_cap_extra,
          .untimed_trial_limit = untimed};
}

}  // namespace crosscall::dispatch
