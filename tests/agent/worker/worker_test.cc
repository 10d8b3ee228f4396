// The worker's side of the conversation with its agent, over a real socketpair, in a real process of its own.
#include "agent/worker/worker.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "agent/core/implementation.h"
#include "agent/worker/frames.h"
#include "crosscall/worker/v1/frame.pb.h"

namespace crosscall::worker {
namespace {

using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// The worker program, as an agent starts it: frames on descriptor 3, flight region on 4.
class WorkerProcess {
 public:
  WorkerProcess() {
    int ends[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    agent_end_ = ends[0];
    // Beyond the numbers that they are to have, so that dup2 below never meets itself.
    const int worker_end = fcntl(ends[1], F_DUPFD_CLOEXEC, 10);
    close(ends[1]);
    const int memory = memfd_create("worker-test", MFD_CLOEXEC);
    const int region = fcntl(memory, F_DUPFD_CLOEXEC, 10);
    close(memory);
    child_ = fork();
    if (child_ == 0) {
      dup2(worker_end, kFrameFd);
      dup2(region, kRegionFd);
      execl(CROSSCALL_WORKER, "crosscall-worker", nullptr);
      _exit(127);
    }
    close(worker_end);
    close(region);
  }
  ~WorkerProcess() {
    CloseAgentEnd();
    if (child_ > 0) {
      kill(child_, SIGKILL);
      waitpid(child_, nullptr, 0);
    }
  }
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;

  int fd() const { return agent_end_; }
  void CloseAgentEnd() {
    if (agent_end_ >= 0) close(agent_end_);
    agent_end_ = -1;
  }
  // Its exit code; -1 if it died otherwise.
  int Wait() {
    int status = 0;
    EXPECT_EQ(waitpid(child_, &status, 0), child_);
    child_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  int agent_end_ = -1;
  pid_t child_ = -1;
};

v1::RunTrial SelfCalls() {
  v1::RunTrial request;
  crosscall::v1::TrialSpec& spec = *request.mutable_spec();
  spec.set_scenario("alone");
  spec.set_scenario_text("scenario: alone\nabout: test\ncpus: 1\nlocks: [L]\nprograms:\n  0: [call self noop wait]\n");
  spec.set_implementation("per_target/spin/mask_all");
  spec.set_call_limit(50);
  spec.mutable_deadline()->set_seconds(60);
  spec.set_no_realtime(true);
  return request;
}

TEST(WorkerTest, SaysReadyThenDeliversTheResultAndExits) {
  WorkerProcess worker;
  ASSERT_TRUE(WriteFrame(worker.fd(), SelfCalls()).ok());
  v1::WorkerFrame frame;
  ASSERT_TRUE(ReadFrame(worker.fd(), frame).ok());
  ASSERT_TRUE(frame.has_ready());
  EXPECT_EQ(frame.ready().cpu_count(), 1u);
  EXPECT_GT(frame.ready().region_bytes(), 0u);
  ASSERT_EQ(frame.ready().locks_size(), 1);
  EXPECT_EQ(frame.ready().locks(0), "L");
  ASSERT_TRUE(ReadFrame(worker.fd(), frame).ok());
  ASSERT_TRUE(frame.has_result());
  EXPECT_THAT(frame.result().outcome(), AnyOf(crosscall::v1::OUTCOME_COMPLETED, crosscall::v1::OUTCOME_INVALID));
  EXPECT_EQ(frame.result().calls(), 50u);
  EXPECT_EQ(ReadFrame(worker.fd(), frame).code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(worker.Wait(), kExitDone);
}

TEST(WorkerTest, TrialThatCannotRunIsARefusedResultWithoutReady) {
  WorkerProcess worker;
  v1::RunTrial request = SelfCalls();
  request.mutable_spec()->set_implementation("per_target/spin/nothing");
  ASSERT_TRUE(WriteFrame(worker.fd(), request).ok());
  v1::WorkerFrame frame;
  ASSERT_TRUE(ReadFrame(worker.fd(), frame).ok());
  ASSERT_TRUE(frame.has_result());
  EXPECT_EQ(frame.result().outcome(), crosscall::v1::OUTCOME_REFUSED);
  EXPECT_THAT(frame.result().reason(), HasSubstr("per_target/spin/nothing"));
  EXPECT_EQ(worker.Wait(), kExitDone);
}

v1::RunTrial MutualMasked(const char* implementation) {
  v1::RunTrial request;
  crosscall::v1::TrialSpec& spec = *request.mutable_spec();
  spec.set_scenario("mutual-masked");
  spec.set_implementation(implementation);
  spec.set_target_system(crosscall::v1::TARGET_SYSTEM_EXPLORE);
  spec.mutable_time_limit()->set_seconds(3600);
  return request;
}

// What the worker answers at its end, after any number of signs of life; `pulses` counts them.
crosscall::v1::TrialResult ResultOfSearch(WorkerProcess& worker, const v1::RunTrial& request, int& pulses) {
  EXPECT_TRUE(WriteFrame(worker.fd(), request).ok());
  v1::WorkerFrame frame;
  for (pulses = 0; ReadFrame(worker.fd(), frame).ok() && frame.has_searching(); ++pulses) continue;
  EXPECT_TRUE(frame.has_result());
  EXPECT_EQ(worker.Wait(), kExitDone);
  return frame.result();
}

TEST(WorkerTest, ExplorationFindsTheDeadlockWithTheWayThere) {
  WorkerProcess worker;
  int pulses = 0;
  const crosscall::v1::TrialResult result = ResultOfSearch(worker, MutualMasked("generic_2008/spin/mask_all"), pulses);
  EXPECT_GE(pulses, 1);
  ASSERT_EQ(result.outcome(), crosscall::v1::OUTCOME_COMPLETED) << result.reason();
  const crosscall::v1::Exploration& found = result.exploration();
  EXPECT_EQ(found.verdict(), crosscall::v1::Exploration::VERDICT_DEADLOCK);
  EXPECT_EQ(found.memory(), crosscall::v1::MEMORY_MODEL_WEAK) << "the default of two CPUs";
  EXPECT_GT(found.states(), 0u);
  EXPECT_GT(found.executions(), 0u);
  EXPECT_GT(found.steps(), found.states());
  EXPECT_GT(found.trace_size(), 0);
  EXPECT_NE(found.schedule(), "");
  ASSERT_EQ(found.waits_size(), 2);
  for (const crosscall::v1::ExplorationWait& wait : found.waits()) {
    EXPECT_TRUE(wait.masked());
    EXPECT_TRUE(wait.ipi_pending());
    EXPECT_THAT(wait.waits_for(), HasSubstr(wait.cpu() == 0 ? "CPU 1" : "CPU 0"));
  }
}

TEST(WorkerTest, ExplorationThatCompletesOrGivesUpIsCompletedToo) {
  WorkerProcess proves;
  int pulses = 0;
  v1::RunTrial request = MutualMasked("generic_2008/spin/ipi_open");
  request.mutable_spec()->mutable_explore()->set_memory(crosscall::v1::MEMORY_MODEL_SC);
  crosscall::v1::TrialResult result = ResultOfSearch(proves, request, pulses);
  EXPECT_EQ(result.outcome(), crosscall::v1::OUTCOME_COMPLETED) << result.reason();
  EXPECT_EQ(result.exploration().verdict(), crosscall::v1::Exploration::VERDICT_COMPLETES);
  EXPECT_EQ(result.exploration().memory(), crosscall::v1::MEMORY_MODEL_SC);
  EXPECT_EQ(result.exploration().trace_size(), 0);
  WorkerProcess gives_up;
  request.mutable_spec()->mutable_explore()->set_max_states(1);
  result = ResultOfSearch(gives_up, request, pulses);
  EXPECT_EQ(result.outcome(), crosscall::v1::OUTCOME_COMPLETED) << result.reason();
  EXPECT_EQ(result.exploration().verdict(), crosscall::v1::Exploration::VERDICT_UNKNOWN);
  EXPECT_THAT(result.exploration().reason(), HasSubstr("limit of 1 states"));
}

TEST(WorkerTest, ScenarioThatCannotBeExploredIsRefusedWithTheReason) {
  WorkerProcess worker;
  v1::RunTrial request = MutualMasked("generic_2008/spin/mask_all");
  request.mutable_spec()->set_scenario("alone");
  request.mutable_spec()->set_scenario_text(
      "scenario: alone\nabout: test\ncpus: 1\nprograms:\n  0: [{repeat: 9, do: [call self noop wait]}]\n");
  int pulses = 0;
  const crosscall::v1::TrialResult result = ResultOfSearch(worker, request, pulses);
  EXPECT_EQ(result.outcome(), crosscall::v1::OUTCOME_REFUSED);
  EXPECT_THAT(result.reason(), HasSubstr("cannot be explored: found repeat 9"));
  EXPECT_FALSE(result.has_exploration());
}

TEST(WorkerTest, AgentThatIsGoneEndsASearch) {
  WorkerProcess worker;
  v1::RunTrial request = MutualMasked("generic_2008/spin/ipi_open");
  ASSERT_TRUE(WriteFrame(worker.fd(), request).ok());
  ASSERT_EQ(shutdown(worker.fd(), SHUT_RD), 0);
  EXPECT_EQ(worker.Wait(), kExitAgentGone);
}

TEST(WorkerTest, RubbishIsABadFrame) {
  WorkerProcess worker;
  const std::string rubbish("\x04\0\0\0\xff\xff\xff\xff", 8);
  ASSERT_EQ(write(worker.fd(), rubbish.data(), rubbish.size()), static_cast<ssize_t>(rubbish.size()));
  EXPECT_EQ(worker.Wait(), kExitBadFrame);
}

TEST(WorkerTest, FrameOverTheLimitIsABadFrame) {
  WorkerProcess worker;
  const std::string length("\xff\xff\xff\x7f", 4);
  ASSERT_EQ(write(worker.fd(), length.data(), length.size()), static_cast<ssize_t>(length.size()));
  EXPECT_EQ(worker.Wait(), kExitBadFrame);
}

TEST(WorkerTest, AgentThatHangsUpBeforeTheTrialIsABadFrame) {
  WorkerProcess worker;
  worker.CloseAgentEnd();
  EXPECT_EQ(worker.Wait(), kExitBadFrame);
}

TEST(WorkerTest, AgentThatIsGoneWhenTheWorkerIsReadyEndsTheTrial) {
  WorkerProcess worker;
  ASSERT_TRUE(WriteFrame(worker.fd(), SelfCalls()).ok());
  // Only the answers' way is cut: the request was sent and is read.
  ASSERT_EQ(shutdown(worker.fd(), SHUT_RD), 0);
  EXPECT_EQ(worker.Wait(), kExitAgentGone);
}

TEST(WorkerTest, ClosedDescriptorsAreBadUse) { EXPECT_EQ(RunWorker(900, 901), kExitBadUse); }

TEST(WorkerTest, DescribesItselfInOneFrame) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  // Larger than a description, so that it fits without a reader.
  ASSERT_GE(fcntl(ends[1], F_SETPIPE_SZ, 1 << 20), 0);
  EXPECT_EQ(DescribeWorker(ends[1]), kExitDone);
  close(ends[1]);
  v1::WorkerFrame frame;
  ASSERT_TRUE(ReadFrame(ends[0], frame).ok());
  close(ends[0]);
  ASSERT_TRUE(frame.has_description());
  EXPECT_EQ(frame.description().version(), CROSSCALL_VERSION);
  EXPECT_EQ(frame.description().implementations_size(), static_cast<int>(core::kImplementationCount));
  EXPECT_THAT(frame.description().target_systems(),
              ElementsAre(crosscall::v1::TARGET_SYSTEM_SIGNAL, crosscall::v1::TARGET_SYSTEM_EXPLORE));
  EXPECT_GE(frame.description().scenarios_size(), 16);
  for (const crosscall::v1::ScenarioInfo& scenario : frame.description().scenarios()) {
    EXPECT_NE(scenario.about(), "") << scenario.id();
    EXPECT_GE(scenario.cpu_count(), 1u) << scenario.id();
  }
}

}  // namespace
}  // namespace crosscall::worker
