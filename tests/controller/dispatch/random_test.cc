// Thousands of random events, from a seed: agents that stop, restart, reboot, lose replies and repeat uploads, a
// controller that is killed, a disk that fails, users that create and cancel. After each step the store must hold what
// the rules promise; at the end everything heals, and every sweep must end.
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <tuple>

#include "controller/scheduler/random.h"
#include "controller/scheduler/transitions.h"
#include "controller/scheduler/verdict.h"
#include "tests/controller/dispatch/rig.h"

namespace crosscall::dispatch {
namespace {

using Key = std::pair<std::string, std::uint32_t>;

constexpr int kBoards = 3;
constexpr std::size_t kMaxSweeps = 20;

class RandomTest : public ::testing::TestWithParam<int> {
 protected:
  RandomTest() : random_(static_cast<std::uint64_t>(GetParam())) {
    for (int i = 0; i < kBoards; ++i) {
      agents_.push_back(std::make_unique<FakeAgent>(rig_, absl::StrCat("boards/b", i)));
      agents_.back()->Call();
      agents_.back()->Obey();
    }
  }

  bool OneIn(std::uint64_t n) { return random_.Below(n) == 0; }

  void Step() {
    rig_.fault_at = OneIn(2) ? "commit" : "write";
    rig_.fault = OneIn(25) ? absl::UnavailableError("injected") : absl::OkStatus();
    if (OneIn(20)) OrderBoard(agents_[random_.Below(agents_.size())]->board());
    FakeAgent& agent = *agents_[random_.Below(agents_.size())];
    switch (random_.Below(16)) {
      case 0:
        return CreateSweep();
      case 1:
        if (OneIn(6) && !sweeps_.empty()) rig_.Cancel(sweeps_[random_.Below(sweeps_.size())]).IgnoreError();
        return;
      case 2:
        return rig_.Advance(absl::Seconds(random_.Below(OneIn(5) ? 300 : 20)));
      case 3:
        if (OneIn(3)) rig_.Restart();
        return;
      case 4:
        if (OneIn(2)) RestartAgent(agent);
        return;
      case 5:
        return agent.Repeat();
      case 6:
      case 7:
      case 8:
        return Finish(agent);
      case 9:
      case 10:
      case 11:
        return Upload(agent);
      default:
        return Call(agent);
    }
  }

  void CreateSweep() {
    if (sweeps_.size() >= kMaxSweeps) return;
    v1::CreateSweepRequest request = PairSweep(1 + static_cast<std::uint32_t>(random_.Below(6)));
    request.set_request_id(absl::StrCat("r", ++requests_));
    absl::StatusOr<v1::Sweep> sweep = rig_.Create(request);
    if (!sweep.ok() && OneIn(2)) {
      rig_.fault = absl::OkStatus();
      sweep = rig_.Create(request);
    }
    if (sweep.ok()) sweeps_.push_back(sweep->name());
  }

  void OrderBoard(const std::string& board) {
    constexpr BoardOrder::Kind kKinds[] = {BoardOrder::Kind::kRelease, BoardOrder::Kind::kRelease,
                                           BoardOrder::Kind::kDrain, BoardOrder::Kind::kQuarantine};
    rig_.Order(kKinds[random_.Below(std::size(kKinds))], board, "at random").IgnoreError();
  }

  void Call(FakeAgent& agent) {
    agent.Call();
    if (!agent.answered()) return;
    if (!agent.answer().ok()) {
      if (agent.answer().status().code() == absl::StatusCode::kAborted) RestartAgent(agent);
      return;
    }
    // Now and then the answer is lost on its way.
    if (OneIn(6)) return;
    agent.Obey();
    for (const v1::HeldLease& lease : agent.leases) {
      EXPECT_EQ(finished_.count({lease.trial(), lease.attempt()}), 0u) << "an attempt ran twice: " << lease.trial();
    }
  }

  void Finish(FakeAgent& agent) {
    if (agent.leases.empty()) return;
    constexpr v1::Outcome kOutcomes[] = {v1::OUTCOME_COMPLETED, v1::OUTCOME_COMPLETED, v1::OUTCOME_HUNG,
                                         v1::OUTCOME_CRASHED,   v1::OUTCOME_REFUSED,   v1::OUTCOME_INVALID};
    if (OneIn(10)) {
      agent.leases[0].set_state(v1::HeldLease::STATE_FAILED);
      return;
    }
    finished_.insert(agent.Finish(kOutcomes[random_.Below(6)]));
  }

