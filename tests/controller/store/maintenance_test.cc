// Checks, backups and restores, on whole and on damaged stores, beside a store that is open.
#include "controller/store/maintenance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>
#include <fstream>

#include "tests/controller/store/rows.h"

namespace crosscall::store {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class MaintenanceTest : public ::testing::Test {
 protected:
  MaintenanceTest() : state_(folder_.path() + "/state"), backup_(folder_.path() + "/backup.db") {
    store_ = OpenStore(state_);
    auto tx = store_->Begin();
    tx->PutBoard(BoardA());
    tx->OpenSession("boards/a", "one", "boot", At(0));
    AddSweep(*tx, 1, 3, 10);
    EXPECT_TRUE(tx->Commit().ok());
  }

  // Changes the file of the state folder behind everybody's back.
  void Execute(const std::string& sql) {
    store_.reset();
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open((state_ + "/crosscall.db").c_str(), &database), SQLITE_OK);
    char* error = nullptr;
    ASSERT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, &error), SQLITE_OK) << error;
    ASSERT_EQ(sqlite3_close(database), SQLITE_OK);
  }

  std::vector<std::string> ProblemsAfter(const std::string& sql) {
    Execute(sql);
    const absl::StatusOr<CheckReport> report = CheckFolder(state_);
    EXPECT_TRUE(report.ok()) << report.status();
    return report.ok() ? report->problems : std::vector<std::string>();
  }

  TestFolder folder_;
  const std::string state_;
  const std::string backup_;
  std::unique_ptr<Store> store_;
};

TEST_F(MaintenanceTest, AStoreInUseIsCheckedAndIsWhole) {
  const absl::StatusOr<CheckReport> report = CheckFolder(state_);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_THAT(report->problems, IsEmpty());
  EXPECT_EQ(report->sweeps, 1);
  EXPECT_EQ(report->trials, 3);
  EXPECT_EQ(report->results, 0);
}

TEST_F(MaintenanceTest, ABrokenRuleIsToldWithItsRow) {
  EXPECT_THAT(ProblemsAfter("UPDATE sweeps SET end_time = 5"),
              ElementsAre(AllOf(HasSubstr("sweeps/s1"), HasSubstr("has no open trial"))));
}

TEST_F(MaintenanceTest, WhatRetentionTookIsCountedAndMustBeGone) {
  auto tx = store_->Begin();
  AttemptRow attempt = AttemptOf(10, 1);
  attempt.lease_state = "completed";
  attempt.outcome = v1::OUTCOME_COMPLETED;
  attempt.end_time = At(2);
  tx->InsertAttempt(attempt);
  TrialRow trial = TrialOf(1, 0, 10);
  trial.trial.set_state(v1::Trial::STATE_FINISHED);
  trial.trial.set_outcome(v1::OUTCOME_COMPLETED);
  trial.trial.set_attempt_count(1);
  *trial.trial.mutable_end_time() = shared::TimestampOf(At(2));
  tx->UpdateTrial(trial);
  tx->InsertResult(ResultOf(10, 1, v1::OUTCOME_COMPLETED));
  tx->ShrinkPayload(1, ResultOf(10, 1, v1::OUTCOME_COMPLETED).payload.substr(0, 2), At(5));
  tx->AddRemovals("histograms", 1, At(5));
  const absl::Status status = tx->Commit();
  ASSERT_TRUE(status.ok()) << status;
  const absl::StatusOr<CheckReport> report = CheckFolder(state_);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_THAT(report->problems, IsEmpty());
  EXPECT_EQ(report->reduced_results, 1);
  EXPECT_THAT(ProblemsAfter("DELETE FROM removals"),
              ElementsAre(AllOf(HasSubstr("histograms"), HasSubstr("is counted"))));
  EXPECT_THAT(ProblemsAfter("INSERT INTO removals VALUES ('histograms', 1, 5); DROP TRIGGER payloads_never_vanish;"
                            "DELETE FROM payloads"),
              ::testing::Contains(HasSubstr("every result has its payload")));
}

TEST_F(MaintenanceTest, ManyRowsOfOneRuleAreCounted) {
  const std::vector<std::string> problems = ProblemsAfter(
      "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 14)"
      " INSERT INTO trials SELECT 1000 + i, 1, 1000 + i, 'x' || i, 'boards/a', '', '', 1, x'', 0, 1, 7, 0, '', 0, 0 "
      "FROM n");
  EXPECT_THAT(problems, ::testing::Contains(HasSubstr("5 more break: attempts count from 1")));
}

