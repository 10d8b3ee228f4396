// `results`.
#include <memory>

#include "controller/cli/command.h"
#include "controller/cli/result_report.h"

namespace crosscall::cli {

void AddResultCommands(CLI::App& root, Invocation& invocation) {
  struct Options {
    std::string sweep;
    bool heatmap = false;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* results = root.add_subcommand("results", "Results of a sweep: one row a point, repetitions merged");
  results->add_option("sweep", options->sweep, "Id of the sweep")->required()->type_name("SWEEP");
  results->add_flag("--heatmap", options->heatmap, "Also draw the p50 between CPUs");
  results->callback([&invocation, options] {
    invocation.action = [options](CommandContext& context) -> absl::StatusOr<ExitCode> {
      absl::StatusOr<std::string> name = SweepArgument(options->sweep);
      if (!name.ok()) return name.status();
      if (absl::Status status = ReportResults(context, *name, options->heatmap); !status.ok()) return status;
      return ExitCode::kOk;
    };
  });
}

}  // namespace crosscall::cli
