#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "controller/dispatch/world.h"
#include "controller/scheduler/board_states.h"
#include "controller/scheduler/power_cycle.h"
#include "proto/shared/proto_time.h"
#include "proto/shared/resource_name.h"

namespace crosscall::dispatch {
namespace {

absl::Status Contradiction(absl::string_view what) {
  return absl::DataLossError(absl::StrCat("the store contradicts itself: ", what,
                                          "; stop the controller and restore crosscall.db from a backup"));
}

void ResumeDiagnosis(BoardState& board, const Settings& settings, absl::Duration now, absl::Time wall) {
  if (!board.PowerIsUsed()) return;
  v1::Diagnosis& diagnosis = *board.row.record.mutable_diagnosis();
  scheduler::ResumeDiagnosis(diagnosis, settings.power_rules, wall);
  board.diagnosis_deadline = now + (shared::TimeOf(diagnosis.phase_deadline()) - wall);
  board.heard_after = now;
}

void AddBoards(World& world, std::vector<store::BoardRow>& rows, const Settings& settings, absl::Duration now,
               absl::Time wall) {
  for (store::BoardRow& row : rows) {
    auto board = std::make_unique<BoardState>();
    const std::string name = row.name;
    board->row = std::move(row);
    board->last_contact = now;
    ResumeDiagnosis(*board, settings, now, wall);
    board->check_due = now + (scheduler::CheckDue(board->row.record, settings.health_period) - wall);
    world.boards.emplace(name, std::move(board));
  }
}

void AddCounters(World& world, const store::LiveState& live) {
  for (const store::TallyRow& row : live.tallies) {
    BoardState& board = *world.boards.at(row.board);
    Tally& outcome = board.outcomes[row.outcome];
    outcome.count += row.count;
    outcome.last_time = std::max(outcome.last_time, row.last_time);
    if (row.outcome == v1::OUTCOME_HUNG) board.hangs[row.implementation] = {row.count, row.last_time};
  }
  for (const store::LatencyRow& row : live.latencies) {
    world.boards.at(row.board)->latencies[{row.scenario, row.implementation, row.target_system}] = LatestOf(row);
  }
  std::map<std::tuple<std::string, std::string, int>, CallLatencies> calls;
  for (const store::CallLatencyRow& row : live.call_latencies) {
    CallLatencies& one = calls[{row.model, row.scenario, row.target_system}];
    one.model = row.model;
    one.scenario = row.scenario;
    one.target_system = row.target_system;
    one.by_implementation[row.implementation] = row.calls;
  }
  for (auto& [key, one] : calls) world.call_latencies[key] = std::make_shared<const CallLatencies>(std::move(one));
}

// Each is looked at at once: what fell due meanwhile is decided by the first batch.
absl::Status AddSchedules(World& world, std::vector<store::ScheduleRow>& rows, absl::Duration now) {
  for (store::ScheduleRow& row : rows) {
    absl::StatusOr<scheduler::ScheduleRule> rule = scheduler::RuleOf(row.schedule);
    if (!rule.ok()) {
      return absl::FailedPreconditionError(absl::StrCat(
          row.schedule.name(), " of the store is not understood on this machine: ", rule.status().message(),
          "; bring its zone data base (tzdata) up to date"));
    }
    const std::int64_t number = row.number;
    if (!row.schedule.paused()) world.schedule_deadlines.Set(number, now);
    std::shared_ptr<const ScheduleView> view = ViewOf(row, *rule);
    world.schedules.emplace(number, ScheduleState{std::move(row), *std::move(rule), std::move(view)});
  }
  return absl::OkStatus();
}

absl::Status AddAttempt(World& world, std::map<std::int64_t, TrialState*>& trials, store::AttemptRow row,
                        const Settings& settings, absl::Duration now) {
  const auto found = trials.find(row.trial_id);
  if (found == trials.end() || found->second->row.trial.attempt_count() != row.attempt) {
    return Contradiction(
        absl::StrCat("open attempt ", row.attempt, " of trial ", row.trial_id, ", which is not running"));
  }
  absl::StatusOr<scheduler::LeaseState> state = scheduler::ParseLeaseState(row.lease_state);
  if (!state.ok()) return state.status();
  TrialState& trial = *found->second;
  BoardState& board = *trial.board;
  const bool diagnosed = trial.row.trial.state() == v1::Trial::STATE_DIAGNOSING;
  if (diagnosed && board.row.state == v1::Board::STATE_DIAGNOSING) {
    if (board.diagnosed) return Contradiction(absl::StrCat("two attempts of ", board.row.name, " are diagnosed"));
    board.diagnosed = DiagnosedAttempt{.trial = &trial, .row = std::move(row)};
    return absl::OkStatus();
  }
  if (diagnosed || *state == scheduler::LeaseState::kFenced) {
    board.spooled.push_back({.trial = &trial, .row = std::move(row), .until = now + settings.spooled_result_wait});
    return absl::OkStatus();
  }
  if (!scheduler::IsLive(*state) || board.lease) {
    return Contradiction(absl::StrCat("a second or ended lease of ", board.row.name, " is open"));
  }
  Lease lease;
  lease.trial = &trial;
  lease.row = std::move(row);
  lease.state = *state;
  lease.spec = trial.ParsedSpec();
  lease.term = scheduler::TermAfterRestart(RulesOf(settings, board), lease.spec, now);
  lease.stored_expiry = now;
  lease.answered = true;
  const std::string name = shared::AttemptName(trial.row.trial.name(), lease.row.attempt);
  lease.awaits_boot = board.PlansBoot() && board.row.record.diagnosis().attempt() == name;
  world.ShareOf(*trial.sweep).Begin(trial.sweep->row.sweep.owner(), now);
  board.Take(std::move(lease), now);
  return absl::OkStatus();
}

}  // namespace

std::shared_ptr<const ScheduleView> ViewOf(const store::ScheduleRow& row, const scheduler::ScheduleRule& rule) {
  auto view = std::make_shared<ScheduleView>();
  view->name = row.schedule.name();
  view->window = shared::SpanOf(row.schedule.window());
  if (row.schedule.has_next_time()) view->next = shared::TimeOf(row.schedule.next_time());
  view->longest_gap = rule.longest_gap;
  view->record = row.schedule.record();
  return view;
}

LatestLatency LatestOf(const store::LatencyRow& row) {
  LatestLatency latest;
  latest.scenario = row.scenario;
  latest.implementation = row.implementation;
  latest.target_system = row.target_system;
  latest.calls = row.summary.calls;
  latest.p50_nanos = row.summary.p50_nanos;
  latest.p99_nanos = row.summary.p99_nanos;
  latest.p999_nanos = row.summary.p999_nanos;
  latest.max_nanos = row.summary.max_nanos;
  latest.commit_time = row.commit_time;
  return latest;
}

absl::StatusOr<std::unique_ptr<World>> BuildWorld(store::LiveState live, const Settings& settings, absl::Duration now,
                                                  absl::Time wall) {
  auto world = std::make_unique<World>();
  AddBoards(*world, live.boards, settings, now, wall);
  std::map<std::int64_t, std::vector<store::TrialRow>> by_sweep;
  for (store::TrialRow& row : live.trials) by_sweep[row.sweep_number].push_back(std::move(row));
  for (store::SweepRow& row : live.sweeps) {
    const std::int64_t number = row.number;
    world->AddSweep(std::move(row), std::move(by_sweep[number]), now, wall);
  }
  std::map<std::int64_t, TrialState*> running;
  for (const auto& [name, trial] : world->trials) {
    const v1::Trial::State state = trial->row.trial.state();
    if (state == v1::Trial::STATE_RUNNING || state == v1::Trial::STATE_DIAGNOSING) running[trial->row.id] = trial;
  }
  for (store::PinRow& row : live.pins) {
    world->sweeps.at(row.sweep_number)->versions.emplace(std::move(row.board), std::move(row.version));
  }
  for (store::AttemptRow& row : live.attempts) {
    if (absl::Status status = AddAttempt(*world, running, std::move(row), settings, now); !status.ok()) return status;
  }
  AddCounters(*world, live);
  world->removals = std::move(live.removals);
  world->counts = std::move(live.counts);
  world->last_sweep_number = live.last_sweep_number;
  world->last_trial_id = live.last_trial_id;
  world->last_schedule_number = live.last_schedule_number;
  if (absl::Status status = AddSchedules(*world, live.schedules, now); !status.ok()) return status;
  for (const auto& [name, board] : world->boards) {
    world->board_deadlines.Set(name, board->NextDeadline(settings, now));
  }
  return world;
}

}  // namespace crosscall::dispatch