TEST_F(MaintenanceTest, ARowThatRefersToNothingIsTold) {
  EXPECT_THAT(ProblemsAfter("UPDATE trials SET board = 'boards/gone' WHERE position = 0"),
              ElementsAre(AllOf(HasSubstr("trials"), HasSubstr("boards"), HasSubstr("not there"))));
}

TEST_F(MaintenanceTest, AMessageThatCannotBeReadIsTold) {
  EXPECT_THAT(ProblemsAfter("UPDATE trials SET spec = x'ff' WHERE position = 1"),
              ElementsAre(HasSubstr("crosscall.v1.TrialSpec")));
}

TEST_F(MaintenanceTest, TornPagesAreTold) {
  store_.reset();
  const std::string file = state_ + "/crosscall.db";
  const std::uintmax_t size = std::filesystem::file_size(file);
  std::fstream out(file, std::ios::in | std::ios::out | std::ios::binary);
  // Everything but the header and the schema.
  out.seekp(4 * 4096);
  out << std::string(size - std::uintmax_t{4 * 4096}, 'x');
  out.close();
  const absl::StatusOr<CheckReport> report = CheckFolder(state_);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_FALSE(report->problems.empty());
  EXPECT_EQ(BackUp(state_, backup_).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_FALSE(std::filesystem::exists(backup_));
}

TEST_F(MaintenanceTest, AnotherProgramsFileAndAnotherSchemaAreRefused) {
  Execute("PRAGMA user_version = 99");
  EXPECT_EQ(CheckFolder(state_).status().code(), absl::StatusCode::kFailedPrecondition);
  Execute("PRAGMA application_id = 1");
  EXPECT_THAT(std::string(CheckFolder(state_).status().message()), HasSubstr("not a crosscall database"));
  EXPECT_EQ(CheckFolder(folder_.path()).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(MaintenanceTest, ABackupOfAStoreInUseHoldsWhatWasCommittedAndNothingElse) {
  {
    auto open = store_->Begin();
    AddSweep(*open, 2, 3, 20);
    ASSERT_TRUE(BackUp(state_, backup_).ok());
  }
  // The store was not disturbed.
  auto tx = store_->Begin();
  AddSweep(*tx, 3, 1, 30);
  ASSERT_TRUE(tx->Commit().ok());
  ASSERT_TRUE(Restore(backup_, folder_.path() + "/new").ok());
  const auto live = OpenStore(folder_.path() + "/new")->LoadLive();
  ASSERT_TRUE(live.ok()) << live.status();
  ASSERT_EQ(live->sweeps.size(), 1u);
  EXPECT_EQ(live->sweeps[0].number, 1);
  EXPECT_EQ(live->trials.size(), 3u);
}

TEST_F(MaintenanceTest, ABackupIsOneFileAndReplacesNone) {
  ASSERT_TRUE(BackUp(state_, backup_).ok());
  for (const char* rest : {".partial", "-wal", "-shm", ".partial-wal", ".partial-shm"}) {
    EXPECT_FALSE(std::filesystem::exists(backup_ + rest)) << rest;
  }
  EXPECT_EQ(BackUp(state_, backup_).status().code(), absl::StatusCode::kAlreadyExists);
}

TEST_F(MaintenanceTest, RestoreRefusesAFolderInUse) {
  ASSERT_TRUE(BackUp(state_, backup_).ok());
  const absl::Status status = Restore(backup_, state_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("in use by process"));
}

TEST_F(MaintenanceTest, RestoreRefusesAFolderThatIsNotEmptyAndLeavesItAlone) {
  ASSERT_TRUE(BackUp(state_, backup_).ok());
  store_.reset();
  EXPECT_THAT(std::string(Restore(backup_, state_).status().message()), HasSubstr("not empty"));
  const std::string strangers = folder_.path() + "/photos";
  std::filesystem::create_directory(strangers);
  std::ofstream(strangers + "/cat.jpg") << "cat";
  EXPECT_EQ(Restore(backup_, strangers).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_FALSE(std::filesystem::exists(strangers + "/lock"));
}

TEST_F(MaintenanceTest, RestoreRefusesADamagedBackupAndLeavesNoStore) {
  Execute("UPDATE sweeps SET end_time = 5");
  std::filesystem::copy_file(state_ + "/crosscall.db", backup_);
  const std::string fresh = folder_.path() + "/new";
  EXPECT_EQ(Restore(backup_, fresh).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_FALSE(std::filesystem::exists(fresh + "/crosscall.db"));
  EXPECT_EQ(Restore(folder_.path() + "/nothing", fresh).status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace crosscall::store
