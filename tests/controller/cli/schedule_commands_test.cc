// `schedule ...` and `sweep why`, as people and scripts see them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/controller/cli/cli_fixture.h"

namespace crosscall::cli {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class ScheduleCommandsTest : public CliTest {
 protected:
  ScheduleCommandsTest() {
    v1::Schedule& schedule = controller_.schedule;
    schedule.set_name("schedules/nightly");
    schedule.set_cron("30 1 * * mon-fri");
    schedule.set_time_zone("Europe/Berlin");
    schedule.mutable_window()->set_seconds(6 * 3600);
    schedule.set_missed_run_policy(v1::Schedule::MISSED_RUN_POLICY_RUN);
    schedule.set_overlap_policy(v1::Schedule::OVERLAP_POLICY_SKIP);
    schedule.mutable_spec()->add_scenarios()->set_id("ring");
    schedule.mutable_spec()->add_implementations("*");
    schedule.mutable_create_time()->set_seconds(1'767'300'000);
    schedule.mutable_next_time()->set_seconds(1'767'323'045);
    v1::Firing& ran = controller_.firings.emplace_back();
    ran.mutable_nominal_time()->set_seconds(1'767'200'000);
    ran.set_kind(v1::Firing::KIND_RUN);
    ran.set_sweep("sweeps/s7");
    ran.set_manual(true);
    v1::Firing& missed = controller_.firings.emplace_back();
    missed.mutable_nominal_time()->set_seconds(1'767'100'000);
    missed.set_kind(v1::Firing::KIND_MISSED);
    missed.set_reason("missed: too late");
    controller_.sweep.set_name("sweeps/s8");
    controller_.sweep.mutable_progress()->set_total_count(1200);
  }

  const std::vector<std::string> add_ = {"schedule", "add", "nightly",    "--cron", "30 1 * * mon-fri", "--zone", "UTC",
                                         "--window", "6h",  "--scenario", "ring",   "--implementation", "*"};
  std::vector<std::string> AddWith(std::initializer_list<std::string> more) const {
    std::vector<std::string> arguments = add_;
    arguments.insert(arguments.end(), more);
    return arguments;
  }
};

TEST_F(ScheduleCommandsTest, AddSendsWhatWasSaidAndShowsWhatCameOfIt) {
  controller_.schedule_warning = "no board matches";
  ASSERT_EQ(RunOnController(AddWith({"--missed", "skip", "--overlap", "allow"})), 0) << err_.str();
  const std::vector<v1::CreateScheduleRequest> requests = controller_.schedule_requests();
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(requests[0].schedule_id(), "nightly");
  const v1::Schedule& sent = requests[0].schedule();
  EXPECT_EQ(sent.cron(), "30 1 * * mon-fri");
  EXPECT_EQ(sent.time_zone(), "UTC");
  EXPECT_EQ(sent.window().seconds(), 6 * 3600);
  EXPECT_EQ(sent.missed_run_policy(), v1::Schedule::MISSED_RUN_POLICY_SKIP);
  EXPECT_EQ(sent.overlap_policy(), v1::Schedule::OVERLAP_POLICY_ALLOW);
  EXPECT_EQ(sent.spec().scenarios(0).id(), "ring");
  EXPECT_THAT(out_.str(), StartsWith("schedule"));
  EXPECT_THAT(out_.str(), HasSubstr("next run         2026-01-02 03:04:05Z\n"));
  EXPECT_THAT(err_.str(), HasSubstr("a run would be refused now: no board matches"));
}

TEST_F(ScheduleCommandsTest, AddTellsBadInputFromTheControllersRefusal) {
  EXPECT_EQ(RunOnController({"schedule", "add", "nightly", "--cron", "0 1 * * *", "--zone", "UTC", "--window", "6h"}),
            2);
  EXPECT_THAT(err_.str(), HasSubstr("nothing to run"));
  EXPECT_EQ(RunOnController(AddWith({"--missed", "perhaps"})), 2);
  EXPECT_EQ(RunOnController({"schedule", "add", "nightly"}), 2);
  EXPECT_TRUE(controller_.schedule_requests().empty());
  controller_.failure = grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "cron: it never fires");
  EXPECT_EQ(RunOnController(add_), 2);
  EXPECT_EQ(err_.str(), "crosscallctl: cron: it never fires\n");
}

TEST_F(ScheduleCommandsTest, ListHasAllPagesForPeopleAndScripts) {
  ASSERT_EQ(RunOnController({"schedule", "list"}), 0) << err_.str();
  const std::string row = "nightly   active  30 1 * * mon-fri  Europe/Berlin      6h  2026-01-02 03:04:05Z\n";
  EXPECT_EQ(out_.str(), "SCHEDULE  STATE   CRON              ZONE           WINDOW  NEXT RUN\n" + row + row + row);
  ASSERT_EQ(RunOnController({"schedule", "list", "--json"}), 0);
  EXPECT_THAT(out_.str(), StartsWith(R"({"schedule":"schedules/nightly","state":"active","cron":"30 1 * * mon-fri",)"
                                     R"("time_zone":"Europe/Berlin","window":"6h","next_time":"2026-01-02T03:04:05)"));
  controller_.schedule.Clear();
  ASSERT_EQ(RunOnController({"schedule", "list"}), 0);
  EXPECT_THAT(err_.str(), HasSubstr("crosscallctl schedule add"));
}

TEST_F(ScheduleCommandsTest, AnOverdueScheduleIsMarkedAndSaysWhy) {
  controller_.schedule.set_overdue_reason("sweeps/s7 has not ended");
  ASSERT_EQ(RunOnController({"schedule", "list"}), 0) << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("nightly   active, overdue  30 1 * * mon-fri"));
  ASSERT_EQ(RunOnController({"schedule", "list", "--json"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr(R"("state":"active",)"));
  EXPECT_THAT(out_.str(), HasSubstr(R"("overdue_reason":"sweeps/s7 has not ended"})"));
  ASSERT_EQ(RunOnController({"schedule", "show", "nightly"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("overdue          sweeps/s7 has not ended\n"));
}

TEST_F(ScheduleCommandsTest, ShowTellsWhatBecameOfTheLastRuns) {
  ASSERT_EQ(RunOnController({"schedule", "show", "nightly"}), 0) << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("window           6h\n"));
  EXPECT_THAT(out_.str(), HasSubstr("NOMINAL TIME          KIND     SWEEP  REASON\n"
                                    "2025-12-31 16:53:20Z  run now  s7     -\n"
                                    "2025-12-30 13:06:40Z  missed   -      missed: too late\n"));
  ASSERT_EQ(RunOnController({"schedule", "show", "nightly", "--limit", "1", "--json"}), 0);
  const std::string text = out_.str();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
  EXPECT_THAT(text, HasSubstr(R"("kind":"run","manual":true,"sweep":"sweeps/s7","reason":null})"));
  EXPECT_EQ(RunOnController({"schedule", "show", "weekly"}), 3);
  EXPECT_EQ(RunOnController({"schedule", "show", "No!"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("allowed: a schedule's id"));
}

TEST_F(ScheduleCommandsTest, PauseResumeRunAndRemoveCallTheController) {
  ASSERT_EQ(RunOnController({"schedule", "pause", "nightly", "--reason", "boards move"}), 0) << err_.str();
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("state            paused\n"), HasSubstr("reason           boards move\n")));
  ASSERT_EQ(RunOnController({"schedule", "resume", "nightly"}), 0) << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("state            active\n"));
  ASSERT_EQ(RunOnController({"schedule", "run-now", "nightly"}), 0) << err_.str();
  EXPECT_EQ(out_.str(), "sweeps/s8: 1,200 trials\n");
  EXPECT_THAT(err_.str(), HasSubstr("crosscallctl sweep watch s8"));
  ASSERT_EQ(RunOnController({"schedule", "remove", "schedules/nightly"}), 0) << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("schedules/nightly is removed"));
  EXPECT_THAT(controller_.calls(), ElementsAre("PauseSchedule", "ResumeSchedule", "RunSchedule", "DeleteSchedule"));
}

TEST_F(ScheduleCommandsTest, WhyTellsASentenceForEachWaitingTrial) {
  for (int i = 0; i < 3; ++i) {
    v1::TrialWait& wait = controller_.waits.emplace_back();
    wait.set_trial("sweeps/s8/trials/t" + std::to_string(i));
    wait.set_board("boards/a");
    wait.set_reason("boards/a is silent");
    wait.set_ahead_count(static_cast<std::uint64_t>(i));
  }
  ASSERT_EQ(RunOnController({"sweep", "why", "s8"}), 0) << err_.str();
  EXPECT_EQ(out_.str(),
            "TRIAL  BOARD  AHEAD  WAITS BECAUSE\n"
            "t0     a          0  boards/a is silent\n"
            "t1     a          1  boards/a is silent\n"
            "t2     a          2  boards/a is silent\n");
  controller_.waits.clear();
  controller_.sweep.set_state(v1::Sweep::STATE_RUNNING);
  ASSERT_EQ(RunOnController({"sweep", "why", "s8"}), 0);
  EXPECT_EQ(out_.str(), "");
  EXPECT_EQ(err_.str(), "no trial of sweeps/s8 waits: it is running\n");
}

}  // namespace
}  // namespace crosscall::cli
