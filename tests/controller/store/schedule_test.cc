// Schedules and firings in the store: the key, the pages, and what a removal leaves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "tests/controller/store/rows.h"

namespace crosscall::store {
namespace {

using ::testing::ElementsAre;

ScheduleRow ScheduleNumber(std::int64_t number) {
  ScheduleRow row;
  row.number = number;
  row.schedule.set_name(absl::StrCat("schedules/c", number));
  row.schedule.set_cron("0 1 * * *");
  row.decided_until = At(0);
  *row.schedule.mutable_next_time() = shared::TimestampOf(At(60));
  return row;
}

FiringRow FiringOf(std::int64_t schedule, std::int64_t nominal) {
  FiringRow row;
  row.schedule_number = schedule;
  row.nominal_time = At(nominal);
  row.kind = v1::Firing::KIND_MISSED;
  row.reason = absl::StrCat("missed ", nominal);
  row.decide_time = At(nominal + 1);
  return row;
}

class ScheduleStoreTest : public ::testing::Test {
 protected:
  absl::Status Write(const std::function<void(Transaction&)>& write) {
    auto tx = store_->Begin();
    write(*tx);
    return tx->Commit();
  }
  std::vector<std::string> Firings(const std::string& schedule, int page_size) {
    v1::ListFiringsRequest request;
    request.set_parent(schedule);
    request.set_page_size(page_size);
    std::vector<std::string> reasons;
    do {
      const absl::StatusOr<v1::ListFiringsResponse> page = store_->ListFirings(request);
      EXPECT_TRUE(page.ok()) << page.status();
      if (!page.ok()) break;
      for (const v1::Firing& firing : page->firings()) reasons.push_back(firing.reason());
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    return reasons;
  }

  TestFolder folder_;
  std::unique_ptr<Store> store_ = OpenStore(folder_.path());
};

TEST_F(ScheduleStoreTest, WhatChangesIsReplacedAndTheDefinitionStays) {
  ScheduleRow row = ScheduleNumber(1);
  ASSERT_TRUE(Write([&](Transaction& tx) { tx.PutSchedule(row); }).ok());
  row.schedule.set_cron("not to be stored");
  row.schedule.set_paused(true);
  row.schedule.set_state_reason("paused: why not");
  row.schedule.clear_next_time();
  row.decided_until = At(7);
  ASSERT_TRUE(Write([&](Transaction& tx) { tx.PutSchedule(row); }).ok());
  const absl::StatusOr<LiveState> live = store_->LoadLive();
  ASSERT_TRUE(live.ok()) << live.status();
  ASSERT_EQ(live->schedules.size(), 1u);
  const ScheduleRow& read = live->schedules[0];
  EXPECT_EQ(read.schedule.cron(), "0 1 * * *");
  EXPECT_TRUE(read.schedule.paused());
  EXPECT_EQ(read.schedule.state_reason(), "paused: why not");
  EXPECT_FALSE(read.schedule.has_next_time());
  EXPECT_EQ(read.decided_until, At(7));
  EXPECT_EQ(live->last_schedule_number, 1);
}

TEST_F(ScheduleStoreTest, ANominalTimeHasOneFiringThatNeverChanges) {
  ASSERT_TRUE(Write([](Transaction& tx) {
                tx.PutSchedule(ScheduleNumber(1));
                tx.InsertFiring(FiringOf(1, 10));
              }).ok());
  EXPECT_TRUE(*store_->HasFiring(1, At(10)));
  EXPECT_FALSE(*store_->HasFiring(1, At(11)));
  const absl::Status twice = Write([](Transaction& tx) {
    tx.InsertSweep(SweepNumber(1));
    tx.InsertFiring(FiringOf(1, 10));
  });
  EXPECT_EQ(twice.code(), absl::StatusCode::kFailedPrecondition) << twice;
  EXPECT_EQ(store_->GetSweep("sweeps/s1").status().code(), absl::StatusCode::kNotFound) << "all of it is undone";
  EXPECT_THAT(Firings("schedules/c1", 0), ElementsAre("missed 10"));
}

TEST_F(ScheduleStoreTest, FiringsPageNewestFirst) {
  ASSERT_TRUE(Write([](Transaction& tx) {
                tx.PutSchedule(ScheduleNumber(1));
                tx.PutSchedule(ScheduleNumber(2));
                for (const std::int64_t nominal : {10, 30, 20}) tx.InsertFiring(FiringOf(1, nominal));
                tx.InsertFiring(FiringOf(2, 10));
              }).ok());
  EXPECT_THAT(Firings("schedules/c1", 2), ElementsAre("missed 30", "missed 20", "missed 10"));
  EXPECT_THAT(Firings("schedules/c2", 2), ElementsAre("missed 10"));
  v1::ListFiringsRequest request;
  request.set_parent("schedules/none");
  EXPECT_EQ(store_->ListFirings(request).status().code(), absl::StatusCode::kNotFound);
  request.set_parent("none");
  EXPECT_EQ(store_->ListFirings(request).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(ScheduleStoreTest, ARemovedScheduleKeepsItsFiringsAndFreesItsName) {
  ScheduleRow row = ScheduleNumber(1);
  ASSERT_TRUE(Write([&](Transaction& tx) {
                tx.PutSchedule(row);
                tx.InsertFiring(FiringOf(1, 10));
              }).ok());
  ScheduleRow again = ScheduleNumber(2);
  again.schedule.set_name("schedules/c1");
  EXPECT_EQ(Write([&](Transaction& tx) { tx.PutSchedule(again); }).code(), absl::StatusCode::kFailedPrecondition);
  row.remove_time = At(20);
  ASSERT_TRUE(Write([&](Transaction& tx) { tx.PutSchedule(row); }).ok());
  EXPECT_EQ(store_->GetSchedule("schedules/c1").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(store_->ListSchedules({})->schedules_size(), 0);
  EXPECT_EQ(store_->LoadLive()->schedules.size(), 0u);
  EXPECT_EQ(store_->LoadLive()->last_schedule_number, 1);
  EXPECT_TRUE(*store_->HasFiring(1, At(10)));
  ASSERT_TRUE(Write([&](Transaction& tx) { tx.PutSchedule(again); }).ok());
  EXPECT_EQ(store_->GetSchedule("schedules/c1")->cron(), "0 1 * * *");
}

TEST_F(ScheduleStoreTest, ASweepKeepsWhereItComesFrom) {
  SweepRow row = SweepNumber(1);
  row.sweep.set_priority(v1::Sweep::PRIORITY_NIGHTLY);
  row.sweep.set_owner("ann");
  row.sweep.set_schedule("schedules/c1");
  *row.sweep.mutable_nominal_time() = shared::TimestampOf(At(5));
  ASSERT_TRUE(Write([&](Transaction& tx) { tx.InsertSweep(row); }).ok());
  const absl::StatusOr<v1::Sweep> read = store_->GetSweep("sweeps/s1");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->priority(), v1::Sweep::PRIORITY_NIGHTLY);
  EXPECT_EQ(read->owner(), "ann");
  EXPECT_EQ(read->schedule(), "schedules/c1");
  EXPECT_EQ(shared::TimeOf(read->nominal_time()), At(5));
}

}  // namespace
}  // namespace crosscall::store
