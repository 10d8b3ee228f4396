#include "agent/worker/exploration.h"

#include <sys/resource.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "agent/explore/explore.h"
#include "agent/measure/trial_plan.h"
#include "proto/shared/check.h"
#include "proto/shared/proto_time.h"
#include "proto/shared/sanitize.h"
#include "proto/shared/validate.h"

namespace crosscall::worker {
namespace {

namespace pb = crosscall::v1;

constexpr absl::Duration kPulsePeriod = absl::Seconds(1);
constexpr std::size_t kReasonBytes = 1024;
constexpr std::size_t kMaxSteps = 4096;
constexpr std::size_t kMaxWaits = 64;
constexpr std::size_t kScheduleBytes = 256 * 1024;

// Half of the process's address space: the search counts its states, not everything around them.
std::size_t StateBytes(std::size_t standard) {
  rlimit limit{};
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return standard;
  return std::min<std::size_t>(standard, limit.rlim_cur / 2);
}

pb::Exploration::Verdict VerdictOf(explore::Verdict verdict) {
  switch (verdict) {
    case explore::Verdict::kCompletes:
      return pb::Exploration::VERDICT_COMPLETES;
    case explore::Verdict::kRefused:
      return pb::Exploration::VERDICT_REFUSED;
    case explore::Verdict::kDeadlock:
      return pb::Exploration::VERDICT_DEADLOCK;
    case explore::Verdict::kLivelock:
      return pb::Exploration::VERDICT_LIVELOCK;
    case explore::Verdict::kViolation:
      return pb::Exploration::VERDICT_VIOLATION;
    case explore::Verdict::kUnknown:
      return pb::Exploration::VERDICT_UNKNOWN;
  }
  CROSSCALL_CHECK(false, "every verdict has its value in the protocol");
}

void TellWay(const explore::Exploration& found, pb::Exploration& out) {
  const std::vector<explore::TraceLine>& lines = found.trace.lines;
  for (std::size_t i = lines.size() - std::min(lines.size(), kMaxSteps); i < lines.size(); ++i) {
    pb::ExplorationStep& step = *out.add_trace();
    step.set_cpu(lines[i].cpu);
    step.set_op(lines[i].op);
    step.set_stage(lines[i].stage);
  }
  for (const explore::WaitLine& line : found.trace.waits) {
    if (out.waits_size() == static_cast<int>(kMaxWaits)) break;
    pb::ExplorationWait& wait = *out.add_waits();
    wait.set_cpu(line.cpu);
    wait.set_waits_for(line.waits_for);
    wait.set_masked(line.masked);
    wait.set_ipi_pending(line.ipi_pending);
  }
  std::string schedule = explore::FormatSchedule(found.finding.schedule);
  if (schedule.size() <= kScheduleBytes) out.set_schedule(std::move(schedule));
}

pb::Exploration Told(const explore::Exploration& found) {
  pb::Exploration out;
  out.set_verdict(VerdictOf(found.finding.verdict));
  out.set_memory(found.memory == explore::MemoryModel::kWeak ? pb::MEMORY_MODEL_WEAK : pb::MEMORY_MODEL_SC);
  out.set_states(found.finding.states);
  out.set_executions(found.finding.executions);
  out.set_steps(found.finding.steps);
  out.set_elapsed_nanos(
      static_cast<std::uint64_t>(absl::ToInt64Nanoseconds(std::max(found.finding.time, absl::ZeroDuration()))));
  out.set_reason(shared::CleanText(found.finding.reason, kReasonBytes));
  TellWay(found, out);
  return out;
}

// Calls `pulse` when its time has come; remembers the first error, after which the search is cancelled.
class Heartbeat {
 public:
  explicit Heartbeat(const SearchPulse& pulse) : pulse_(pulse) {}

  bool Stopped() {
    if (!status_.ok()) return true;
    const absl::Time now = absl::Now();
    // The wall clock may have been set back.
    if (now >= last_ && now - last_ < kPulsePeriod) return false;
    last_ = now;
    status_ = pulse_();
    return !status_.ok();
  }
  const absl::Status& status() const { return status_; }

 private:
  const SearchPulse& pulse_;
  absl::Time last_ = absl::InfinitePast();
  absl::Status status_;
};

explore::ExploreOptions OptionsOf(const pb::TrialSpec& spec, Heartbeat& heartbeat) {
  explore::ExploreOptions options;
  switch (spec.explore().memory()) {
    case pb::MEMORY_MODEL_SC:
      options.memory = explore::MemoryModel::kSc;
      break;
    case pb::MEMORY_MODEL_WEAK:
      options.memory = explore::MemoryModel::kWeak;
      break;
    default:
      break;
  }
  if (spec.explore().max_states() != 0) options.limits.max_states = spec.explore().max_states();
  options.limits.max_time = shared::SpanOf(spec.time_limit());
  options.limits.max_bytes = StateBytes(options.limits.max_bytes);
  options.limits.cancelled = [&heartbeat] { return heartbeat.Stopped(); };
  return options;
}

// The exploration; INVALID_ARGUMENT or NOT_FOUND if the point cannot be explored.
absl::StatusOr<pb::Exploration> Explore(const pb::TrialSpec& spec, Heartbeat& heartbeat) {
  if (absl::Status status = shared::Validate(spec); !status.ok()) return status;
  const absl::StatusOr<core::Implementation> implementation = measure::FindImplementation(spec.implementation());
  if (!implementation.ok()) return implementation.status();
  const absl::StatusOr<pb::Scenario> scenario = measure::LoadScenario(spec);
  if (!scenario.ok()) return scenario.status();
  // Before the first look that the search itself takes: what comes until then may take a while.
  if (heartbeat.Stopped()) return heartbeat.status();
  const absl::StatusOr<explore::Exploration> found =
      explore::Explore(*scenario, *implementation, OptionsOf(spec, heartbeat));
  if (!found.ok()) return found.status();
  return Told(*found);
}

}  // namespace

absl::StatusOr<pb::TrialResult> RunExploration(const pb::TrialSpec& spec, const SearchPulse& pulse) {
  Heartbeat heartbeat(pulse);
  absl::StatusOr<pb::Exploration> exploration = Explore(spec, heartbeat);
  if (!heartbeat.status().ok()) return heartbeat.status();
  pb::TrialResult result;
  result.set_seed(spec.seed());
  result.mutable_environment()->set_version(CROSSCALL_VERSION);
  if (exploration.ok()) {
    result.set_outcome(pb::OUTCOME_COMPLETED);
    result.set_elapsed_nanos(exploration->elapsed_nanos());
    *result.mutable_exploration() = *std::move(exploration);
  } else {
    result.set_outcome(pb::OUTCOME_REFUSED);
    result.set_reason(std::string(exploration.status().message()));
  }
  return result;
}

}  // namespace crosscall::worker
