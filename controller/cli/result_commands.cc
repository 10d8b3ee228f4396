// `results` and `result show`.
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "controller/cli/command.h"
#include "controller/cli/result_groups.h"
#include "controller/cli/result_report.h"
#include "controller/cli/units.h"
#include "proto/shared/exploration_text.h"
#include "proto/shared/hang_text.h"

namespace crosscall::cli {
namespace {

// What retention left of the latencies, and since when.
std::string RemovedText(const v1::Result& result) {
  if (!result.has_removal()) return "";
  const v1::Removal& removal = result.removal();
  std::string text = RemovalText(removal);
  if (removal.max_nanos() == 0) return text;
  absl::StrAppend(&text, "; p50 ", FormatNanos(removal.p50_nanos()), ", p99 ", FormatNanos(removal.p99_nanos()),
                  ", p99.9 ", FormatNanos(removal.p999_nanos()), ", maximum ", FormatNanos(removal.max_nanos()));
  return text;
}

std::string OutcomeText(const v1::Result& result) {
  if (!result.has_payload()) return "not known yet";
  return EnumWords(v1::Outcome_Name(result.payload().outcome()), "OUTCOME_");
}

std::string ResultPage(const v1::Result& result) {
  const v1::TrialSpec& spec = result.trial().spec();
  const v1::TrialResult& payload = result.payload();
  std::string out = FormatFacts({
      {"attempt", result.name()},
      {"board", result.trial().board().substr(result.trial().board().find('/') + 1)},
      {"scenario", spec.scenario()},
      {"implementation", spec.implementation()},
      {"system", std::string(shared::TargetSystemName(spec.target_system()))},
      {"outcome", OutcomeText(result)},
      {"reason", payload.reason()},
      {"calls", payload.calls() == 0 ? "" : FormatCount(payload.calls())},
      {"latency", RemovedText(result)},
      {"time", FormatInstant(result.commit_time())},
      {"version", payload.environment().version()},
  });
  if (payload.has_exploration()) absl::StrAppend(&out, "\n", shared::ExplorationText(payload.exploration()));
  if (payload.has_hang()) absl::StrAppend(&out, "\n", shared::HangText(payload.hang()));
  return out;
}

absl::StatusOr<ExitCode> ShowResult(CommandContext& context, const std::string& argument) {
  absl::StatusOr<std::string> name = AttemptArgument(argument);
  if (!name.ok()) return name.status();
  absl::StatusOr<v1::GetResultResponse> response = context.client.GetResult(*name);
  if (!response.ok()) return response.status();
  if (absl::Status status = Print(context, response->result(), ResultPage(response->result())); !status.ok()) {
    return status;
  }
  return ExitCode::kOk;
}

void AddResults(CLI::App& root, Invocation& invocation) {
  struct Options {
    std::string sweep;
    bool heatmap = false;
    bool plot = false;
    bool full = false;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* results = root.add_subcommand("results", "Results of a sweep: one row a point, repetitions merged");
  results->add_option("sweep", options->sweep, "Id of the sweep")->required()->type_name("SWEEP");
  CLI::Option* heatmap = results->add_flag("--heatmap", options->heatmap, "Also draw the p50 between CPUs");
  CLI::Option* plot =
      results->add_flag("--plot", options->plot, "Also draw latency by percentile, and the p50 between CPUs");
  results
      ->add_flag("--full", options->full,
                 "One JSON object an attempt with all that was measured: histograms, environment, overhead")
      ->excludes(heatmap)
      ->excludes(plot);
  results->callback([&invocation, options] {
    invocation.action = [options](CommandContext& context) -> absl::StatusOr<ExitCode> {
      absl::StatusOr<std::string> name = SweepArgument(options->sweep);
      if (!name.ok()) return name.status();
      const Pictures pictures = options->plot      ? Pictures::kAll
                                : options->heatmap ? Pictures::kHeatmap
                                                   : Pictures::kNone;
      const absl::Status status = options->full ? DumpResults(context, *name) : ReportResults(context, *name, pictures);
      if (!status.ok()) return status;
      return ExitCode::kOk;
    };
  });
}

}  // namespace

void AddResultCommands(CLI::App& root, Invocation& invocation) {
  AddResults(root, invocation);
  CLI::App* result = root.add_subcommand("result", "One result")->require_subcommand(1);
  CLI::App* show =
      result->add_subcommand("show", "What one attempt brought; of an exploration the way to what it found");
  const auto name = std::make_shared<std::string>();
  show->add_option("attempt", *name, "Name of the attempt, as `results` and `hangs` show it")
      ->required()
      ->type_name("ATTEMPT");
  show->callback([&invocation, name] {
    invocation.action = [name](CommandContext& context) { return ShowResult(context, *name); };
  });
}

}  // namespace crosscall::cli
