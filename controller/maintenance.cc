#include "controller/maintenance.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "controller/store/maintenance.h"

namespace crosscall {
namespace {

std::string Counts(const store::CheckReport& report) {
  return absl::StrCat(report.sweeps, " sweeps, ", report.trials, " trials, ", report.results, " results");
}

absl::StatusOr<std::string> Check(const std::string& state_dir) {
  const absl::StatusOr<store::CheckReport> report = store::CheckFolder(state_dir);
  if (!report.ok()) return report.status();
  if (report->problems.empty()) return absl::StrCat(state_dir, " is whole: ", Counts(*report), "\n");
  return absl::DataLossError(
      absl::StrCat(state_dir, " is damaged:\n  ", absl::StrJoin(report->problems, "\n  "),
                   "\nStop the controller, keep the folder, and restore the last backup into a new one"));
}

absl::StatusOr<std::string> BackUp(const std::string& state_dir, const std::string& to) {
  const absl::StatusOr<store::CheckReport> report = store::BackUp(state_dir, to);
  if (!report.ok()) return report.status();
  return absl::StrCat(to, " is whole: ", Counts(*report), "\n");
}

absl::StatusOr<std::string> Restore(const std::string& from, const std::string& state_dir) {
  const absl::StatusOr<store::CheckReport> report = store::Restore(from, state_dir);
  if (!report.ok()) return report.status();
  return absl::StrCat(state_dir, " is as the backup was: ", Counts(*report), "\n");
}

}  // namespace

Maintenance::Maintenance(CLI::App& app)
    : check_(app.add_subcommand("check", "Says whether the store in --state-dir is whole; a controller may run on it")),
      backup_(app.add_subcommand("backup", "Copies the store in --state-dir to a file; a controller may run on it")),
      restore_(
          app.add_subcommand("restore", "Makes a new --state-dir from a backup; what came after it is not there")) {
  app.require_subcommand(0, 1);
  for (CLI::App* command : {check_, backup_, restore_}) command->fallthrough();
  backup_->add_option("--to", to_, "The backup's file; must not exist")->required()->type_name("FILE");
  restore_->add_option("--from", from_, "A file that `backup` made")->required()->type_name("FILE");
}

absl::optional<absl::StatusOr<std::string>> Maintenance::Run(const std::string& state_dir) const {
  if (check_->parsed()) return Check(state_dir);
  if (backup_->parsed()) return BackUp(state_dir, to_);
  if (restore_->parsed()) return Restore(from_, state_dir);
  return absl::nullopt;
}

}  // namespace crosscall
