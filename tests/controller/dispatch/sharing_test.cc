// Who gets a board next: priority at trial boundaries, and fairness among owners.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "tests/controller/dispatch/rig.h"

namespace crosscall::dispatch {
namespace {

class SharingTest : public ::testing::Test {
 protected:
  SharingTest() : agent_(rig_, "boards/a") {
    agent_.Call();
    agent_.Obey();
  }

  void CreateFor(const std::string& owner, std::uint32_t trials) {
    rig_.Run(Engine::CreateSweep(PairSweep(trials), {.name = owner, .address = "", .witness = {}, .others = {}},
                                 [](const auto& got) { EXPECT_TRUE(got.ok()); }))
        .IgnoreError();
  }
  // Starts a nightly sweep of so many trials.
  void StartNight(std::uint32_t trials = 10) {
    v1::CreateScheduleRequest request;
    request.set_schedule_id("nightly");
    request.mutable_schedule()->set_cron("0 1 * * *");
    request.mutable_schedule()->set_time_zone("UTC");
    request.mutable_schedule()->mutable_window()->set_seconds(6 * 3600);
    *request.mutable_schedule()->mutable_spec() = PairSweep(trials).spec();
    ASSERT_TRUE(rig_.OnSchedules(&ScheduleDesk::Create, request).ok());
    v1::RunScheduleRequest run;
    run.set_name("schedules/nightly");
    ASSERT_TRUE(rig_.OnSchedules(&ScheduleDesk::Run, run).ok());
  }
  // The agent takes a trial, works on it for `span` and delivers it. Returns its sweep.
  std::string RunOne(absl::Duration span) {
    EXPECT_TRUE(agent_.GetLease());
    const std::string trial = agent_.leases.at(0).trial();
    rig_.Advance(span);
    agent_.Finish(v1::OUTCOME_COMPLETED);
    agent_.UploadAll();
    return trial.substr(0, trial.find("/trials"));
  }

  Rig rig_;
  FakeAgent agent_;
};

TEST_F(SharingTest, AdHocWorkGoesBeforeTheNightButStopsNoTrialOfIt) {
  StartNight();
  ASSERT_TRUE(agent_.GetLease());
  CreateFor("ann", 2);
  EXPECT_EQ(rig_.Board("boards/a").board.running_trial(), agent_.leases[0].trial()) << "the running trial stays";
  EXPECT_EQ(RunOne(absl::Seconds(20)), "sweeps/s1");
  EXPECT_EQ(RunOne(absl::Seconds(1)), "sweeps/s2");
  EXPECT_EQ(RunOne(absl::Seconds(1)), "sweeps/s2");
  EXPECT_EQ(RunOne(absl::Seconds(1)), "sweeps/s1");
}

TEST_F(SharingTest, WhileANightWaitsAdHocWorkHasAQuarterOfTheBoard) {
  StartNight(40);
  CreateFor("ann", 40);
  EXPECT_EQ(RunOne(absl::Seconds(10)), "sweeps/s2") << "it goes first";
  absl::Duration ad_hoc = absl::Seconds(10);
  absl::Duration all = ad_hoc;
  for (int i = 0; i < 39; ++i) {
    const absl::Duration span = absl::Seconds(5 + i % 11);
    const bool anns = RunOne(span) == "sweeps/s2";
    all += span;
    if (anns) ad_hoc += span;
    EXPECT_LE(ad_hoc, 0.25 * all + absl::Seconds(15)) << "one trial over its share at the most";
  }
  EXPECT_GE(ad_hoc, 0.25 * all - absl::Seconds(15)) << "and it has all of its share";
}

TEST_F(SharingTest, WhenNoNightlyTrialWaitsAnyMoreAdHocWorkHasTheBoard) {
  StartNight(2);
  CreateFor("ann", 6);
  EXPECT_EQ(RunOne(absl::Seconds(100)), "sweeps/s2");
  EXPECT_EQ(RunOne(absl::Seconds(1)), "sweeps/s1");
  EXPECT_EQ(RunOne(absl::Seconds(1)), "sweeps/s1");
  for (int i = 0; i < 5; ++i) EXPECT_EQ(RunOne(absl::Seconds(100)), "sweeps/s2");
}

TEST_F(SharingTest, OwnersShareABoardByTimeHoweverManySweepsTheyHave) {
  for (int i = 0; i < 3; ++i) CreateFor("ann", 20);
  CreateFor("bob", 20);
  std::map<bool, absl::Duration> used;
  for (int i = 0; i < 24; ++i) {
    const absl::Duration span = absl::Seconds(1 + i % 3);
    used[RunOne(span) == "sweeps/s4"] += span;
  }
  EXPECT_LE(absl::AbsDuration(used[true] - used[false]), absl::Seconds(3));
}

TEST_F(SharingTest, AnOwnerWhoComesLateDoesNotStarveTheOthers) {
  CreateFor("ann", 200);
  for (int i = 0; i < 50; ++i) RunOne(absl::Seconds(1));
  CreateFor("bob", 200);
  int bobs = 0;
  for (int i = 0; i < 20; ++i) bobs += RunOne(absl::Seconds(1)) == "sweeps/s2" ? 1 : 0;
  EXPECT_EQ(bobs, 10);
}

}  // namespace
}  // namespace crosscall::dispatch
