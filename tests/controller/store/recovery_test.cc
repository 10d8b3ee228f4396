// Opening: locks, crashes, migration, newer schemas, full disks, injected errors.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>
#include <fstream>

#include "controller/store/schema.h"
#include "tests/controller/store/rows.h"

namespace crosscall::store {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

absl::StatusOr<std::unique_ptr<Store>> TryOpen(const std::string& folder) {
  Options options;
  options.folder = folder;
  return Store::Open(options);
}

void Execute(const std::string& folder, const std::string& sql) {
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open((folder + "/crosscall.db").c_str(), &database), SQLITE_OK);
  char* error = nullptr;
  ASSERT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, &error), SQLITE_OK) << error;
  ASSERT_EQ(sqlite3_close(database), SQLITE_OK);
}

TEST(OpenTest, ASecondControllerIsRefusedAndTheFirstIsNamed) {
  TestFolder folder;
  auto first = OpenStore(folder.path());
  const auto second = TryOpen(folder.path());
  EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(second.status().message()),
              AllOf(HasSubstr("in use"), HasSubstr(absl::StrCat("process ", getpid()))));
  first.reset();
  EXPECT_TRUE(TryOpen(folder.path()).ok());
}

TEST(OpenTest, MakesTheFolderButNotItsParents) {
  TestFolder folder;
  EXPECT_TRUE(TryOpen(folder.path() + "/state").ok());
  EXPECT_EQ(TryOpen(folder.path() + "/a/b").status().code(), absl::StatusCode::kNotFound);
}

TEST(OpenTest, ANewerSchemaIsRefusedAndLeftAlone) {
  TestFolder folder;
  OpenStore(folder.path()).reset();
  Execute(folder.path(), "PRAGMA user_version = 99; CREATE TABLE of_the_future (x);");
  const auto store = TryOpen(folder.path());
  EXPECT_EQ(store.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(store.status().message()),
              AllOf(HasSubstr("schema 99"), HasSubstr("newer controller"), HasSubstr("--state-dir")));
  Execute(folder.path(), absl::StrCat("INSERT INTO of_the_future VALUES (1); PRAGMA user_version = ", kSchemaVersion));
  EXPECT_TRUE(TryOpen(folder.path()).ok());
}

