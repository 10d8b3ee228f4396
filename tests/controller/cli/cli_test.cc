#include "controller/cli/cli.h"

#include <gmock/gmock.h>
#include <algorithm>

#include <set>

#include "absl/strings/str_cat.h"
#include "tests/controller/cli/cli_fixture.h"
#include "tests/controller/cli/sample_results.h"

namespace crosscall::cli {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

constexpr char kSpin[] = "generic_2008/spin/mask_all";
constexpr char kPoll[] = "generic_2008/poll_completion/mask_all";

v1::Board BoardNamed(const std::string& id) {
  v1::Board board;
  board.set_name("boards/" + id);
  board.set_state(v1::Board::STATE_ACTIVE);
  board.set_online(true);
  board.mutable_last_seen_time()->set_seconds(1'767'323'045);
  v1::BoardDescription& description = *board.mutable_description();
  for (const std::uint32_t cpu : {0, 1, 2, 5}) description.add_cpus(cpu);
  description.set_kernel("6.1.0");
  description.set_model("Board, \"rev 2\"");
  description.set_agent_version("0.1.0");
  description.set_release(3);
  description.add_implementations(kSpin);
  v1::ScenarioInfo& scenario = *description.add_scenarios();
  scenario.set_id("ring");
  scenario.set_cpu_count(3);
  scenario.set_about("Each calls the next.");
  return board;
}

// A sweep of two points that ended: one completed, one hung.
class EndedSweep : public CliTest {
 protected:
  EndedSweep() {
    controller_.sweep.set_name("sweeps/s");
    controller_.sweep.set_state(v1::Sweep::STATE_SUCCEEDED);
    controller_.sweep.set_coverage(1);
    controller_.sweep.mutable_spec()->add_scenarios()->set_id("mutual-masked");
    controller_.sweep.mutable_spec()->add_implementations("*");
    controller_.sweep.mutable_progress()->set_total_count(2);
    controller_.sweep.mutable_progress()->set_completed_count(1);
    controller_.sweep.mutable_progress()->set_hung_count(1);
    controller_.trials.push_back(FinishedTrial("t1", "mutual-masked", kPoll, v1::OUTCOME_COMPLETED));
    controller_.trials.push_back(FinishedTrial("t2", "mutual-masked", kSpin, v1::OUTCOME_HUNG));
    controller_.results.push_back(ResultOf(controller_.trials[0], {1'000, 2'000}));
    controller_.results.push_back(HungResult(controller_.trials[1]));
    v1::Hang& hang = controller_.hangs.emplace_back();
    hang.set_name(controller_.results[1].name());
    hang.set_board("boards/b1");
    *hang.mutable_spec() = controller_.trials[1].spec();
    *hang.mutable_report() = controller_.results[1].payload().hang();
    hang.mutable_commit_time()->set_seconds(1'767'323'045);
  }
  static constexpr char kTable[] =
      "SCENARIO       IMPLEMENTATION                         OUTCOME    CALLS      P50      P99    P99.9      MAX  "
      "IPIS SEEN/EXPECTED  NOTES\n"
      "mutual-masked  generic_2008/poll_completion/mask_all  completed      2  1.00 us  2.00 us  2.00 us  2.00 us  "
      "               2/2  -\n"
      "mutual-masked  generic_2008/spin/mask_all             hung           0        -        -        -        -  "
      "                 -  masked target, cycle 0 -> 1 -> 0\n"
      "\n"
      "Why it hung: crosscallctl hang show sweeps/s/trials/t2/attempts/1\n";
  const std::vector<std::string> run_ = {"sweep", "run", "--scenario", "mutual-masked", "--implementation", "*"};

  std::vector<std::string> RunWith(std::initializer_list<std::string> more) const {
    std::vector<std::string> arguments = run_;
    arguments.insert(arguments.end(), more);
    return arguments;
  }
};

TEST_F(CliTest, BoardsAreListedForPeopleAndScripts) {
  for (const char* id : {"a1", "a2", "a3"}) controller_.boards.push_back(BoardNamed(id));
  EXPECT_EQ(RunOnController({"boards"}), 0);
  EXPECT_THAT(out_.str(), StartsWith("BOARD  STATE   ONLINE  CPUS  FIFO  MODEL           KERNEL  RUNNING  SPOOLED  "
                                     "LAST SEEN             LAST HANG  LABELS  HEALTH  REASON\n"
                                     "a1     active  yes        4  no    Board, \"rev 2\"  6.1.0   -              0  "
                                     "2026-01-02 03:04:05Z  -          -       -       -\n"));
  EXPECT_EQ(RunOnController({"boards", "list", "--csv"}), 0);
  EXPECT_THAT(out_.str(),
              HasSubstr("a3,active,true,4,false,\"Board, \"\"rev 2\"\"\",6.1.0,,0,2026-01-02T03:04:05.000Z,,,,\n"));
  EXPECT_EQ(RunOnController({"--json", "boards"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("\n{\"board\":\"a2\",\"state\":\"active\",\"online\":true,\"cpus\":4,"));
  EXPECT_EQ(err_.str(), "");
}

TEST_F(CliTest, NoBoardsSaysHowToGetOne) {
  EXPECT_EQ(RunOnController({"boards"}), 0);
  EXPECT_EQ(err_.str(),
            "no board has ever called; start one with: crosscall-agent --controller " + controller_.address() +
                " --board NAME --state-dir DIR (with certificates also --ca FILE --join-token-file FILE)\n");
  EXPECT_EQ(RunOnController({"boards", "--json"}), 0);
  EXPECT_EQ(out_.str(), "");
}

TEST_F(CliTest, ABoardIsShownWithWhatItOffers) {
  controller_.boards.push_back(BoardNamed("a1"));
  EXPECT_EQ(RunOnController({"boards", "show", "a1"}), 0);
  EXPECT_EQ(out_.str(),
            "board          boards/a1\n"
            "state          active\n"
            "online         yes\n"
            "last seen      2026-01-02 03:04:05Z\n"
            "model          Board, \"rev 2\"\n"
            "kernel         6.1.0\n"
            "cpus           0-2,5\n"
            "SCHED_FIFO     no\n"
            "agent version  0.1.0, release 3\n"
            "\n"
            "  SCENARIO  CPUS  WHY\n"
            "  ring         3  Each calls the next.\n"
            "\n"
            "  IMPLEMENTATION\n"
            "  generic_2008/spin/mask_all\n");
  EXPECT_EQ(RunOnController({"boards", "show", "boards/a1", "--json"}), 0);
  EXPECT_THAT(out_.str(), StartsWith("{\"name\":\"boards/a1\",\"state\":\"STATE_ACTIVE\","));
  EXPECT_EQ(RunOnController({"boards", "show", "a1", "--csv"}), 2);
}

TEST_F(EndedSweep, RunWithoutWaitPrintsTheNameAndWhatNext) {
  EXPECT_EQ(RunOnController(run_), 0);
  EXPECT_EQ(out_.str(), "sweeps/s: 2 trials\n");
  EXPECT_EQ(err_.str(), "follow it:  crosscallctl sweep watch s\nresults:    crosscallctl results s\n");
  EXPECT_EQ(RunOnController(RunWith({"--json"})), 0);
  EXPECT_THAT(out_.str(), StartsWith("{\"name\":\"sweeps/s\","));
  EXPECT_EQ(RunOnController(RunWith({"--csv"})), 0);
  EXPECT_EQ(out_.str(), "sweep,trials\nsweeps/s,2\n");
}

TEST_F(EndedSweep, RunAndWaitShowsTheTableAndExitsOneForAHang) {
  EXPECT_EQ(RunOnController(RunWith({"--wait"})), 1);
  EXPECT_EQ(out_.str(), kTable);
  EXPECT_EQ(err_.str(), "sweeps/s: 2 trials\nsweeps/s succeeded: 2/2 trials (100 %); hung 1\n");
}

TEST_F(EndedSweep, RunAndWaitExitsZeroWithoutFindings) {
  controller_.sweep.mutable_progress()->set_completed_count(1);
  controller_.sweep.mutable_progress()->set_hung_count(0);
  controller_.sweep.mutable_progress()->set_refused_count(1);
  EXPECT_EQ(RunOnController(RunWith({"--wait", "--json"})), 0);
  std::istringstream lines(out_.str());
  std::string line;
  int count = 0;
  for (; std::getline(lines, line); ++count) EXPECT_THAT(line, StartsWith("{\"scenario\":\"mutual-masked\","));
  EXPECT_EQ(count, 2);
}

TEST_F(EndedSweep, ACancelledSweepIsAFinding) {
  controller_.sweep.set_state(v1::Sweep::STATE_CANCELLED);
  controller_.sweep.mutable_progress()->set_hung_count(0);
  EXPECT_EQ(RunOnController(RunWith({"--wait"})), 1);
}

TEST_F(EndedSweep, DryRunCreatesNothing) {
  EXPECT_EQ(RunOnController(RunWith({"--dry-run"})), 0);
  EXPECT_EQ(out_.str(), "would run 2 trials; nothing was created\n");
  EXPECT_TRUE(controller_.create_requests().at(0).dry_run());
}

TEST_F(EndedSweep, FlagsReplaceAxesOfTheFile) {
  files_["lab/a.yaml"] =
      "scenario: ring\nimplementation: '*'\ncpus: pairs\nrepetitions: 5\nboards: [a1]\nparameters: {n: 1}\n";
  EXPECT_EQ(RunOnController({"sweep", "run", "lab/a.yaml", "--cpus", "0,1", "--cpus", "1-2", "--repetitions", "2",
                             "--param", "n=7,8", "--target-state", "sleep", "--deadline", "50ms", "--id", "mine"}),
            0);
  const v1::CreateSweepRequest request = controller_.create_requests().at(0);
  EXPECT_EQ(request.sweep_id(), "mine");
  EXPECT_EQ(request.request_id().size(), 32U);
  EXPECT_EQ(request.spec().scenarios(0).id(), "ring");
  EXPECT_FALSE(request.spec().all_cpu_pairs());
  EXPECT_EQ(request.spec().cpu_lists_size(), 2);
  EXPECT_EQ(request.spec().repetitions(), 2U);
  EXPECT_EQ(request.spec().parameter_sets_size(), 2);
  EXPECT_THAT(request.spec().target_states(), ElementsAre(v1::TARGET_STATE_SLEEP));
  EXPECT_EQ(request.spec().trial_deadline().nanos(), 50'000'000);
  EXPECT_THAT(request.spec().selector().boards(), ElementsAre("boards/a1"));
}

TEST_F(EndedSweep, FlagsAskForExplorations) {
  EXPECT_EQ(RunOnController(RunWith({"--target-system", "explore", "--target-system", "signal", "--memory", "weak",
                                     "--max-states", "5000"})),
            0);
  const v1::SweepSpec spec = controller_.create_requests().at(0).spec();
  EXPECT_THAT(spec.target_systems(), ElementsAre(v1::TARGET_SYSTEM_EXPLORE, v1::TARGET_SYSTEM_SIGNAL));
  EXPECT_EQ(spec.explore().memory(), v1::MEMORY_MODEL_WEAK);
  EXPECT_EQ(spec.explore().max_states(), 5000U);
}

TEST_F(EndedSweep, AnExplorationIsShownWithItsWayAndAHangWithWhatIsKnown) {
  const v1::Trial explored = ExploredTrial("t3", "mutual-masked", kSpin);
  controller_.trials.push_back(explored);
  controller_.results.push_back(ExploredResult(explored, v1::Exploration::VERDICT_DEADLOCK));
  EXPECT_EQ(RunOnController({"results", "s", "--json"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("\"target_system\":\"explore\""));
  EXPECT_THAT(out_.str(), HasSubstr("\"verdict\":\"deadlock\",\"memory\":\"weak\",\"states\":1234,\"steps\":56789"));
  EXPECT_EQ(RunOnController({"results", "s", "--csv"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr(",completed,deadlock,weak,1234,56789,"));
  constexpr char kText[] =
      "VERDICT: deadlock\n"
      "memory weak, 1234 states, 2000 executions, 56789 steps, 0.0 s\n"
      "a shortest way there\n"
      "     1  CPU 1  irq_off\n"
      "who waits for what at its end\n"
      "  CPU 0 waits for completion of call to CPU 1, interrupts masked\n";
  EXPECT_EQ(RunOnController({"result", "show", "s/t3/1"}), 0);
  EXPECT_THAT(out_.str(), StartsWith("attempt         sweeps/s/trials/t3/attempts/1\n"));
  EXPECT_THAT(out_.str(), HasSubstr(kText));
  EXPECT_EQ(RunOnController({"result", "show", "s/t3/1", "--json"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("\"verdict\":\"VERDICT_DEADLOCK\""));

  v1::KnownFinding& known = *controller_.results[1].mutable_payload()->mutable_hang()->mutable_known_finding();
  known.set_name(controller_.results[2].name());
  *known.mutable_exploration() = controller_.results[2].payload().exploration();
  EXPECT_EQ(RunOnController({"hang", "show", "s/t2/1"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr(absl::StrCat("known to the explorer: sweeps/s/trials/t3/attempts/1\n", kText)));
  EXPECT_EQ(RunOnController({"hang", "show", "s/t2/1", "--json"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("\"known_finding\":{\"name\":\"sweeps/s/trials/t3/attempts/1\""));
}

TEST_F(EndedSweep, ARepeatedCreateHasTheSameRequestId) {
  controller_.failures_first = 2;
  EXPECT_EQ(RunOnController(run_), 0);
  std::set<std::string> ids;
  for (const v1::CreateSweepRequest& request : controller_.create_requests()) ids.insert(request.request_id());
  EXPECT_EQ(controller_.create_requests().size(), 3U);
  EXPECT_EQ(ids.size(), 1U);
}

TEST_F(EndedSweep, AnInterruptedWaitSaysHowToGoOn) {
  controller_.sweep.set_state(v1::Sweep::STATE_RUNNING);
  interrupt_.Raise();
  EXPECT_EQ(RunOnController(RunWith({"--wait"})), 130);
  EXPECT_THAT(err_.str(), HasSubstr("crosscallctl: interrupted; sweeps/s goes on. Follow it: crosscallctl sweep watch "
                                    "s; cancel it: crosscallctl sweep cancel s\n"));
  EXPECT_THAT(controller_.calls(), testing::Not(testing::Contains(StartsWith("CancelSweep"))));
}

TEST_F(EndedSweep, AnInterruptCancelsIfAsked) {
  controller_.sweep.set_state(v1::Sweep::STATE_RUNNING);
  interrupt_.Raise();
  EXPECT_EQ(RunOnController(RunWith({"--wait", "--cancel-on-interrupt"})), 130);
  EXPECT_THAT(err_.str(), HasSubstr("interrupted; sweeps/s is being cancelled\n"));
  EXPECT_THAT(controller_.calls(), testing::Contains("CancelSweep interrupted by its user"));
}

TEST_F(EndedSweep, WatchSurvivesACut) {
  controller_.watch = [this](int call, auto& writer, auto&) {
    if (call == 0) return grpc::Status(grpc::StatusCode::UNAVAILABLE, "going down");
    v1::WatchSweepResponse response;
    *response.mutable_sweep() = controller_.sweep;
    writer.Write(response);
    return grpc::Status::OK;
  };
  EXPECT_EQ(RunOnController({"sweep", "watch", "s"}), 1);
  EXPECT_EQ(err_.str(), "connection lost (going down), calling " + controller_.address() +
                            " again\nsweeps/s succeeded: 2/2 trials (100 %); hung 1\n");
  EXPECT_THAT(out_.str(), StartsWith("sweep            sweeps/s\nstate            succeeded\n"));
  EXPECT_EQ(RunOnController({"sweep", "watch", "sweeps/s", "--json"}), 1);
  EXPECT_THAT(out_.str(), StartsWith("{\"name\":\"sweeps/s\","));
}

TEST_F(EndedSweep, ListShowAndCancel) {
  EXPECT_EQ(RunOnController({"sweep", "list"}), 0);
  EXPECT_THAT(out_.str(),
              HasSubstr("\ns      succeeded       2      2     1        0       0       0     100 %  -        "
                        "mutual-masked\n"));
  EXPECT_EQ(RunOnController({"sweep", "list", "--limit", "1", "--csv"}), 0);
  EXPECT_EQ(out_.str(),
            "sweep,state,trials,ended,hung,crashed,wedged,failed,coverage,create_time,scenarios\n"
            "s,succeeded,2,2,1,0,0,0,1,,mutual-masked\n");
  EXPECT_EQ(RunOnController({"sweep", "show", "s"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("progress         2/2 trials (100 %); hung 1\ncoverage         100 %\n"));
  EXPECT_EQ(RunOnController({"sweep", "cancel", "s", "--reason", "wrong board"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("cancelling"));
  EXPECT_THAT(controller_.calls(), testing::Contains("CancelSweep wrong board"));
}

TEST_F(EndedSweep, ATrialIsShownWithEveryAttemptItsCauseAndParent) {
  const std::string trial = controller_.trials.at(0).name();
  const char* const causes[] = {"NETWORK: its agent ran", "BOARD: could not start: no worker", ""};
  for (std::uint32_t number = 1; number <= 3; ++number) {
    v1::Attempt& attempt = controller_.attempts.emplace_back();
    attempt.set_name(absl::StrCat(trial, "/attempts/", number));
    attempt.set_attempt(number);
    if (number > 1) attempt.set_parent(absl::StrCat(trial, "/attempts/", number - 1));
    attempt.set_lease_state(number == 3 ? "completed" : "expired");
    attempt.set_outcome(number == 3 ? v1::OUTCOME_COMPLETED : v1::OUTCOME_LOST);
    attempt.set_cause(causes[number - 1]);
  }
  ASSERT_EQ(RunOnController({"trial", "show", trial}), 0) << err_.str();
  EXPECT_THAT(out_.str(),
              AllOf(HasSubstr(trial), HasSubstr("ATTEMPT  PARENT  LEASE"), HasSubstr("NETWORK: its agent ran"),
                    HasSubstr("no worker"), ContainsRegex("      3 +2  completed  completed")));
  ASSERT_EQ(RunOnController({"--json", "trial", "show", trial}), 0);
  EXPECT_THAT(out_.str(), HasSubstr(absl::StrCat("\"parent\":\"", trial, "/attempts/2\"")));
  EXPECT_EQ(RunOnController({"trial", "show", "s1"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("{sweep}/{trial}"));
  EXPECT_EQ(RunOnController({"trial", "show", "s1/none"}), 3);
}

TEST_F(EndedSweep, ResultsAsTableAndCsv) {
  EXPECT_EQ(RunOnController({"results", "s"}), 0);
  EXPECT_EQ(out_.str(), kTable);
  EXPECT_EQ(RunOnController({"results", "s", "--csv"}), 0);
  EXPECT_THAT(out_.str(),
              HasSubstr("\nmutual-masked,generic_2008/spin/mask_all,signal,b1,,spin,,0,1,hung,,,,,0,0,0,0,,,,,,,,,"
                        "\"masked target, cycle 0 -> 1 -> 0\"\n"));
}

TEST_F(EndedSweep, FullResultsAreOneObjectAnAttemptWithTheirCircumstances) {
  controller_.results[0].mutable_payload()->mutable_environment()->set_kernel("6.1.0 #1 SMP");
  EXPECT_EQ(RunOnController({"results", "s", "--full"}), 0);
  const std::string lines = out_.str();
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 2);
  EXPECT_THAT(out_.str(), HasSubstr("\"kernel\":\"6.1.0 #1 SMP\""));
  EXPECT_THAT(out_.str(), HasSubstr("\"bucket_counts\""));
  EXPECT_EQ(RunOnController({"results", "s", "--full", "--csv"}), 2);
}

TEST_F(EndedSweep, HeatmapIsDrawnBelowTheTable) {
  v1::PairLatency& pair = *controller_.results[0].mutable_payload()->add_pairs();
  pair.set_target(1);
  *pair.mutable_histogram() = HistogramOf({1'000});
  EXPECT_EQ(RunOnController({"results", "s", "--heatmap"}), 0);
  EXPECT_THAT(out_.str(), StartsWith(kTable));
  EXPECT_THAT(out_.str(), HasSubstr("\nmutual-masked, generic_2008/poll_completion/mask_all: p50 of calls from row CPU "
                                    "to column CPU\n"));
  EXPECT_EQ(RunOnController({"results", "s", "--heatmap", "--json"}), 2);
  EXPECT_EQ(RunOnController({"results", "s", "--heatmap", "--full"}), 2);
}

TEST_F(EndedSweep, HangsAreListedAndShown) {
  EXPECT_EQ(RunOnController({"hangs", "s"}), 0);
  EXPECT_EQ(out_.str(),
            "TIME                  BOARD  SCENARIO       IMPLEMENTATION              CLASS          CYCLE  LATE  NAME\n"
            "2026-01-02 03:04:05Z  b1     mutual-masked  generic_2008/spin/mask_all  masked target  0,1    no    "
            "sweeps/s/trials/t2/attempts/1\n");
  EXPECT_THAT(controller_.calls(), testing::Contains("ListHangs sweeps/s"));
  controller_.hangs[0].mutable_report()->set_fingerprint("masked, at completion / no handler / kicked");
  EXPECT_EQ(RunOnController({"hangs", "s", "--json"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("\"fingerprint\":\"masked, at completion / no handler / kicked\""));
  EXPECT_EQ(RunOnController({"hang", "show", "s/t2/1"}), 0);
  EXPECT_THAT(out_.str(), StartsWith("attempt         sweeps/s/trials/t2/attempts/1\nboard           b1\n"));
  EXPECT_THAT(out_.str(), HasSubstr("CPU 0 and CPU 1 wait for each other, both masked"));
  EXPECT_EQ(RunOnController({"hang", "show", "s/t2/1", "--json"}), 0);
  EXPECT_THAT(out_.str(), StartsWith("{\"name\":\"sweeps/s/trials/t2/attempts/1\","));
  EXPECT_EQ(RunOnController({"hang", "show", "s/t1/1"}), 3);
  EXPECT_THAT(err_.str(), HasSubstr("has no hang report: its outcome is completed"));
}

struct CodeCase {
  grpc::StatusCode code;
  int exit_code;
};

class ExitCodes : public EndedSweep, public testing::WithParamInterface<CodeCase> {};

TEST_P(ExitCodes, FollowTheStatus) {
  controller_.failure = grpc::Status(GetParam().code, "the reason");
  EXPECT_EQ(RunOnController(run_), GetParam().exit_code);
  EXPECT_EQ(out_.str(), "");
  EXPECT_THAT(err_.str(), HasSubstr("the reason"));
}

INSTANTIATE_TEST_SUITE_P(
    Table, ExitCodes,
    testing::Values(CodeCase{grpc::StatusCode::INVALID_ARGUMENT, 2}, CodeCase{grpc::StatusCode::NOT_FOUND, 3},
                    CodeCase{grpc::StatusCode::ALREADY_EXISTS, 3}, CodeCase{grpc::StatusCode::FAILED_PRECONDITION, 3},
                    CodeCase{grpc::StatusCode::PERMISSION_DENIED, 3}, CodeCase{grpc::StatusCode::RESOURCE_EXHAUSTED, 3},
                    CodeCase{grpc::StatusCode::UNAVAILABLE, 4}, CodeCase{grpc::StatusCode::DEADLINE_EXCEEDED, 4},
                    CodeCase{grpc::StatusCode::UNIMPLEMENTED, 5}, CodeCase{grpc::StatusCode::INTERNAL, 5}));

TEST_F(CliTest, AnUnreachableControllerIsNamedWithWhatToDo) {
  EXPECT_EQ(Run({"boards", "--controller", "127.0.0.1:1"}), 4);
  EXPECT_THAT(err_.str(), StartsWith("crosscallctl: the controller at 127.0.0.1:1 is not reachable ("));
  EXPECT_THAT(err_.str(), HasSubstr("check that crosscall-controller runs there, or name another with --controller"));
}

struct UseCase {
  std::vector<std::string> arguments;
  const char* error;
};

TEST_F(CliTest, BadUseIsTwoAndSaysWhatIsAllowed) {
  files_["bad.yaml"] = "scenario: a\nimplementation: '*'\nseed: x\n";
  const UseCase cases[] = {
      {{}, "A subcommand is required"},
      {{"bogus"}, "subcommand is required"},
      {{"boards", "show"}, "board is required"},
      {{"boards", "--json", "--csv"}, "--json excludes --csv"},
      {{"boards", "show", "B 1"}, "found \"B 1\"; allowed: a board's name"},
      {{"sweep", "run"}, "nothing to run: give a sweep file, or at least --scenario NAME and --implementation ID"},
      {{"sweep", "run", "gone.yaml"}, "cannot use the file \"gone.yaml\""},
      {{"sweep", "run", "bad.yaml"}, "bad.yaml:3:7: found \"x\"; allowed: a whole number"},
      {{"sweep", "run", "--scenario", "./gone.yaml", "--implementation", "*"}, "--scenario: cannot use the file"},
      {{"sweep", "run", "--scenario", "a", "--implementation", "*", "--deadline", "0s"}, "--deadline: found \"0s\""},
      {{"sweep", "run", "--scenario", "a", "--implementation", "*", "--seed", ""}, "--seed: found \"\""},
      {{"sweep", "run", "--scenario", "a", "--implementation", "*", "--cpus", "1,1"}, "--cpus: CPU 1 is listed twice"},
      {{"sweep", "run", "--scenario", "a", "--implementation", "*", "--cpus", "0,1", "--cpus", "pairs"},
       "--cpus: found \"pairs\""},
      {{"sweep", "run", "--scenario", "a", "--implementation", "*", "--param", "n"}, "--param: found \"n\""},
      {{"sweep", "run", "--scenario", "a", "--implementation", "*", "--label", "x"}, "--label: found \"x\""},
      {{"sweep", "run", "--scenario", "a", "--implementation", "*", "--any", "0"}, "--any: found \"0\""},
      {{"sweep", "run", "--scenario", "a", "--implementation", "*", "--wait", "--dry-run"}, "--wait: found beside"},
      {{"sweep", "run", "--scenario", "a", "--implementation", "*", "--heatmap"}, "--heatmap: found without --wait"},
      {{"sweep", "list", "--limit", "0"}, "--limit"},
      {{"sweep", "show", "S"}, "found \"S\"; allowed: a sweep's id"},
      {{"sweep", "run", "--scenario", "a", "--implementation", "*", "--target-system", "kernel"},
       "--target-system: found \"kernel\"; allowed: signal, explore"},
      {{"sweep", "run", "--scenario", "a", "--implementation", "*", "--memory", "tso"}, "--memory: found \"tso\""},
      {{"result", "show", "x"}, "found \"x\"; allowed: sweeps/{sweep}/trials/{trial}/attempts/{attempt}"},
      {{"hang", "show", "x"}, "found \"x\"; allowed: sweeps/{sweep}/trials/{trial}/attempts/{attempt}"},
      {{"completion", "tcsh"}, "subcommand is required"},
  };
  for (const UseCase& use : cases) {
    EXPECT_EQ(RunOnController(use.arguments), 2) << absl::StrJoin(use.arguments, " ");
    EXPECT_THAT(err_.str(), HasSubstr(use.error)) << absl::StrJoin(use.arguments, " ");
    EXPECT_EQ(out_.str(), "") << absl::StrJoin(use.arguments, " ");
  }
  EXPECT_TRUE(controller_.calls().empty());
}

TEST_F(CliTest, TimeoutNeedsAUnit) {
  EXPECT_EQ(Run({"boards", "--timeout", "5"}), 2);
  EXPECT_THAT(err_.str(), StartsWith("crosscallctl: --timeout: found \"5\"; allowed: a span with its unit"));
}

TEST_F(CliTest, HelpListsTheExitCodes) {
  EXPECT_EQ(Run({"--help"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr(ExitCodeHelp()));
  EXPECT_EQ(err_.str(), "");
}

TEST_F(CliTest, VersionInAllForms) {
  EXPECT_EQ(Run({"version"}), 0);
  EXPECT_EQ(out_.str(), "crosscallctl " CROSSCALL_VERSION "\n");
  EXPECT_EQ(Run({"version", "--json"}), 0);
  EXPECT_EQ(out_.str(), "{\"program\":\"crosscallctl\",\"version\":\"" CROSSCALL_VERSION "\"}\n");
}

TEST_F(CliTest, AFullDiskIsNoSuccess) {
  controller_.boards.push_back(BoardNamed("a1"));
  out_.setstate(std::ios::badbit);
  EXPECT_EQ(RunOnController({"boards"}), 5);
  EXPECT_THAT(err_.str(), HasSubstr("standard output could not be written"));
}

}  // namespace
}  // namespace crosscall::cli
