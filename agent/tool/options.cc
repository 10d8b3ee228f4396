#include "agent/tool/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <ostream>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "agent/tool/option_values.h"

namespace crosscall::tool {
namespace {

constexpr std::uint32_t kMaxBoardCpu = 8191;
constexpr std::uint64_t kDefaultCalls = 10'000;

constexpr char kFooter[] =
    "Exit status of run: 0 completed, 1 hung, 2 bad use, 3 refused, 4 invalid (ran, but the numbers do not measure "
    "what "
    "they say), 5 crashed, 130 interrupted. Of several trials the gravest counts: crashed, hung, invalid, refused.";

// What CLI11 fills; turned into a request afterwards, with errors in our own words.
struct Raw {
  std::string subject;
  bool list_json = false;
  RunRequest run;
  std::string cpus;
  std::uint64_t calls = 0;
  std::string time;
  std::string deadline = "1s";
  std::uint64_t seed = 1;
  std::string target_state = "spin";
  double rate = 0;
  std::vector<std::string> parameters;
  bool oversubscribe = false;
  bool strict = false;
  bool no_realtime = false;
  ExploreWords explore;
};

absl::Status SetSpan(const std::string& option, const std::string& text, google::protobuf::Duration* out) {
  absl::StatusOr<absl::Duration> span = ParseSpan(option, text);
  if (!span.ok()) return span.status();
  out->set_seconds(absl::IDivDuration(*span, absl::Seconds(1), &*span));
  out->set_nanos(static_cast<std::int32_t>(absl::ToInt64Nanoseconds(*span)));
  return absl::OkStatus();
}

absl::Status SetTargetState(const std::string& text, v1::TrialSpec& trial) {
  static const auto* const states = new std::map<std::string, v1::TargetState>{{"spin", v1::TARGET_STATE_SPIN},
                                                                               {"sleep", v1::TARGET_STATE_SLEEP},
                                                                               {"idle", v1::TARGET_STATE_SLEEP},
                                                                               {"syscall", v1::TARGET_STATE_SYSCALL}};
  const auto found = states->find(text);
  if (found == states->end()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--target-state: \"", text, "\"; allowed: spin, sleep (idle), syscall"));
  }
  trial.set_target_state(found->second);
  return absl::OkStatus();
}

absl::Status AddParameter(const std::string& text, v1::TrialSpec& trial) {
  const absl::StatusOr<std::pair<std::string, std::int64_t>> parsed = ParseParameter(text);
  if (!parsed.ok()) return parsed.status();
  v1::Parameter& parameter = *trial.add_parameters();
  parameter.set_id(parsed->first);
  parameter.set_value(parsed->second);
  return absl::OkStatus();
}

absl::Status FillTrial(const Raw& raw, v1::TrialSpec& trial) {
  if (!raw.cpus.empty()) {
    const absl::StatusOr<std::vector<std::uint32_t>> cpus = ParseCpuList(raw.cpus);
    if (!cpus.ok()) return cpus.status();
    for (const std::uint32_t cpu : *cpus) trial.add_cpus(cpu);
  }
  if (!raw.time.empty()) {
    if (absl::Status status = SetSpan("--time", raw.time, trial.mutable_time_limit()); !status.ok()) return status;
  }
  trial.set_call_limit(raw.calls != 0 || !raw.time.empty() ? raw.calls : kDefaultCalls);
  if (absl::Status status = SetSpan("--deadline", raw.deadline, trial.mutable_deadline()); !status.ok()) return status;
  if (absl::Status status = SetTargetState(raw.target_state, trial); !status.ok()) return status;
  for (const std::string& parameter : raw.parameters) {
    if (absl::Status status = AddParameter(parameter, trial); !status.ok()) return status;
  }
  trial.set_target_system(v1::TARGET_SYSTEM_SIGNAL);
  trial.set_seed(raw.seed);
  trial.set_arrival_rate_hz(raw.rate);
  trial.set_oversubscribe(raw.oversubscribe);
  trial.set_strict(raw.strict);
  trial.set_no_realtime(raw.no_realtime);
  return absl::OkStatus();
}

void DeclareList(CLI::App& app, Raw& raw) {
  CLI::App* list =
      app.add_subcommand("list", "What this program knows: built-in scenarios, algorithms, implementations");
  list->add_option("subject", raw.subject, "One of them; without it, all")
      ->check(CLI::IsMember({"scenarios", "algorithms", "implementations", "probes"}));
  list->add_flag("--json", raw.list_json, "One JSON object a line");
}

