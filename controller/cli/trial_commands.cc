// `trial show`.
#include <memory>

#include "absl/strings/str_cat.h"
#include "controller/cli/command.h"
#include "controller/cli/units.h"

namespace crosscall::cli {
namespace {

std::string BoardId(const std::string& name) { return name.substr(name.find('/') + 1); }

std::string OutcomeOf(v1::Outcome outcome) {
  return outcome == v1::OUTCOME_UNSPECIFIED ? "" : EnumWords(v1::Outcome_Name(outcome), "OUTCOME_");
}

std::string FactsOf(const v1::Trial& trial) {
  return FormatFacts({{"trial", trial.name()},
                      {"board", BoardId(trial.board())},
                      {"scenario", trial.spec().scenario()},
                      {"implementation", trial.spec().implementation()},
                      {"repetition", absl::StrCat(trial.repetition())},
                      {"state", EnumWords(v1::Trial::State_Name(trial.state()), "STATE_")},
                      {"outcome", OutcomeOf(trial.outcome())},
                      {"reason", trial.state_reason()}});
}

// Number of the attempt in an attempt's name; empty for none.
std::string NumberIn(const std::string& attempt) { return attempt.substr(attempt.rfind('/') + 1); }

std::string AttemptTable(const v1::GetTrialResponse& response) {
  Sheet sheet({{"attempt", "ATTEMPT", Align::kRight},
               {"parent", "PARENT", Align::kRight},
               {"lease", "LEASE"},
               {"outcome", "OUTCOME"},
               {"granted", "GRANTED"},
               {"ended", "ENDED"},
               {"cause", "CAUSE"}});
  for (const v1::Attempt& attempt : response.attempts()) {
    sheet.Add({Cell::Number(attempt.attempt()), Cell::Text(NumberIn(attempt.parent())),
               Cell::Text(attempt.lease_state()), Cell::Text(OutcomeOf(attempt.outcome())),
               Cell::Text(FormatInstant(attempt.grant_time())), Cell::Text(FormatInstant(attempt.end_time())),
               Cell::Text(attempt.cause())});
  }
  return sheet.empty() ? "no attempt yet\n" : sheet.Render(Format::kTable);
}

absl::StatusOr<ExitCode> ShowTrial(CommandContext& context, const std::string& argument) {
  absl::StatusOr<std::string> name = TrialArgument(argument);
  if (!name.ok()) return name.status();
  absl::StatusOr<v1::GetTrialResponse> response = context.client.GetTrial(*name);
  if (!response.ok()) return response.status();
  const std::string text = absl::StrCat(FactsOf(response->trial()), "\n", AttemptTable(*response));
  if (absl::Status status = Print(context, *response, text); !status.ok()) return status;
  return ExitCode::kOk;
}

}  // namespace

void AddTrialCommands(CLI::App& root, Invocation& invocation) {
  CLI::App* trial = root.add_subcommand("trial", "One trial of a sweep")->require_subcommand(1);
  CLI::App* show =
      trial->add_subcommand("show", "A trial and all of its attempts: what each repeats, and how and why it ended");
  const auto name = std::make_shared<std::string>();
  show->add_option("trial", *name, "Name of the trial, as `results` shows it, or SWEEP/TRIAL")
      ->required()
      ->type_name("TRIAL");
  show->callback([&invocation, name] {
    invocation.action = [name](CommandContext& context) { return ShowTrial(context, *name); };
  });
}

}  // namespace crosscall::cli
