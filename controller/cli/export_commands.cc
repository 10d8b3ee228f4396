// `export`: the past, for Prometheus.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "controller/cli/command.h"
#include "controller/cli/history.h"

namespace crosscall::cli {
namespace {

struct ExportOptions {
  std::string format = "openmetrics";
  std::string from;
  std::string until;
  std::string step = "15m";
  std::string level = "board";
  std::vector<std::string> tracked;
  std::vector<std::string> pairs;
  std::vector<std::string> labels;
};

absl::StatusOr<absl::Time> ParseInstant(const std::string& text, absl::Time otherwise) {
  absl::Time time = otherwise;
  std::string error;
  if (text.empty() || absl::ParseTime(absl::RFC3339_full, text, &time, &error)) return time;
  return absl::InvalidArgumentError(
      absl::StrCat("\"", text, "\" is no instant; write for example 2026-11-01T00:00:00Z"));
}

absl::StatusOr<HistoryOptions> ParseOptions(const ExportOptions& flags) {
  HistoryOptions options;
  const absl::optional<metrics::Level> level = metrics::ParseLevel(flags.level);
  if (!level) return absl::InvalidArgumentError(absl::StrCat("\"", flags.level, "\": write fleet, board or full"));
  options.detail.level = *level;
  options.detail.implementations = {flags.tracked.begin(), flags.tracked.end()};
  for (const std::string& text : flags.pairs) {
    absl::StatusOr<metrics::Pair> pair = metrics::ParsePair(text);
    if (!pair.ok()) return pair.status();
    options.detail.pairs.push_back(*std::move(pair));
  }
  for (const std::string& text : flags.labels) {
    const std::vector<std::string> parts = absl::StrSplit(text, absl::MaxSplits('=', 1));
    if (parts.size() != 2 || parts[0].empty() || parts[1].empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", text, "\" is no label; write NAME=VALUE, for example job=crosscall-results"));
    }
    options.labels.emplace_back(parts[0], parts[1]);
  }
  if (!absl::ParseDuration(flags.step, &options.step) || options.step < absl::Seconds(1)) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", flags.step, "\" is no step; write for example 15m, at least 1s"));
  }
  return options;
}

absl::StatusOr<ExitCode> Export(CommandContext& context, const ExportOptions& flags) {
  absl::StatusOr<HistoryOptions> options = ParseOptions(flags);
  if (!options.ok()) return options.status();
  const absl::Duration step = options->step;
  const absl::StatusOr<absl::Time> until = ParseInstant(flags.until, context.environment.clock.Wall());
  if (!until.ok()) return until.status();
  absl::StatusOr<absl::Time> from = ParseInstant(flags.from, absl::InfiniteFuture());
  if (!from.ok()) return from.status();
  absl::StatusOr<std::vector<v1::Board>> boards = context.client.ListBoards();
  if (!boards.ok()) return boards.status();
  History history(*std::move(options), *boards);
  absl::Status status = context.client.ForEachResult("", [&history](const v1::Result& result) {
    history.Add(result);
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  // Whole steps, so that two exports meet; the one before the first result shows that its counters were 0.
  const absl::Time begin = *from == absl::InfiniteFuture() ? history.first() - step : *from;
  const absl::Time first = absl::UnixEpoch() + absl::Ceil(begin - absl::UnixEpoch(), step);
  history.Write(context.environment.out, first, *until);
  return ExitCode::kOk;
}

}  // namespace

void AddExportCommands(CLI::App& root, Invocation& invocation) {
  const auto options = std::make_shared<ExportOptions>();
  CLI::App* tool = root.add_subcommand(
      "export", "Writes what Prometheus would have scraped of all results, for `promtool tsdb create-blocks-from`");
  tool->add_option("--format", options->format, "How it is written")
      ->capture_default_str()
      ->check(CLI::IsMember({"openmetrics"}));
  tool->add_option("--from", options->from, "From then on, in RFC 3339. Default: a step before the first result")
      ->type_name("TIME");
  tool->add_option("--until", options->until, "Up to then. Default: now")->type_name("TIME");
  tool->add_option("--step", options->step, "From one value to the next")->capture_default_str()->type_name("SPAN");
  tool->add_option("--level", options->level, "As --metrics-level of the controller")->capture_default_str();
  tool->add_option("--track", options->tracked, "As --track of the controller")->allow_extra_args(false);
  tool->add_option("--track-pair", options->pairs, "As --track-pair of the controller")->allow_extra_args(false);
  tool->add_option("--label", options->labels,
                   "Added to each series, as a scrape adds them: job=crosscall-results, instance=HOST:PORT")
      ->allow_extra_args(false)
      ->type_name("NAME=VALUE");
  tool->callback([&invocation, options] {
    invocation.action = [options](CommandContext& context) { return Export(context, *options); };
  });
}

}  // namespace crosscall::cli
