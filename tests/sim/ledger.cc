#include "tests/sim/ledger.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "controller/scheduler/transitions.h"
#include "controller/scheduler/verdict.h"
#include "controller/store/for_each.h"
#include "proto/shared/proto_time.h"

namespace crosscall::sim {
namespace {

// Between a call's arrival and the batch that applies it.
constexpr absl::Duration kSlack = absl::Milliseconds(10);

bool IsAgents(v1::Outcome outcome) { return outcome != v1::OUTCOME_UNSPECIFIED && outcome != v1::OUTCOME_LOST; }

AttemptRecord AttemptOf(const store::Statement& row) {
  return {.board = row.Bytes(2),
          .lease_state = row.Bytes(3),
          .outcome = static_cast<v1::Outcome>(row.Int(4)),
          .grant_time = row.Int(5),
          .end_time = row.Int(6)};
}

constexpr char kAttempts[] = "SELECT trial, attempt, board, lease_state, outcome, grant_time, end_time FROM attempts";

}  // namespace

void Ledger::Look() {
  if (absl::Status status = Read(false); !status.ok()) judge_.Convict("store-readable", status.message());
}

void Ledger::LookAtAll() {
  version_ = -1;
  if (absl::Status status = Read(true); !status.ok()) judge_.Convict("store-readable", status.message());
}

absl::Status Ledger::Read(bool all) {
  if (connection_ == nullptr) {
    absl::StatusOr<std::unique_ptr<store::Connection>> opened =
        store::Connection::Open(path_, store::Connection::Mode::kReadOnly);
    if (!opened.ok()) return opened.status();
    connection_ = *std::move(opened);
  }
  absl::StatusOr<std::int64_t> version = connection_->Number("PRAGMA data_version");
  if (!version.ok()) return version.status();
  if (*version == version_) return absl::OkStatus();
  version_ = *version;
  absl::Status status = ReadBoards();
  if (status.ok()) status = ReadSweeps(all);
  if (status.ok()) status = ReadResults();
  if (status.ok()) status = RereadOpen();
  if (status.ok()) status = ReadAttempts(all);
  if (!status.ok()) return status;
  CheckTogether();
  return absl::OkStatus();
}

absl::Status Ledger::ReadBoards() {
  return store::ForEach(*connection_, "SELECT name, state, incarnation FROM boards",
                        [this](const store::Statement& row) {
                          BoardRecord& board = boards_[row.Bytes(0)];
                          OnBoardState(row.Bytes(0), board, static_cast<v1::Board::State>(row.Int(1)));
                          std::string incarnation = row.Bytes(2);
                          if (incarnation == board.incarnation) return absl::OkStatus();
                          judge_.Require(board.former.count(incarnation) == 0, "closed-incarnation", row.Bytes(0), ": ",
                                         incarnation, " speaks again, though its session was closed");
                          board.former.insert(std::exchange(board.incarnation, std::move(incarnation)));
                          return absl::OkStatus();
                        });
}

void Ledger::OnBoardState(const std::string& name, BoardRecord& board, v1::Board::State now) {
  const v1::Board::State before = std::exchange(board.state, now);
  if (now == before) return;
  if (now == v1::Board::STATE_DIAGNOSING) ++board.diagnoses;
  judge_.Note("store", name, " is ", v1::Board::State_Name(now));
  judge_.Fold(static_cast<std::uint64_t>(now));
  const bool withheld = before == v1::Board::STATE_QUARANTINED || before == v1::Board::STATE_DRAINED;
  if (!withheld || now == v1::Board::STATE_QUARANTINED) return;
  judge_.Require(++board.releases <= witness_.ReleasesAsked(name), "a-person-lets-boards-back", name, " left ",
                 v1::Board::State_Name(before), " without anybody's release");
  // One that is silent is diagnosed at once, and checked after that.
  const bool checked = now == v1::Board::STATE_CHECKING || now == v1::Board::STATE_DIAGNOSING;
  judge_.Require(settings_.health_period == absl::ZeroDuration() || checked, "only-checked-boards-work", name,
                 " went from ", v1::Board::State_Name(before), " to ", v1::Board::State_Name(now));
}

absl::Status Ledger::ReadSweeps(bool all) {
  std::vector<std::int64_t> open;
  for (const auto& [number, sweep] : sweeps_) {
    if (all || sweep.end_time == 0) open.push_back(number);
  }
  absl::Status status = store::ForEach(
      *connection_, "SELECT number, name, state, expire_time, end_time FROM sweeps WHERE end_time = 0 OR number >= ?",
      [this, &open](const store::Statement& row) {
        const std::int64_t number = row.Int(0);
        SweepRecord now{row.Bytes(1), static_cast<int>(row.Int(2)), row.Int(3), row.Int(4)};
        SweepRecord& known = sweeps_[number];
        if (known.name.empty()) open.push_back(number);
        judge_.Require(known.end_time == 0 || known == now, "ends-once", now.name, " changed after its end");
        known = std::move(now);
        return absl::OkStatus();
      },
      open.empty() ? std::int64_t{0} : *std::min_element(open.begin(), open.end()));
  for (const std::int64_t number : open) {
    if (status.ok()) status = ReadTrials(number);
  }
  return status;
}

absl::Status Ledger::ReadTrials(std::int64_t sweep) {
  return store::ForEach(
      *connection_,
      "SELECT id, name, board, sweep, state, attempt_count, outcome, end_time FROM trials WHERE sweep = ?",
      [this](const store::Statement& row) {
        TrialRecord now{.name = row.Bytes(1),
                        .board = row.Bytes(2),
                        .sweep = row.Int(3),
                        .state = static_cast<v1::Trial::State>(row.Int(4)),
                        .attempt_count = static_cast<std::uint32_t>(row.Int(5)),
                        .outcome = static_cast<v1::Outcome>(row.Int(6)),
                        .end_time = row.Int(7)};
        OnTrial(row.Int(0), std::move(now));
        return absl::OkStatus();
      },
      sweep);
}

absl::Status Ledger::ReadResults() {
  return store::ForEach(
      *connection_,
      "SELECT r.id, t.name, r.attempt, r.sha256, r.outcome, r.evidence, r.trial FROM results r JOIN trials t"
      " ON t.id = r.trial WHERE r.id > ? ORDER BY r.id",
      [this](const store::Statement& row) {
        last_result_ = row.Int(0);
        const auto attempt = static_cast<std::uint32_t>(row.Int(2));
        const UploadKey key(row.Bytes(1), attempt, row.Bytes(3));
        results_[key] = static_cast<v1::Outcome>(row.Int(4));
        judge_.Fold(std::get<0>(key));
        judge_.Fold(std::get<2>(key));
        if (row.Int(5) == 0) own_[{row.Int(6), attempt}] = key;
        return absl::OkStatus();
      },
      last_result_);
}

absl::Status Ledger::ReadAttempts(bool all) {
  const auto see = [this](const store::Statement& row) {
    OnAttempt({row.Int(0), static_cast<std::uint32_t>(row.Int(1))}, AttemptOf(row));
    return absl::OkStatus();
  };
  if (all) return store::ForEach(*connection_, absl::StrCat(kAttempts, " ORDER BY trial, attempt"), see);
  return store::ForEach(*connection_, absl::StrCat(kAttempts, " WHERE end_time = 0"), see);
}

// Those that were open: one that has ended is not among the open ones any more.
absl::Status Ledger::RereadOpen() {
  const std::set<AttemptId> before = open_attempts_;
  for (const AttemptId& id : before) {
    bool there = false;
    absl::Status status = store::ForEach(
        *connection_, absl::StrCat(kAttempts, " WHERE trial = ? AND attempt = ?"),
        [this, &id, &there](const store::Statement& row) {
          there = true;
          OnAttempt(id, AttemptOf(row));
          return absl::OkStatus();
        },
        id.first, id.second);
    if (!status.ok()) return status;
    judge_.Require(there, "ends-once", "attempt ", id.second, " of trial ", id.first, " is gone");
  }
  return absl::OkStatus();
}

void Ledger::OnTrial(std::int64_t id, TrialRecord now) {
  TrialRecord& known = trials_[id];
  if (known == now) return;
  judge_.Note("store", now.name, " ", v1::Trial::State_Name(now.state), " after ", now.attempt_count, " attempts");
  judge_.Require(!known.ended() || known.state == v1::Trial::STATE_UNSPECIFIED, "ends-once", now.name,
                 " changed after its end, to ", v1::Trial::State_Name(now.state));
  judge_.Require(now.ended() == (now.end_time != 0), "ends-once", now.name, ": state and end time disagree");
  judge_.Require(now.attempt_count >= known.attempt_count, "attempts-bounded", now.name, " forgot attempts");
  judge_.Require(now.attempt_count <= settings_.attempts_per_trial, "attempts-bounded", now.name, " has ",
                 now.attempt_count, " attempts");
  known = std::move(now);
}

void Ledger::OnAttempt(const AttemptId& id, AttemptRecord now) {
  const auto found = attempts_.find(id);
  const bool fresh = found == attempts_.end();
  if (!fresh && found->second == now) return;
  if (fresh) OnGrant(id, now);
  if (!fresh && found->second.end_time != 0) {
    judge_.Convict("ends-once", absl::StrCat("attempt ", id.second, " of ", trials_[id.first].name,
                                             " changed after its end: ", found->second.lease_state, " ",
                                             v1::Outcome_Name(found->second.outcome), " to ", now.lease_state, " ",
                                             v1::Outcome_Name(now.outcome)));
  }
  // Its end may come later, when it is known what became of it.
  if (now.lease_state == "expired" && (fresh || found->second.lease_state != "expired")) CheckExpiry(id, now);
  if (now.end_time == 0) {
    open_attempts_.insert(id);
  } else {
    open_attempts_.erase(id);
    OnAttemptEnd(id, now);
    ended_now_.push_back(id);
  }
  attempts_[id] = std::move(now);
}

void Ledger::OnGrant(const AttemptId& id, const AttemptRecord& now) {
  const std::string& name = trials_[id.first].name;
  judge_.Note("store", name, " attempt ", id.second, " granted to ", now.board);
  judge_.Fold(name);
  judge_.Fold(id.second);
  if (id.second > 1) {
    const auto former = attempts_.find({id.first, id.second - 1});
    judge_.Require(former != attempts_.end() && former->second.end_time != 0, "one-attempt-at-a-time", name,
                   " attempt ", id.second, " was granted before the former one had ended");
  }
  if (now.end_time != 0) return;
  const bool check = absl::StartsWith(name, "sweeps/check-");
  const v1::Board::State state = boards_[now.board].state;
  judge_.Require(state == (check ? v1::Board::STATE_CHECKING : v1::Board::STATE_ACTIVE), "only-checked-boards-work",
                 name, " was granted to ", now.board, ", which is ", v1::Board::State_Name(state));
  const absl::Duration silence = timeline_.now() - witness_.LastHeard(now.board);
  judge_.Require(silence <= settings_.silent_holds * settings_.hold_idle + kSlack, "no-lease-to-silent", name,
                 " was granted to ", now.board, ", not heard for ", absl::FormatDuration(silence));
}

void Ledger::OnAttemptEnd(const AttemptId& id, const AttemptRecord& now) {
  judge_.Note("store", trials_[id.first].name, " attempt ", id.second, " ended ", now.lease_state, " ",
              v1::Outcome_Name(now.outcome));
  judge_.Fold(now.lease_state);
  judge_.Fold(static_cast<std::uint64_t>(now.outcome));
  const auto state = scheduler::ParseLeaseState(now.lease_state);
  judge_.Require(state.ok() && !scheduler::IsLive(*state), "ends-once", trials_[id.first].name, " attempt ", id.second,
                 " ended as ", now.lease_state);
}

void Ledger::CheckExpiry(const AttemptId& id, const AttemptRecord& now) {
  const TrialRecord& trial = trials_[id.first];
  const LeaseKey lease(trial.name, id.second);
  if (!witness_.IsHonest(now.board) || sweeps_[trial.sweep].state == v1::Sweep::STATE_CANCELLING) return;
  const bool dropped =
      timeline_.now() - witness_.LastHeard(now.board) <= kSlack && witness_.LastReportOmits(now.board, lease);
  if (dropped) return;
  judge_.Require(witness_.WasPaused(now.board) || !witness_.Runs(now.board, lease), "expired-lease-stands-still",
                 trial.name, " attempt ", id.second, " expired, and its worker runs on ", now.board);
  const absl::Duration granted = absl::FromUnixNanos(now.grant_time) - timeline_.Wall() + timeline_.now();
  const absl::Duration told = std::max(witness_.LastListed(now.board, lease), witness_.controller_start());
  absl::Duration earliest = told >= granted ? told + settings_.lease_term : granted + settings_.first_term;
  v1::TrialSpec spec;
  store::ForEach(
      *connection_, "SELECT spec FROM trials WHERE id = ?",
      [&spec](const store::Statement& row) { return row.Parse(0, spec); }, id.first)
      .IgnoreError();
  const absl::Duration limit =
      spec.has_time_limit() ? shared::SpanOf(spec.time_limit()) : settings_.untimed_trial_limit;
  earliest = std::min(earliest, std::max(granted, witness_.controller_start()) + limit +
                                    shared::SpanOf(spec.deadline()) + settings_.lease_cap_extra);
  judge_.Require(timeline_.now() + kSlack >= earliest, "lease-keeps-its-term", trial.name, " attempt ", id.second,
                 " expired ", absl::FormatDuration(earliest - timeline_.now()), " too early");
}

void Ledger::CheckOwnResult(const AttemptId& id, const AttemptRecord& now) {
  const TrialRecord& trial = trials_[id.first];
  const auto own = own_.find(id);
  judge_.Require(IsAgents(now.outcome) == (own != own_.end()), "outcome-has-its-result", trial.name, " attempt ",
                 id.second, " is ", v1::Outcome_Name(now.outcome), own == own_.end() ? " without" : " with",
                 " a result of its own");
  if (own == own_.end()) return;
  judge_.Require(results_[own->second] == now.outcome, "outcome-has-its-result", trial.name, " attempt ", id.second,
                 ": outcome and result differ");
  if (!witness_.IsHonest(now.board)) return;
  if (now.outcome == v1::OUTCOME_WEDGED) {
    const absl::Duration granted = absl::FromUnixNanos(now.grant_time) - timeline_.Wall() + timeline_.now();
    return judge_.Require(witness_.WasWedgedAfter(now.board, granted), "only-wedged-boards-are-wedged", trial.name,
                          " attempt ", id.second, " ended WEDGED, and ", now.board, " was not");
  }
  judge_.Require(witness_.OutcomeMade(own->second) == now.outcome, "outcome-has-its-result", trial.name, " attempt ",
                 id.second, ": no worker made its result");
}

void Ledger::CheckTogether() {
  std::map<std::string, std::string> live;
  for (const AttemptId& id : open_attempts_) {
    const AttemptRecord& attempt = attempts_[id];
    const TrialRecord& trial = trials_[id.first];
    judge_.Require(trial.runs() && trial.attempt_count == id.second, "one-attempt-at-a-time", trial.name, ": attempt ",
                   id.second, " is open, the trial is not running it");
    if (!attempt.live()) continue;
    const auto [other, first] = live.emplace(attempt.board, trial.name);
    judge_.Require(first, "one-lease-a-board", attempt.board, " has leases of ", other->second, " and ", trial.name);
  }
  for (const AttemptId& id : std::exchange(ended_now_, {})) {
    CheckOwnResult(id, attempts_[id]);
    const TrialRecord& trial = trials_[id.first];
    if (trial.attempt_count != id.second || trial.runs()) continue;
    const bool finding = scheduler::AfterAttempt(attempts_[id].outcome, 1, 2, false) == v1::Trial::STATE_FINISHED;
    judge_.Require(finding == (trial.state == v1::Trial::STATE_FINISHED), "outcome-decides-the-trial", trial.name,
                   " is ", v1::Trial::State_Name(trial.state), " after ", v1::Outcome_Name(attempts_[id].outcome));
  }
}

std::size_t Ledger::Waiting(const std::string& board) const {
  return static_cast<std::size_t>(std::count_if(trials_.begin(), trials_.end(), [&board](const auto& entry) {
    return entry.second.state == v1::Trial::STATE_PENDING && entry.second.board == board;
  }));
}

bool Ledger::HasLiveLease(const std::string& board) const {
  return std::any_of(open_attempts_.begin(), open_attempts_.end(), [this, &board](const AttemptId& id) {
    const AttemptRecord& attempt = attempts_.at(id);
    return attempt.live() && attempt.board == board;
  });
}

bool Ledger::AllEnded() const {
  return std::all_of(sweeps_.begin(), sweeps_.end(), [](const auto& entry) { return entry.second.end_time != 0; });
}

}  // namespace crosscall::sim
