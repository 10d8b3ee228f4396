// Schedules on the engine: what fires when, and what does not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/controller/dispatch/rig.h"

namespace crosscall::dispatch {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr char kNightly[] = "schedules/nightly";

// Noon of a day in November 2026, in UTC.
absl::Time Noon(int day) { return absl::FromCivil(absl::CivilHour(2026, 11, day, 12), absl::UTCTimeZone()); }

// Every night at one, for six hours, two trials.
v1::CreateScheduleRequest Nightly() {
  v1::CreateScheduleRequest request;
  request.set_schedule_id("nightly");
  request.mutable_schedule()->set_cron("0 1 * * *");
  request.mutable_schedule()->set_time_zone("UTC");
  request.mutable_schedule()->mutable_window()->set_seconds(6 * 3600);
  *request.mutable_schedule()->mutable_spec() = PairSweep(2).spec();
  return request;
}

template <class Request>
Request Named(const std::string& name = kNightly) {
  Request request;
  request.set_name(name);
  return request;
}

class ScheduleTest : public ::testing::Test {
 protected:
  ScheduleTest() : agent_(rig_, "boards/a") {
    rig_.clock().SetWall(Noon(1));
    agent_.Call();
    agent_.Obey();
  }

  v1::Schedule Add(const v1::CreateScheduleRequest& request = Nightly()) {
    const auto added = rig_.OnSchedules(&ScheduleDesk::Create, request);
    EXPECT_TRUE(added.ok()) << added.status();
    return added.ok() ? added->schedule() : v1::Schedule();
  }
  v1::Schedule Get() {
    absl::StatusOr<v1::Schedule> schedule = rig_.store().GetSchedule(kNightly);
    EXPECT_TRUE(schedule.ok()) << schedule.status();
    return *std::move(schedule);
  }
  std::string NextTime() {
    return absl::FormatTime("%d %H:%M", shared::TimeOf(Get().next_time()), absl::UTCTimeZone());
  }

