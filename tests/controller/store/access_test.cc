// Join tokens, certificates and the audit log.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include "absl/strings/str_cat.h"
#include "controller/store/store.h"
#include "tests/controller/store/rows.h"

namespace crosscall::store {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class AccessTest : public ::testing::Test {
 protected:
  AccessTest() : store_(OpenStore(folder_.path())) {}

  absl::Status Write(const std::function<void(Transaction&)>& write) {
    auto tx = store_->Begin();
    write(*tx);
    return tx->Commit();
  }
  static CertificateRow Certificate(const std::string& serial, const std::string& identity, int end) {
    return {serial, identity, "key of " + serial, At(1), At(end), absl::UnixEpoch(), "", "board,power"};
  }
  static AuditRow Entry(const std::string& object) {
    return {At(1), "console", "4a", "init", object, "OK", "in words", "ipv4:127.0.0.1:1"};
  }

  TestFolder folder_;
  std::unique_ptr<Store> store_;
};

TEST_F(AccessTest, ATokenIsFoundByItsHashAndUsedOnce) {
  const JoinTokenRow row = {"hash", "crosscall://lab/agent/a", At(1), At(9), absl::UnixEpoch(), "", "board"};
  ASSERT_TRUE(Write([&](Transaction& tx) { tx.AddJoinToken(row); }).ok());
  ASSERT_TRUE(store_->FindJoinToken("hash")->has_value());
  EXPECT_EQ((*store_->FindJoinToken("hash"))->identity, row.identity);
  EXPECT_EQ((*store_->FindJoinToken("hash"))->rights, "board");
  EXPECT_EQ((*store_->FindJoinToken("hash"))->end_time, absl::UnixEpoch());
  EXPECT_FALSE(store_->FindJoinToken("other")->has_value());
  ASSERT_TRUE(Write([&](Transaction& tx) { tx.EndJoinToken("hash", "used", At(2)); }).ok());
  EXPECT_EQ((*store_->FindJoinToken("hash"))->end_cause, "used");
  EXPECT_FALSE(Write([&](Transaction& tx) { tx.EndJoinToken("hash", "again", At(3)); }).ok());
  EXPECT_EQ((*store_->FindJoinToken("hash"))->end_cause, "used");
}

TEST_F(AccessTest, RevokedAreThoseThatWouldStillBeValid) {
  ASSERT_TRUE(Write([&](Transaction& tx) {
                tx.AddCertificate(Certificate("1", "crosscall://lab/agent/a", 10));
                tx.AddCertificate(Certificate("2", "crosscall://lab/agent/a", 20));
                tx.AddCertificate(Certificate("3", "crosscall://lab/agent/b", 20));
              }).ok());
  EXPECT_THAT(*store_->FindSerials("crosscall://lab/agent/a"), ElementsAre("1", "2"));
  EXPECT_TRUE(*store_->HasCertificateForKey("key of 1"));
  EXPECT_EQ((*store_->FindCertificate("1"))->rights, "board,power");
  EXPECT_FALSE(*store_->HasCertificateForKey("key of 4"));
  ASSERT_TRUE(Write([&](Transaction& tx) {
                tx.RevokeCertificate("1", "lost", At(5));
                tx.RevokeCertificate("2", "lost", At(5));
              }).ok());
  EXPECT_THAT(*store_->FindSerials("crosscall://lab/agent/a"), ElementsAre());
  EXPECT_THAT(*store_->FindRevokedSerials(At(6)), ElementsAre("1", "2"));
  EXPECT_THAT(*store_->FindRevokedSerials(At(15)), ElementsAre("2"));
}

TEST_F(AccessTest, NoKeyHasTwoCertificates) {
  CertificateRow second = Certificate("2", "crosscall://lab/agent/b", 10);
  second.key_sha256 = "key of 1";
  ASSERT_TRUE(Write([&](Transaction& tx) { tx.AddCertificate(Certificate("1", "crosscall://lab/agent/a", 10)); }).ok());
  EXPECT_FALSE(Write([&](Transaction& tx) { tx.AddCertificate(second); }).ok());
}

TEST_F(AccessTest, TheAuditLogIsReadNewestFirstPageByPage) {
  ASSERT_TRUE(Write([&](Transaction& tx) {
                for (int i = 0; i < 5; ++i) tx.AddAudit(Entry(absl::StrCat(i)));
              }).ok());
  std::string objects;
  v1::ListAuditEntriesRequest request;
  request.set_page_size(2);
  do {
    const auto page = store_->ListAuditEntries(request);
    ASSERT_TRUE(page.ok()) << page.status();
    EXPECT_LE(page->entries_size(), 2);
    for (const v1::AuditEntry& entry : page->entries()) objects += entry.object();
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  EXPECT_EQ(objects, "43210");
  request.set_page_token("nonsense");
  EXPECT_EQ(store_->ListAuditEntries(request).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(AccessTest, TheAuditLogCannotBeRewritten) {
  ASSERT_TRUE(Write([&](Transaction& tx) { tx.AddAudit(Entry("x")); }).ok());
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open((folder_.path() + "/crosscall.db").c_str(), &database), SQLITE_OK);
  for (const char* sql : {"UPDATE audit SET actor = 'nobody'", "DELETE FROM audit"}) {
    char* error = nullptr;
    EXPECT_NE(sqlite3_exec(database, sql, nullptr, nullptr, &error), SQLITE_OK) << sql;
    EXPECT_THAT(error, HasSubstr("append-only"));
    sqlite3_free(error);
  }
  sqlite3_close(database);
}

TEST_F(AccessTest, AFailedTransactionLeavesNoEntry) {
  auto tx = store_->Begin();
  tx->AddAudit(Entry("x"));
  tx->EndJoinToken("unknown", "used", At(2));
  EXPECT_FALSE(tx->Commit().ok());
  EXPECT_EQ(store_->ListAuditEntries(v1::ListAuditEntriesRequest())->entries_size(), 0);
}

}  // namespace
}  // namespace crosscall::store