  void Upload(FakeAgent& agent) {
    if (agent.spool.empty()) return;
    const auto [key, payload] = *agent.spool.begin();
    const auto answer = agent.Upload(key, payload);
    if (!answer.ok() || !answer->committed()) return;
    acknowledged_[key] = {payload, answer->superseded()};
    // Now and then the acknowledgement is lost, or the file comes back after a power cut.
    if (!OneIn(5)) agent.spool.erase(key);
  }

  void RestartAgent(FakeAgent& agent) {
    if (OneIn(4)) {
      agent.Reincarnate(OneIn(3));
    } else {
      agent.Restarted(OneIn(3));
    }
  }

  void CheckInvariants() {
    std::map<std::string, int> live;
    std::map<std::pair<std::string, v1::Outcome>, std::uint64_t> outcomes;
    for (const std::string& name : AllSweeps()) {
      v1::SweepProgress derived;
      std::map<std::string, v1::Trial> trials;
      for (const v1::Trial& trial : rig_.Trials(name)) {
        scheduler::CountTrial(derived, trial.state(), trial.outcome(), 1);
        derived.set_total_count(derived.total_count() + 1);
        trials[trial.name()] = trial;
        EXPECT_LE(trial.attempt_count(), 3u);
      }
      std::map<std::string, int> findings;
      for (const v1::Result& result : rig_.Results(name, true)) {
        if (result.evidence()) {
          CheckAcknowledged(result);
          continue;
        }
        CheckAttempt(result, live, outcomes, derived, findings);
      }
      for (const auto& [trial_name, trial] : trials) {
        EXPECT_EQ(findings[trial_name], trial.state() == v1::Trial::STATE_FINISHED ? 1 : 0) << trial_name;
      }
      EXPECT_EQ(rig_.Sweep(name).progress().SerializeAsString(), derived.SerializeAsString()) << name;
    }
    for (const auto& [board, count] : live) EXPECT_LE(count, 1) << board << " has two live leases";
    CheckTallies(outcomes);
    for (const auto& [key, payload] : acknowledged_) {
      EXPECT_TRUE(seen_.count({key.first, key.second, payload.first}) > 0) << "lost: " << key.first;
    }
  }

  void CheckAcknowledged(const v1::Result& result) {
    seen_.insert({result.trial().name(), result.attempt().attempt(), result.payload().SerializeAsString()});
  }

  void CheckAttempt(const v1::Result& result, std::map<std::string, int>& live,
                    std::map<std::pair<std::string, v1::Outcome>, std::uint64_t>& outcomes, v1::SweepProgress& derived,
                    std::map<std::string, int>& findings) {
    const v1::Attempt& attempt = result.attempt();
    const auto state = scheduler::ParseLeaseState(attempt.lease_state());
    ASSERT_TRUE(state.ok());
    if (scheduler::IsLive(*state)) ++live[result.trial().board()];
    if (attempt.outcome() != v1::OUTCOME_UNSPECIFIED) ++outcomes[{result.trial().board(), attempt.outcome()}];
    if (attempt.outcome() == v1::OUTCOME_INVALID) {
      derived.set_invalid_attempt_count(derived.invalid_attempt_count() + 1);
    }
    if (attempt.outcome() == v1::OUTCOME_LOST) derived.set_lost_attempt_count(derived.lost_attempt_count() + 1);
    if (scheduler::AfterAttempt(attempt.outcome(), 1, 3, false) == v1::Trial::STATE_FINISHED) {
      ++findings[result.trial().name()];
    }
    if (!result.has_payload()) return;
    EXPECT_EQ(result.payload().outcome(), attempt.outcome());
    CheckAcknowledged(result);
  }

  void CheckTallies(const std::map<std::pair<std::string, v1::Outcome>, std::uint64_t>& outcomes) {
    std::map<std::pair<std::string, v1::Outcome>, std::uint64_t> shown;
    const std::shared_ptr<const Snapshot> snapshot = rig_.snapshot();
    for (const auto& view : snapshot->boards) {
      for (const auto& [outcome, tally] : view->outcomes) shown[{view->board.name(), outcome}] = tally.count;
    }
    EXPECT_EQ(shown, outcomes);
  }

