#include "controller/scheduler/placement.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "controller/scheduler/board_states.h"
#include "controller/scheduler/releases.h"
#include "controller/scheduler/target_systems.h"
#include "proto/shared/exploration_text.h"
#include "proto/shared/proto_time.h"

namespace crosscall::scheduler {
namespace {

using Reason = absl::optional<std::string>;

Reason NotActive(const BoardStanding& board) {
  if (board.state == v1::Board::STATE_ACTIVE) return absl::nullopt;
  return WhyNoWork(board.name, board.state, board.state_reason);
}

Reason NotChecking(const BoardStanding& board) {
  if (board.state == v1::Board::STATE_CHECKING) return absl::nullopt;
  return absl::StrCat(board.name, " is ", StateWord(board.state), " and not being checked");
}

Reason NoSession(const BoardStanding& board) {
  if (board.has_session) return absl::nullopt;
  return absl::StrCat(board.name, " has not called since the controller started");
}

Reason Silent(const BoardStanding& board) {
  if (!board.silent) return absl::nullopt;
  return absl::StrCat(board.name, " is silent, last heard ",
                      absl::FormatDuration(absl::Trunc(board.silent_for, absl::Seconds(1))),
                      " ago: look at its agent and network");
}

Reason SelfCheckBad(const BoardStanding& board) {
  if (board.health.empty()) return absl::nullopt;
  return absl::StrCat(board.name, " refuses work: ", board.health);
}

Reason NotDescribed(const BoardStanding& board) {
  if (!board.description->cpus().empty()) return absl::nullopt;
  return absl::StrCat(board.name, " has not described itself yet");
}

Reason NotServed(const BoardStanding& board) {
  const std::string why = WhyNotServed(board.description->release(), board.release);
  if (why.empty()) return absl::nullopt;
  return absl::StrCat(board.name, " ", why);
}

Reason Busy(const BoardStanding& board) {
  if (board.running_trial.empty()) return absl::nullopt;
  return absl::StrCat(board.name, " runs ", board.running_trial);
}

Reason Booting(const BoardStanding& board) {
  if (!board.booting) return absl::nullopt;
  return absl::StrCat(board.name, " is being switched off and on");
}

Reason NotListening(const BoardStanding& board) {
  if (board.listening) return absl::nullopt;
  return absl::StrCat(board.name, " is between two calls");
}

using BoardPredicate = Reason (*)(const BoardStanding&);
constexpr BoardPredicate kReachable[] = {NoSession, Silent, SelfCheckBad, NotDescribed, NotServed};
constexpr BoardPredicate kFree[] = {Busy, Booting, NotListening};

template <std::size_t kCount>
Reason First(const BoardPredicate (&predicates)[kCount], const BoardStanding& board) {
  for (const BoardPredicate predicate : predicates) {
    if (Reason reason = predicate(board)) return reason;
  }
  return absl::nullopt;
}

Reason Waits(BoardPredicate state, const BoardStanding& board) {
  if (Reason reason = state(board)) return reason;
  if (Reason reason = First(kReachable, board)) return reason;
  return First(kFree, board);
}

Reason LacksTargetSystem(const BoardStanding& board, const v1::TrialSpec& spec) {
  if (Offers(*board.description, spec.target_system())) return absl::nullopt;
  return absl::StrCat(board.name, " no longer offers target system ", shared::TargetSystemName(spec.target_system()));
}

Reason LacksImplementation(const BoardStanding& board, const v1::TrialSpec& spec) {
  const auto& offered = board.description->implementations();
  if (std::find(offered.begin(), offered.end(), spec.implementation()) != offered.end()) return absl::nullopt;
  return absl::StrCat(board.name, " no longer offers implementation ", spec.implementation());
}

Reason LacksScenario(const BoardStanding& board, const v1::TrialSpec& spec) {
  if (!spec.scenario_text().empty()) return absl::nullopt;
  const auto& offered = board.description->scenarios();
  const bool found = std::any_of(offered.begin(), offered.end(),
                                 [&spec](const v1::ScenarioInfo& info) { return info.id() == spec.scenario(); });
  if (found) return absl::nullopt;
  return absl::StrCat(board.name, " no longer offers scenario ", spec.scenario());
}

Reason LacksCpu(const BoardStanding& board, const v1::TrialSpec& spec) {
  const auto& present = board.description->cpus();
  for (const std::uint32_t cpu : spec.cpus()) {
    if (std::find(present.begin(), present.end(), cpu) == present.end()) {
      return absl::StrCat(board.name, " no longer has CPU ", cpu);
    }
  }
  return absl::nullopt;
}

Reason TakesTooLong(const BoardStanding& board, const v1::TrialSpec& spec) {
  if (!spec.has_time_limit() || shared::SpanOf(spec.time_limit()) <= board.max_trial_time) return absl::nullopt;
  return absl::StrCat(board.name, " takes no trial longer than ", absl::FormatDuration(board.max_trial_time));
}

Reason OtherVersion(const BoardStanding& board, absl::string_view pinned) {
  if (pinned.empty() || pinned == board.description->agent_version()) return absl::nullopt;
  return absl::StrCat(board.name, " runs crosscall ", board.description->agent_version(),
                      " now, and the sweep has begun there with ", pinned, ": make a new sweep of what is left");
}

Reason CannotBoot(const BoardStanding& board, const v1::TrialSpec& spec) {
  if (!spec.fresh_boot() || board.switchable) return absl::nullopt;
  return absl::StrCat(board.name, " has no power command any more, and the trial asks for a boot of its own");
}

constexpr Reason (*kTrialPredicates[])(const BoardStanding&, const v1::TrialSpec&) = {
    LacksTargetSystem, LacksImplementation, LacksScenario, LacksCpu, TakesTooLong, CannotBoot};

}  // namespace

Reason WhyBoardWaits(const BoardStanding& board) { return Waits(NotActive, board); }

Reason WhyCheckWaits(const BoardStanding& board) { return Waits(NotChecking, board); }

Reason WhyNotReachable(const BoardStanding& board) { return First(kReachable, board); }

Reason WhyBoardCannotRun(const BoardStanding& board, const v1::TrialSpec& spec, absl::string_view pinned) {
  for (const auto predicate : kTrialPredicates) {
    if (Reason reason = predicate(board, spec)) return reason;
  }
  return OtherVersion(board, pinned);
}

std::string WhyTrialWaits(const BoardStanding& board, const v1::TrialSpec& spec, absl::string_view pinned,
                          std::uint64_t ahead) {
  Reason reason = WhyBoardWaits(board);
  if (!reason) reason = WhyBoardCannotRun(board, spec, pinned);
  if (!reason) reason = absl::StrCat(board.name, " is free");
  if (ahead == 0) return *reason;
  return absl::StrCat(*reason, "; ", ahead, ahead == 1 ? " trial goes" : " trials go", " before it");
}

}  // namespace crosscall::scheduler
