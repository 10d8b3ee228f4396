// What a trial spec means on this board: everything decided and compiled before a thread is started.
#ifndef AGENT_MEASURE_TRIAL_PLAN_H_
#define AGENT_MEASURE_TRIAL_PLAN_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/core/implementation.h"
#include "agent/ports/faults.h"
#include "agent/scenario/compile.h"
#include "crosscall/v1/scenario.pb.h"
#include "crosscall/v1/trial.pb.h"

namespace crosscall::measure {

// Immutable once made.
struct TrialPlan {
  v1::TrialSpec spec;  // with the defaults filled in
  core::Implementation implementation;
  v1::Scenario scenario;
  scenario::CompiledScenario compiled;
  ports::FaultPlan faults;
  std::vector<std::uint32_t> board_cpus;  // by scenario CPU
  bool oversubscribed = false;            // scenario CPUs share a board CPU
  std::uint32_t ring_size = 0;
  std::vector<std::uint32_t> active;  // CPUs that have a program, ascending; at least one
  // By CPU: every kick that finds it outside handlers interrupts a running thread, so the kernel must count it.
  std::vector<bool> kernel_counts_kicks;
};

// Pure but for the list of usable CPUs, which is an argument. Errors say what is wrong and what to do:
// INVALID_ARGUMENT (limits, scenario text with position, CPUs listed twice, wrong number of CPUs), NOT_FOUND (unknown
// scenario or implementation; the known ones are listed), FAILED_PRECONDITION (a CPU that is not online or not allowed,
// more CPUs than the board has).
absl::StatusOr<TrialPlan> PlanTrial(const v1::TrialSpec& spec, const std::vector<std::uint32_t>& usable_cpus);

// The parts of it that do not depend on the board. The same codes.
absl::StatusOr<core::Implementation> FindImplementation(const std::string& name);
absl::StatusOr<v1::Scenario> LoadScenario(const v1::TrialSpec& spec);

// Names of all implementations, in the order of core::kImplementations.
std::vector<std::string> ImplementationNames();

}  // namespace crosscall::measure

#endif  // AGENT_MEASURE_TRIAL_PLAN_H_
