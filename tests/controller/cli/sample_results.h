// Trials and results for tests of what is made of them.
#ifndef TESTS_CONTROLLER_CLI_SAMPLE_RESULTS_H_
#define TESTS_CONTROLLER_CLI_SAMPLE_RESULTS_H_

#include <initializer_list>
#include <string>

#include "crosscall/v1/result_service.pb.h"
#include "proto/shared/histogram.h"
#include "proto/shared/histogram_proto.h"
#include "proto/shared/resource_name.h"

namespace crosscall::cli {

inline v1::Histogram HistogramOf(std::initializer_list<std::uint64_t> nanos) {
  shared::Histogram histogram;
  for (const std::uint64_t value : nanos) histogram.Record(value);
  return shared::ToProto(histogram);
}

inline v1::Trial FinishedTrial(const std::string& id, const std::string& scenario, const std::string& implementation,
                               v1::Outcome outcome) {
  v1::Trial trial;
  trial.set_name(shared::TrialName("s", id));
  trial.set_board("boards/b1");
  trial.mutable_spec()->set_scenario(scenario);
  trial.mutable_spec()->set_implementation(implementation);
  trial.mutable_spec()->set_target_state(v1::TARGET_STATE_SPIN);
  trial.set_state(v1::Trial::STATE_FINISHED);
  trial.set_attempt_count(1);
  trial.set_outcome(outcome);
  return trial;
}

// The result of the trial's last attempt.
inline v1::Result ResultOf(const v1::Trial& trial, std::initializer_list<std::uint64_t> nanos) {
  v1::Result result;
  result.set_name(shared::AttemptName(trial.name(), trial.attempt_count()));
  *result.mutable_trial() = trial;
  result.mutable_attempt()->set_attempt(trial.attempt_count());
  v1::TrialResult& payload = *result.mutable_payload();
  payload.set_outcome(trial.outcome());
  payload.set_calls(nanos.size());
  *payload.mutable_latency() = HistogramOf(nanos);
  payload.mutable_ipis()->set_seen(nanos.size());
  payload.mutable_ipis()->set_expected(nanos.size());
  return result;
}

inline v1::Result HungResult(const v1::Trial& trial) {
  v1::Result result = ResultOf(trial, {});
  // The worker was killed before it could account for its interrupts.
  result.mutable_payload()->clear_ipis();
  v1::HangReport& hang = *result.mutable_payload()->mutable_hang();
  hang.set_hang_class(v1::HANG_CLASS_MASKED_TARGET);
  hang.add_cycle(0);
  hang.add_cycle(1);
  hang.set_summary("CPU 0 and CPU 1 wait for each other, both masked");
  return result;
}

// An exploration of the same scenario and implementation, and what it found.
inline v1::Trial ExploredTrial(const std::string& id, const std::string& scenario, const std::string& implementation) {
  v1::Trial trial = FinishedTrial(id, scenario, implementation, v1::OUTCOME_COMPLETED);
  trial.mutable_spec()->clear_target_state();
  trial.mutable_spec()->set_target_system(v1::TARGET_SYSTEM_EXPLORE);
  return trial;
}

inline v1::Result ExploredResult(const v1::Trial& trial, v1::Exploration::Verdict verdict) {
  v1::Result result;
  result.set_name(shared::AttemptName(trial.name(), trial.attempt_count()));
  *result.mutable_trial() = trial;
  result.mutable_attempt()->set_attempt(trial.attempt_count());
  result.mutable_payload()->set_outcome(v1::OUTCOME_COMPLETED);
  v1::Exploration& exploration = *result.mutable_payload()->mutable_exploration();
  exploration.set_verdict(verdict);
  exploration.set_memory(v1::MEMORY_MODEL_WEAK);
  exploration.set_states(1234);
  exploration.set_executions(2000);
  exploration.set_steps(56'789);
  if (verdict != v1::Exploration::VERDICT_DEADLOCK) return result;
  v1::ExplorationStep& step = *exploration.add_trace();
  step.set_cpu(1);
  step.set_op("irq_off");
  v1::ExplorationWait& wait = *exploration.add_waits();
  wait.set_waits_for("completion of call to CPU 1");
  wait.set_masked(true);
  return result;
}

}  // namespace crosscall::cli

#endif  // TESTS_CONTROLLER_CLI_SAMPLE_RESULTS_H_