void DeclareRun(CLI::App& app, Raw& raw) {
  CLI::App* run = app.add_subcommand("run", "Run scenarios on this machine's CPUs and measure every call");
  run->add_option("SCENARIO", raw.run.scenarios, "A file, or the name of a built-in scenario")->required();
  run->add_option("--implementation", raw.run.implementations,
                  "algorithm/wait_policy/irq_model; * stands for a part. Default: all")
      ->allow_extra_args(false);
  run->add_option("--cpus", raw.cpus, "Board CPU of each scenario CPU, 0,1 or 0-3. Default: the lowest usable");
  CLI::Option* calls = run->add_option("--calls", raw.calls, "Stop after so many calls. Default: 10000")
                           ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000'000'000}));
  run->add_option("--time", raw.time, "Stop after that time, for example 5s")->excludes(calls);
  run->add_option("--deadline", raw.deadline, "A call without progress for that long is a hang. Default: 1s");
  run->add_option("--seed", raw.seed, "Of everything random. Default: 1");
  run->add_option("--target-state", raw.target_state, "What waiting targets do: spin, sleep, syscall. Default: spin");
  run->add_option("--rate", raw.rate, "Calls a second and caller, on a fixed schedule. Default: 0, closed loop");
  run->add_option("--param", raw.parameters, "NAME=VALUE, overrides a parameter of the scenario")
      ->allow_extra_args(false);
  run->add_option("--worker", raw.run.worker_path, "The crosscall-worker to use. Default: the one beside this program");
  run->add_flag("--oversubscribe", raw.oversubscribe,
                "Allow more scenario CPUs than board CPUs; latencies are invalid");
  run->add_flag("--strict", raw.strict, "Refuse misuse of the call API instead of going on as Linux does");
  run->add_flag("--no-realtime", raw.no_realtime, "Do not ask for SCHED_FIFO and locked memory");
  run->add_flag("--json", raw.run.json, "One JSON object a line, and nothing else, on standard output");
  run->footer(kFooter);
}

ListSubject SubjectOf(const std::string& name) {
  if (name == "scenarios") return ListSubject::kScenarios;
  if (name == "algorithms") return ListSubject::kAlgorithms;
  if (name == "implementations") return ListSubject::kImplementations;
  if (name == "probes") return ListSubject::kProbes;
  return ListSubject::kAll;
}

Request Done(int exit_code) {
  Request request;
  request.exit_code = exit_code;
  return request;
}

Request Wrong(const absl::Status& status, std::ostream& err) {
  err << "crosscall: " << status.message() << "\n";
  return Done(kExitBadUse);
}

}  // namespace

absl::StatusOr<std::vector<std::uint32_t>> ParseCpuList(absl::string_view text) {
  std::vector<std::uint32_t> cpus;
  for (const absl::string_view part : absl::StrSplit(text, ',')) {
    const std::vector<absl::string_view> ends = absl::StrSplit(part, absl::MaxSplits('-', 1));
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    if (!absl::SimpleAtoi(ends.front(), &first) || !absl::SimpleAtoi(ends.back(), &last) || last < first ||
        last > kMaxBoardCpu) {
      return absl::InvalidArgumentError(absl::StrCat("--cpus: \"", text, "\"; allowed: CPU numbers 0 to ", kMaxBoardCpu,
                                                     " and ranges, for example 0,1 or 0-3"));
    }
    for (std::uint32_t cpu = first; cpu <= last; ++cpu) cpus.push_back(cpu);
  }
  return cpus;
}

Request ParseCommandLine(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err) {
  Raw raw;
  CLI::App app("Cross-calls on this machine: can they hang, and how long do they take?", "crosscall");
  app.set_version_flag("--version", CROSSCALL_VERSION);
  app.require_subcommand(1);
  DeclareList(app, raw);
  DeclareExplore(app, raw.explore);
  DeclareRun(app, raw);
  try {
    // CLI11 takes the words from the back.
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::ParseError& error) {
    return Done(app.exit(error, out, err) == 0 ? kExitCompleted : kExitBadUse);
  }
  Request request;
  if (app.got_subcommand("list")) {
    request.list = ListRequest{SubjectOf(raw.subject), raw.list_json};
    return request;
  }
  if (app.got_subcommand("explore")) {
    absl::StatusOr<ExploreRequest> explore = ExploreRequestOf(raw.explore);
    if (!explore.ok()) return Wrong(explore.status(), err);
    request.explore = *std::move(explore);
    return request;
  }
  request.run = std::move(raw.run);
  if (absl::Status status = FillTrial(raw, request.run->trial); !status.ok()) return Wrong(status, err);
  return request;
}

}  // namespace crosscall::tool
