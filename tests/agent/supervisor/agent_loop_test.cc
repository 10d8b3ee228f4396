#include "agent/supervisor/agent_loop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <future>
#include <thread>

#include "absl/time/clock.h"

#include "tests/agent/supervisor/fake_controller.h"

namespace crosscall::supervisor {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kTrial[] = "sweeps/s/trials/t1";
constexpr char kOther[] = "sweeps/s/trials/t2";

v1::DesiredLease Lease(const std::string& trial, absl::Duration time_left = absl::Minutes(3)) {
  v1::DesiredLease lease;
  lease.set_trial(trial);
  lease.set_attempt(1);
  lease.mutable_spec()->set_scenario("single-call");
  *lease.mutable_time_left() = ToProto(time_left);
  return lease;
}

bool Reports(const FakeController& controller, const std::string& trial, v1::HeldLease::State state) {
  for (const v1::SynchronizeRequest& report : controller.reports()) {
    for (const v1::HeldLease& lease : report.leases()) {
      if (lease.trial() == trial && lease.state() == state) return true;
    }
  }
  return false;
}

// Stand-ins for TrialProcess::Run.
RunTrial CompletesWith(std::size_t log_bytes) {
  return [log_bytes](const v1::TrialSpec&, const std::string&, const Cancellation&, const ProgressCallback& progress) {
    progress({true, 1, absl::ZeroDuration()});
    v1::TrialResult result;
    result.set_outcome(v1::OUTCOME_COMPLETED);
    result.set_worker_log(std::string(log_bytes, 'x'));
    return result;
  };
}
RunTrial RunsUntilCancelled() {
  return [](const v1::TrialSpec&, const std::string&, const Cancellation& cancellation,
            const ProgressCallback& progress) -> absl::StatusOr<v1::TrialResult> {
    progress({true, 7, absl::ZeroDuration()});
    while (!cancellation.cancelled()) std::this_thread::yield();
    return absl::CancelledError("cancelled");
  };
}

class AgentLoopTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string folder = ::testing::TempDir() + "/agent-loop-XXXXXX";
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder;
    auto spool = Spool::Open(folder_, kDefaultSpoolBytes);
    ASSERT_TRUE(spool.ok());
    spool_ = *std::move(spool);
  }
  void TearDown() override {
    if (thread_.joinable()) (void)Stop();
    spool_.reset();
    std::filesystem::remove_all(folder_);
  }
  void Start(RunTrial run) {
    AgentSettings settings;
    settings.controller = controller_.address();
    settings.identity = {"boards/b1", "incarnation-1", "boot-1", {}};
    settings.backoff = {absl::Milliseconds(20), 2, absl::Milliseconds(200)};
    loop_ = std::make_unique<AgentLoop>(settings, std::move(run), *spool_, shared::SystemClock());
    thread_ = std::thread([this] { ended_ = loop_->Run(); });
  }
  absl::Status Stop() {
    loop_->Stop();
    return Join();
  }
  absl::Status Join() {
    thread_.join();
    loop_.reset();
    return ended_;
  }

  // The agent deletes its copy once it has read that the controller committed.
  bool AwaitEmptyFolder() const {
    const absl::Time patience = absl::Now() + absl::Minutes(1);
    while (!std::filesystem::is_empty(folder_)) {
      if (absl::Now() > patience) return false;
      std::this_thread::yield();
    }
    return true;
  }

  FakeController controller_;
  std::string folder_;
  std::unique_ptr<Spool> spool_;
  std::unique_ptr<AgentLoop> loop_;
  std::thread thread_;
  absl::Status ended_;
};

TEST_F(AgentLoopTest, LeasedTrialIsRunSpooledUploadedAndDropped) {
  controller_.Desire({Lease(kTrial)});
  Start(CompletesWith(10));
  EXPECT_TRUE(controller_.Await([](const auto& c) {
    return c.results().count(kTrial) == 1 && !c.reports().empty() && c.reports().back().leases().empty();
  }));
  EXPECT_TRUE(AwaitEmptyFolder());
  EXPECT_TRUE(Stop().ok());
  EXPECT_TRUE(Reports(controller_, kTrial, v1::HeldLease::STATE_SPOOLED));
  EXPECT_TRUE(spool_->empty());
  v1::TrialResult result;
  ASSERT_TRUE(result.ParseFromString(controller_.results().at(kTrial)));
  EXPECT_EQ(result.outcome(), v1::OUTCOME_COMPLETED);
}

