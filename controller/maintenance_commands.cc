#include "controller/maintenance_commands.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "controller/store/maintenance.h"

namespace crosscall {
namespace {

std::string Counts(const store::CheckReport& report) {
  std::string counts = absl::StrCat(report.sweeps, " sweeps, ", report.trials, " trials, ", report.results, " results");
  if (report.reduced_results != 0)
    absl::StrAppend(&counts, ", ", report.reduced_results, " of them reduced by retention");
  return counts;
}

absl::Status Check(const std::string& state_dir) {
  const absl::StatusOr<store::CheckReport> report = store::CheckFolder(state_dir);
  if (!report.ok()) return report.status();
  if (!report->problems.empty()) {
    return absl::DataLossError(
        absl::StrCat(state_dir, " is damaged:\n  ", absl::StrJoin(report->problems, "\n  "),
                     "\nStop the controller, keep the folder, and restore the last backup into a new one"));
  }
  absl::PrintF("%s is whole: %s\n", state_dir, Counts(*report));
  return absl::OkStatus();
}

absl::Status BackUp(const std::string& state_dir, const std::string& to) {
  const absl::StatusOr<store::CheckReport> report = store::BackUp(state_dir, to);
  if (report.ok()) absl::PrintF("%s is whole: %s\n", to, Counts(*report));
  return report.status();
}

absl::Status Restore(const std::string& from, const std::string& state_dir) {
  const absl::StatusOr<store::CheckReport> report = store::Restore(from, state_dir);
  if (report.ok()) absl::PrintF("%s is as the backup was: %s\n", state_dir, Counts(*report));
  return report.status();
}

}  // namespace

void AddMaintenanceCommands(CLI::App& app, const std::string& state_dir, ConsoleCommand& command) {
  CLI::App* check =
      app.add_subcommand("check", "Says whether the store in --state-dir is whole; a controller may run on it");
  check->callback([&state_dir, &command] { command = [&state_dir] { return Check(state_dir); }; });

  CLI::App* backup =
      app.add_subcommand("backup", "Copies the store in --state-dir to a file; a controller may run on it");
  const auto to = std::make_shared<std::string>();
  backup->add_option("--to", *to, "The backup's file; must not exist")->required()->type_name("FILE");
  backup->callback([&state_dir, &command, to] { command = [&state_dir, to] { return BackUp(state_dir, *to); }; });

  CLI::App* restore =
      app.add_subcommand("restore", "Makes a new --state-dir from a backup; what came after it is not there");
  const auto from = std::make_shared<std::string>();
  restore->add_option("--from", *from, "A file that `backup` made")->required()->type_name("FILE");
  restore->callback(
      [&state_dir, &command, from] { command = [&state_dir, from] { return Restore(*from, state_dir); }; });
}

}  // namespace crosscall
