// `results`.
#include <memory>

#include "controller/cli/command.h"
#include "controller/cli/result_report.h"

namespace crosscall::cli {

void AddResultCommands(CLI::App& root, Invocation& invocation) {
  struct Options {
    std::string sweep;
    bool heatmap = false;
    bool full = false;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* results = root.add_subcommand("results", "Results of a sweep: one row a point, repetitions merged");
  results->add_option("sweep", options->sweep, "Id of the sweep")->required()->type_name("SWEEP");
  CLI::Option* heatmap = results->add_flag("--heatmap", options->heatmap, "Also draw the p50 between CPUs");
  results
      ->add_flag("--full", options->full,
                 "One JSON object an attempt with all that was measured: histograms, environment, overhead")
      ->excludes(heatmap);
  results->callback([&invocation, options] {
    invocation.action = [options](CommandContext& context) -> absl::StatusOr<ExitCode> {
      absl::StatusOr<std::string> name = SweepArgument(options->sweep);
      if (!name.ok()) return name.status();
      const absl::Status status =
          options->full ? DumpResults(context, *name) : ReportResults(context, *name, options->heatmap);
      if (!status.ok()) return status;
      return ExitCode::kOk;
    };
  });
}

}  // namespace crosscall::cli
