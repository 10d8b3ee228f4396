// Rows and a state folder for tests of the store.
#ifndef TESTS_CONTROLLER_STORE_ROWS_H_
#define TESTS_CONTROLLER_STORE_ROWS_H_

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "controller/store/store.h"
#include "proto/shared/proto_time.h"
#include "proto/shared/resource_name.h"

namespace crosscall::store {

// A folder of its own, gone with the object.
class TestFolder {
 public:
  TestFolder() {
    std::string path = ::testing::TempDir() + "crosscall-store-XXXXXX";
    path_ = mkdtemp(path.data());
  }
  ~TestFolder() { std::filesystem::remove_all(path_); }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

inline std::unique_ptr<Store> OpenStore(const std::string& folder) {
  Options options;
  options.folder = folder;
  absl::StatusOr<std::unique_ptr<Store>> store = Store::Open(options);
  EXPECT_TRUE(store.ok()) << store.status();
  return store.ok() ? *std::move(store) : nullptr;
}

inline absl::Time At(std::int64_t seconds) { return absl::FromUnixSeconds(1'700'000'000 + seconds); }

inline BoardRow BoardA() {
  BoardRow row;
  row.name = "boards/a";
  row.state = v1::Board::STATE_ACTIVE;
  row.description.add_cpus(0);
  row.incarnation_id = "one";
  row.boot_id = "boot";
  row.last_seen_time = At(0);
  return row;
}

inline SweepRow SweepNumber(std::int64_t number) {
  SweepRow row;
  row.number = number;
  row.sweep.set_name(absl::StrCat("sweeps/s", number));
  row.sweep.mutable_spec()->add_implementations("*");
  row.sweep.set_state(v1::Sweep::STATE_PENDING);
  row.sweep.mutable_progress();
  *row.sweep.mutable_create_time() = shared::TimestampOf(At(number));
  *row.sweep.mutable_expire_time() = shared::TimestampOf(At(number + 1000));
  return row;
}

inline TrialRow TrialOf(std::int64_t sweep, std::uint32_t position, std::int64_t id) {
  TrialRow row;
  row.id = id;
  row.sweep_number = sweep;
  row.trial.set_name(absl::StrFormat("sweeps/s%d/trials/t%06d", sweep, position));
  row.trial.set_board("boards/a");
  row.trial.mutable_spec()->set_scenario("pair");
  row.trial.mutable_spec()->set_implementation("call_lock/spin/mask_all");
  row.trial.mutable_spec()->set_target_system(v1::TARGET_SYSTEM_SIGNAL);
  row.trial.set_state(v1::Trial::STATE_PENDING);
  row.trial.set_order(position);
  *row.trial.mutable_create_time() = shared::TimestampOf(At(0));
  return row;
}

inline AttemptRow AttemptOf(std::int64_t trial, std::uint32_t attempt) {
  AttemptRow row;
  row.trial_id = trial;
  row.attempt = attempt;
  row.board = "boards/a";
  row.incarnation_id = "one";
  row.lease_state = "active";
  row.grant_time = At(1);
  row.expire_time = At(61);
  return row;
}

inline ResultRow ResultOf(std::int64_t trial, std::uint32_t attempt, v1::Outcome outcome, bool evidence = false,
                          char digest = 'd', std::size_t padding = 0) {
  v1::TrialResult result;
  result.set_outcome(outcome);
  result.set_reason(absl::StrCat("result of ", trial));
  result.set_worker_log(std::string(padding, 'x'));
  if (outcome == v1::OUTCOME_HUNG) result.mutable_hang()->set_summary("0 waits for 1");
  ResultRow row;
  row.trial_id = trial;
  row.attempt = attempt;
  row.evidence = evidence;
  row.sha256 = std::string(32, digest);
  row.payload = result.SerializeAsString();
  row.summary = {.outcome = outcome, .calls = 10, .p50_nanos = 5, .p99_nanos = 6, .p999_nanos = 7, .max_nanos = 8};
  row.commit_time = At(2);
  return row;
}

// The result of an exploration; its attempt exists.
inline ResultRow ExplorationOf(std::int64_t trial, v1::Exploration::Verdict verdict, char digest = 'd') {
  ResultRow row = ResultOf(trial, 1, v1::OUTCOME_COMPLETED, false, digest);
  v1::TrialResult result;
  result.ParseFromString(row.payload);
  result.mutable_exploration()->set_verdict(verdict);
  result.mutable_exploration()->add_trace()->set_op(absl::StrCat("found by ", trial));
  row.payload = result.SerializeAsString();
  row.summary.verdict = verdict;
  return row;
}

// Sweep `number` with `count` trials, whose ids go on from `first_id`; its board exists.
inline void AddSweep(Transaction& tx, std::int64_t number, std::uint32_t count, std::int64_t first_id) {
  tx.InsertSweep(SweepNumber(number));
  for (std::uint32_t i = 0; i < count; ++i) tx.InsertTrial(TrialOf(number, i, first_id + i));
}

}  // namespace crosscall::store

#endif  // TESTS_CONTROLLER_STORE_ROWS_H_
