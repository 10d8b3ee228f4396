#include "agent/supervisor/trial_process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "absl/time/clock.h"
#include "agent/supervisor/worker_link.h"
#include "proto/shared/hang_text.h"

namespace crosscall::supervisor {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string FakeWorker() { return std::filesystem::read_symlink("/proc/self/exe").parent_path() / "agent_fake_worker"; }

v1::TrialSpec Spec(absl::Duration deadline = absl::Milliseconds(100)) {
  v1::TrialSpec spec;
  spec.set_scenario("single-call");
  spec.set_implementation("per_target/spin/mask_all");
  spec.set_call_limit(5);
  spec.set_seed(42);
  spec.set_no_realtime(true);
  spec.mutable_deadline()->set_seconds(absl::ToInt64Seconds(deadline));
  spec.mutable_deadline()->set_nanos(static_cast<std::int32_t>(absl::ToInt64Nanoseconds(deadline) % 1'000'000'000));
  return spec;
}

class TrialProcessTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string folder = ::testing::TempDir() + "/trial-process-XXXXXX";
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  TrialOptions Options(const std::string& mode) const {
    TrialOptions options;
    options.worker_path = FakeWorker();
    options.worker_arguments = {mode, PidFile()};
    options.look_gap = absl::Milliseconds(300);
    options.realtime_watcher = false;
    return options;
  }
  std::string PidFile() const { return folder_ + "/pid"; }
  pid_t WorkerPid() const {
    pid_t pid = 0;
    std::ifstream(PidFile()) >> pid;
    return pid;
  }
  // The outcome of a worker in that mode; also checks that nothing of the worker is left.
  v1::TrialResult Run(const TrialOptions& options, const v1::TrialSpec& spec = Spec()) {
    const Cancellation never;
    absl::StatusOr<v1::TrialResult> result = TrialProcess::Run(options, spec, never, {});
    EXPECT_TRUE(result.ok()) << result.status();
    ExpectWorkerGone();
    return result.value_or(v1::TrialResult());
  }
  v1::TrialResult Run(const std::string& mode) { return Run(Options(mode)); }
  void ExpectWorkerGone() const {
    const pid_t pid = WorkerPid();
    ASSERT_GT(pid, 0);
    EXPECT_EQ(kill(pid, 0), -1);
    EXPECT_EQ(errno, ESRCH);
  }

  std::string folder_;
};

TEST_F(TrialProcessTest, ResultIsReturnedAsTheWorkerSaysIt) {
  const v1::TrialResult result = Run("complete");
  EXPECT_EQ(result.outcome(), v1::OUTCOME_COMPLETED);
  EXPECT_EQ(result.calls(), 5u);
  EXPECT_EQ(Run("refuse").outcome(), v1::OUTCOME_REFUSED);
}

TEST_F(TrialProcessTest, HangIsDeclaredExplainedAndKilled) {
  TrialOptions options = Options("hang");
  options.attempt_name = "sweeps/s/trials/t/attempts/1";
  const v1::TrialResult result = Run(options);
  ASSERT_EQ(result.outcome(), v1::OUTCOME_HUNG) << result.reason();
  EXPECT_EQ(result.hang().hang_class(), v1::HANG_CLASS_MASKED_TARGET) << shared::HangText(result.hang());
  EXPECT_THAT(result.hang().cycle(), ElementsAre(0, 1));
  EXPECT_TRUE(result.hang().cpus(0).ipi_pending());
  EXPECT_TRUE(result.hang().cpus(1).irqs_masked());
  EXPECT_EQ(result.hang().name(), options.attempt_name);
  EXPECT_EQ(result.reason(), "masked target: " + result.hang().summary());
  EXPECT_EQ(result.seed(), 42u);
}

TEST_F(TrialProcessTest, LostIpiIsConfirmedByAProbe) {
  const v1::TrialResult result = Run("lose-ipi");
  ASSERT_EQ(result.outcome(), v1::OUTCOME_HUNG) << result.reason();
  EXPECT_EQ(result.hang().hang_class(), v1::HANG_CLASS_LOST_IPI) << shared::HangText(result.hang());
  EXPECT_THAT(result.hang().probe(), HasSubstr("freed the call at once"));
}

TEST_F(TrialProcessTest, StoppedWorkerIsHungWithTargetGone) {
  const v1::TrialResult result = Run("stop");
  ASSERT_EQ(result.outcome(), v1::OUTCOME_HUNG) << result.reason();
  EXPECT_EQ(result.hang().hang_class(), v1::HANG_CLASS_TARGET_GONE);
}

TEST_F(TrialProcessTest, ResultThatArrivesBeforeTheKillWins) {
  TrialOptions options = Options("late-result");
  options.look_gap = absl::Minutes(5);
  EXPECT_EQ(Run(options).outcome(), v1::OUTCOME_COMPLETED);
}

TEST_F(TrialProcessTest, DeathBySignalIsCrashedWithItsName) {
  const v1::TrialResult result = Run("abort");
  EXPECT_EQ(result.outcome(), v1::OUTCOME_CRASHED);
  EXPECT_THAT(result.reason(), HasSubstr("killed by SIGABRT"));
}

TEST_F(TrialProcessTest, EarlyExitIsCrashedWithItsLastWords) {
  const v1::TrialResult result = Run("exit");
  EXPECT_EQ(result.outcome(), v1::OUTCOME_CRASHED);
  EXPECT_THAT(result.reason(), HasSubstr("exited with status 3"));
  EXPECT_THAT(result.worker_log(), HasSubstr("giving up: no clock"));
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST_F(TrialProcessTest, ExhaustedMemoryEndsTheWorkerOnly) {
  TrialOptions options = Options("eat-memory");
  options.memory_limit_bytes = std::uint64_t{512} << 20;
  const v1::TrialResult result = Run(options, Spec(absl::Minutes(5)));
  EXPECT_EQ(result.outcome(), v1::OUTCOME_CRASHED);
  EXPECT_THAT(result.reason(), HasSubstr("SIGABRT"));
  EXPECT_THAT(result.worker_log(), HasSubstr("bad_alloc"));
}
#endif

TEST_F(TrialProcessTest, BrokenFramesAreCrashedWithWhatWasWrong) {
  const std::vector<std::pair<const char*, const char*>> modes = {
      {"rubbish", "is no crosscall.worker.v1.WorkerFrame"},
      {"oversized", "at most 20971520 are allowed"},
      {"truncated", "broke off"},
      {"two-readies", "has no place here"},
      {"bad-region", "flight region"},
      {"claim-hung", "not for a worker to say"},
  };
  for (const auto& [mode, wrong] : modes) {
    const v1::TrialResult result = Run(mode);
    EXPECT_EQ(result.outcome(), v1::OUTCOME_CRASHED) << mode;
    EXPECT_THAT(result.reason(), HasSubstr(wrong)) << mode;
  }
}

TEST_F(TrialProcessTest, WorkerThatIsNeverReadyIsCrashed) {
  TrialOptions options = Options("never-ready");
  options.ready_timeout = absl::Milliseconds(200);
  const v1::TrialResult result = Run(options);
  EXPECT_EQ(result.outcome(), v1::OUTCOME_CRASHED);
  EXPECT_THAT(result.reason(), HasSubstr("was not ready within"));
}

TEST_F(TrialProcessTest, OutputWithoutEndIsBoundedAndWatched) {
  TrialOptions options = Options("chatty");
  options.ready_timeout = absl::Milliseconds(300);
  const v1::TrialResult result = Run(options);
  EXPECT_EQ(result.outcome(), v1::OUTCOME_CRASHED);
  EXPECT_LE(result.worker_log().size(), 8u * 1024);
  EXPECT_THAT(result.worker_log(), HasSubstr("and another line"));
}

TEST_F(TrialProcessTest, WorkerThatClosesItsFramesAndLivesIsCrashed) {
  EXPECT_THAT(Run("deaf").reason(), HasSubstr("went on without a result"));
}

v1::TrialSpec Exploration(absl::Duration limit) {
  v1::TrialSpec spec;
  spec.set_scenario("single-call");
  spec.set_implementation("per_target/spin/mask_all");
  spec.set_target_system(v1::TARGET_SYSTEM_EXPLORE);
  spec.mutable_time_limit()->set_nanos(static_cast<std::int32_t>(absl::ToInt64Nanoseconds(limit)));
  return spec;
}

TEST_F(TrialProcessTest, SearchDeliversOrReportsProgressUntilItIsCancelled) {
  EXPECT_EQ(Run(Options("search"), Exploration(absl::Milliseconds(1))).outcome(), v1::OUTCOME_COMPLETED);
  Cancellation cancellation;
  bool ready = false;
  std::uint64_t calls = 1;
  const auto result = TrialProcess::Run(Options("search-for-ever"), Exploration(absl::Milliseconds(999)), cancellation,
                                        [&](const TrialProgress& progress) {
                                          ready = progress.ready;
                                          calls = progress.completed_calls;
                                          cancellation.Cancel();
                                        });
  EXPECT_EQ(result.status().code(), absl::StatusCode::kCancelled);
  EXPECT_TRUE(ready);
  EXPECT_EQ(calls, 0u);
  ExpectWorkerGone();
}

TEST_F(TrialProcessTest, SearchThatGoesOnAfterItsLimitOrFallsSilentIsCrashedAndNeverHung) {
  const std::vector<std::pair<const char*, const char*>> modes = {
      {"search-for-ever", "did not end within 500ms after its time limit"},
      {"search-silently", "gave no sign of life for 500ms"},
      {"search-then-ready", "has no place here"},
      {"complete", "has no place here"},
  };
  for (const auto& [mode, wrong] : modes) {
    TrialOptions options = Options(mode);
    options.result_timeout = absl::Milliseconds(500);
    const v1::TrialResult result = Run(options, Exploration(absl::Milliseconds(100)));
    EXPECT_EQ(result.outcome(), v1::OUTCOME_CRASHED) << mode;
    EXPECT_THAT(result.reason(), HasSubstr(wrong)) << mode;
  }
  EXPECT_THAT(Run("search").reason(), HasSubstr("has no place here")) << "a measurement does not search";
}

TEST_F(TrialProcessTest, CancellationKillsTheWorker) {
  Cancellation cancellation;
  bool ready = false;
  const auto result =
      TrialProcess::Run(Options("hang"), Spec(absl::Minutes(10)), cancellation, [&](const TrialProgress& progress) {
        ready = progress.ready;
        cancellation.Cancel();
      });
  EXPECT_EQ(result.status().code(), absl::StatusCode::kCancelled);
  EXPECT_TRUE(ready);
  ExpectWorkerGone();
}

TEST_F(TrialProcessTest, MissingWorkerIsAStartErrorThatNamesIt) {
  TrialOptions options = Options("complete");
  options.worker_path = folder_ + "/no-such-worker";
  const Cancellation never;
  const auto result = TrialProcess::Run(options, Spec(), never, {});
  EXPECT_EQ(result.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(result.status().message()), HasSubstr("no-such-worker"));
}

TEST_F(TrialProcessTest, BadSpecIsAStartError) {
  const Cancellation never;
  v1::TrialSpec spec = Spec();
  spec.clear_deadline();
  EXPECT_EQ(TrialProcess::Run(Options("complete"), spec, never, {}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(TrialProcessTest, TrialsAtTheSameTimeDoNotDisturbEachOther) {
  std::vector<std::thread> threads;
  std::vector<v1::Outcome> outcomes(4);
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    threads.emplace_back([&, i] {
      TrialOptions options = Options("complete");
      options.worker_arguments.resize(1);
      const Cancellation never;
      const auto result = TrialProcess::Run(options, Spec(), never, {});
      if (result.ok()) outcomes[i] = result->outcome();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(outcomes, ::testing::Each(v1::OUTCOME_COMPLETED));
}

TEST_F(TrialProcessTest, KilledAgentLeavesNoWorker) {
  // Orphans come to this process, which can then wait for their end.
  ASSERT_EQ(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
  const pid_t agent = fork();
  ASSERT_GE(agent, 0);
  if (agent == 0) {
    const Cancellation never;
    const auto result = TrialProcess::Run(Options("hang"), Spec(absl::Minutes(10)), never, {});
    _exit(result.ok() ? 0 : 1);
  }
  const absl::Time patience = absl::Now() + absl::Minutes(1);
  while (WorkerPid() == 0 && absl::Now() < patience) std::this_thread::yield();
  const pid_t worker = WorkerPid();
  ASSERT_GT(worker, 0);
  ASSERT_EQ(kill(agent, SIGKILL), 0);
  ASSERT_EQ(waitpid(agent, nullptr, 0), agent);
  int status = 0;
  ASSERT_EQ(waitpid(worker, &status, 0), worker);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  prctl(PR_SET_CHILD_SUBREAPER, 0);
}

TEST_F(TrialProcessTest, FifoSpinnersOnAllCpusDoNotSilenceTheWatcher) {
  sched_param param{};
  param.sched_priority = 1;
  if (sched_setscheduler(0, SCHED_FIFO, &param) != 0) GTEST_SKIP() << "SCHED_FIFO is not allowed here";
  param.sched_priority = 0;
  ASSERT_EQ(sched_setscheduler(0, SCHED_OTHER, &param), 0);
  TrialOptions options = Options("fifo-hang");
  options.realtime_watcher = true;
  options.look_gap = absl::Milliseconds(100);
  const v1::TrialResult result = Run(options);
  // Had the watcher been silenced, the spinners' own alarm would have ended them: a crash.
  EXPECT_EQ(result.outcome(), v1::OUTCOME_HUNG) << result.reason();
}

TEST(DescribeWorker, ReadsTheDescription) {
  const auto description = DescribeWorker(FakeWorker(), absl::Minutes(1));
  ASSERT_TRUE(description.ok()) << description.status();
  EXPECT_THAT(description->implementations(), ElementsAre("per_target/spin/mask_all"));
}

TEST(DescribeWorker, ProgramThatIsNoWorkerIsRefused) {
  EXPECT_EQ(DescribeWorker("/bin/true", absl::Minutes(1)).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(DescribeWorker("/nonexistent/worker", absl::Minutes(1)).status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace crosscall::supervisor
