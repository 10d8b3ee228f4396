#include "tests/controller/report/sample_trials.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "proto/shared/histogram.h"
#include "proto/shared/histogram_proto.h"
#include "proto/shared/resource_name.h"

namespace crosscall::report {
namespace {

constexpr std::int64_t kNight = 1'798'853'400;  // 2027-01-02 01:30 UTC

struct StageShare {
  const char* from;
  const char* to;
  double share;  // of a call's median
};
constexpr StageShare kStages[] = {{"enter", "claim", 0.05},       {"claim", "publish", 0.03},
                                  {"publish", "kicked", 0.22},    {"kicked", "ipi_entry", 0.4},
                                  {"ipi_entry", "drain", 0.04},   {"drain", "fn_entry", 0.02},
                                  {"fn_entry", "fn_exit", 0.02},  {"fn_exit", "complete", 0.03},
                                  {"complete", "observed", 0.19}, {"publish", "fn_entry", 0.68}};

void CountIn(v1::SweepProgress& progress, v1::Outcome outcome) {
  progress.set_total_count(progress.total_count() + 1);
  switch (outcome) {
    case v1::OUTCOME_UNSPECIFIED:
      return progress.set_pending_count(progress.pending_count() + 1);
    case v1::OUTCOME_HUNG:
      return progress.set_hung_count(progress.hung_count() + 1);
    case v1::OUTCOME_REFUSED:
      return progress.set_refused_count(progress.refused_count() + 1);
    case v1::OUTCOME_CRASHED:
      return progress.set_crashed_count(progress.crashed_count() + 1);
    case v1::OUTCOME_WEDGED:
      return progress.set_wedged_count(progress.wedged_count() + 1);
    default:
      return progress.set_completed_count(progress.completed_count() + 1);
  }
}

void DescribeMachine(const std::string& kernel, std::uint32_t cpus, v1::TrialResult& payload) {
  v1::Environment& environment = *payload.mutable_environment();
  environment.set_kernel(kernel);
  environment.set_command_line("quiet isolcpus=2-7 nohz_full=2-7");
  environment.set_clock_source("tsc");
  environment.set_cpuidle("intel_idle, menu");
  environment.set_governor("performance");
  environment.set_smt("off");
  environment.set_isolated_cpus("2-7");
  environment.set_scheduling("SCHED_FIFO:50");
  environment.set_memory_locked(true);
  environment.set_cpu_model("Example CPU E-2288 @ 3.70 GHz");
  environment.set_microcode("0xf8");
  environment.set_version("0.1.0");
  environment.set_libc("glibc 2.36");
  for (std::uint32_t cpu = 0; cpu < cpus; ++cpu) {
    environment.add_board_cpus(cpu);
    environment.add_numa_nodes(static_cast<std::int32_t>(cpu / 4));
  }
  v1::Overhead& overhead = *payload.mutable_overhead();
  overhead.set_clock_read_nanos(11);
  overhead.set_empty_call_nanos(46);
  overhead.set_clock_skew_nanos(18);
  overhead.set_clock("tsc");
}

}  // namespace

void SetParameter(v1::Result& result, const std::string& id, std::int64_t value) {
  v1::Parameter& parameter = *result.mutable_trial()->mutable_spec()->add_parameters();
  parameter.set_id(id);
  parameter.set_value(value);
}

// Nights differ a little, each the same whenever it is made.
SampleMaker::SampleMaker(const std::string& id) : random_(static_cast<std::uint64_t>(id.back())) {
  v1::Sweep& sweep = sample_.sweep;
  sweep.set_name(absl::StrCat("sweeps/", id));
  sweep.mutable_create_time()->set_seconds(kNight);
  sweep.mutable_start_time()->set_seconds(kNight + 2);
  sweep.mutable_spec()->add_implementations("*");
}

v1::Result& SampleMaker::Add(const std::string& board, const std::string& scenario, const std::string& implementation,
                             v1::Outcome outcome) {
  const std::size_t number = sample_.results.size();
  v1::Result& result = sample_.results.emplace_back();
  v1::Trial& trial = *result.mutable_trial();
  trial.set_name(absl::StrCat(sample_.sweep.name(), "/trials/t", number));
  trial.set_board(absl::StrCat("boards/", board));
  trial.mutable_spec()->set_scenario(scenario);
  trial.mutable_spec()->set_implementation(implementation);
  trial.mutable_spec()->set_target_state(v1::TARGET_STATE_SPIN);
  trial.set_state(outcome == v1::OUTCOME_UNSPECIFIED ? v1::Trial::STATE_PENDING : v1::Trial::STATE_FINISHED);
  trial.set_outcome(outcome);
  trial.set_attempt_count(1);
  result.set_name(absl::StrCat(trial.name(), "/attempts/1"));
  result.mutable_attempt()->set_attempt(1);
  result.mutable_attempt()->set_outcome(outcome);
  result.mutable_attempt()->set_lease_state("completed");
  result.mutable_commit_time()->set_seconds(kNight + 60 + static_cast<std::int64_t>(number));
  result.mutable_payload()->set_outcome(outcome);
  CountIn(*sample_.sweep.mutable_progress(), outcome);
  return result;
}

v1::Histogram SampleMaker::Latencies(double median, double spread, std::uint32_t calls) {
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform;
  shared::Histogram histogram;
  for (std::uint32_t i = 0; i < calls; ++i) {
    // Now and then a timer tick, rarely something worse.
    const double chance = uniform(random_);
    const double extra = chance < 0.0004 ? median * 30 : chance < 0.008 ? median * 2.5 : 0;
    const double span =
        median * (0.8 + 0.2 * std::exp(spread * 3 * normal(random_))) + extra * (0.5 + uniform(random_));
    histogram.Record(static_cast<std::uint64_t>(std::max(span, 1.0)));
  }
  return shared::ToProto(histogram);
}

void SampleMaker::AddStages(v1::TrialResult& payload, double median) {
  for (const StageShare& share : kStages) {
    v1::StageInterval& stage = *payload.add_stages();
    stage.set_from(share.from);
    stage.set_to(share.to);
    *stage.mutable_histogram() = Latencies(median * share.share, 0.3, 300);
  }
}

void SampleMaker::Measure(v1::Result& result, double median, std::uint32_t cpus, std::uint32_t calls) {
  v1::TrialResult& payload = *result.mutable_payload();
  payload.set_calls(calls);
  *payload.mutable_latency() = Latencies(median, 0.25, calls);
  AddStages(payload, median);
  v1::RouteCount& route = *payload.add_routes();
  route.set_route("ipi");
  route.set_count(calls - calls / 50);
  v1::RouteCount& polled = *payload.add_routes();
  polled.set_route("polled");
  polled.set_count(calls / 50);
  v1::IpiAccounting& ipis = *payload.mutable_ipis();
  ipis.set_expected(calls - calls / 50);
  ipis.set_seen(ipis.expected());
  ipis.set_kicks_sent(ipis.expected());
  ipis.set_kicks_skipped(calls / 50);
  DescribeMachine(kernel_, cpus, payload);
}

void SampleMaker::AddEarlierAttempt(const v1::Result& last, v1::Outcome outcome, const std::string& reason) {
  v1::Result earlier = last;
  v1::Result& second = sample_.results.back();
  second.mutable_trial()->set_attempt_count(2);
  second.mutable_attempt()->set_attempt(2);
  second.set_name(absl::StrCat(second.trial().name(), "/attempts/2"));
  *earlier.mutable_trial() = second.trial();
  earlier.mutable_attempt()->set_outcome(outcome);
  if (outcome == v1::OUTCOME_LOST) {
    earlier.clear_payload();
    earlier.mutable_attempt()->set_cause(reason);
    sample_.sweep.mutable_progress()->set_lost_attempt_count(sample_.sweep.progress().lost_attempt_count() + 1);
  } else {
    earlier.mutable_payload()->set_outcome(outcome);
    earlier.mutable_payload()->set_reason(reason);
    sample_.sweep.mutable_progress()->set_invalid_attempt_count(sample_.sweep.progress().invalid_attempt_count() + 1);
  }
  sample_.results.push_back(std::move(earlier));
}

void SampleMaker::Fail(v1::Result& result, const std::string& why) {
  v1::SweepProgress& progress = *sample_.sweep.mutable_progress();
  progress.set_completed_count(progress.completed_count() - 1);
  progress.set_failed_count(progress.failed_count() + 1);
  result.mutable_trial()->set_state(v1::Trial::STATE_FAILED);
  result.mutable_trial()->set_state_reason(why);
  const bool lost = result.attempt().outcome() == v1::OUTCOME_LOST;
  if (lost) {
    result.clear_payload();
    result.mutable_attempt()->set_cause(why);
    progress.set_lost_attempt_count(progress.lost_attempt_count() + 1);
  } else {
    result.mutable_payload()->set_reason(why);
    progress.set_invalid_attempt_count(progress.invalid_attempt_count() + 1);
  }
}

void SampleMaker::AddPair(v1::Result& result, std::uint32_t source, std::uint32_t target, double median,
                          std::uint32_t calls) {
  v1::PairLatency& pair = *result.mutable_payload()->add_pairs();
  pair.set_source(source);
  pair.set_target(target);
  *pair.mutable_histogram() = Latencies(median, 0.15, calls);
}

SampleSweep SampleMaker::Take(v1::Sweep::State state) {
  v1::Sweep& sweep = sample_.sweep;
  const v1::SweepProgress& progress = sweep.progress();
  sweep.set_state(state);
  if (state != v1::Sweep::STATE_RUNNING && state != v1::Sweep::STATE_PENDING) {
    sweep.mutable_end_time()->set_seconds(kNight + 5400);
  }
  const double owed = static_cast<double>(progress.total_count() - progress.refused_count());
  const double told = static_cast<double>(progress.completed_count() + progress.hung_count() +
                                          progress.crashed_count() + progress.wedged_count());
  sweep.set_coverage(owed == 0 ? 1 : told / owed);
  for (const v1::Result& result : sample_.results) {
    if (result.attempt().attempt() == result.trial().attempt_count()) sample_.trials.push_back(result.trial());
  }
  if (state == v1::Sweep::STATE_PENDING) sample_.results.clear();
  return std::move(sample_);
}

}  // namespace crosscall::report