TEST_F(AgentLoopTest, SequencesGrowAndOnlyTheFirstReportDescribes) {
  controller_.Desire({Lease(kTrial)});
  Start(CompletesWith(10));
  ASSERT_TRUE(controller_.Await([](const auto& c) { return c.reports().size() >= 3; }));
  EXPECT_TRUE(Stop().ok());
  // A call that the agent cancelled for a newer one may never have arrived: gaps are normal, repeats are not.
  std::uint64_t last = 0;
  for (const v1::SynchronizeRequest& report : controller_.reports()) {
    EXPECT_GT(report.sequence(), last);
    EXPECT_EQ(report.has_description(), report.sequence() == 1);
    last = report.sequence();
  }
}

TEST_F(AgentLoopTest, EachReportSaysHowItFaredSinceTheLastAnswer) {
  controller_.FailSynchronize(grpc::Status(grpc::StatusCode::UNAVAILABLE, "away"));
  controller_.Desire({Lease(kTrial)});
  Start(CompletesWith(10));
  ASSERT_TRUE(controller_.Await([](const auto& c) { return c.reports().size() >= 3; }));
  controller_.FailSynchronize(grpc::Status::OK);
  EXPECT_TRUE(controller_.Await([](const auto& c) { return c.results().count(kTrial) == 1; }));
  EXPECT_TRUE(Stop().ok());
  absl::Duration age;
  for (std::size_t i = 0; i < controller_.reports().size(); ++i) {
    const v1::LifeSigns& signs = controller_.reports()[i].life_signs();
    if (i < 3) {
      EXPECT_EQ(signs.failed_call_count(), i);
    }
    EXPECT_GE(FromProto(signs.age()), age);
    EXPECT_FALSE(signs.has_board_standstill()) << "there is no witness";
    age = FromProto(signs.age());
  }
  EXPECT_EQ(controller_.reports().back().life_signs().failed_call_count(), 0u);
}

TEST_F(AgentLoopTest, LargeResultGoesUpInChunksThroughALossyController) {
  controller_.DropEveryUpload(3);
  controller_.Desire({Lease(kTrial)});
  Start(CompletesWith(2'000'000));
  EXPECT_TRUE(controller_.Await([](const auto& c) { return c.results().count(kTrial) == 1; }));
  EXPECT_TRUE(Stop().ok());
  EXPECT_GT(controller_.results().at(kTrial).size(), 2'000'000u);
  EXPECT_GE(controller_.upload_calls(), 8);
}

TEST_F(AgentLoopTest, ResultsOfAFormerLifeAreDelivered) {
  ASSERT_TRUE(spool_->Put({kOther, 4}, "an old result").ok());
  Start(RunsUntilCancelled());
  EXPECT_TRUE(controller_.Await([](const auto& c) { return c.results().count(kOther) == 1; }));
  EXPECT_TRUE(Stop().ok());
  EXPECT_EQ(controller_.reports()[0].spooled_count(), 1u);
  EXPECT_EQ(controller_.results().at(kOther), "an old result");
}

TEST_F(AgentLoopTest, LeaseTakenBackIsStoppedAtOnce) {
  controller_.Desire({Lease(kTrial)});
  Start(RunsUntilCancelled());
  ASSERT_TRUE(controller_.Await([](const auto& c) { return Reports(c, kTrial, v1::HeldLease::STATE_RUNNING); }));
  controller_.Desire({});
  EXPECT_TRUE(controller_.Await([](const auto& c) { return c.reports().back().leases().empty(); }));
  EXPECT_TRUE(Stop().ok());
  EXPECT_THAT(controller_.results(), IsEmpty());
}

TEST_F(AgentLoopTest, SecondLeaseRunsWhenTheFirstHasEnded) {
  controller_.Desire({Lease(kTrial), Lease(kOther)});
  Start(CompletesWith(10));
  EXPECT_TRUE(controller_.Await([](const auto& c) { return c.results().size() == 2; }));
  EXPECT_TRUE(Stop().ok());
}

TEST_F(AgentLoopTest, LapsedLeaseIsStoppedThoughTheControllerIsAway) {
  controller_.Desire({Lease(kTrial, absl::Seconds(1))});
  std::promise<void> cancelled;
  Start([&](const v1::TrialSpec&, const std::string&, const Cancellation& cancellation,
            const ProgressCallback& progress) -> absl::StatusOr<v1::TrialResult> {
    progress({true, 0, absl::ZeroDuration()});
    controller_.FailSynchronize(grpc::Status(grpc::StatusCode::UNAVAILABLE, "away"));
    while (!cancellation.cancelled()) std::this_thread::yield();
    cancelled.set_value();
    return absl::CancelledError("lapsed");
  });
  EXPECT_EQ(cancelled.get_future().wait_for(std::chrono::minutes(1)), std::future_status::ready);
  EXPECT_TRUE(Stop().ok());
}

