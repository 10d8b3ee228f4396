#include "tests/sim/promises.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace crosscall::sim {
namespace {

constexpr absl::Duration kIdleLimit = absl::Minutes(1);
// Two health trials of all their attempts, each of which may end by its lease alone.
constexpr absl::Duration kCheckLimit = absl::Minutes(30);
// After a fault an agent may be in the longest pause of its back-off, after a call that had to time out.
constexpr absl::Duration kRecovery = absl::Minutes(3);
// What a diagnosis may take besides its own limits: the runs of a command.
constexpr absl::Duration kSteps = absl::Minutes(15);
constexpr absl::Duration kCancelLimit = absl::Seconds(1);

}  // namespace

void Promises::Check() {
  if (!around_.controller.up()) return;
  for (const auto& board : around_.boards) CheckBoard(*board);
  CheckSweeps();
}

void Promises::CheckBoard(const BoardAgent& board) {
  const std::string& name = board.board();
  const auto known = around_.ledger.boards().find(name);
  const absl::Duration whole = around_.conditions.WholeSince(name) + around_.settings.hold_idle + kRecovery;
  const bool works = around_.witness.IsHonest(name) && board.works() && around_.timeline.now() >= whole &&
                     known != around_.ledger.boards().end();
  const v1::Board::State state = works ? known->second.state : v1::Board::STATE_UNSPECIFIED;
  CheckIdle(name,
            state == v1::Board::STATE_ACTIVE && around_.ledger.Waiting(name) > 0 && !around_.ledger.HasLiveLease(name));
  CheckChecking(name, state == v1::Board::STATE_CHECKING);
  CheckDiagnosis(name, known != around_.ledger.boards().end() && known->second.state == v1::Board::STATE_DIAGNOSING);
}

void Promises::CheckIdle(const std::string& name, bool starves) {
  if (!starves) {
    idle_since_.erase(name);
    return;
  }
  const absl::Duration since = idle_since_.emplace(name, around_.timeline.now()).first->second;
  around_.judge.Require(around_.timeline.now() - since <= kIdleLimit, "work-does-not-wait-beside-an-idle-board", name,
                        " works, ", around_.ledger.Waiting(name), " trials wait for it, and it gets none");
}

void Promises::CheckChecking(const std::string& name, bool checking) {
  if (!checking) {
    checking_since_.erase(name);
    return;
  }
  const absl::Duration since = checking_since_.emplace(name, around_.timeline.now()).first->second;
  around_.judge.Require(around_.timeline.now() - since <= kCheckLimit, "a-check-comes-to-an-end", name,
                        " works, and has been on trial since ", absl::FormatDuration(since));
}

void Promises::CheckDiagnosis(const std::string& name, bool diagnosed) {
  if (!diagnosed) {
    diagnosed_since_.erase(name);
    return;
  }
  const absl::Duration since = diagnosed_since_.emplace(name, around_.timeline.now()).first->second;
  const absl::Duration begun = std::max(since, around_.conditions.ControllerWholeSince());
  const scheduler::PowerRules& rules = around_.settings.power_rules;
  around_.judge.Require(around_.timeline.now() - begun <= rules.diagnosis_limit + rules.boot_limit + kSteps,
                        "a-diagnosis-comes-to-an-end", name, " has been diagnosed since ", absl::FormatDuration(since));
}

void Promises::CheckSweeps() {
  const dispatch::Settings& settings = around_.settings;
  const absl::Duration whole = around_.conditions.ControllerWholeSince();
  // The last lease of a sweep may have been renewed just before, or its result be expected from a spool.
  const absl::Duration grace = settings.lease_term + settings.spooled_result_wait + kIdleLimit;
  for (const auto& [number, sweep] : around_.ledger.sweeps()) {
    if (sweep.end_time != 0) continue;
    const absl::Duration expires =
        absl::FromUnixNanos(sweep.expire_time) - around_.timeline.Wall() + around_.timeline.now();
    around_.judge.Require(around_.timeline.now() <= std::max(expires, whole) + grace, "sweep-ends-by-its-deadline",
                          sweep.name, " is still open");
  }
}

void Promises::OnCancelled(const std::string& sweep) {
  around_.timeline.After(kCancelLimit, [this, sweep] { CheckCancelled(sweep); });
}

void Promises::CheckCancelled(const std::string& sweep) {
  for (const auto& board : around_.boards) {
    const std::string& name = board->board();
    const absl::Duration whole = around_.conditions.WholeSince(name) + around_.settings.hold_idle + kRecovery;
    if (!around_.witness.IsHonest(name) || !board->works() || around_.timeline.now() < whole + kCancelLimit) continue;
    for (const LeaseKey& lease : around_.witness.Running(name)) {
      around_.judge.Require(!absl::StartsWith(lease.first, absl::StrCat(sweep, "/")), "cancel-stops-within-a-second",
                            lease.first, " still runs on ", name);
    }
  }
}

}  // namespace crosscall::sim
