#include "agent/tool/explore_options.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "agent/scenario/catalogue.h"
#include "agent/tool/option_values.h"

namespace crosscall::tool {
namespace {

constexpr std::uint64_t kMaxMemoryMib = std::uint64_t{1} << 20;
constexpr unsigned kMaxThreads = 256;

constexpr char kFooter[] =
    "Verdicts: completes, deadlock, livelock, violation, refused (by the implementation, in every execution; nothing "
    "hangs), unknown (a limit was reached first; nothing is claimed).\n"
    "Exit status: 0 all complete or are refused (with --check: none differs from what its scenario expects), 1 some "
    "do not, 2 bad use or a scenario that cannot be explored, 3 nothing is wrong but something is unknown, 130 "
    "interrupted, with what was found until then. --replay: 0 it ends as recorded, 1 it does not.";

absl::Status Wrong(absl::string_view option, absl::string_view text, absl::string_view allowed) {
  return absl::InvalidArgumentError(absl::StrCat(option, ": \"", text, "\"; allowed: ", allowed));
}

// Half of what this machine has, so that a search ends as unknown and not by the kernel's hand.
std::uint64_t DefaultMemoryBytes() {
  const long pages = sysconf(_SC_PHYS_PAGES);
  const long page = sysconf(_SC_PAGESIZE);
  if (pages <= 0 || page <= 0) return std::uint64_t{1} << 30;
  return static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page) / 2;
}

absl::Status FillLimits(const ExploreWords& words, explore::SearchLimits& limits) {
  limits.max_states = words.max_states.value_or(words.matrix ? kMatrixMaxStates : kDefaultMaxStates);
  if (limits.max_states == 0) return Wrong("--max-states", "0", "1 and more");
  limits.max_time = words.matrix ? absl::InfiniteDuration() : absl::Seconds(60);
  if (!words.max_time.empty()) {
    const absl::StatusOr<absl::Duration> span = ParseSpan("--max-time", words.max_time);
    if (!span.ok()) return span.status();
    limits.max_time = *span;
  }
  const std::uint64_t mib = words.max_memory_mib.value_or(1);
  if (mib == 0 || mib > kMaxMemoryMib) return Wrong("--max-memory", absl::StrCat(mib), "1 to 1048576 (MiB)");
  limits.max_bytes = words.max_memory_mib ? mib << 20 : DefaultMemoryBytes();
  return absl::OkStatus();
}

absl::Status CheckTogether(const ExploreWords& words) {
  if (words.svg && (words.json || !words.matrix)) return Wrong("--svg", "", "with --matrix, without --json");
  if (words.replay.empty()) {
    if (!words.scenarios.empty() || words.matrix) return absl::OkStatus();
    return Wrong("SCENARIO", "",
                 "a file or a built-in name (crosscall list scenarios); none with --matrix or --replay");
  }
  if (words.matrix || words.check || words.json || !words.implementations.empty() || !words.parameters.empty() ||
      !words.memory.empty()) {
    return Wrong("--replay", words.replay,
                 "limits, and a SCENARIO in place of the recorded one; the file has the rest");
  }
  if (words.scenarios.size() > 1) return Wrong("--replay", words.replay, "one SCENARIO at most");
  return absl::OkStatus();
}

}  // namespace

void DeclareExplore(CLI::App& app, ExploreWords& words) {
  CLI::App* explore = app.add_subcommand("explore", "Can it hang? Search every interleaving of scenarios");
  explore->add_option("SCENARIO", words.scenarios,
                      "A file, or the name of a built-in scenario. With --matrix by default all built-in ones");
  explore
      ->add_option("--implementation", words.implementations,
                   "algorithm/wait_policy/irq_model; * stands for a part. Default: all")
      ->allow_extra_args(false);
  explore->add_option("--memory", words.memory,
                      "Memory model: sc (interleavings) or weak (C++11). Default: weak for up to 2 CPUs, sc for more");
  explore->add_option("--max-states", words.max_states,
                      "States to search of a pair. Default: 20000000; with --matrix 20000");
  explore->add_option("--max-time", words.max_time,
                      "Time to search a pair, for example 90s. Default: 60s; with --matrix none");
  explore->add_option("--max-memory", words.max_memory_mib,
                      "MiB for the states of all searches that run at once. Default: half of the machine's");
  explore->add_option("--param", words.parameters, "NAME=VALUE, overrides a parameter of the scenarios")
      ->allow_extra_args(false);
  explore->add_option("--threads", words.threads, "Searches that run at once. Default: one for each core");
  explore->add_flag("--check", words.check, "Compare with what the scenarios expect");
  explore->add_flag("--matrix", words.matrix, "One table, implementations by scenarios");
  explore->add_flag("--json", words.json, "One JSON object a line, and nothing else, on standard output");
  explore->add_flag("--svg", words.svg, "The matrix as a picture");
  explore->add_option("--replay", words.replay,
                      "Step through the trace of a file that holds one object as --json printed it");
  explore->footer(kFooter);
}

absl::StatusOr<ExploreRequest> ExploreRequestOf(const ExploreWords& words) {
  if (absl::Status status = CheckTogether(words); !status.ok()) return status;
  ExploreRequest request;
  request.scenarios = words.scenarios;
  request.implementations = words.implementations;
  request.check = words.check;
  request.matrix = words.matrix;
  request.replay = words.replay;
  if (words.json) request.output = ExploreOutput::kJson;
  if (words.svg) request.output = ExploreOutput::kSvg;
  if (words.matrix && words.scenarios.empty()) {
    for (const scenario::CatalogueEntry& entry : scenario::Catalogue()) request.scenarios.push_back(entry.id);
  }
  for (const std::string& text : words.parameters) {
    const absl::StatusOr<std::pair<std::string, std::int64_t>> parameter = ParseParameter(text);
    if (!parameter.ok()) return parameter.status();
    request.parameters[parameter->first] = parameter->second;
  }
  if (words.memory == "sc") {
    request.options.memory = explore::MemoryModel::kSc;
  } else if (words.memory == "weak") {
    request.options.memory = explore::MemoryModel::kWeak;
  } else if (!words.memory.empty()) {
    return Wrong("--memory", words.memory, "sc, weak (an amount of memory is --max-memory)");
  }
  if (absl::Status status = FillLimits(words, request.options.limits); !status.ok()) return status;
  if (words.threads > kMaxThreads) return Wrong("--threads", absl::StrCat(words.threads), "1 to 256");
  request.threads = words.threads != 0 ? words.threads : std::max(1u, std::thread::hardware_concurrency());
  return request;
}

}  // namespace crosscall::tool