  Rig rig_;
  FakeAgent agent_;
};

TEST_F(ScheduleTest, FiresByTheClockAndCarriesItsWindow) {
  EXPECT_EQ(Add().name(), kNightly);
  EXPECT_EQ(NextTime(), "02 01:00");
  rig_.Advance(absl::Hours(13) - absl::Seconds(1));
  EXPECT_THAT(rig_.Firings(kNightly), IsEmpty());
  rig_.Advance(absl::Seconds(1));
  const std::vector<v1::Firing> firings = rig_.Firings(kNightly);
  ASSERT_THAT(firings, SizeIs(1));
  EXPECT_EQ(firings[0].kind(), v1::Firing::KIND_RUN);
  EXPECT_EQ(firings[0].sweep(), "sweeps/s1");
  EXPECT_FALSE(firings[0].manual());
  const v1::Sweep sweep = rig_.Sweep("sweeps/s1");
  EXPECT_EQ(sweep.schedule(), kNightly);
  EXPECT_EQ(sweep.priority(), v1::Sweep::PRIORITY_NIGHTLY);
  EXPECT_EQ(shared::TimeOf(sweep.nominal_time()), Noon(1) + absl::Hours(13));
  EXPECT_EQ(shared::TimeOf(sweep.expire_time()), Noon(1) + absl::Hours(19));
  EXPECT_EQ(NextTime(), "03 01:00");
}

TEST_F(ScheduleTest, WhatIsLeftWhenTheWindowClosesExpiresAndSaysWhy) {
  Add();
  rig_.Advance(absl::Hours(13));
  agent_.RunOne();
  rig_.Advance(absl::Hours(6));
  const v1::Sweep sweep = rig_.Sweep("sweeps/s1");
  EXPECT_EQ(sweep.state(), v1::Sweep::STATE_FAILED);
  EXPECT_EQ(sweep.state_reason(), "the window of schedules/nightly closed at 2026-11-02T07:00:00+00:00");
  EXPECT_EQ(sweep.progress().completed_count(), 1u);
  EXPECT_EQ(sweep.progress().cancelled_count(), 1u);
  const std::vector<v1::Trial> trials = rig_.Trials("sweeps/s1");
  EXPECT_EQ(trials[1].state(), v1::Trial::STATE_EXPIRED);
  EXPECT_THAT(trials[1].state_reason(), StartsWith(sweep.state_reason() + "; it still waited: boards/a is silent"));
}

TEST_F(ScheduleTest, AShorterDeadlineOfTheSweepEndsItBeforeTheWindow) {
  v1::CreateScheduleRequest request = Nightly();
  request.mutable_schedule()->mutable_spec()->mutable_sweep_deadline()->set_seconds(3600);
  Add(request);
  rig_.Advance(absl::Hours(14));
  EXPECT_EQ(rig_.Sweep("sweeps/s1").state_reason(), "the sweep's deadline passed");
}

TEST_F(ScheduleTest, ANightThatOverlapsIsSkippedAndOneWhoseWindowJustClosedIsNone) {
  v1::CreateScheduleRequest request = Nightly();
  request.mutable_schedule()->mutable_window()->set_seconds(30 * 3600);
  Add(request);
  rig_.Advance(absl::Hours(13 + 24));
  std::vector<v1::Firing> firings = rig_.Firings(kNightly);
  ASSERT_THAT(firings, SizeIs(2));
  EXPECT_EQ(firings[1].kind(), v1::Firing::KIND_SKIPPED);
  EXPECT_EQ(firings[1].reason(), "skipped: sweeps/s1 of an earlier run had not ended");
  EXPECT_EQ(firings[1].sweep(), "");
  rig_.OnSchedules(&ScheduleDesk::Delete, Named<v1::DeleteScheduleRequest>()).status().IgnoreError();
  request.set_schedule_id("round-the-clock");
  request.mutable_schedule()->mutable_window()->set_seconds(24 * 3600);
  Add(request);
  rig_.Advance(absl::Hours(24 * 3));
  firings = rig_.Firings("schedules/round-the-clock");
  ASSERT_THAT(firings, SizeIs(3));
  for (const v1::Firing& firing : firings) EXPECT_EQ(firing.kind(), v1::Firing::KIND_RUN) << firing.reason();
}

TEST_F(ScheduleTest, AfterDowntimeItRunsWithinTheWindowAndRecordsWhatItMissed) {
  Add();
  rig_.Restart(absl::Hours(13 + 2 * 24 + 2));
  rig_.Advance(absl::ZeroDuration());
  const std::vector<v1::Firing> firings = rig_.Firings(kNightly);
  ASSERT_THAT(firings, SizeIs(3));
  EXPECT_EQ(firings[0].kind(), v1::Firing::KIND_MISSED);
  EXPECT_THAT(firings[0].reason(), HasSubstr("its window of 6h was over"));
  EXPECT_EQ(firings[1].kind(), v1::Firing::KIND_MISSED);
  EXPECT_EQ(firings[2].kind(), v1::Firing::KIND_RUN);
  // The window did not move with the delay.
  EXPECT_EQ(shared::TimeOf(rig_.Sweep("sweeps/s1").expire_time()), Noon(4) - absl::Hours(5));
  rig_.Restart();
  rig_.Advance(absl::Minutes(5));
  EXPECT_THAT(rig_.Firings(kNightly), SizeIs(3));
}

TEST_F(ScheduleTest, AWallClockThatJumpsIsNoticedWithinAMinuteAndFiresNothingTwice) {
  Add();
  rig_.Advance(absl::Hours(1));
  rig_.clock().SetWall(Noon(1) + absl::Hours(13) + absl::Seconds(5));
  rig_.Advance(absl::Minutes(1));
  EXPECT_THAT(rig_.Firings(kNightly), SizeIs(1));
  rig_.clock().SetWall(Noon(1));
  rig_.Advance(absl::Hours(14));
  EXPECT_THAT(rig_.Firings(kNightly), SizeIs(1));
}

TEST_F(ScheduleTest, AFailedCommitFiresNothingAndTheNextOneFiresOnce) {
  Add();
  rig_.fault = absl::UnavailableError("the disk is gone");
  rig_.Advance(absl::Hours(13));
  EXPECT_THAT(rig_.Firings(kNightly), IsEmpty());
  rig_.fault = absl::OkStatus();
  rig_.Advance(absl::Minutes(1));
  ASSERT_THAT(rig_.Firings(kNightly), SizeIs(1));
  EXPECT_EQ(rig_.Firings(kNightly)[0].sweep(), "sweeps/s1");
}

TEST_F(ScheduleTest, ASweepThatCannotBeCreatedIsARefusalOnRecord) {
  v1::CreateScheduleRequest request = Nightly();
  request.mutable_schedule()->mutable_spec()->mutable_selector()->add_boards("boards/never-seen");
  const auto added = rig_.OnSchedules(&ScheduleDesk::Create, request);
  ASSERT_TRUE(added.ok()) << added.status();
  EXPECT_THAT(added->warning(), HasSubstr("boards/never-seen"));
  rig_.Advance(absl::Hours(13));
  ASSERT_THAT(rig_.Firings(kNightly), SizeIs(1));
  EXPECT_EQ(rig_.Firings(kNightly)[0].kind(), v1::Firing::KIND_REFUSED);
  EXPECT_THAT(rig_.Firings(kNightly)[0].reason(), HasSubstr("boards/never-seen"));
  EXPECT_EQ(NextTime(), "03 01:00");
}

TEST_F(ScheduleTest, WhilePausedNothingIsDueAndAfterwardsNothingIsMissed) {
  Add();
  v1::PauseScheduleRequest pause = Named<v1::PauseScheduleRequest>();
  pause.set_reason("boards move");
  ASSERT_TRUE(rig_.OnSchedules(&ScheduleDesk::Pause, pause).ok());
  ASSERT_TRUE(rig_.OnSchedules(&ScheduleDesk::Pause, Named<v1::PauseScheduleRequest>()).ok());
  EXPECT_EQ(Get().state_reason(), "boards move");
  EXPECT_FALSE(Get().has_next_time());
  rig_.Restart(absl::Hours(13));
  rig_.Advance(absl::Hours(24));
  EXPECT_TRUE(Get().paused());
  ASSERT_TRUE(rig_.OnSchedules(&ScheduleDesk::Resume, Named<v1::ResumeScheduleRequest>()).ok());
  EXPECT_THAT(rig_.Firings(kNightly), IsEmpty());
  EXPECT_EQ(NextTime(), "04 01:00");
  rig_.Advance(absl::Hours(24));
  EXPECT_THAT(rig_.Firings(kNightly), SizeIs(1));
}

TEST_F(ScheduleTest, RunNowRunsAtOnceAndEachRequestOnce) {
  Add();
  v1::RunScheduleRequest request = Named<v1::RunScheduleRequest>();
  request.set_request_id("r1");
  absl::StatusOr<v1::RunScheduleResponse> first = rig_.OnSchedules(&ScheduleDesk::Run, request);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(shared::TimeOf(first->sweep().expire_time()) - shared::TimeOf(first->sweep().nominal_time()),
            absl::Hours(6));
  absl::StatusOr<v1::RunScheduleResponse> again = rig_.OnSchedules(&ScheduleDesk::Run, request);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->sweep().name(), first->sweep().name());
  // Two in one batch, beside the one that goes on.
  int answers = 0;
  const auto count = [&answers](const absl::StatusOr<v1::RunScheduleResponse>& answer) { answers += answer.ok(); };
  const auto event = [&] {
    return Engine::OnSchedules<v1::RunScheduleRequest, v1::RunScheduleResponse>(
        &ScheduleDesk::Run, Named<v1::RunScheduleRequest>(), kNightly, {}, count);
  };
  ASSERT_TRUE(rig_.Run(std::vector<Engine::Event>{event(), event()}).ok());
  EXPECT_EQ(answers, 2);
  const std::vector<v1::Firing> firings = rig_.Firings(kNightly);
  ASSERT_THAT(firings, SizeIs(3));
  for (const v1::Firing& firing : firings) EXPECT_TRUE(firing.manual());
  EXPECT_EQ(NextTime(), "02 01:00");
}