TEST(OpenTest, SomeoneElsesDatabaseIsRefused) {
  TestFolder folder;
  Execute(folder.path(), "CREATE TABLE recipes (x)");
  EXPECT_EQ(TryOpen(folder.path()).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST(OpenTest, ADamagedFileIsDataLoss) {
  TestFolder folder;
  std::ofstream(folder.path() + "/crosscall.db") << std::string(8192, 'x');
  const auto store = TryOpen(folder.path());
  EXPECT_EQ(store.status().code(), absl::StatusCode::kDataLoss) << store.status();
  EXPECT_THAT(std::string(store.status().message()), HasSubstr("backup"));
}

// A folder as version 1 left it: one sweep, three attempts, two results.
void MakeVersion1(const std::string& folder) {
  std::string sql = MigrationSql(1);
  sql += "PRAGMA application_id = 2019778924; PRAGMA user_version = 1;";
  sql += "INSERT INTO boards VALUES ('boards/a', 1, '', x'', 'one', 'boot', 5);";
  sql += "INSERT INTO sweeps VALUES (1, 'sweeps/s1', NULL, x'', 2, '', 0, x'', 0, 7, 8, 0, 9);";
  for (const char* trial : {"1", "2", "3"}) {
    absl::StrAppend(&sql, "INSERT INTO trials VALUES (", trial, ", 1, ", trial, ", 'sweeps/s1/trials/t", trial,
                    "', 'boards/a', 'pair', 'call_lock/spin/mask_all', 1, x'', 0, 3, 1, 1, '', 7, 8);");
  }
  sql += "INSERT INTO attempts VALUES (1, 1, 'boards/a', 'one', 'completed', 2, '', 10, 20, 30);";
  sql += "INSERT INTO attempts VALUES (2, 1, 'boards/a', 'one', 'completed', 1, '', 10, 20, 40);";
  sql += "INSERT INTO attempts VALUES (3, 1, 'boards/a', 'one', 'completed', 1, '', 10, 20, 50);";
  const std::string digest = "zeroblob(32)";
  absl::StrAppend(&sql, "INSERT INTO results VALUES (1, 1, 1, 0, ", digest, ", 2, 0, 0, 0, 0, 0, 30, x'0802');");
  absl::StrAppend(&sql, "INSERT INTO results VALUES (2, 2, 1, 0, ", digest, ", 1, 9, 1, 2, 3, 4, 40, x'0801');");
  absl::StrAppend(&sql, "INSERT INTO results VALUES (3, 3, 1, 0, ", digest, ", 1, 9, 5, 6, 7, 8, 50, x'0801');");
  Execute(folder, sql);
}

TEST(MigrationTest, Version1IsBroughtForwardWithItsResults) {
  TestFolder folder;
  ASSERT_NO_FATAL_FAILURE(MakeVersion1(folder.path()));
  auto store = TryOpen(folder.path());
  ASSERT_TRUE(store.ok()) << store.status();
  const auto live = (*store)->LoadLive();
  ASSERT_TRUE(live.ok()) << live.status();
  // A board keeps its state; that nobody checked it is known, too.
  ASSERT_EQ(live->boards.size(), 1u);
  EXPECT_EQ(live->boards[0].state, v1::Board::STATE_ACTIVE);
  EXPECT_FALSE(live->boards[0].record.has_check_time());
  ASSERT_EQ(live->tallies.size(), 2u);
  EXPECT_EQ(live->tallies[0].outcome, v1::OUTCOME_COMPLETED);
  EXPECT_EQ(live->tallies[0].count, 2u);
  EXPECT_EQ(live->tallies[0].last_time, absl::FromUnixNanos(50));
  EXPECT_EQ(live->tallies[1].outcome, v1::OUTCOME_HUNG);
  EXPECT_EQ(live->tallies[1].count, 1u);
  ASSERT_EQ(live->latencies.size(), 1u);
  EXPECT_EQ(live->latencies[0].summary.p50_nanos, 5u);
  EXPECT_EQ(live->latencies[0].summary.max_nanos, 8u);
  const v1::Sweep sweep = *(*store)->GetSweep("sweeps/s1");
  EXPECT_EQ(sweep.priority(), v1::Sweep::PRIORITY_AD_HOC);
  EXPECT_EQ(sweep.schedule(), "");
  EXPECT_FALSE(sweep.has_nominal_time());
  const auto hangs = (*store)->ListHangs({});
  ASSERT_TRUE(hangs.ok()) << hangs.status();
  ASSERT_EQ(hangs->hangs_size(), 1);
  EXPECT_EQ(hangs->hangs(0).name(), "sweeps/s1/trials/t1/attempts/1");
  // Payloads moved to a table of their own.
  const auto result = (*store)->GetResult("sweeps/s1/trials/t2/attempts/1");
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->result().payload().outcome(), v1::OUTCOME_COMPLETED);
  EXPECT_FALSE(result->result().has_removal());
  EXPECT_EQ((*store)->FindOldPayloads(false, absl::FromUnixNanos(45), 10)->size(), 2u);
  store->reset();
  EXPECT_TRUE(TryOpen(folder.path()).ok());
  // Results are as immutable as before.
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open((folder.path() + "/crosscall.db").c_str(), &database), SQLITE_OK);
  EXPECT_NE(sqlite3_exec(database, "UPDATE results SET calls = 1", nullptr, nullptr, nullptr), SQLITE_OK);
  EXPECT_NE(sqlite3_exec(database, "DELETE FROM results", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(database);
}

TEST(MigrationTest, TokensAndCertificatesOfBeforeHaveNoRights) {
  TestFolder folder;
  std::string sql;
  for (int version = 1; version <= 6; ++version) sql += MigrationSql(version);
  sql += "PRAGMA application_id = 2019778924; PRAGMA user_version = 6;";
  sql += "INSERT INTO join_tokens VALUES ('hash', 'crosscall://lab/operator/ann', 1, 9, 0, '');";
  sql += "INSERT INTO certificates VALUES (1, '4a', 'crosscall://lab/operator/ann', 'key', 1, 9, 0, '');";
  ASSERT_NO_FATAL_FAILURE(Execute(folder.path(), sql));
  const auto store = TryOpen(folder.path());
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_EQ((*(*store)->FindJoinToken("hash"))->rights, "");
  EXPECT_EQ((*(*store)->FindCertificate("4a"))->rights, "");
}

TEST(MigrationTest, AFailedStepLeavesTheOldVersion) {
  TestFolder folder;
  ASSERT_NO_FATAL_FAILURE(MakeVersion1(folder.path()));
  // Version 2 wants to make a table of this name.
  Execute(folder.path(), "CREATE TABLE latencies (x)");
  EXPECT_FALSE(TryOpen(folder.path()).ok());
  Execute(folder.path(), "DROP TABLE latencies");
  auto store = TryOpen(folder.path());
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_EQ((*store)->LoadLive()->latencies.size(), 1u);
}

// Copies what is on disk at this moment, as a power cut would leave it.
void CopyState(const std::string& from, const std::string& to) {
  std::filesystem::create_directory(to);
  for (const char* name : {"crosscall.db", "crosscall.db-wal"}) {
    if (std::filesystem::exists(from + "/" + name)) {
      std::filesystem::copy_file(from + "/" + name, to + "/" + name);
    }
  }
}

TEST(CrashTest, EveryCommittedTransactionSurvivesAndNoOpenOneDoes) {
  TestFolder folder;
  auto store = OpenStore(folder.path());
  {
    auto tx = store->Begin();
    tx->PutBoard(BoardA());
    ASSERT_TRUE(tx->Commit().ok());
  }
  for (std::int64_t i = 1; i <= 20; ++i) {
    {
      auto tx = store->Begin();
      AddSweep(*tx, i, 3, i * 10);
      ASSERT_TRUE(tx->Commit().ok());
    }
    auto open = store->Begin();
    AddSweep(*open, i + 1, 3, (i + 1) * 10);
    const std::string copy = absl::StrCat(folder.path(), "/copy", i);
    CopyState(folder.path(), copy);
    auto recovered = TryOpen(copy);
    ASSERT_TRUE(recovered.ok()) << recovered.status();
    const auto live = (*recovered)->LoadLive();
    ASSERT_TRUE(live.ok()) << live.status();
    EXPECT_EQ(live->sweeps.size(), static_cast<std::size_t>(i));
    EXPECT_EQ(live->trials.size(), static_cast<std::size_t>(3 * i));
  }
}

TEST(CrashTest, AWalCutAnywhereLeavesAPrefixOfTheCommits) {
  TestFolder folder;
  auto store = OpenStore(folder.path());
  for (std::int64_t i = 1; i <= 10; ++i) {
    auto tx = store->Begin();
    tx->InsertSweep(SweepNumber(i));
    ASSERT_TRUE(tx->Commit().ok());
  }
  const std::uintmax_t size = std::filesystem::file_size(folder.path() + "/crosscall.db-wal");
  std::size_t last_seen = 0;
  for (std::uintmax_t cut = 0; cut <= size; cut += size / 16) {
    const std::string copy = absl::StrCat(folder.path(), "/cut", cut);
    CopyState(folder.path(), copy);
    std::filesystem::resize_file(copy + "/crosscall.db-wal", cut);
    auto recovered = TryOpen(copy);
    ASSERT_TRUE(recovered.ok()) << recovered.status();
    const auto live = (*recovered)->LoadLive();
    ASSERT_TRUE(live.ok());
    for (std::size_t i = 0; i < live->sweeps.size(); ++i) {
      EXPECT_EQ(live->sweeps[i].number, static_cast<std::int64_t>(i + 1));
    }
    EXPECT_GE(live->sweeps.size(), last_seen);
    last_seen = live->sweeps.size();
  }
  EXPECT_GT(last_seen, 0u);
}

TEST(DiskTest, AFullDiskIsResourceExhaustedAndLosesNothing) {
  TestFolder folder;
  Options options;
  options.folder = folder.path();
  options.max_pages = 60;
  auto store = *Store::Open(options);
  absl::Status status;
  std::int64_t stored = 0;
  for (std::int64_t i = 1; i <= 2000 && status.ok(); ++i) {
    auto tx = store->Begin();
    SweepRow row = SweepNumber(i);
    row.sweep.set_state_reason(std::string(2000, 'x'));
    tx->InsertSweep(row);
    status = tx->Commit();
    if (status.ok()) stored = i;
  }
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("make room"));
  EXPECT_GT(stored, 0);
  EXPECT_EQ(store->LoadLive()->last_sweep_number, stored);
  store.reset();
  // With room again, it goes on.
  store = OpenStore(folder.path());
  auto tx = store->Begin();
  tx->InsertSweep(SweepNumber(stored + 1));
  EXPECT_TRUE(tx->Commit().ok());
}

TEST(FaultTest, AnInjectedErrorIsTheCommitsErrorAndNothingIsStored) {
  for (const char* where : {"begin", "write", "commit"}) {
    TestFolder folder;
    bool armed = true;
    Options options;
    options.folder = folder.path();
    options.fault = [&armed, where](absl::string_view operation) {
      return armed && operation == where ? absl::UnavailableError("injected") : absl::OkStatus();
    };
    auto store = *Store::Open(options);
    auto tx = store->Begin();
    tx->InsertSweep(SweepNumber(1));
    EXPECT_EQ(tx->Commit().code(), absl::StatusCode::kUnavailable) << where;
    // Even before the transaction is gone, the dispatcher's reads see only the store.
    EXPECT_EQ(store->LoadLive()->sweeps.size(), 0u) << where;
    armed = false;
    tx = store->Begin();
    tx->InsertSweep(SweepNumber(1));
    EXPECT_TRUE(tx->Commit().ok()) << where;
  }
}

TEST(StatusTest, EverySqliteFamilyHasItsCode) {
  EXPECT_EQ(SqliteStatus(SQLITE_FULL, "").code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(SqliteStatus(SQLITE_CORRUPT, "").code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(SqliteStatus(SQLITE_IOERR_FSYNC, "").code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(SqliteStatus(SQLITE_BUSY, "").code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(SqliteStatus(SQLITE_READONLY, "").code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(SqliteStatus(SQLITE_CONSTRAINT_UNIQUE, "").code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(SqliteStatus(SQLITE_MISUSE, "").code(), absl::StatusCode::kInternal);
  EXPECT_TRUE(SqliteStatus(SQLITE_OK, "").ok());
}

}  // namespace
}  // namespace crosscall::store
