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

}  // namespace crosscall::cli

#endif  // TESTS_CONTROLLER_CLI_SAMPLE_RESULTS_H_
