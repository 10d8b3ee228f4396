#include "controller/cli/result_report.h"

#include "absl/strings/str_cat.h"
#include "controller/cli/heatmap.h"
#include "controller/cli/percentile_plot.h"
#include "controller/cli/result_groups.h"
#include "controller/cli/result_sheet.h"

namespace crosscall::cli {

absl::Status ReportResults(CommandContext& context, const std::string& name, Pictures pictures) {
  if (pictures != Pictures::kNone && context.format != Format::kTable) {
    return absl::InvalidArgumentError(absl::StrCat(pictures == Pictures::kAll ? "--plot" : "--heatmap",
                                                   ": found beside --json or --csv; allowed for tables only"));
  }
  absl::StatusOr<v1::Sweep> sweep = context.client.GetSweep(name);
  if (!sweep.ok()) return sweep.status();
  ResultGroups groups(sweep->spec());
  absl::Status status = context.client.ForEachTrial(name, [&](const v1::Trial& trial) {
    groups.AddTrial(trial);
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  status = context.client.ForEachResult(name, [&](const v1::Result& result) { return groups.AddResult(result); });
  if (!status.ok()) return status;
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
  return context.client.ForEachResult(name, [&](const v1::Result& result) {
    absl::StatusOr<std::string> line = MessageJson(result);
    if (!line.ok()) return line.status();
    context.environment.out << *line;
    return absl::OkStatus();
  });
}

}  // namespace crosscall::cli
