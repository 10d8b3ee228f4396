#include "controller/dispatch/diagnoses.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "controller/dispatch/board_changes.h"
#include "controller/dispatch/board_view.h"
#include "controller/scheduler/board_states.h"
#include "proto/shared/check.h"
#include "proto/shared/log.h"
#include "proto/shared/proto_time.h"
#include "proto/shared/resource_name.h"
#include "proto/shared/sanitize.h"

namespace crosscall::dispatch {
namespace {

using B = v1::Board;
using D = v1::Diagnosis;
using Kind = scheduler::Course::Kind;

// What a closed diagnosis keeps of each output where the attempt's result has all of it.
constexpr std::size_t kKeptOutputBytes = 1024;

std::string Span(absl::Duration span) { return absl::FormatDuration(absl::Trunc(span, absl::Seconds(1))); }

void Move(Batch& batch, BoardState& board, B::State to, const std::string& reason, absl::string_view by = kController) {
  const absl::Status moved = MoveBoard(batch, board, to, reason, by);
  CROSSCALL_CHECK(moved.ok(), moved.message());
}

void CutOutputs(D& diagnosis) {
  for (v1::PowerStep& step : *diagnosis.mutable_steps()) {
    if (step.output().size() > kKeptOutputBytes) {
      const std::string end = step.output().substr(step.output().size() - kKeptOutputBytes);
      step.set_output(shared::CleanReport(absl::StrCat("[cut; the attempt's result has all] ... ", end),
                                          kKeptOutputBytes + shared::kLabelBytes));
    }
  }
}

}  // namespace

PowerJob RunOf(const BoardState& board, const std::string& word, const Settings& settings) {
  const v1::PowerCommand& power = board.row.record.power();
  PowerJob job;
  job.word = word;
  job.run.board = board.row.name;
  job.run.argv = {power.argv().begin(), power.argv().end()};
  job.run.argv.push_back(word);
  job.run.time_limit = scheduler::StepLimit(power, settings.power_rules);
  return job;
}

bool Diagnoses::LabIsSilent(const Batch& batch) const {
  // Boards that have been away for long are no news.
  const absl::Duration news = 2 * settings_.power_rules.wedge_after;
  int silent = 0;
  int all = 0;
  for (const auto& [name, board] : world_.boards) {
    if (!board->HasSession() || batch.now() - board->last_contact > news || board->PlansBoot()) continue;
    ++all;
    if (board->IsSilent(settings_, batch.now())) ++silent;
  }
  return scheduler::LabIsSilent(silent, all, settings_.power_rules);
}

bool Diagnoses::IsHeldBack(Batch& batch, BoardState& board) {
  if (!LabIsSilent(batch)) return false;
  if (batch.now() >= alerted_until_) {
    constexpr char kAlert[] = "much of the lab fell silent at once: no board is diagnosed, and no power is switched";
    shared::LogWarning("dispatch", kAlert);
    batch.AddEvent(board.row.name, "lab silent", kAlert);
  }
  // While it lasts it is one alert.
  alerted_until_ = batch.now() + 2 * settings_.power_rules.wedge_after;
  return true;
}

bool Diagnoses::BeginForLease(Batch& batch, BoardState& board, std::string& cause) {
  const bool takes_part = scheduler::TakesPart(board.row.state);
  if (!takes_part || !board.CanBeSwitched(settings_) || !board.IsSilent(settings_, batch.now())) return false;
  if (IsHeldBack(batch, board)) {
    cause = "NETWORK: much of the lab fell silent at once";
    return false;
  }
  const std::string attempt = shared::AttemptName(board.lease->trial->row.trial.name(), board.lease->row.attempt);
  const std::string reason =
      absl::StrCat("its lease expired and it is silent for ", Span(batch.now() - board.last_contact));
  attempts_.Diagnose(batch, board, reason);
  Begin(batch, board, reason, attempt, "");
  return true;
}

bool Diagnoses::SettleByBoot(Batch& batch, BoardState& board, const v1::SynchronizeRequest& request) {
  D found;
  const scheduler::Returned returned = {.boot_id = request.boot_id(),
                                        .incarnation_id = request.incarnation_id(),
                                        .crash_log = request.description().crash_log(),
                                        .silent_for = batch.now() - board.last_contact};
  found.set_boot_id(board.row.boot_id);
  found.set_incarnation_id(board.row.incarnation_id);
  const scheduler::PowerVerdict verdict =
      scheduler::JudgeBoot(found, board.row.description.crash_log().id(), returned, batch.wall());
  if (verdict.outcome == v1::OUTCOME_LOST) return false;
  found.set_attempt(shared::AttemptName(board.lease->trial->row.trial.name(), board.lease->row.attempt));
  found.set_conclusion(verdict.cause);
  *board.row.record.mutable_diagnosis() = found;
  CutOutputs(*board.row.record.mutable_diagnosis());
  if (verdict.outcome == v1::OUTCOME_WEDGED &&
      scheduler::AddWedge(board.row.record, settings_.power_rules, batch.wall())) {
    MoveBoardIfAllowed(batch, board, B::STATE_QUARANTINED,
                       absl::StrCat("it wedged ", board.row.record.wedge_times_size(), " times within ",
                                    absl::FormatDuration(settings_.power_rules.wedge_window)));
  }
  attempts_.EndFound(batch, board, verdict.outcome, verdict.cause, found);
  return true;
}

absl::Status Diagnoses::OrderCycle(Batch& batch, BoardState& board, const std::string& reason, const std::string& by) {
  if (board.PlansBoot()) {
    return absl::FailedPreconditionError(absl::StrCat(board.row.name, " is being switched off and on already"));
  }
  if (board.lease) {
    return absl::FailedPreconditionError(
        absl::StrCat(board.row.name, " runs ", board.lease->trial->row.trial.name(), ": drain or quarantine it first"));
  }
  if (absl::Status allowed = scheduler::CheckTransition(board.row.state, B::STATE_DIAGNOSING); !allowed.ok()) {
    return absl::FailedPreconditionError(absl::StrCat(board.row.name, ": ", allowed.message(),
                                                      "; quarantined, active and checking boards can be cycled"));
  }
  const scheduler::PowerRules& rules = settings_.power_rules;
  if (absl::Status limit = scheduler::CheckCycleLimit(board.row.record, rules, batch.wall()); !limit.ok()) return limit;
  if (const absl::Time at = scheduler::CycleAllowedAt(board.row.record, rules, batch.wall()); at > batch.wall()) {
    return absl::ResourceExhaustedError(
        absl::StrCat(board.row.name, " was switched just now: it may be again in ", Span(at - batch.wall())));
  }
  Begin(batch, board, absl::StrCat("a power cycle was ordered", reason.empty() ? "" : ": ", reason), "", by);
  return absl::OkStatus();
}

void Diagnoses::Begin(Batch& batch, BoardState& board, const std::string& reason, const std::string& attempt,
                      const std::string& by) {
  const scheduler::Silence silence = {.reason = reason,
                                      .ordered_by = by,
                                      .attempt = attempt,
                                      .boot_id = board.row.boot_id,
                                      .incarnation_id = board.row.incarnation_id,
                                      .known_crash_log = board.row.description.crash_log().id(),
                                      .since = batch.wall() - (batch.now() - board.last_contact)};
  *board.row.record.mutable_diagnosis() = scheduler::BeginDiagnosis(silence, settings_.power_rules, batch.wall());
  board.heard_after = batch.now();
  Move(batch, board, B::STATE_DIAGNOSING, reason, by.empty() ? kController : absl::string_view(by));
  Keep(batch, board);
}

void Diagnoses::Tend(Batch& batch, BoardState& board) {
  if (board.WedgeSuspectedAt(settings_) <= batch.now()) {
    if (IsHeldBack(batch, board)) {
      board.not_suspected_before = batch.now() + settings_.power_rules.step_limit;
    } else {
      Begin(batch, board, absl::StrCat("it is silent for ", Span(batch.now() - board.last_contact)), "", "");
    }
  }
  if (board.PlansBoot()) return;
  if (board.row.state != B::STATE_DIAGNOSING) return CutShort(batch, board);
  if (HasReturned(batch, board)) return CloseByReturn(batch, board);
  Advance(batch, board);
}

void Diagnoses::Advance(Batch& batch, BoardState& board) {
  D& diagnosis = *board.row.record.mutable_diagnosis();
  const int known_steps = diagnosis.steps_size();
  if (board.diagnosis_deadline <= batch.now()) {
    board.power_job = 0;
    Follow(batch, board, known_steps, scheduler::TakeDeadline(diagnosis, SceneOf(batch, board)));
  } else if (board.AwaitsPowerRun(settings_)) {
    StartRun(batch, board);
  }
}

scheduler::PowerScene Diagnoses::SceneOf(const Batch& batch, BoardState& board) const {
  return {.record = board.row.record,
          .rules = settings_.power_rules,
          .now = batch.wall(),
          .lab_is_silent = LabIsSilent(batch)};
}

bool Diagnoses::HasReturned(const Batch& batch, const BoardState& board) const {
  const D& diagnosis = board.row.record.diagnosis();
  if (!board.HasSession() || !scheduler::IsReturn(diagnosis)) return false;
  if (board.row.boot_id != diagnosis.boot_id()) return !board.IsSilent(settings_, batch.now());
  // Its next call explains it.
  if (board.silence) return false;
  // Power may take a moment to go; only a call well after that is one of a board that was never without.
  const absl::Duration margin = diagnosis.switched() ? settings_.power_rules.settle : absl::ZeroDuration();
  return board.last_contact > board.heard_after + margin;
}

void Diagnoses::CloseByReturn(Batch& batch, BoardState& board) {
  D& diagnosis = *board.row.record.mutable_diagnosis();
  const absl::Duration silent_for = batch.wall() - shared::TimeOf(diagnosis.wedge_time()) +
                                    settings_.power_rules.wedge_after - (batch.now() - board.last_contact);
  scheduler::PowerVerdict verdict = scheduler::JudgeReturn(diagnosis,
                                                           {.boot_id = board.row.boot_id,
                                                            .incarnation_id = board.row.incarnation_id,
                                                            .crash_log = board.row.description.crash_log(),
                                                            .silent_for = silent_for,
                                                            .why_silent = board.why_silent},
                                                           batch.wall());
  std::string quarantine = verdict.quarantine ? verdict.cause : "";
  if (verdict.outcome == v1::OUTCOME_WEDGED && diagnosis.ordered_by().empty() &&
      scheduler::AddWedge(board.row.record, settings_.power_rules, batch.wall())) {
    quarantine =
        absl::StrCat("it wedged ", board.row.record.wedge_times_size(), " times within ",
                     absl::FormatDuration(settings_.power_rules.wedge_window), ", the last time: ", verdict.cause);
  }
  // What the agent itself has to say of the attempt comes first, if it survived.
  if (board.diagnosed &&
      board.reported.MayHaveSpooled({board.diagnosed->trial->row.trial.name(), board.diagnosed->row.attempt})) {
    attempts_.AwaitDiagnosed(batch, board);
  }
  Close(batch, board, verdict, quarantine);
}

void Diagnoses::Follow(Batch& batch, BoardState& board, int known_steps, const scheduler::Course& course) {
  const D& diagnosis = board.row.record.diagnosis();
  for (int i = known_steps; i < diagnosis.steps_size(); ++i) {
    const v1::PowerStep& step = diagnosis.steps(i);
    batch.AddEvent(board.row.name, "diagnosis", absl::StrCat(step.word(), ": ", step.result()));
  }
  if (course.kind == Kind::kGoesOn) {
    Keep(batch, board);
    if (!scheduler::WordOf(diagnosis).empty()) StartRun(batch, board);
    return;
  }
  if (board.PlansBoot()) return FailPlan(batch, board, course.why, course.kind == Kind::kGivenUp);
  scheduler::PowerVerdict verdict;
  verdict.cause = course.why;
  if (course.kind == Kind::kLabSilent) IsHeldBack(batch, board);
  Close(batch, board, verdict, course.kind == Kind::kGivenUp ? course.why : "");
}

void Diagnoses::Conclude(BoardState& board, const std::string& conclusion) {
  D& diagnosis = *board.row.record.mutable_diagnosis();
  diagnosis.set_phase(D::PHASE_ENDED);
  diagnosis.set_conclusion(conclusion);
  if (diagnosis.switched() && board.row.boot_id == diagnosis.boot_id()) {
    board.row.record.set_power_cycle_failure_count(board.row.record.power_cycle_failure_count() + 1);
  }
  board.power_job = 0;
  board.diagnosis_deadline = absl::InfiniteDuration();
}

void Diagnoses::Close(Batch& batch, BoardState& board, const scheduler::PowerVerdict& verdict,
                      const std::string& quarantine) {
  Conclude(board, absl::StrCat(absl::StripPrefix(v1::Outcome_Name(verdict.outcome), "OUTCOME_"), ", ", verdict.cause));
  D& diagnosis = *board.row.record.mutable_diagnosis();
  const D whole = diagnosis;
  if (!diagnosis.attempt().empty()) CutOutputs(diagnosis);
  const std::string reason = quarantine.empty() ? diagnosis.conclusion() : quarantine;
  Move(batch, board, quarantine.empty() ? B::STATE_CHECKING : B::STATE_QUARANTINED, reason);
  if (board.diagnosed) attempts_.Establish(batch, board, verdict.outcome, verdict.cause, whole);
}

void Diagnoses::AnswerOrder(Batch& batch, BoardState& board, const PowerJob& job,
                            const scheduler::CommandReport& report) {
  D said;
  scheduler::AddPowerStep(said, job.word, report.result, report.output + report.errors, batch.wall());
  batch.AddEvent(board.row.name, "power", absl::StrCat(job.word, ": ", said.steps(0).result()));
  v1::SwitchBoardPowerResponse response;
  *response.mutable_board() = ViewOf(board, settings_, batch.now(), batch.wall())->board;
  *response.mutable_step() = said.steps(0);
  batch.Reply<v1::SwitchBoardPowerResponse>(job.answer, std::move(response));
}

void Diagnoses::CutShort(Batch& batch, BoardState& board) {
  const D::Phase phase = board.row.record.diagnosis().phase();
  if (phase == D::PHASE_UNSPECIFIED || phase == D::PHASE_ENDED) return;
  const std::string why = absl::StrCat("UNKNOWN: its diagnosis was cut short: ", board.row.state_reason);
  Conclude(board, why);
  batch.tx().PutBoard(board.row);
  if (board.diagnosed) attempts_.Establish(batch, board, v1::OUTCOME_LOST, why, board.row.record.diagnosis());
}

void Diagnoses::StartRun(Batch& batch, BoardState& board) {
  const D& diagnosis = board.row.record.diagnosis();
  board.power_job = ++last_job_;
  PowerJob job = RunOf(board, std::string(scheduler::WordOf(diagnosis)), settings_);
  job.number = board.power_job;
  batch.RunPower(std::move(job));
}

void Diagnoses::TakeReport(Batch& batch, const PowerJob& job, const scheduler::CommandReport& report) {
  BoardState& board = *world_.boards.at(job.run.board);
  if (job.answer) return AnswerOrder(batch, board, job, report);
  // It was given up meanwhile, or the world was read again and asks anew.
  if (!board.PowerIsUsed() || board.power_job != job.number) return;
  board.power_job = 0;
  batch.Touch(board);
  // One that has come back is past all power: the end of the batch closes it.
  if (HasReturned(batch, board)) return;
  const int known_steps = board.row.record.diagnosis().steps_size();
  Follow(batch, board, known_steps,
         scheduler::TakeReport(*board.row.record.mutable_diagnosis(), report, SceneOf(batch, board)));
}

void Diagnoses::Keep(Batch& batch, BoardState& board) {
  const D& diagnosis = board.row.record.diagnosis();
  board.diagnosis_deadline = batch.now() + (shared::TimeOf(diagnosis.phase_deadline()) - batch.wall());
  if (diagnosis.phase() == D::PHASE_BOOT) board.heard_after = batch.now();
  batch.tx().PutBoard(board.row);
  batch.Touch(board);
}

}  // namespace crosscall::dispatch
