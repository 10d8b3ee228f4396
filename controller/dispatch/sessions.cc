#include "controller/dispatch/sessions.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/dispatch/board_changes.h"
#include "controller/dispatch/report.h"
#include "controller/dispatch/retry_after.h"
#include "controller/scheduler/board_states.h"
#include "controller/scheduler/releases.h"
#include "google/protobuf/util/message_differencer.h"
#include "proto/shared/proto_time.h"

namespace crosscall::dispatch {
namespace {

using scheduler::Admission;
using scheduler::LeaseState;

bool SameDescription(const v1::BoardDescription& a, const v1::BoardDescription& b) {
  return google::protobuf::util::MessageDifferencer::Equals(a, b);
}

}  // namespace

void Sessions::Synchronize(Batch& batch, std::uint64_t ticket, const v1::SynchronizeRequest& request,
                           Done<v1::SynchronizeResponse> done) {
  BoardState* board = nullptr;
  bool apply = false;
  if (absl::Status status = Admit(batch, request, board, apply); !status.ok()) {
    batch.Reply<v1::SynchronizeResponse>(std::move(done), status);
    return;
  }
  EndHeldCall(batch, world_, *board, absl::CancelledError("a later call of the same agent took this one's place"));
  if (apply) silences_.Hear(batch, *board, request);
  board->last_contact = batch.now();
  board->cut_at.reset();
  if (request.has_send_time()) board->clock_offset = shared::TimeOf(request.send_time()) - batch.wall();
  if (apply) ApplyReport(batch, *board, request);
  board->reported = ReportedBy(request);
  // The first call of a session is answered at once: the agent learns how long the next one may be held. So is the
  // first after a silence: the next explains it.
  const absl::Duration hold = board->silence ? absl::ZeroDuration() : board->told_hold.value_or(absl::ZeroDuration());
  board->held =
      HeldCall{.ticket = ticket, .done = std::move(done), .arrived = batch.now(), .until = batch.now() + hold};
  world_.tickets[ticket] = board;
  batch.Touch(*board);
}

absl::Status Sessions::Admit(Batch& batch, const v1::SynchronizeRequest& request, BoardState*& board, bool& apply) {
  absl::StatusOr<BoardState*> found = FindOrAdd(request);
  if (!found.ok()) return found.status();
  board = *found;
  if (board->row.state == v1::Board::STATE_RETIRED) {
    return absl::AbortedError(absl::StrCat(board->row.name, " was retired (", board->row.state_reason,
                                           "): kill the worker and exit; a machine that comes back needs a new name"));
  }
  bool known_closed = false;
  if (board->row.incarnation_id != request.incarnation_id()) {
    absl::StatusOr<bool> closed = store_.IsClosedSession(board->row.name, request.incarnation_id());
    if (!closed.ok()) return closed.status();
    known_closed = *closed;
  }
  const scheduler::Session session = {.incarnation_id = board->row.incarnation_id,
                                      .last_sequence = board->last_sequence};
  const Admission admission = scheduler::Admit(session, request.incarnation_id(), request.sequence(), known_closed);
  switch (admission) {
    case Admission::kFenced:
      return absl::AbortedError(
          absl::StrCat("another agent speaks for ", board->row.name,
                       " now: kill the worker and exit; if two machines use this name, rename one"));
    case Admission::kStale:
      return absl::AbortedError(absl::StrCat("sequence ", request.sequence(), " of ", board->row.name,
                                             " was overtaken by ", board->last_sequence));
    case Admission::kRepeat:
      return absl::OkStatus();
    case Admission::kTakeOver:
      TakeOver(batch, *board, request);
      break;
    case Admission::kApply:
    case Admission::kApplyGap:
      break;
  }
  apply = true;
  const bool gap = admission == Admission::kApplyGap || (admission == Admission::kTakeOver && request.sequence() != 1);
  if (gap || board->row.description.cpus().empty()) board->wants_description = true;
  board->last_sequence = request.sequence();
  return absl::OkStatus();
}

absl::StatusOr<BoardState*> Sessions::FindOrAdd(const v1::SynchronizeRequest& request) {
  const auto found = world_.boards.find(request.board());
  if (found != world_.boards.end()) return found->second.get();
  if (world_.boards.size() >= settings_.max_boards) {
    return WithRetryAfter(absl::ResourceExhaustedError(absl::StrCat("this controller knows ", world_.boards.size(),
                                                                    " boards already, the most it may")),
                          settings_.refusal_delay);
  }
  auto board = std::make_unique<BoardState>();
  board->row.name = request.board();
  return world_.boards.emplace(request.board(), std::move(board)).first->second.get();
}

void Sessions::TakeOver(Batch& batch, BoardState& board, const v1::SynchronizeRequest& request) {
  const bool first = board.row.incarnation_id.empty();
  if (board.held) CountTakeover(batch, board);
  EndHeldCall(batch, world_, board,
              absl::AbortedError("another agent speaks for this board now: kill the worker and exit"));
  const bool same_boot = board.row.boot_id == request.boot_id();
  const std::string cause = same_boot ? "AGENT: it was restarted" : "POWER: the board came back with another boot";
  silences_.EndByTakeOver(batch, board, cause);
  for (std::size_t i = board.spooled.size(); i-- > 0;) {
    const SpooledAttempt& attempt = board.spooled[i];
    if (!SpoolMayHold(request, attempt.trial->row.trial.name(), attempt.row.attempt)) {
      attempts_.GiveUp(batch, board, i, cause);
    }
  }
  // The session that a lease waits for fences nothing.
  if (board.lease && !(board.lease->awaits_boot && diagnoses_.IsPlannedBoot(board, request.boot_id()))) {
    if (SpoolMayHold(request, board.lease->trial->row.trial.name(), board.lease->row.attempt)) {
      attempts_.WaitForSpool(batch, board);
    } else if (same_boot || !diagnoses_.SettleByBoot(batch, board, request)) {
      attempts_.End(batch, board, LeaseState::kFenced, v1::OUTCOME_LOST, cause);
    }
  }
  board.row.incarnation_id = request.incarnation_id();
  board.row.boot_id = request.boot_id();
  board.row.last_seen_time = batch.wall();
  board.unhealthy_since.reset();
  board.told_hold.reset();
  board.asked_description = false;
  batch.tx().PutBoard(board.row);
  batch.tx().OpenSession(board.row.name, request.incarnation_id(), request.boot_id(), batch.wall());
  batch.AddEvent(board.row.name, first ? "first session" : "session", request.incarnation_id());
  if (!first && !same_boot) Recheck(batch, board, "it has booted");
}

void Sessions::CountTakeover(Batch& batch, BoardState& board) {
  const bool too_many = board.takeovers.Add(batch.now(), settings_.takeover_limit, settings_.takeover_window);
  if (!too_many) return;
  MoveBoardIfAllowed(
      batch, board, v1::Board::STATE_QUARANTINED,
      absl::StrCat("duplicate identity: more than ", settings_.takeover_limit, " takeovers of a live session in ",
                   absl::FormatDuration(settings_.takeover_window), "; find the second machine with this name"));
}

void Sessions::Recheck(Batch& batch, BoardState& board, const std::string& why) {
  if (settings_.health_period == absl::ZeroDuration()) return;
  board.check_due = -absl::InfiniteDuration();
  board.row.record.clear_check_time();
  batch.tx().PutBoard(board.row);
  // One that is withheld stays so: only a person lets it back. While it is busy, the end of its lease is waited for
  // (HealthChecks).
  if (board.row.state != v1::Board::STATE_ACTIVE || board.lease) return;
  MoveBoardIfAllowed(batch, board, v1::Board::STATE_CHECKING, why);
}

void Sessions::ApplyReport(Batch& batch, BoardState& board, const v1::SynchronizeRequest& request) {
  board.health = request.health();
  if (board.health.empty()) {
    board.unhealthy_since.reset();
  } else if (!board.unhealthy_since) {
    board.unhealthy_since = batch.now();
  }
  board.spooled_count = request.spooled_count();
  ApplyDescription(batch, board, request);
  ApplyToLease(batch, board, request);
}

void Sessions::ApplyDescription(Batch& batch, BoardState& board, const v1::SynchronizeRequest& request) {
  if (!request.has_description()) return;
  board.wants_description = request.description().cpus().empty();
  board.asked_description = false;
  if (SameDescription(request.description(), board.row.description)) return;
  // What has not been described was not checked either.
  const bool other =
      !board.row.description.cpus().empty() && scheduler::NeedsCheck(board.row.description, request.description());
  board.row.description = request.description();
  board.row.last_seen_time = batch.wall();
  batch.tx().PutBoard(board.row);
  if (other) Recheck(batch, board, "its kernel or agent has changed");
}

void Sessions::ApplyToLease(Batch& batch, BoardState& board, const v1::SynchronizeRequest& request) {
  if (!board.lease) return;
  const Lease& lease = *board.lease;
  const bool revoking = lease.state == LeaseState::kRevoking;
  const v1::HeldLease* const held = FindHeld(request, lease.trial->row.trial.name(), lease.row.attempt);
  if (held != nullptr && held->state() == v1::HeldLease::STATE_FAILED) {
    if (revoking) return attempts_.End(batch, board, LeaseState::kRevoked, v1::OUTCOME_UNSPECIFIED, lease.row.cause);
    const std::string error = held->start_error().empty() ? "no reason given" : held->start_error();
    return attempts_.End(batch, board, LeaseState::kFailed, v1::OUTCOME_UNSPECIFIED,
                         absl::StrCat(scheduler::kBoardCause, "could not start: ", error));
  }
  const bool spooled = lease.state == LeaseState::kPending
                           ? SpoolLists(request, lease.trial->row.trial.name(), lease.row.attempt)
                           : SpoolMayHold(request, lease.trial->row.trial.name(), lease.row.attempt);
  if (held != nullptr || spooled) {
    if (!revoking) attempts_.Renew(batch, board);
    return;
  }
  if (revoking) return attempts_.End(batch, board, LeaseState::kRevoked, v1::OUTCOME_UNSPECIFIED, lease.row.cause);
  // A fresh lease was in an answer that got lost, or that crossed this call: it is offered again. One that the agent
  // had listed it has dropped; offering it again would run one attempt twice.
  if (lease.state == LeaseState::kPending) return;
  attempts_.End(batch, board, LeaseState::kExpired, v1::OUTCOME_LOST, "AGENT: it no longer holds the lease");
}

void Sessions::Abandon(Batch& batch, std::uint64_t ticket) {
  const auto found = world_.tickets.find(ticket);
  if (found == world_.tickets.end()) return;
  BoardState& board = *found->second;
  EndHeldCall(batch, world_, board, absl::CancelledError("the caller went away"));
  board.cut_at = batch.now();
}

void Sessions::CheckDeadlines(Batch& batch, BoardState& board) {
  batch.Touch(board);
  if (board.lease && !board.lease->awaits_boot && batch.now() >= board.lease->term.expires) Expire(batch, board);
  for (std::size_t i = board.spooled.size(); i-- > 0;) {
    if (batch.now() < board.spooled[i].until) continue;
    attempts_.GiveUp(batch, board, i, "AGENT: the spooled result did not come in time");
  }
}

void Sessions::Expire(Batch& batch, BoardState& board) {
  const bool capped = board.lease->term.expires >= board.lease->term.hard_cap;
  const std::string silence = absl::FormatDuration(absl::Trunc(batch.now() - board.last_contact, absl::Seconds(1)));
  std::string cause = capped ? "AGENT: the lease reached its hard cap"
                             : absl::StrCat("UNKNOWN: the lease was not renewed in time",
                                            board.HasSession() ? absl::StrCat(", last heard ", silence, " ago") : "");
  if (diagnoses_.BeginForLease(batch, board, cause)) return;
  if (!capped) Silences::NoteLoss(board);
  attempts_.End(batch, board, LeaseState::kExpired, v1::OUTCOME_LOST, cause);
}

void Sessions::AnswerIfDue(Batch& batch, BoardState& board) {
  if (!board.held) return;
  const bool due = batch.now() >= board.held->until || board.wants_description || !IsAsReported(board);
  if (!due) return;
  HeldCall held = *std::move(board.held);
  board.held.reset();
  world_.tickets.erase(held.ticket);
  if (board.IsToHoldLease() && !board.lease->answered) {
    board.lease->answered = true;
    batch.CountDispatch(std::max(held.arrived, board.work_since));
  }
  batch.Reply<v1::SynchronizeResponse>(std::move(held.done), Answer(board, held.arrived));
}

v1::SynchronizeResponse Sessions::Answer(BoardState& board, absl::Duration arrived) {
  v1::SynchronizeResponse response;
  const bool desired = board.IsToHoldLease();
  response.set_unchanged(IsAsReported(board));
  if (desired) {
    // The agent counts from when it sent the call, which was not after it arrived: counted from now, a lease granted
    // into a call that was held for long would lapse at the agent before its time, or at once.
    const absl::Duration left = board.lease->term.expires - arrived;
    if (response.unchanged()) {
      *response.mutable_renewed_time_left() = shared::ProtoOf(left);
    } else {
      v1::DesiredLease& lease = *response.add_leases();
      lease.set_trial(board.lease->trial->row.trial.name());
      lease.set_attempt(board.lease->row.attempt);
      *lease.mutable_spec() = board.lease->spec;
      *lease.mutable_time_left() = shared::ProtoOf(left);
    }
  }
  // A third of a term at the most: otherwise a held call would let its own lease lapse.
  board.told_hold = board.lease ? std::min(settings_.hold_busy, settings_.lease_term / 3) : settings_.hold_idle;
  *response.mutable_hold_duration() = shared::ProtoOf(*board.told_hold);
  response.set_full_state_required(board.wants_description);
  // An agent that was asked and did not tell must not be asked as fast as the network allows.
  if (board.wants_description && board.asked_description) {
    *response.mutable_resync_delay() = shared::ProtoOf(settings_.refusal_delay);
  }
  board.asked_description = board.wants_description;
  response.set_server_version(settings_.server_version);
  response.set_server_release(settings_.release);
  const v1::BoardDescription& description = board.row.description;
  // One that has not described itself has not stated its release.
  if (!description.cpus().empty()) {
    response.set_refusal(scheduler::WhyNotServed(description.release(), settings_.release));
  }
  return response;
}

}  // namespace crosscall::dispatch
