// Reads the store after each commit with SQL of its own, and holds what it finds against the rules: an oracle beside
// the engine, which shares nothing with it but the file.
//
// The rules are those of tests/README.md, "What the simulator holds the controller to". Not thread-safe.
#ifndef TESTS_SIM_LEDGER_H_
#define TESTS_SIM_LEDGER_H_

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "controller/dispatch/settings.h"
#include "controller/store/connection.h"
#include "crosscall/v1/board.pb.h"
#include "crosscall/v1/result.pb.h"
#include "crosscall/v1/trial.pb.h"
#include "tests/sim/judge.h"
#include "tests/sim/witness.h"

namespace crosscall::sim {

struct AttemptRecord {
  std::string board;
  std::string lease_state;
  v1::Outcome outcome = v1::OUTCOME_UNSPECIFIED;
  std::int64_t grant_time = 0;
  std::int64_t end_time = 0;
  auto operator<=>(const AttemptRecord&) const = default;
  bool live() const { return lease_state == "pending" || lease_state == "active" || lease_state == "revoking"; }
};

struct TrialRecord {
  std::string name;
  std::string board;
  std::int64_t sweep = 0;
  v1::Trial::State state = v1::Trial::STATE_UNSPECIFIED;
  std::uint32_t attempt_count = 0;
  v1::Outcome outcome = v1::OUTCOME_UNSPECIFIED;
  std::int64_t end_time = 0;
  bool operator==(const TrialRecord&) const = default;
  bool runs() const { return state == v1::Trial::STATE_RUNNING || state == v1::Trial::STATE_DIAGNOSING; }
  bool ended() const { return state != v1::Trial::STATE_PENDING && !runs(); }
};

struct SweepRecord {
  std::string name;
  int state = 0;
  std::int64_t expire_time = 0;
  std::int64_t end_time = 0;
  bool operator==(const SweepRecord&) const = default;
};

struct BoardRecord {
  v1::Board::State state = v1::Board::STATE_UNSPECIFIED;
  // How often it was let out of what only a person may end.
  int releases = 0;
  // How often one of it was begun.
  int diagnoses = 0;
  std::string incarnation;
  std::set<std::string> former;
};

class Ledger {
 public:
  Ledger(const std::string& folder, const dispatch::Settings& settings, const Timeline& timeline,
         const Witness& witness, Judge& judge)
      : path_(folder + "/crosscall.db"), settings_(settings), timeline_(timeline), witness_(witness), judge_(judge) {}

  // Looks at what the last commits changed. Nothing to do if there were none.
  void Look();
  // Looks at everything there ever was: what has ended is as it was.
  void LookAtAll();

  const std::map<std::int64_t, TrialRecord>& trials() const { return trials_; }
  const std::map<std::int64_t, SweepRecord>& sweeps() const { return sweeps_; }
  const std::map<std::string, BoardRecord>& boards() const { return boards_; }
  const std::map<std::pair<std::int64_t, std::uint32_t>, AttemptRecord>& attempts() const { return attempts_; }
  // Trials that wait for the board, and its live lease if there is one.
  std::size_t Waiting(const std::string& board) const;
  bool HasLiveLease(const std::string& board) const;
  bool Has(const UploadKey& key) const { return results_.count(key) > 0; }
  bool AllEnded() const;

 private:
  using AttemptId = std::pair<std::int64_t, std::uint32_t>;

  absl::Status Read(bool all);
  absl::Status ReadBoards();
  void OnBoardState(const std::string& name, BoardRecord& board, v1::Board::State now);
  absl::Status ReadSweeps(bool all);
  absl::Status ReadTrials(std::int64_t sweep);
  absl::Status ReadAttempts(bool all);
  absl::Status ReadResults();
  absl::Status RereadOpen();

  void OnTrial(std::int64_t id, TrialRecord now);
  void OnAttempt(const AttemptId& id, AttemptRecord now);
  void OnGrant(const AttemptId& id, const AttemptRecord& now);
  void OnAttemptEnd(const AttemptId& id, const AttemptRecord& now);
  void CheckExpiry(const AttemptId& id, const AttemptRecord& now);
  void CheckOwnResult(const AttemptId& id, const AttemptRecord& now);
  void CheckTogether();

  const std::string path_;
  const dispatch::Settings& settings_;
  const Timeline& timeline_;
  const Witness& witness_;
  Judge& judge_;
  std::unique_ptr<store::Connection> connection_;
  std::int64_t version_ = -1;
  std::int64_t last_result_ = 0;

  std::map<std::string, BoardRecord> boards_;
  std::map<std::int64_t, SweepRecord> sweeps_;
  std::map<std::int64_t, TrialRecord> trials_;
  std::map<AttemptId, AttemptRecord> attempts_;
  std::set<AttemptId> open_attempts_;
  std::map<UploadKey, v1::Outcome> results_;
  // The result that counts for its attempt.
  std::map<AttemptId, UploadKey> own_;
  // Ended in this look: checked when all of it was read.
  std::vector<AttemptId> ended_now_;
};

}  // namespace crosscall::sim

#endif  // TESTS_SIM_LEDGER_H_
