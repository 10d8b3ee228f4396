#include "controller/store/known_finding.h"

#include <map>
#include <string>

#include "controller/store/for_each.h"
#include "proto/shared/resource_name.h"

namespace crosscall::store {
namespace {

std::map<std::string, std::int64_t> ParametersOf(const v1::TrialSpec& spec) {
  std::map<std::string, std::int64_t> parameters;
  // As for who runs it, the last of several overrides counts.
  for (const v1::Parameter& parameter : spec.parameters()) parameters[parameter.id()] = parameter.value();
  return parameters;
}

}  // namespace

bool SamePoint(const v1::TrialSpec& a, const v1::TrialSpec& b) {
  return a.scenario() == b.scenario() && a.scenario_text() == b.scenario_text() &&
         a.implementation() == b.implementation() && ParametersOf(a) == ParametersOf(b);
}

absl::Status LookUpFinding(Connection& connection, const v1::TrialSpec& spec, v1::HangReport& report) {
  report.clear_known_finding();
  return ForEach(
      connection,
      "SELECT t.spec, t.name, r.attempt, p.payload FROM convictions c JOIN results r ON r.id = c.result"
      " JOIN payloads p ON p.result = c.result JOIN trials t ON t.id = r.trial WHERE c.scenario = ? AND "
      "c.implementation = ? ORDER BY c.result DESC",
      [&](const Statement& statement) {
        if (report.has_known_finding()) return absl::OkStatus();
        v1::TrialSpec explored;
        if (absl::Status status = statement.Parse(0, explored); !status.ok()) return status;
        if (!SamePoint(explored, spec)) return absl::OkStatus();
        v1::TrialResult payload;
        if (absl::Status status = statement.Parse(3, payload); !status.ok()) return status;
        v1::KnownFinding& finding = *report.mutable_known_finding();
        finding.set_name(shared::AttemptName(statement.Bytes(1), static_cast<std::uint32_t>(statement.Int(2))));
        finding.mutable_exploration()->Swap(payload.mutable_exploration());
        return absl::OkStatus();
      },
      spec.scenario(), spec.implementation());
}

}  // namespace crosscall::store
