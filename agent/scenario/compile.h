// From a scenario in protobuf form to the op arrays that the interpreter walks (ops.h).
//
// Compile validates first (validate.h), since a scenario may come from elsewhere than our parser; INVALID_ARGUMENT
// names the line and what is allowed. Thread safety: a CompiledScenario is immutable.
#ifndef AGENT_SCENARIO_COMPILE_H_
#define AGENT_SCENARIO_COMPILE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/scenario/ops.h"
#include "crosscall/v1/scenario.pb.h"

namespace crosscall::scenario {

// Owns the arrays; movable, not copyable, so that a view stays good for as long as its owner lives (moving keeps it).
class CompiledScenario {
 public:
  CompiledScenario(CompiledScenario&&) = default;
  CompiledScenario& operator=(CompiledScenario&&) = default;

  // What the interpreter takes; valid while this object (or what it was moved to) lives.
  ScenarioView view() const;

  // In the order of their indices, for people who read hang reports and op traces.
  const std::vector<std::string>& lock_names() const { return lock_names_; }
  const std::vector<std::string>& barrier_names() const { return barrier_names_; }
  const std::vector<std::string>& function_names() const { return function_names_; }

 private:
  friend class Compiler;
  CompiledScenario() = default;

  core::u32 cpu_count_ = 0;
  core::u32 async_slots_ = 0;
  core::u32 nowait_slots_ = 0;
  core::CpuSet steady_;
  std::vector<Op> ops_;
  std::vector<core::u32> programs_;
  std::vector<core::u32> functions_;
  std::vector<core::CpuSet> sets_;
  std::vector<core::u32> barrier_parties_;
  std::vector<DeviceOp> devices_;
  std::vector<std::string> lock_names_;
  std::vector<std::string> barrier_names_;
  std::vector<std::string> function_names_;
};

absl::StatusOr<CompiledScenario> Compile(const v1::Scenario& scenario);

}  // namespace crosscall::scenario

#endif  // AGENT_SCENARIO_COMPILE_H_
