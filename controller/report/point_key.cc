#include "controller/report/point_key.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "controller/cli/units.h"
#include "proto/shared/implementation_id.h"

namespace crosscall::report {

PointKey PointOf(const v1::SweepSpec& sweep, const v1::Trial& trial) {
  const v1::TrialSpec& spec = trial.spec();
  PointKey key;
  while (key.scenario_order < static_cast<std::size_t>(sweep.scenarios_size()) &&
         sweep.scenarios(static_cast<int>(key.scenario_order)).id() != spec.scenario()) {
    ++key.scenario_order;
  }
  while (key.implementation_order < static_cast<std::size_t>(sweep.implementations_size()) &&
         !shared::MatchesImplementation(sweep.implementations(static_cast<int>(key.implementation_order)),
                                        spec.implementation())) {
    ++key.implementation_order;
  }
  key.scenario = spec.scenario();
  key.implementation = spec.implementation();
  key.target_system =
      spec.target_system() == v1::TARGET_SYSTEM_UNSPECIFIED ? v1::TARGET_SYSTEM_SIGNAL : spec.target_system();
  key.board = absl::StartsWith(trial.board(), "boards/") ? trial.board().substr(7) : trial.board();
  key.cpus.assign(spec.cpus().begin(), spec.cpus().end());
  key.target_state = cli::EnumWords(v1::TargetState_Name(spec.target_state()), "TARGET_STATE_");
  if (spec.target_state() == v1::TARGET_STATE_UNSPECIFIED) key.target_state = "spin";
  if (spec.target_system() == v1::TARGET_SYSTEM_EXPLORE) key.target_state = "";
  key.parameters = absl::StrJoin(spec.parameters(), " ", [](std::string* out, const v1::Parameter& parameter) {
    absl::StrAppend(out, parameter.id(), "=", parameter.value());
  });
  key.arrival_rate_hz = spec.arrival_rate_hz();
  return key;
}

std::uint32_t BoardCpu(const v1::Result& result, std::uint32_t scenario_cpu) {
  const auto& ran = result.payload().environment().board_cpus();
  const auto& asked = result.trial().spec().cpus();
  const auto index = static_cast<int>(scenario_cpu);
  if (index < ran.size()) return ran.Get(index);
  if (index < asked.size()) return asked.Get(index);
  return scenario_cpu;
}

}  // namespace crosscall::report
