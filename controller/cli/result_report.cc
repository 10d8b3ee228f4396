#include "controller/cli/result_report.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "controller/cli/heatmap.h"
#include "controller/cli/percentile_plot.h"
#include "controller/cli/result_groups.h"
#include "controller/cli/result_sheet.h"

namespace crosscall::cli {
namespace {

// The sweep, then the one that it continues, and so on: together they are one.
absl::StatusOr<std::vector<v1::Sweep>> WithThoseContinued(CommandContext& context, const std::string& name) {
  std::vector<v1::Sweep> sweeps;
  for (std::string next = name; !next.empty(); next = sweeps.back().spec().continued_sweep()) {
    absl::StatusOr<v1::Sweep> sweep = context.client.GetSweep(next);
    if (!sweep.ok()) return sweep.status();
    sweeps.push_back(*std::move(sweep));
  }
  return sweeps;
}

}  // namespace

absl::Status ReportResults(CommandContext& context, const std::string& name, Pictures pictures) {
  if (pictures != Pictures::kNone && context.format != Format::kTable) {
    return absl::InvalidArgumentError(absl::StrCat(pictures == Pictures::kAll ? "--plot" : "--heatmap",
                                                   ": found beside --json or --csv; allowed for tables only"));
  }
  absl::StatusOr<std::vector<v1::Sweep>> sweeps = WithThoseContinued(context, name);
  if (!sweeps.ok()) return sweeps.status();
  ResultGroups groups(sweeps->front().spec());
  for (const v1::Sweep& sweep : *sweeps) {
    const bool was_continued = &sweep != &sweeps->front();
    absl::Status status = context.client.ForEachTrial(sweep.name(), [&](const v1::Trial& trial) {
      // The others are trials of the sweep that continues it.
      if (!was_continued || trial.state() == v1::Trial::STATE_FINISHED) groups.AddTrial(trial);
      return absl::OkStatus();
    });
    if (!status.ok()) return status;
  }
  for (const v1::Sweep& sweep : *sweeps) {
    absl::Status status =
        context.client.ForEachResult(sweep.name(), [&](const v1::Result& result) { return groups.AddResult(result); });
    if (!status.ok()) return status;
  }
  absl::StatusOr<Sheet> sheet = ResultSheet(groups);
  if (!sheet.ok()) return sheet.status();
  std::ostream& out = context.environment.out;
  out << sheet->Render(context.format);
  if (context.format != Format::kTable) return absl::OkStatus();
  const std::string footer = ResultFooter(groups);
  if (!footer.empty()) out << "\n" << footer;
  if (pictures == Pictures::kNone) return absl::OkStatus();
  if (pictures == Pictures::kAll) {
    absl::StatusOr<std::string> plots = FormatPercentilePlots(groups);
    if (!plots.ok()) return plots.status();
    out << *plots;
  }
  for (const auto& [point, pairs] : groups.pairs()) {
    absl::StatusOr<std::string> picture = FormatHeatmap(absl::StrCat(std::get<2>(point), ", ", std::get<3>(point)),
                                                        pairs, context.environment.out_is_terminal);
    if (!picture.ok()) return picture.status();
    if (!picture->empty()) out << "\n" << *picture;
  }
  return absl::OkStatus();
}

absl::Status DumpResults(CommandContext& context, const std::string& name) {
  if (context.format == Format::kCsv) {
    return absl::InvalidArgumentError("--full: found beside --csv; allowed alone or with --json, since it prints JSON");
  }
  absl::StatusOr<std::vector<v1::Sweep>> sweeps = WithThoseContinued(context, name);
  if (!sweeps.ok()) return sweeps.status();
  for (const v1::Sweep& sweep : *sweeps) {
    absl::Status status = context.client.ForEachResult(sweep.name(), [&](const v1::Result& result) {
      absl::StatusOr<std::string> line = MessageJson(result);
      if (!line.ok()) return line.status();
      context.environment.out << *line;
      return absl::OkStatus();
    });
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace crosscall::cli
