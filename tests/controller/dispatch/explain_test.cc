// Why trials wait: one sentence for each that does.
#include "controller/dispatch/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "tests/controller/dispatch/rig.h"

namespace crosscall::dispatch {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class ExplainTest : public ::testing::Test {
 protected:
  ExplainTest() : a_(rig_, "boards/a"), b_(rig_, "boards/b") {
    for (FakeAgent* agent : {&a_, &b_}) {
      agent->Call();
      agent->Obey();
    }
  }

  absl::StatusOr<v1::ExplainSweepResponse> Ask(const v1::ExplainSweepRequest& request) {
    absl::StatusOr<v1::ExplainSweepResponse> answer = absl::UnknownError("never answered");
    rig_.Run(Engine::ExplainSweep(request, [&answer](auto got) { answer = std::move(got); })).IgnoreError();
    return answer;
  }
  // By trial's last part.
  std::map<std::string, v1::TrialWait> Waits(const std::string& sweep) {
    v1::ExplainSweepRequest request;
    request.set_name(sweep);
    request.set_page_size(2);
    std::map<std::string, v1::TrialWait> waits;
    do {
      const absl::StatusOr<v1::ExplainSweepResponse> page = Ask(request);
      EXPECT_TRUE(page.ok()) << page.status();
      if (!page.ok()) break;
      for (const v1::TrialWait& wait : page->waits()) {
        EXPECT_TRUE(waits.emplace(wait.trial().substr(wait.trial().rfind('/') + 1), wait).second) << wait.trial();
      }
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    return waits;
  }

  void StartNightOnA(std::uint32_t trials) {
    v1::CreateScheduleRequest schedule;
    schedule.set_schedule_id("nightly");
    schedule.mutable_schedule()->set_cron("0 1 * * *");
    schedule.mutable_schedule()->set_time_zone("UTC");
    schedule.mutable_schedule()->mutable_window()->set_seconds(3600);
    *schedule.mutable_schedule()->mutable_spec() = PairSweep(trials, {"boards/a"}).spec();
    ASSERT_TRUE(rig_.OnSchedules(&ScheduleDesk::Create, schedule).ok());
    v1::RunScheduleRequest run;
    run.set_name("schedules/nightly");
    ASSERT_TRUE(rig_.OnSchedules(&ScheduleDesk::Run, run).ok());
  }

  Rig rig_;
  FakeAgent a_;
  FakeAgent b_;
};

TEST_F(ExplainTest, EveryWaitingTrialHasASentenceAndAPlace) {
  rig_.Create(3, {"boards/a"});
  rig_.Create(2);
  ASSERT_TRUE(a_.GetLease());
  const std::map<std::string, v1::TrialWait> waits = Waits("sweeps/s1");
  ASSERT_THAT(waits, SizeIs(2));
  std::multiset<std::uint64_t> places;
  for (const auto& [id, wait] : waits) {
    EXPECT_EQ(wait.board(), "boards/a");
    EXPECT_THAT(wait.reason(), HasSubstr("boards/a runs sweeps/s1/trials/"));
    places.insert(wait.ahead_count());
  }
  EXPECT_EQ(places, (std::multiset<std::uint64_t>{0, 1}));
}

TEST_F(ExplainTest, TheFirstFailingPredicateIsTold) {
  rig_.Create(1, {"boards/b"});
  EXPECT_EQ(Waits("sweeps/s1").begin()->second.reason(), "boards/b is between two calls");
  b_.health = "spool full";
  b_.Call();
  EXPECT_EQ(Waits("sweeps/s1").begin()->second.reason(), "boards/b refuses work: spool full");
  rig_.Advance(absl::Hours(1));
  EXPECT_THAT(Waits("sweeps/s1").begin()->second.reason(), HasSubstr("boards/b is silent, last heard"));
  rig_.Restart();
  EXPECT_EQ(Waits("sweeps/s1").begin()->second.reason(), "boards/b has not called since the controller started");
}

TEST_F(ExplainTest, ASweepThatEndedHasNoneAndAnUnknownOneIsNotFound) {
  rig_.Create(1, {"boards/a"});
  a_.RunOne();
  EXPECT_THAT(Waits("sweeps/s1"), IsEmpty());
  v1::ExplainSweepRequest request;
  request.set_name("sweeps/none");
  EXPECT_EQ(Ask(request).status().code(), absl::StatusCode::kNotFound);
  request.set_name("sweeps/s1");
  request.set_page_size(-1);
  EXPECT_EQ(Ask(request).status().code(), absl::StatusCode::kInvalidArgument);
  request.set_page_size(0);
  request.set_page_token("made up");
  EXPECT_EQ(Ask(request).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(ExplainTest, MoreUrgentTrialsCountAsAhead) {
  StartNightOnA(1);
  rig_.Create(3, {"boards/a"});
  const std::map<std::string, v1::TrialWait> waits = Waits("sweeps/s1");
  ASSERT_THAT(waits, SizeIs(1));
  EXPECT_EQ(waits.begin()->second.ahead_count(), 3u);
  EXPECT_EQ(waits.begin()->second.reason(), "boards/a is between two calls; 3 trials go before it");
}

TEST_F(ExplainTest, AdHocWorkThatHadItsShareOfTheWindowSaysWhenItGoesFirstAgain) {
  StartNightOnA(5);
  rig_.Create(2, {"boards/a"});
  ASSERT_TRUE(a_.GetLease());
  rig_.Advance(absl::Seconds(10));
  a_.Finish(v1::OUTCOME_COMPLETED);
  a_.UploadAll();
  ASSERT_TRUE(a_.GetLease());
  EXPECT_THAT(a_.leases.at(0).trial(), HasSubstr("sweeps/s1/")) << "the night's turn";
  const std::map<std::string, v1::TrialWait> waits = Waits("sweeps/s2");
  ASSERT_THAT(waits, SizeIs(1));
  const std::string next =
      absl::FormatTime(absl::RFC3339_sec, rig_.clock().Wall() + absl::Seconds(30), absl::UTCTimeZone());
  EXPECT_THAT(waits.begin()->second.reason(), HasSubstr("boards/a runs sweeps/s1/trials/"));
  EXPECT_THAT(waits.begin()->second.reason(),
              HasSubstr("; ad-hoc work has had its share of this board in the window; next at " + next));
  for (const auto& [id, wait] : Waits("sweeps/s1")) {
    EXPECT_THAT(wait.reason(), Not(HasSubstr("share"))) << "the night's own trials wait for other reasons";
  }
}

}  // namespace
}  // namespace crosscall::dispatch