  // Whatever has happened: each trial that waits says why, and no other does.
  void CheckReasons() {
    rig_.fault = absl::OkStatus();
    // What is due is done first: then asking changes nothing.
    rig_.Run(std::vector<Engine::Event>()).IgnoreError();
    for (const std::string& name : AllSweeps()) {
      std::set<std::string> waiting;
      for (const v1::Trial& trial : rig_.Trials(name)) {
        if (trial.state() == v1::Trial::STATE_PENDING) waiting.insert(trial.name());
      }
      EXPECT_EQ(Told(name), waiting) << name;
      reasons_told_ += waiting.size();
    }
  }

  // Trials of the sweep that have a reason.
  std::set<std::string> Told(const std::string& sweep) {
    std::set<std::string> told;
    v1::ExplainSweepRequest request;
    request.set_name(sweep);
    request.set_page_size(3);
    do {
      absl::StatusOr<v1::ExplainSweepResponse> page = absl::UnknownError("never answered");
      rig_.Run(Engine::ExplainSweep(request, [&page](auto got) { page = std::move(got); })).IgnoreError();
      EXPECT_TRUE(page.ok()) << page.status();
      if (!page.ok()) break;
      for (const v1::TrialWait& wait : page->waits()) {
        EXPECT_NE(wait.reason().find(wait.board()), std::string::npos) << wait.DebugString();
        told.insert(wait.trial());
      }
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    return told;
  }

  // Health trials, too.
  std::vector<std::string> AllSweeps() {
    std::vector<std::string> names;
    v1::ListSweepsRequest request;
    do {
      const absl::StatusOr<v1::ListSweepsResponse> page = rig_.store().ListSweeps(request);
      EXPECT_TRUE(page.ok()) << page.status();
      if (!page.ok()) break;
      for (const v1::Sweep& sweep : page->sweeps()) names.push_back(sweep.name());
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    return names;
  }

  bool AllEnded() {
    for (const std::string& name : AllSweeps()) {
      if (!scheduler::HasEnded(rig_.Sweep(name).state())) return false;
    }
    return true;
  }

  // Everybody behaves from now on.
  void Heal() {
    rig_.fault = absl::OkStatus();
    for (int round = 0; round < 400 && !AllEnded(); ++round) {
      for (const auto& agent : agents_) {
        // It is refused where there is nothing to release.
        rig_.Order(BoardOrder::Kind::kRelease, agent->board()).IgnoreError();
        agent->Call();
        if (agent->answered() && agent->answer().ok()) agent->Obey();
        if (agent->answered() && !agent->answer().ok()) agent->Restarted();
        if (!agent->leases.empty()) finished_.insert(agent->Finish(v1::OUTCOME_COMPLETED));
        while (!agent->spool.empty()) {
          const auto [key, payload] = *agent->spool.begin();
          const auto answer = agent->Upload(key, payload);
          ASSERT_TRUE(answer.ok()) << answer.status();
          acknowledged_[key] = {payload, answer->superseded()};
          agent->spool.erase(key);
        }
      }
      rig_.Advance(absl::Seconds(5));
    }
  }

  static Settings PatientSettings() {
    Settings settings;
    // Half of the runs with health trials.
    if (GetParam() % 2 == 0) settings.health_period = absl::Hours(6);
    // Twins have a test of their own; here nobody could release a quarantined board.
    settings.takeover_limit = 1'000'000;
    return settings;
  }

  scheduler::Random random_;
  Rig rig_{PatientSettings()};
  std::vector<std::unique_ptr<FakeAgent>> agents_;
  std::vector<std::string> sweeps_;
  int requests_ = 0;
  std::size_t reasons_told_ = 0;
  std::set<Key> finished_;
  // What agents were told is durable: payload, superseded.
  std::map<Key, std::pair<std::string, bool>> acknowledged_;
  // (trial, attempt, payload) found in the store.
  std::set<std::tuple<std::string, std::uint32_t, std::string>> seen_;
};

TEST_P(RandomTest, KeepsEveryPromise) {
  for (int i = 0; i < 1500 && !HasFailure(); ++i) {
    Step();
    if (i % 60 == 0) CheckInvariants();
    if (i % 20 == 0) CheckReasons();
  }
  EXPECT_GT(reasons_told_, 0u);
  ASSERT_FALSE(HasFailure());
  ASSERT_FALSE(sweeps_.empty());
  Heal();
  CheckInvariants();
  EXPECT_TRUE(AllEnded());
  rig_.Restart();
  CheckInvariants();
  EXPECT_TRUE(rig_.store().LoadLive()->trials.empty());
  EXPECT_TRUE(rig_.store().LoadLive()->attempts.empty());
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomTest, ::testing::Range(1, 9));

}  // namespace
}  // namespace crosscall::dispatch
