// What retention may take, and what the tables let nobody take.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include "controller/store/store.h"
#include "tests/controller/store/rows.h"

namespace crosscall::store {
namespace {

using ::testing::HasSubstr;

class RetentionTest : public ::testing::Test {
 protected:
  RetentionTest() : store_(OpenStore(folder_.path())) {
    Write([](Transaction& tx) { tx.PutBoard(BoardA()); });
  }

  void Write(const std::function<void(Transaction&)>& write) {
    auto tx = store_->Begin();
    write(*tx);
    const absl::Status status = tx->Commit();
    EXPECT_TRUE(status.ok()) << status;
  }
  // The error of a statement run behind the store's back.
  std::string Meddle(const std::string& sql) const {
    sqlite3* database = nullptr;
    EXPECT_EQ(sqlite3_open((folder_.path() + "/crosscall.db").c_str(), &database), SQLITE_OK);
    char* error = nullptr;
    sqlite3_exec(database, sql.c_str(), nullptr, nullptr, &error);
    std::string text = error == nullptr ? "" : error;
    sqlite3_free(error);
    sqlite3_close(database);
    return text;
  }

  TestFolder folder_;
  std::unique_ptr<Store> store_;
};

TEST_F(RetentionTest, APayloadOnlyShrinksAndOnlyOnce) {
  Write([](Transaction& tx) {
    AddSweep(tx, 1, 1, 1);
    tx.InsertAttempt(AttemptOf(1, 1));
    tx.InsertResult(ResultOf(1, 1, v1::OUTCOME_COMPLETED));
    tx.InsertResult(ResultOf(1, 1, v1::OUTCOME_COMPLETED, true, 'e'));
  });
  const auto own = store_->FindOldPayloads(false, At(3), 10);
  ASSERT_TRUE(own.ok()) << own.status();
  ASSERT_EQ(own->size(), 1u);
  EXPECT_EQ(own->front().payload, ResultOf(1, 1, v1::OUTCOME_COMPLETED).payload);
  EXPECT_TRUE(store_->FindOldPayloads(false, At(2), 10)->empty());
  EXPECT_THAT(Meddle("UPDATE payloads SET payload = x''"), HasSubstr("once"));
  EXPECT_THAT(Meddle("UPDATE payloads SET payload = x'', settled = 1"), HasSubstr("once"));
  EXPECT_THAT(Meddle("UPDATE payloads SET payload = zeroblob(999), settled = 1, remove_time = 5"), HasSubstr("once"));
  EXPECT_THAT(Meddle("UPDATE payloads SET evidence = 1, settled = 1"), HasSubstr("once"));
  EXPECT_THAT(Meddle("DELETE FROM payloads"), HasSubstr("once"));
  const std::int64_t id = own->front().result_id;
  Write([id](Transaction& tx) {
    tx.ShrinkPayload(id, "", At(9));
    tx.SettlePayload(id + 1);
  });
  EXPECT_THAT(Meddle("UPDATE payloads SET payload = x'', remove_time = 7"), HasSubstr("once"));
  EXPECT_TRUE(store_->FindOldPayloads(false, At(3), 10)->empty());
  EXPECT_TRUE(store_->FindOldPayloads(true, At(3), 10)->empty());
  const auto result = store_->GetResult("sweeps/s1/trials/t000000/attempts/1");
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->result().removal().p99_nanos(), 6u);
  EXPECT_EQ(shared::TimeOf(result->result().removal().time()), At(9));
  EXPECT_FALSE(result->evidence(0).has_removal());
}

TEST_F(RetentionTest, OldEventsAreThoseBeforeTheFirstNewOne) {
  Write([](Transaction& tx) {
    for (const int time : {1, 2, 9, 3}) {
      tx.AddEvent({.time = At(time), .subject = "sweeps/s1", .kind = "created", .detail = ""});
    }
  });
  EXPECT_EQ(store_->FindOldEvents(At(5), 1)->count, 1u);
  const auto old = store_->FindOldEvents(At(5), 10);
  ASSERT_TRUE(old.ok());
  EXPECT_EQ(old->count, 2u);
  Write([&](Transaction& tx) {
    tx.RemoveEvents(old->last_id);
    tx.AddRemovals("events", old->count, At(10));
    tx.AddRemovals("events", 5, At(11));
  });
  EXPECT_EQ(store_->BoardEvents("sweeps/s1", 10)->size(), 2u);
  EXPECT_EQ(store_->FindOldEvents(At(5), 10)->count, 0u);
  EXPECT_EQ(store_->LoadLive()->removals.at("events"), 7u);
}

}  // namespace
}  // namespace crosscall::store
