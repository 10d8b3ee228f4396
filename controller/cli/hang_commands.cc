// `hangs` and `hang show`.
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "controller/cli/command.h"
#include "controller/cli/diagnosis_text.h"
#include "controller/cli/units.h"
#include "proto/shared/hang_text.h"

namespace crosscall::cli {
namespace {

constexpr std::size_t kDefaultHangs = 50;

std::string BoardId(const std::string& name) { return name.substr(name.find('/') + 1); }

std::string ClassOf(const v1::Hang& hang) {
  if (hang.outcome() == v1::OUTCOME_WEDGED) return "board wedged";
  return std::string(shared::HangClassName(hang.report().hang_class()));
}

absl::StatusOr<ExitCode> ListHangs(CommandContext& context, const std::string& sweep, std::size_t limit) {
  absl::StatusOr<std::string> name = std::string();
  if (!sweep.empty()) name = SweepArgument(sweep);
  if (!name.ok()) return name.status();
  absl::StatusOr<std::vector<v1::Hang>> hangs = context.client.ListHangs(*name, limit);
  if (!hangs.ok()) return hangs.status();
  Sheet sheet({{"time", "TIME"},
               {"board", "BOARD"},
               {"scenario", "SCENARIO"},
               {"implementation", "IMPLEMENTATION"},
               {"class", "CLASS"},
               {"cycle", "CYCLE"},
               {"late", "LATE"},
               {"name", "NAME"},
               {"fingerprint", "FINGERPRINT", Align::kLeft, Audience::kScripts},
               {"summary", "SUMMARY", Align::kLeft, Audience::kScripts}});
  for (const v1::Hang& hang : *hangs) {
    const v1::HangReport& report = hang.report();
    sheet.Add({Cell::Text(FormatInstantExactly(hang.commit_time()), FormatInstant(hang.commit_time())),
               Cell::Text(BoardId(hang.board())), Cell::Text(hang.spec().scenario()),
               Cell::Text(hang.spec().implementation()), Cell::Text(ClassOf(hang)),
               Cell::Numbers({report.cycle().begin(), report.cycle().end()}), Cell::Bool(report.late()),
               Cell::Text(hang.name()), Cell::Text(report.fingerprint()), Cell::Text(report.summary())});
  }
  context.environment.out << sheet.Render(context.format);
  if (sheet.empty() && context.format == Format::kTable) context.environment.err << "no hangs\n";
  return ExitCode::kOk;
}

std::string HangPage(const v1::Result& result) {
  const v1::TrialSpec& spec = result.trial().spec();
  std::string out = FormatFacts({
      {"attempt", result.name()},
      {"board", BoardId(result.trial().board())},
      {"scenario", spec.scenario()},
      {"implementation", spec.implementation()},
      {"calls", absl::StrCat(FormatCount(result.payload().calls()), " completed before it hung")},
      {"time", FormatInstant(result.commit_time())},
      {"kernel", result.payload().environment().kernel()},
      {"scheduling", result.payload().environment().scheduling()},
  });
  return absl::StrCat(out, "\n", shared::HangText(result.payload().hang()));
}

// The payload that says how the attempt's board was found; null if it never fell silent.
const v1::TrialResult* DiagnosedIn(const v1::GetResultResponse& response) {
  if (response.result().payload().has_diagnosis()) return &response.result().payload();
  for (const v1::Result& evidence : response.evidence()) {
    if (evidence.payload().has_diagnosis()) return &evidence.payload();
  }
  return nullptr;
}

absl::Status PrintDiagnosis(CommandContext& context, const v1::Result& result, const v1::TrialResult& diagnosed) {
  const v1::TrialSpec& spec = result.trial().spec();
  const std::string facts = FormatFacts({
      {"attempt", result.name()},
      {"board", BoardId(result.trial().board())},
      {"scenario", spec.scenario()},
      {"implementation", spec.implementation()},
      {"outcome", absl::StrCat(EnumWords(v1::Outcome_Name(diagnosed.outcome()), "OUTCOME_"), ": ", diagnosed.reason())},
  });
  return Print(context, diagnosed.diagnosis(), absl::StrCat(facts, "\n", DiagnosisText(diagnosed.diagnosis())));
}

absl::StatusOr<ExitCode> ShowHang(CommandContext& context, const std::string& argument) {
  absl::StatusOr<std::string> name = AttemptArgument(argument);
  if (!name.ok()) return name.status();
  absl::StatusOr<v1::GetResultResponse> response = context.client.GetResult(*name);
  if (!response.ok()) return response.status();
  const v1::Result& result = response->result();
  if (const v1::TrialResult* const diagnosed = DiagnosedIn(*response); diagnosed && !result.payload().has_hang()) {
    if (absl::Status status = PrintDiagnosis(context, result, *diagnosed); !status.ok()) return status;
    return ExitCode::kOk;
  }
  if (!result.payload().has_hang()) {
    const std::string outcome =
        result.has_payload() ? EnumWords(v1::Outcome_Name(result.payload().outcome()), "OUTCOME_") : "not known yet";
    return absl::NotFoundError(absl::StrCat(*name, " has no hang report: its outcome is ", outcome,
                                            "; `crosscallctl hangs` shows the attempts that have one"));
  }
  v1::HangReport report = result.payload().hang();
  report.set_name(result.name());
  if (absl::Status status = Print(context, report, HangPage(result)); !status.ok()) return status;
  return ExitCode::kOk;
}

}  // namespace

void AddHangCommands(CLI::App& root, Invocation& invocation) {
  struct ListOptions {
    std::string sweep;
    std::size_t limit = kDefaultHangs;
  };
  const auto list = std::make_shared<ListOptions>();
  CLI::App* hangs = root.add_subcommand("hangs", "Hang reports and wedged boards, newest first");
  hangs->add_option("sweep", list->sweep, "Only of this sweep")->type_name("SWEEP");
  hangs->add_option("--limit", list->limit, "How many at most")
      ->type_name("N")
      ->capture_default_str()
      ->check(CLI::Range(std::size_t{1}, std::size_t{100'000}));
  hangs->callback([&invocation, list] {
    invocation.action = [list](CommandContext& context) { return ListHangs(context, list->sweep, list->limit); };
  });
  CLI::App* hang = root.add_subcommand("hang", "One hang")->require_subcommand(1);
  CLI::App* show = hang->add_subcommand(
      "show",
      "The post-mortem: who waits for whom, and why nobody moves; or how a wedged board was found and brought back");
  const auto name = std::make_shared<std::string>();
  show->add_option("attempt", *name, "Name of the attempt, as `hangs` shows it")->required()->type_name("ATTEMPT");
  show->callback([&invocation, name] {
    invocation.action = [name](CommandContext& context) { return ShowHang(context, *name); };
  });
}

}  // namespace crosscall::cli
