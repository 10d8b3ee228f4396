#include "controller/scheduler/health_trial.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "controller/scheduler/target_systems.h"
#include "proto/shared/proto_time.h"

namespace crosscall::scheduler {
namespace {

constexpr absl::string_view kScenario = "single-call";
constexpr absl::string_view kImplementation = "per_target/poll_completion/mask_all";
constexpr std::uint64_t kCalls = 1000;
// Ends it where the calls do not: a lease is as long as its trial may take, and the board gets nothing else meanwhile.
constexpr absl::Duration kTimeLimit = absl::Seconds(10);
constexpr absl::Duration kProgressDeadline = absl::Seconds(1);
// For its attempts; a board that is away longer is checked when it calls again.
constexpr absl::Duration kSweepDeadline = absl::Hours(1);

const v1::ScenarioInfo* ScenarioFor(const v1::BoardDescription& description) {
  const auto& offered = description.scenarios();
  const auto fits = [&description](const v1::ScenarioInfo& info) {
    return info.cpu_count() <= static_cast<std::uint32_t>(description.cpus_size());
  };
  auto found = std::find_if(offered.begin(), offered.end(),
                            [&fits](const v1::ScenarioInfo& info) { return info.id() == kScenario && fits(info); });
  if (found == offered.end()) found = std::find_if(offered.begin(), offered.end(), fits);
  return found == offered.end() ? nullptr : &*found;
}

std::string ImplementationFor(const v1::BoardDescription& description) {
  const auto& offered = description.implementations();
  const auto found = std::find(offered.begin(), offered.end(), kImplementation);
  return found == offered.end() ? offered.Get(0) : *found;
}

}  // namespace

absl::StatusOr<v1::SweepSpec> HealthSweep(const std::string& board, const v1::BoardDescription& description) {
  if (!Offers(description, v1::TARGET_SYSTEM_SIGNAL)) {
    return absl::FailedPreconditionError(absl::StrCat(board, " does not offer target system signal"));
  }
  if (description.implementations().empty()) {
    return absl::FailedPreconditionError(absl::StrCat(board, " offers no implementation"));
  }
  const v1::ScenarioInfo* const scenario = ScenarioFor(description);
  if (scenario == nullptr) {
    return absl::FailedPreconditionError(
        absl::StrCat(board, " offers no scenario that fits on its ", description.cpus_size(), " CPUs"));
  }
  v1::SweepSpec spec;
  spec.add_scenarios()->set_id(scenario->id());
  spec.add_implementations(ImplementationFor(description));
  spec.add_target_systems(v1::TARGET_SYSTEM_SIGNAL);
  spec.mutable_selector()->add_boards(board);
  spec.set_call_limit(kCalls);
  *spec.mutable_trial_time() = shared::ProtoOf(kTimeLimit);
  *spec.mutable_trial_deadline() = shared::ProtoOf(kProgressDeadline);
  *spec.mutable_sweep_deadline() = shared::ProtoOf(kSweepDeadline);
  return spec;
}

CheckResult ResultOfCheck(const v1::Trial& trial) {
  switch (trial.state()) {
    case v1::Trial::STATE_FINISHED:
      return trial.outcome() == v1::OUTCOME_COMPLETED ? CheckResult::kPassed : CheckResult::kFailed;
    case v1::Trial::STATE_FAILED:
      return CheckResult::kFailed;
    case v1::Trial::STATE_CANCELLED:
    case v1::Trial::STATE_EXPIRED:
      return CheckResult::kNothing;
    default:
      return CheckResult::kOpen;
  }
}

}  // namespace crosscall::scheduler