TEST_F(AgentLoopTest, StartErrorIsReported) {
  controller_.Desire({Lease(kTrial)});
  Start([](const auto&, const auto&, const auto&, const auto&) -> absl::StatusOr<v1::TrialResult> {
    return absl::NotFoundError("no such worker");
  });
  EXPECT_TRUE(controller_.Await([](const auto& c) { return Reports(c, kTrial, v1::HeldLease::STATE_FAILED); }));
  EXPECT_TRUE(Stop().ok());
  EXPECT_THAT(controller_.reports().back().leases(0).start_error(), HasSubstr("no such worker"));
}

TEST_F(AgentLoopTest, FencedAgentKillsItsTrialAndEnds) {
  controller_.Desire({Lease(kTrial)});
  Start(RunsUntilCancelled());
  ASSERT_TRUE(controller_.Await([](const auto& c) { return Reports(c, kTrial, v1::HeldLease::STATE_RUNNING); }));
  controller_.FailSynchronize(grpc::Status(grpc::StatusCode::ABORTED, "another incarnation"));
  const absl::Status ended = Join();
  EXPECT_EQ(ended.code(), absl::StatusCode::kAborted);
  EXPECT_EQ(ended.message(), "another incarnation");
}

TEST_F(AgentLoopTest, RestartOfTheControllerLosesNothing) {
  controller_.FailUploads(grpc::Status(grpc::StatusCode::UNAVAILABLE, "busy"));
  controller_.Desire({Lease(kTrial)});
  Start(CompletesWith(10));
  ASSERT_TRUE(controller_.Await([](const auto& c) { return Reports(c, kTrial, v1::HeldLease::STATE_SPOOLED); }));
  controller_.Restart();
  controller_.FailUploads(grpc::Status::OK);
  EXPECT_TRUE(controller_.Await([](const auto& c) { return c.results().count(kTrial) == 1; }));
  EXPECT_TRUE(Stop().ok());
}

TEST_F(AgentLoopTest, ErrorNeverMeansHoldNothing) {
  controller_.Desire({Lease(kTrial)});
  Start(RunsUntilCancelled());
  ASSERT_TRUE(controller_.Await([](const auto& c) { return Reports(c, kTrial, v1::HeldLease::STATE_RUNNING); }));
  controller_.Restart();
  const std::size_t before = [&] {
    std::size_t count = 0;
    controller_.Await([&](const auto& c) { return (count = c.reports().size()) > 0; });
    return count;
  }();
  ASSERT_TRUE(controller_.Await([&](const auto& c) { return c.reports().size() > before; }));
  EXPECT_TRUE(Stop().ok());
  ASSERT_THAT(controller_.reports().back().leases(), SizeIs(1));
  EXPECT_EQ(controller_.reports().back().leases(0).state(), v1::HeldLease::STATE_RUNNING);
}

TEST_F(AgentLoopTest, RefusedResultIsSetAsideAndFailsTheSelfCheck) {
  controller_.FailUploads(grpc::Status(grpc::StatusCode::PERMISSION_DENIED, "another board's"));
  controller_.Desire({Lease(kTrial)});
  Start(CompletesWith(10));
  EXPECT_TRUE(controller_.Await([](const auto& c) {
    return !c.reports().empty() && c.reports().back().health().find("refused") != std::string::npos;
  }));
  EXPECT_TRUE(Stop().ok());
  EXPECT_EQ(spool_->refused_count(), 1u);
}

TEST_F(AgentLoopTest, StopDuringATrialCancelsItAndKeepsTheSpool) {
  controller_.FailUploads(grpc::Status(grpc::StatusCode::UNAVAILABLE, "busy"));
  ASSERT_TRUE(spool_->Put({kOther, 1}, "kept").ok());
  controller_.Desire({Lease(kTrial)});
  Start(RunsUntilCancelled());
  ASSERT_TRUE(controller_.Await([](const auto& c) { return Reports(c, kTrial, v1::HeldLease::STATE_RUNNING); }));
  EXPECT_TRUE(Stop().ok());
  EXPECT_EQ(spool_->Read({kOther, 1}).value(), "kept");
}

TEST_F(AgentLoopTest, StopsWithoutAControllerToo) {
  controller_.Shutdown();
  Start(RunsUntilCancelled());
  EXPECT_TRUE(Stop().ok());
}

}  // namespace
}  // namespace crosscall::supervisor
