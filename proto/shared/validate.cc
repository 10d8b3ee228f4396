#include "proto/shared/validate.h"

#include <cmath>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "proto/shared/resource_name.h"
#include "proto/shared/sanitize.h"

namespace crosscall::shared {
namespace {

constexpr std::int64_t kNanosPerSecond = 1'000'000'000;
constexpr std::int64_t kMaxSeconds = 366 * 24 * 3600;

absl::Status Wrong(absl::string_view field, absl::string_view found, absl::string_view allowed) {
  return absl::InvalidArgumentError(absl::StrCat(field, ": ", found, "; allowed: ", allowed));
}

absl::Status AtMost(absl::string_view field, std::uint64_t found, std::uint64_t limit) {
  if (found <= limit) return absl::OkStatus();
  return Wrong(field, absl::StrCat(found), absl::StrCat("at most ", limit));
}

template <class Message>
absl::Status Span(absl::string_view field, const Message& span, std::int64_t min_nanos, std::int64_t max_seconds) {
  if (span.nanos() < 0 || span.nanos() >= kNanosPerSecond || span.seconds() < 0 || span.seconds() > kMaxSeconds) {
    return Wrong(field, absl::StrCat(span.seconds(), " s ", span.nanos(), " ns"), "a positive span");
  }
  const std::int64_t nanos = span.seconds() * kNanosPerSecond + span.nanos();
  if (nanos >= min_nanos && nanos <= max_seconds * kNanosPerSecond) return absl::OkStatus();
  return Wrong(field, absl::StrCat(nanos, " ns"), absl::StrCat(min_nanos, " ns to ", max_seconds, " s"));
}

template <class Cpus>
absl::Status CpuNumbers(absl::string_view field, const Cpus& cpus) {
  if (absl::Status status = AtMost(absl::StrCat(field, " (how many)"), static_cast<std::uint64_t>(cpus.size()), 1024);
      !status.ok()) {
    return status;
  }
  std::set<std::uint32_t> seen;
  for (const std::uint32_t cpu : cpus) {
    if (!seen.insert(cpu).second) return Wrong(field, absl::StrCat("CPU ", cpu, " is listed twice"), "each CPU once");
    if (cpu >= 8192) return Wrong(field, absl::StrCat("CPU ", cpu), "0 to 8191");
  }
  return absl::OkStatus();
}

absl::Status Rate(absl::string_view field, double rate) {
  if (std::isfinite(rate) && rate >= 0 && rate <= 1e7) return absl::OkStatus();
  return Wrong(field, absl::StrCat(rate), "0 (closed loop) to 1e7 calls a second");
}

absl::Status FirstError(std::initializer_list<absl::Status> statuses) {
  for (const absl::Status& status : statuses) {
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status ShortText(absl::string_view field, absl::string_view text, std::size_t limit) {
  return AtMost(absl::StrCat(field, " (bytes)"), text.size(), limit);
}

absl::Status ScenarioId(absl::string_view field, absl::string_view id) {
  if (IsId(id)) return absl::OkStatus();
  return Wrong(field, absl::StrCat("\"", CleanText(id, 80), "\""), "a scenario id, [a-z0-9-]{1,63}");
}

absl::Status Explore(const v1::ExploreOptions& options) {
  if (!v1::MemoryModel_IsValid(options.memory())) return Wrong("memory", absl::StrCat(options.memory()), "sc, weak");
  return AtMost("max_states", options.max_states(), kMaxExploreStates);
}

// A field that means nothing where it stands, and that its user meant something by.
struct Misplaced {
  bool given;
  absl::string_view field;
};

absl::Status Nothing(std::initializer_list<Misplaced> fields, absl::string_view where, absl::string_view allowed) {
  for (const Misplaced& field : fields) {
    if (field.given) return Wrong(field.field, absl::StrCat("given ", where), allowed);
  }
  return absl::OkStatus();
}

constexpr absl::string_view kOnlyExplores = "to an exploration, which measures nothing";
constexpr absl::string_view kOfExplorations =
    "scenarios, implementations, parameters, memory, max_states and a time limit; for the rest choose target system "
    "signal";

absl::Status ValidateMeasured(const v1::TrialSpec& spec) {
  if (spec.has_explore()) return Wrong("explore", "given to a measurement", "target system explore only");
  if (!spec.has_time_limit() && spec.call_limit() == 0) {
    return Wrong("call_limit and time_limit", "neither is set", "at least one");
  }
  return Span("deadline", spec.deadline(), 1'000'000, 3600);
}

absl::Status ValidateExplored(const v1::TrialSpec& spec) {
  if (!spec.has_time_limit()) return Wrong("time_limit", "not set", "a limit, without which a search may never end");
  if (absl::Status status = Explore(spec.explore()); !status.ok()) return status;
  return Nothing({{!spec.cpus().empty(), "cpus"},
                  {spec.call_limit() != 0, "call_limit"},
                  {spec.has_deadline(), "deadline"},
                  {spec.oversubscribe(), "oversubscribe"},
                  {spec.arrival_rate_hz() != 0, "arrival_rate_hz"},
                  {spec.strict(), "strict"},
                  {spec.fresh_boot(), "fresh_boot"}},
                 kOnlyExplores, kOfExplorations);
}

absl::Status TargetSystems(const v1::SweepSpec& spec) {
  std::set<int> systems;
  for (const int system : spec.target_systems()) {
    if (!v1::TargetSystem_IsValid(system) || system == v1::TARGET_SYSTEM_UNSPECIFIED) {
      return Wrong("target_systems", absl::StrCat(system), "signal, explore");
    }
    if (!systems.insert(system).second) return Wrong("target_systems", "one is listed twice", "each once");
  }
  if (systems.count(v1::TARGET_SYSTEM_EXPLORE) == 0) {
    return Nothing({{spec.has_explore(), "memory or max_states"}}, "without target system explore",
                   "only beside target system explore");
  }
  if (absl::Status status = Explore(spec.explore()); !status.ok()) return status;
  if (systems.size() > 1) return absl::OkStatus();
  return Nothing({{!spec.cpu_lists().empty(), "cpu_lists"},
                  {spec.all_cpu_pairs(), "all_cpu_pairs"},
                  {!spec.target_states().empty(), "target_states"},
                  {!spec.arrival_rates_hz().empty(), "arrival_rates_hz"},
                  {spec.repetitions() > 1, "repetitions"},
                  {spec.call_limit() != 0, "call_limit"},
                  {spec.has_trial_deadline(), "trial_deadline"},
                  {spec.oversubscribe(), "oversubscribe"},
                  {spec.strict(), "strict"}},
                 kOnlyExplores, kOfExplorations);
}

}  // namespace

absl::Status Validate(const v1::TrialSpec& spec) {
  if (absl::Status status =
          FirstError({ScenarioId("scenario", spec.scenario()),
                      ShortText("scenario_text", spec.scenario_text(), kMaxScenarioTextBytes),
                      ShortText("implementation", spec.implementation(), 128), CpuNumbers("cpus", spec.cpus()),
                      AtMost("parameters (how many)", spec.parameters_size(), 32),
                      Rate("arrival_rate_hz", spec.arrival_rate_hz())});
      !status.ok()) {
    return status;
  }
  if (spec.implementation().empty()) return Wrong("implementation", "empty", "algorithm/wait_policy/irq_model");
  if (!v1::TargetSystem_IsValid(spec.target_system())) {
    return Wrong("target_system", absl::StrCat(spec.target_system()), "signal, explore");
  }
  if (spec.has_time_limit()) {
    if (absl::Status status = Span("time_limit", spec.time_limit(), 1'000'000, 24 * 3600); !status.ok()) return status;
  }
  return spec.target_system() == v1::TARGET_SYSTEM_EXPLORE ? ValidateExplored(spec) : ValidateMeasured(spec);
}

absl::Status Validate(const v1::SweepSpec& spec) {
  if (spec.scenarios().empty()) return Wrong("scenarios", "none", "at least one scenario");
  if (spec.implementations().empty()) return Wrong("implementations", "none", "at least one id; `*` for all");
  if (absl::Status status = FirstError({AtMost("scenarios (how many)", spec.scenarios_size(), 256),
                                        AtMost("implementations (how many)", spec.implementations_size(), 256),
                                        AtMost("cpu_lists (how many)", spec.cpu_lists_size(), 4096),
                                        AtMost("target_states (how many)", spec.target_states_size(), 3),
                                        AtMost("parameter_sets (how many)", spec.parameter_sets_size(), 1024),
                                        AtMost("repetitions", spec.repetitions(), 100'000),
                                        AtMost("arrival_rates_hz (how many)", spec.arrival_rates_hz_size(), 64)});
      !status.ok()) {
    return status;
  }
  if (absl::Status status = TargetSystems(spec); !status.ok()) return status;
  for (const v1::ScenarioRef& scenario : spec.scenarios()) {
    if (absl::Status status = FirstError({ScenarioId("scenario", scenario.id()),
                                          ShortText("scenario text", scenario.text(), kMaxScenarioTextBytes)});
        !status.ok()) {
      return status;
    }
  }
  if (spec.all_cpu_pairs() && !spec.cpu_lists().empty()) {
    return Wrong("cpu_lists", "given beside all_cpu_pairs", "one of the two");
  }
  for (const v1::CpuList& list : spec.cpu_lists()) {
    if (absl::Status status = CpuNumbers("cpus", list.cpus()); !status.ok()) return status;
  }
  for (const double rate : spec.arrival_rates_hz()) {
    if (absl::Status status = Rate("arrival_rates_hz", rate); !status.ok()) return status;
  }
  for (const v1::ParameterSet& set : spec.parameter_sets()) {
    if (absl::Status status = AtMost("parameters (how many)", set.parameters_size(), 32); !status.ok()) return status;
  }
  if (spec.has_trial_deadline()) {
    if (absl::Status status = Span("trial_deadline", spec.trial_deadline(), 1'000'000, 3600); !status.ok()) {
      return status;
    }
  }
  if (spec.has_trial_time()) {
    if (absl::Status status = Span("trial_time", spec.trial_time(), 1'000'000, 24 * 3600); !status.ok()) return status;
  }
  if (spec.has_sweep_deadline()) {
    if (absl::Status status = Span("sweep_deadline", spec.sweep_deadline(), kNanosPerSecond, 90 * 24 * 3600);
        !status.ok()) {
      return status;
    }
  }
  if (spec.has_time_budget()) {
    if (absl::Status status = Span("time_budget", spec.time_budget(), kNanosPerSecond, 90 * 24 * 3600); !status.ok()) {
      return status;
    }
  }
  if (!spec.continued_sweep().empty()) {
    if (absl::StatusOr<std::string> id = SweepIdOf(spec.continued_sweep()); !id.ok()) return id.status();
  }
  for (const std::string& board : spec.selector().boards()) {
    if (absl::StatusOr<std::string> id = BoardIdOf(board); !id.ok()) return id.status();
  }
  return absl::OkStatus();
}

absl::Status Validate(const v1::CreateSweepRequest& request) {
  if (!request.sweep_id().empty() && !IsId(request.sweep_id())) {
    return Wrong("sweep_id", absl::StrCat("\"", CleanText(request.sweep_id(), 80), "\""), "[a-z0-9-]{1,63}");
  }
  if (absl::Status status = ShortText("request_id", request.request_id(), 64); !status.ok()) return status;
  return Validate(request.spec());
}

absl::Status Validate(const v1::CreateScheduleRequest& request) {
  if (!IsId(request.schedule_id())) {
    return Wrong("schedule_id", absl::StrCat("\"", CleanText(request.schedule_id(), 80), "\""), "[a-z0-9-]{1,63}");
  }
  if (!request.schedule().spec().continued_sweep().empty()) {
    return Wrong("continued_sweep", "given in a schedule", "sweeps that a person asks for: it can be continued once");
  }
  return Validate(request.schedule().spec());
}

absl::Status Validate(const v1::PauseScheduleRequest& request) {
  if (absl::StatusOr<std::string> id = ScheduleIdOf(request.name()); !id.ok()) return id.status();
  return AtMost("reason (bytes)", request.reason().size(), 1024);
}

absl::Status Validate(const v1::RunScheduleRequest& request) {
  if (absl::StatusOr<std::string> id = ScheduleIdOf(request.name()); !id.ok()) return id.status();
  return ShortText("request_id", request.request_id(), 64);
}

absl::Status Validate(const v1::SynchronizeRequest& request) {
  if (absl::StatusOr<std::string> id = BoardIdOf(request.board()); !id.ok()) return id.status();
  if (request.incarnation_id().empty() || request.incarnation_id().size() > 64) {
    return Wrong("incarnation_id (bytes)", absl::StrCat(request.incarnation_id().size()), "1 to 64");
  }
  if (request.sequence() == 0) return Wrong("sequence", "0", "1, 2, 3, ...");
  if (absl::Status status = FirstError(
          {ShortText("boot_id", request.boot_id(), 64), AtMost("leases (how many)", request.leases_size(), 16),
           AtMost("spool (how many)", request.spool_size(), 64), ShortText("health", request.health(), 1024),
           AtMost("cpus (how many)", request.description().cpus_size(), 1024),
           AtMost("scenarios (how many)", request.description().scenarios_size(), 1024),
           AtMost("implementations (how many)", request.description().implementations_size(), 1024),
           AtMost("labels (how many)", request.description().labels_size(), 64),
           AtMost("crash log (bytes)", request.description().crash_log().text().size(), 16 * 1024),
           AtMost("target_systems (how many)", request.description().target_systems_size(), 16)});
      !status.ok()) {
    return status;
  }
  for (const v1::HeldLease& lease : request.leases()) {
    if (absl::StatusOr<std::string> sweep = SweepNameOfTrial(lease.trial()); !sweep.ok()) return sweep.status();
    if (lease.attempt() == 0) return Wrong("attempt", "0", "1, 2, 3, ...");
  }
  return absl::OkStatus();
}

absl::Status Validate(const v1::UploadResultRequest& request) {
  if (absl::StatusOr<std::string> id = BoardIdOf(request.board()); !id.ok()) return id.status();
  if (absl::StatusOr<std::string> sweep = SweepNameOfTrial(request.trial()); !sweep.ok()) return sweep.status();
  if (request.attempt() == 0) return Wrong("attempt", "0", "1, 2, 3, ...");
  if (request.sha256().size() != 32) return Wrong("sha256 (bytes)", absl::StrCat(request.sha256().size()), "32");
  if (absl::Status status = FirstError({AtMost("total_bytes", request.total_bytes(), kMaxResultBytes),
                                        AtMost("chunk (bytes)", request.chunk().size(), kMaxChunkBytes)});
      !status.ok()) {
    return status;
  }
  if (request.offset() > request.total_bytes() || request.chunk().size() > request.total_bytes() - request.offset()) {
    return Wrong("offset", absl::StrCat(request.offset(), " with a chunk of ", request.chunk().size()),
                 absl::StrCat("chunks inside ", request.total_bytes(), " bytes"));
  }
  return absl::OkStatus();
}

}  // namespace crosscall::shared
