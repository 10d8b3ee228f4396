#include "tests/controller/report/sample_sweeps.h"

#include "absl/strings/str_cat.h"
#include "tests/controller/report/sample_trials.h"

namespace crosscall::report {
namespace {

constexpr char kNewKernel[] = "6.1.0-26-amd64 #1 SMP PREEMPT_DYNAMIC Debian 6.1.112-1";

struct Speed {
  const char* implementation;
  double median;
};
// Of one call, by implementation; with masks, the cost of each further target.
constexpr Speed kSpeeds[] = {
    {"per_target/spin/mask_all", 1900},          {"per_target/poll_completion/mask_all", 2050},
    {"mailbox_grid/spin/mask_all", 1750},        {"percpu_record/spin/mask_all", 2300},
    {"generic_2008/spin/mask_all", 2600},        {"generic_2008/poll_completion/mask_all", 2750},
    {"generic_2008/open_window/mask_all", 3100}, {"server_loop/spin/mask_all", 3500},
    {"rendezvous/spin/mask_all", 5200},          {"call_lock/spin/mask_all", 4100},
};
constexpr char kChanged[] = "generic_2008/poll_completion/mask_all";

void AddPingPong(SampleMaker& maker, double slowdown) {
  for (const char* board : {"rack1-a", "rack1-b"}) {
    const double faster = board[6] == 'a' ? 1 : 1.25;
    for (const Speed& speed : kSpeeds) {
      for (int repetition = 0; repetition < 3; ++repetition) {
        const bool changed = std::string_view(speed.implementation) == kChanged;
        v1::Result& result = maker.Add(board, "ping-pong", speed.implementation, v1::OUTCOME_COMPLETED);
        maker.Measure(result, speed.median * faster * (changed ? slowdown : 1), 2);
        if (repetition == 1 && changed) {
          const v1::Result last = result;
          maker.AddEarlierAttempt(
              last, v1::OUTCOME_INVALID,
              "3,804 of 3,920 expected interrupts were seen: CPU 3 was preempted for 41 ms; free it "
              "of other work (isolcpus) and repeat");
        }
      }
    }
  }
}

void AddBroadcast(SampleMaker& maker) {
  for (const Speed& speed : kSpeeds) {
    for (const std::uint32_t cpus : {2U, 4U, 6U, 8U}) {
      v1::Result& result = maker.Add("rack1-a", "broadcast", speed.implementation, v1::OUTCOME_COMPLETED);
      SetParameter(result, "cpus", cpus);
      maker.Measure(result, speed.median * (0.7 + 0.3 * cpus), cpus, 2000);
    }
  }
}

void AddMesh(SampleMaker& maker) {
  for (const char* implementation : {"per_target/spin/mask_all", "generic_2008/spin/mask_all"}) {
    v1::Result& result = maker.Add("rack1-a", "mesh", implementation, v1::OUTCOME_COMPLETED);
    maker.Measure(result, 2600, 8);
    for (std::uint32_t source = 0; source < 8; ++source) {
      for (std::uint32_t target = 0; target < 8; ++target) {
        if (source == target) continue;
        maker.AddPair(result, source, target, source / 4 == target / 4 ? 1800 + 40 * target : 3900 + 60 * source);
      }
    }
  }
}

void AddHangs(SampleMaker& maker) {
  for (const char* policy : {"spin", "open_window", "poll_completion"}) {
    const std::string implementation = absl::StrCat("generic_2008/", policy, "/mask_all");
    const bool hangs = std::string_view(policy) != "poll_completion";
    for (const char* board : {"rack1-a", "rack1-b"}) {
      v1::Result& result =
          maker.Add(board, "mutual-masked", implementation, hangs ? v1::OUTCOME_HUNG : v1::OUTCOME_COMPLETED);
      if (hangs) {
        SampleMaker::Hang(result, true);
      } else {
        maker.Measure(result, 3000, 2);
      }
    }
    v1::Result& explored = maker.Add("rack1-a", "mutual-masked", implementation, v1::OUTCOME_COMPLETED);
    SampleMaker::Explore(explored, hangs ? v1::Exploration::VERDICT_DEADLOCK : v1::Exploration::VERDICT_COMPLETES);
  }
  v1::Result& lost = maker.Add("rack1-b", "lost-ipi", "per_target/spin/mask_all", v1::OUTCOME_HUNG);
  SampleMaker::Hang(lost, false);
  v1::Result& refused = maker.Add("rack1-a", "mutual-masked", "generic_2008/fail_fast/mask_all", v1::OUTCOME_REFUSED);
  refused.mutable_payload()->set_reason("every call was refused: the policy does not wait with interrupts masked");
}

void AddLostBoard(SampleMaker& maker) {
  for (const Speed& speed : kSpeeds) {
    v1::Result& result = maker.Add("rack2-c", "ping-pong", speed.implementation, v1::OUTCOME_COMPLETED);
    result.mutable_attempt()->set_outcome(v1::OUTCOME_LOST);
    maker.Fail(result, "its board fell silent and did not come back (NETWORK)");
  }
}

}  // namespace

SampleSweep NightSweep(const std::string& id, double slowdown) {
  SampleMaker maker(id);
  if (slowdown != 1) maker.SetKernel(kNewKernel);
  AddPingPong(maker, slowdown);
  AddBroadcast(maker);
  AddMesh(maker);
  AddHangs(maker);
  AddLostBoard(maker);
  maker.SetScenarios({"ping-pong", "broadcast", "mesh", "mutual-masked", "lost-ipi"});
  SampleSweep sample = maker.Take(v1::Sweep::STATE_SUCCEEDED);
  sample.sweep.set_schedule("schedules/nightly");
  sample.sweep.set_owner("ann");
  return sample;
}

SampleSweep BigSweep(std::uint32_t trials, std::uint32_t repetitions) {
  constexpr std::uint32_t kBoards = 20;
  SampleMaker maker("big");
  for (std::uint32_t i = 0; i < trials; ++i) {
    const std::uint32_t point = i / repetitions;
    const std::uint32_t kind = point / kBoards;
    const Speed& speed = kSpeeds[kind % std::size(kSpeeds)];
    v1::Result& result =
        maker.Add(absl::StrCat("board-", point % kBoards), absl::StrCat("scenario-", kind / std::size(kSpeeds)),
                  speed.implementation, i % 97 == 0 ? v1::OUTCOME_HUNG : v1::OUTCOME_COMPLETED);
    if (i % 97 == 0) {
      SampleMaker::Hang(result, i % 2 == 0);
    } else {
      maker.Measure(result, speed.median * (1 + 0.02 * (point % kBoards)), 2, 600);
      maker.AddPair(result, 0, 1, speed.median, 100);
    }
  }
  return maker.Take(v1::Sweep::STATE_SUCCEEDED);
}

SampleSweep WideSweep() {
  constexpr std::uint32_t kCpus = 1024;
  constexpr std::uint32_t kNodeSize = 128;
  SampleMaker maker("wide");
  v1::Result& result = maker.Add("wide", "mesh", "per_target/spin/mask_all", v1::OUTCOME_COMPLETED);
  maker.Measure(result, 2600, kCpus);
  v1::Environment& environment = *result.mutable_payload()->mutable_environment();
  for (std::uint32_t cpu = 0; cpu < kCpus; ++cpu) {
    environment.set_numa_nodes(static_cast<int>(cpu), static_cast<std::int32_t>(cpu / kNodeSize));
    // As many pairs as a result may have.
    for (const std::uint32_t step : {1U, 64U, 300U, 512U}) {
      const std::uint32_t target = (cpu + step) % kCpus;
      maker.AddPair(result, cpu, target, cpu / kNodeSize == target / kNodeSize ? 1900 : 5200, 10);
    }
  }
  return maker.Take(v1::Sweep::STATE_SUCCEEDED);
}

SampleSweep SweepOfOutcome(const std::string& id, v1::Outcome outcome) {
  SampleMaker maker(id);
  for (const Speed& speed : kSpeeds) {
    v1::Result& result = maker.Add("rack1-a", "ping-pong", speed.implementation, outcome);
    if (outcome == v1::OUTCOME_INVALID) maker.Fail(result, "0 of 3,920 expected interrupts were seen");
    if (outcome == v1::OUTCOME_CRASHED) result.mutable_payload()->set_reason("the worker died of signal 11");
  }
  const bool begun = outcome != v1::OUTCOME_UNSPECIFIED;
  return maker.Take(begun ? v1::Sweep::STATE_FAILED : v1::Sweep::STATE_PENDING);
}

SampleSweep OtherSweep() {
  SampleMaker maker("other");
  for (int repetition = 0; repetition < 3; ++repetition) {
    maker.Measure(maker.Add("elsewhere", "single-call", "rendezvous/spin/mask_all", v1::OUTCOME_COMPLETED), 5000, 2);
  }
  return maker.Take(v1::Sweep::STATE_SUCCEEDED);
}

SampleSweep HostileSweep() {
  const std::string breakout =
      "</script><script>document.title='broken'</script><img src=x onerror=\"document.title='broken'\">";
  SampleMaker maker("hostile");
  maker.SetKernel(absl::StrCat(breakout, "\n\"quoted\" \xff\xfe ", std::string(10'000, 'k')));
  v1::Result& measured =
      maker.Add(absl::StrCat("b<b>&amp;", breakout), absl::StrCat("s", breakout), breakout, v1::OUTCOME_COMPLETED);
  maker.Measure(measured, 2000, 2);
  v1::Result& second = maker.Add("__proto__", "constructor", "toString", v1::OUTCOME_COMPLETED);
  maker.Measure(second, 2000, 2);
  v1::Result& hung = maker.Add("=cmd()", breakout, "a/b/c", v1::OUTCOME_HUNG);
  SampleMaker::Hang(hung, true);
  hung.mutable_payload()->mutable_hang()->set_summary(breakout);
  v1::Result& invalid = maker.Add("b\xc3", "x", "a/b/c", v1::OUTCOME_INVALID);
  maker.Fail(invalid, absl::StrCat(breakout, std::string("\0\x01", 2), std::string(10'000, 'r')));
  return maker.Take(v1::Sweep::STATE_FAILED);
}

std::vector<v1::Board> SampleBoards() {
  std::vector<v1::Board> boards;
  for (const char* name : {"rack1-a", "rack1-b"}) {
    v1::Board& board = boards.emplace_back();
    board.set_name(absl::StrCat("boards/", name));
    board.set_state(v1::Board::STATE_ACTIVE);
    board.set_state_reason("passed its health trial");
    board.set_online(true);
    board.mutable_description()->set_model("Example CPU E-2288");
    board.mutable_description()->set_architecture("x86_64");
    board.mutable_description()->set_kernel("6.1.0-26-amd64");
    for (std::uint32_t cpu = 0; cpu < 8; ++cpu) board.mutable_description()->add_cpus(cpu);
    board.add_labels("site=berlin");
    board.mutable_last_seen_time()->set_seconds(1'798'860'000);
  }
  boards.back().set_online(false);
  return boards;
}

absl::StatusOr<v1::Sweep> SampleSource::GetSweep(const std::string& name) {
  const auto found = sweeps_.find(name);
  if (found == sweeps_.end()) return absl::NotFoundError(absl::StrCat("there is no ", name));
  return found->second.sweep;
}

absl::Status SampleSource::ForEachTrial(const std::string& sweep,
                                        const std::function<absl::Status(const v1::Trial&)>& each) {
  for (const v1::Trial& trial : sweeps_.at(sweep).trials) {
    if (absl::Status status = each(trial); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status SampleSource::ForEachResult(const std::string& sweep,
                                         const std::function<absl::Status(const v1::Result&)>& each) {
  for (const v1::Result& result : sweeps_.at(sweep).results) {
    if (absl::Status status = each(result); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace crosscall::report