TEST_F(ScheduleTest, ARequestIdOfAnotherKindIsNotTaken) {
  Add();
  v1::CreateSweepRequest other = PairSweep(2);
  other.set_request_id("r1");
  ASSERT_TRUE(rig_.Create(other).ok());
  v1::RunScheduleRequest request = Named<v1::RunScheduleRequest>();
  request.set_request_id("r1");
  EXPECT_EQ(rig_.OnSchedules(&ScheduleDesk::Run, request).status().code(), absl::StatusCode::kAlreadyExists);
}

TEST_F(ScheduleTest, ARemovedScheduleIsGoneItsSweepGoesOnAndItsNameIsFree) {
  Add();
  rig_.Advance(absl::Hours(13));
  ASSERT_TRUE(rig_.OnSchedules(&ScheduleDesk::Delete, Named<v1::DeleteScheduleRequest>()).ok());
  EXPECT_EQ(rig_.store().GetSchedule(kNightly).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(rig_.OnSchedules(&ScheduleDesk::Delete, Named<v1::DeleteScheduleRequest>()).status().code(),
            absl::StatusCode::kNotFound);
  agent_.RunOne();
  agent_.RunOne();
  EXPECT_EQ(rig_.Sweep("sweeps/s1").state(), v1::Sweep::STATE_SUCCEEDED);
  rig_.Restart();
  Add();
  EXPECT_THAT(rig_.Firings(kNightly), IsEmpty());
  rig_.Advance(absl::Hours(24));
  EXPECT_THAT(rig_.Firings(kNightly), SizeIs(1));
}

TEST_F(ScheduleTest, TheSameScheduleAgainIsNoErrorAndAnotherIs) {
  Add();
  Add();
  v1::CreateScheduleRequest other = Nightly();
  other.mutable_schedule()->set_cron("0 2 * * *");
  EXPECT_EQ(rig_.OnSchedules(&ScheduleDesk::Create, other).status().code(), absl::StatusCode::kAlreadyExists);
  v1::CreateScheduleRequest never = Nightly();
  never.set_schedule_id("never");
  never.mutable_schedule()->set_cron("0 0 30 2 *");
  EXPECT_EQ(rig_.OnSchedules(&ScheduleDesk::Create, never).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(ScheduleLimitTest, SchedulesAreBounded) {
  Settings settings;
  settings.max_schedules = 1;
  Rig rig(settings);
  ASSERT_TRUE(rig.OnSchedules(&ScheduleDesk::Create, Nightly()).ok());
  v1::CreateScheduleRequest second = Nightly();
  second.set_schedule_id("second");
  EXPECT_EQ(rig.OnSchedules(&ScheduleDesk::Create, second).status().code(), absl::StatusCode::kResourceExhausted);
}

TEST_F(ScheduleTest, WhatIsOverdueIsSaidByTimeAlone) {
  Add();
  const auto overdue_at = [this](absl::Time now) {
    const std::shared_ptr<const Snapshot> snapshot = rig_.snapshot();
    return snapshot->WhyOverdue(*snapshot->schedules.at(0), now).value_or("");
  };
  const absl::Duration grace = Settings().OverdueGrace();
  const absl::Time nominal = Noon(1) + absl::Hours(13);
  EXPECT_EQ(overdue_at(nominal + grace), "");
  EXPECT_THAT(overdue_at(nominal + grace + absl::Seconds(1)),
              StartsWith("nothing became of its nominal time 2026-11-02T01:00:00+00:00"));
  rig_.Advance(absl::Hours(13));
  const absl::Time window_end = nominal + absl::Hours(6);
  EXPECT_EQ(overdue_at(window_end + grace), "");
  EXPECT_EQ(overdue_at(window_end + grace + absl::Seconds(1)),
            "sweeps/s1 has not ended, and its window closed at 2026-11-02T07:00:00+00:00");
  rig_.Restart();
  EXPECT_THAT(overdue_at(window_end + grace + absl::Seconds(1)), StartsWith("sweeps/s1 has not ended"));
  rig_.Advance(absl::Hours(6));
  EXPECT_EQ(overdue_at(window_end + absl::Hours(12)), "") << "the sweep has ended";
  ASSERT_TRUE(rig_.OnSchedules(&ScheduleDesk::Pause, Named<v1::PauseScheduleRequest>()).ok());
  EXPECT_EQ(overdue_at(absl::InfiniteFuture()), "") << "a paused one owes nothing";
}

TEST_F(ScheduleTest, AControllerThatCannotStoreItsFiringsIsOverdue) {
  Add();
  rig_.fault = absl::UnavailableError("the disk is full");
  rig_.Advance(absl::Hours(13) + absl::Minutes(6));
  const std::shared_ptr<const Snapshot> snapshot = rig_.snapshot();
  EXPECT_TRUE(snapshot->WhyOverdue(*snapshot->schedules.at(0), rig_.clock().Wall()));
}

TEST_F(ScheduleTest, KeepsWhatBecameOfItsSweepsThroughARestart) {
  Add();
  EXPECT_EQ(rig_.snapshot()->schedules.at(0)->longest_gap, absl::Hours(24));
  EXPECT_FALSE(rig_.snapshot()->schedules.at(0)->record.has_last_start_time());
  FakeAgent other(rig_, "boards/b");
  other.Call();
  other.Obey();
  rig_.Advance(absl::Hours(13));
  const absl::Time start = Noon(1) + absl::Hours(13);
  // One board does all of its trials; the other does one and is heard no more.
  for (int trial = 0; trial < 2; ++trial) agent_.RunOne();
  other.RunOne(v1::OUTCOME_HUNG);
  rig_.Restart();
  EXPECT_EQ(shared::TimeOf(rig_.snapshot()->schedules.at(0)->record.last_start_time()), start);
  EXPECT_FALSE(rig_.snapshot()->schedules.at(0)->record.has_last_boards());
  rig_.Advance(absl::Hours(7));
  for (int round = 0; round < 2; ++round) {
    const v1::ScheduleRecord record = rig_.snapshot()->schedules.at(0)->record;
    EXPECT_EQ(shared::TimeOf(record.last_start_time()), start);
    EXPECT_EQ(shared::TimeOf(record.last_completion_time()), start + shared::SpanOf(record.last_duration()));
    EXPECT_FALSE(record.has_last_success_time());
    EXPECT_EQ(record.last_boards().completed_count(), 1U);
    EXPECT_EQ(record.last_boards().missing_count(), 1U);
    EXPECT_EQ(record.last_boards().hung_count(), 0U);
    EXPECT_EQ(Get().record().last_boards().missing_count(), 1U);
    rig_.Restart();
  }
}

}  // namespace
}  // namespace crosscall::dispatch
