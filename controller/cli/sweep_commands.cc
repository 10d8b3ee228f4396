// `sweep run|resume|list|show|why|watch|cancel`.
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "controller/cli/command.h"
#include "controller/cli/progress.h"
#include "controller/cli/sweep_run.h"
#include "controller/cli/units.h"
#include "controller/cli/watch.h"

namespace crosscall::cli {
namespace {

constexpr std::size_t kDefaultSweeps = 50;

std::string StateOf(const v1::Sweep& sweep) { return EnumWords(v1::Sweep::State_Name(sweep.state()), "STATE_"); }

std::string ScenariosOf(const v1::SweepSpec& spec) {
  return absl::StrJoin(spec.scenarios(), " ",
                       [](std::string* out, const v1::ScenarioRef& scenario) { out->append(scenario.id()); });
}

absl::StatusOr<ExitCode> ListSweeps(CommandContext& context, std::size_t limit) {
  absl::StatusOr<std::vector<v1::Sweep>> sweeps = context.client.ListSweeps(limit);
  if (!sweeps.ok()) return sweeps.status();
  Sheet sheet({{"sweep", "SWEEP"},
               {"state", "STATE"},
               {"trials", "TRIALS", Align::kRight},
               {"ended", "ENDED", Align::kRight},
               {"hung", "HUNG", Align::kRight},
               {"crashed", "CRASHED", Align::kRight},
               {"wedged", "WEDGED", Align::kRight},
               {"failed", "FAILED", Align::kRight},
               {"coverage", "COVERAGE", Align::kRight},
               {"create_time", "CREATED"},
               {"scenarios", "SCENARIOS"}});
  for (const v1::Sweep& sweep : *sweeps) {
    const v1::SweepProgress& progress = sweep.progress();
    sheet.Add({Cell::Text(sweep.name().substr(sweep.name().find('/') + 1)), Cell::Text(StateOf(sweep)),
               Cell::Number(progress.total_count(), FormatCount(progress.total_count())),
               Cell::Number(EndedCount(progress), FormatCount(EndedCount(progress))),
               Cell::Number(progress.hung_count()), Cell::Number(progress.crashed_count()),
               Cell::Number(progress.wedged_count()), Cell::Number(progress.failed_count()),
               HasEnded(sweep.state())
                   ? Cell::Real(sweep.coverage(), absl::StrFormat("%.0f %%", sweep.coverage() * 100))
                   : Cell(),
               Cell::Text(FormatInstantExactly(sweep.create_time()), FormatInstant(sweep.create_time())),
               Cell::Text(ScenariosOf(sweep.spec()), Shorten(ScenariosOf(sweep.spec()), 60))});
  }
  context.environment.out << sheet.Render(context.format);
  if (sheet.empty() && context.format == Format::kTable) {
    context.environment.err << "no sweeps yet; start one with: crosscallctl sweep run FILE.yaml --wait\n";
  }
  return ExitCode::kOk;
}

std::string PriorityOf(const v1::Sweep& sweep) {
  if (sweep.priority() == v1::Sweep::PRIORITY_UNSPECIFIED) return "";
  return EnumWords(v1::Sweep::Priority_Name(sweep.priority()), "PRIORITY_");
}

std::string SweepText(const v1::Sweep& sweep) {
  const std::string coverage =
      HasEnded(sweep.state()) ? absl::StrFormat("%.0f %%", sweep.coverage() * 100) : std::string();
  return FormatFacts({{"sweep", sweep.name()},
                      {"state", StateOf(sweep)},
                      {"reason", sweep.state_reason()},
                      {"schedule", sweep.schedule()},
                      {"continues", sweep.spec().continued_sweep()},
                      {"nominal time", FormatInstant(sweep.nominal_time())},
                      {"priority", PriorityOf(sweep)},
                      {"owner", sweep.owner()},
                      {"progress", ProgressText(sweep, std::nullopt)},
                      {"coverage", coverage},
                      {"created", FormatInstant(sweep.create_time())},
                      {"started", FormatInstant(sweep.start_time())},
                      {"ended", FormatInstant(sweep.end_time())},
                      {"must end by", FormatInstant(sweep.expire_time())},
                      {"scenarios", ScenariosOf(sweep.spec())},
                      {"implementations", absl::StrJoin(sweep.spec().implementations(), " ")}});
}

// Runs `act` on the sweep that `argument` names.
template <class Act>
absl::StatusOr<ExitCode> OnSweep(const std::string& argument, Act act) {
  absl::StatusOr<std::string> name = SweepArgument(argument);
  if (!name.ok()) return name.status();
  return act(*name);
}

absl::StatusOr<ExitCode> PrintSweep(CommandContext& context, const absl::StatusOr<v1::Sweep>& sweep) {
  if (!sweep.ok()) return sweep.status();
  if (absl::Status status = Print(context, *sweep, SweepText(*sweep)); !status.ok()) return status;
  return ExitCode::kOk;
}

// What waits, and why. A sweep that waits for nothing says where it stands.
absl::StatusOr<ExitCode> ExplainSweep(CommandContext& context, const std::string& name) {
  absl::StatusOr<v1::Sweep> sweep = context.client.GetSweep(name);
  if (!sweep.ok()) return sweep.status();
  Sheet sheet(
      {{"trial", "TRIAL"}, {"board", "BOARD"}, {"ahead_count", "AHEAD", Align::kRight}, {"reason", "WAITS BECAUSE"}});
  absl::Status status = context.client.ForEachWait(name, [&](const v1::TrialWait& wait) {
    sheet.Add({Cell::Text(wait.trial(), wait.trial().substr(wait.trial().rfind('/') + 1)),
               Cell::Text(wait.board(), wait.board().substr(wait.board().find('/') + 1)),
               Cell::Number(wait.ahead_count()), Cell::Text(wait.reason())});
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  if (!sheet.empty() || context.format != Format::kTable) context.environment.out << sheet.Render(context.format);
  if (sheet.empty() && context.format == Format::kTable) {
    context.environment.err << "no trial of " << name << " waits: it is " << StateOf(*sweep) << "\n";
  }
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> WatchSweep(CommandContext& context, const std::string& name, FollowOptions options) {
  if (context.format == Format::kCsv) return Print(context, v1::Sweep(), "");
  options.states_as_json = context.format == Format::kJson;
  absl::StatusOr<v1::Sweep> sweep = Follow(context, name, options);
  if (!sweep.ok()) return sweep.status();
  if (!options.states_as_json) context.environment.out << SweepText(*sweep);
  return Verdict(*sweep);
}

void AddRun(CLI::App& sweep, Invocation& invocation) {
  const auto options = std::make_shared<SweepRunOptions>();
  CLI::App* run =
      sweep.add_subcommand("run", "Create a sweep from a YAML file, from flags, or a file changed by flags");
  run->add_option("file", options->file, "Sweep in YAML; see deploy/examples")->type_name("FILE");
  AddSweepFlags(*run, options->flags);
  run->add_option("--id", options->id, "Id of the sweep; default: made by the controller")->type_name("ID");
  run->add_flag("--wait", options->wait, "Show progress, then the results; the exit code tells about findings");
  run->add_flag("--heatmap", options->heatmap, "With --wait: also draw the p50 between CPUs");
  run->add_flag("--dry-run", options->dry_run, "Only check and count the trials");
  run->add_flag("--cancel-on-interrupt", options->cancel_on_interrupt, "With --wait: Ctrl-C cancels the sweep");
  run->callback([&invocation, options] {
    invocation.action = [options](CommandContext& context) { return RunSweep(context, *options); };
  });
}

void AddResume(CLI::App& sweep, Invocation& invocation) {
  struct Options {
    std::string sweep;
    SweepRunOptions run;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* resume = sweep.add_subcommand(
      "resume", "Run what an ended sweep left: a new sweep of its trials without a finding. `results` shows both");
  resume->add_option("sweep", options->sweep, "Id of the sweep that left them")->required()->type_name("SWEEP");
  resume->add_option("--time-budget", options->run.flags.time_budget, "Begin trials for that long")->type_name("SPAN");
  resume->add_option("--id", options->run.id, "Id of the new sweep; default: made by the controller")->type_name("ID");
  resume->add_flag("--wait", options->run.wait, "Show progress, then the results; the exit code tells about findings");
  resume->add_flag("--dry-run", options->run.dry_run, "Only check and count the trials");
  resume->callback([&invocation, options] {
    invocation.action = [options](CommandContext& context) {
      return OnSweep(options->sweep, [&](const std::string& name) { return ResumeSweep(context, name, options->run); });
    };
  });
}

void AddWatch(CLI::App& sweep, Invocation& invocation) {
  struct Options {
    std::string sweep;
    FollowOptions follow;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* watch = sweep.add_subcommand("watch", "Follow a sweep to its end; exit code as with run --wait");
  watch->add_option("sweep", options->sweep, "Id of the sweep")->required()->type_name("SWEEP");
  watch->add_flag("--cancel-on-interrupt", options->follow.cancel_on_interrupt, "Ctrl-C cancels the sweep");
  watch->callback([&invocation, options] {
    invocation.action = [options](CommandContext& context) {
      return OnSweep(options->sweep,
                     [&](const std::string& name) { return WatchSweep(context, name, options->follow); });
    };
  });
}

void AddCancel(CLI::App& sweep, Invocation& invocation) {
  struct Options {
    std::string sweep;
    std::string reason;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* cancel = sweep.add_subcommand("cancel", "Ask for the end of a sweep; results so far stay");
  cancel->add_option("sweep", options->sweep, "Id of the sweep")->required()->type_name("SWEEP");
  cancel->add_option("--reason", options->reason, "Why, for the record")->type_name("TEXT");
  cancel->callback([&invocation, options] {
    invocation.action = [options](CommandContext& context) {
      return OnSweep(options->sweep, [&](const std::string& name) {
        return PrintSweep(context, context.client.CancelSweep(name, options->reason));
      });
    };
  });
}

}  // namespace

void AddSweepCommands(CLI::App& root, Invocation& invocation) {
  CLI::App* sweep = root.add_subcommand("sweep", "Ask for sweeps of trials, follow and cancel them");
  sweep->require_subcommand(1);
  AddRun(*sweep, invocation);
  AddResume(*sweep, invocation);

  CLI::App* list = sweep->add_subcommand("list", "Sweeps, newest first");
  const auto limit = std::make_shared<std::size_t>(kDefaultSweeps);
  list->add_option("--limit", *limit, "How many at most")
      ->type_name("N")
      ->capture_default_str()
      ->check(CLI::Range(std::size_t{1}, std::size_t{100'000}));
  list->callback([&invocation, limit] {
    invocation.action = [limit](CommandContext& context) { return ListSweeps(context, *limit); };
  });

  CLI::App* show = sweep->add_subcommand("show", "One sweep: state, counts, axes");
  const auto shown = std::make_shared<std::string>();
  show->add_option("sweep", *shown, "Id of the sweep")->required()->type_name("SWEEP");
  show->callback([&invocation, shown] {
    invocation.action = [shown](CommandContext& context) {
      return OnSweep(*shown,
                     [&](const std::string& name) { return PrintSweep(context, context.client.GetSweep(name)); });
    };
  });

  CLI::App* why = sweep->add_subcommand("why", "Why each waiting trial of a sweep waits");
  const auto explained = std::make_shared<std::string>();
  why->add_option("sweep", *explained, "Id of the sweep")->required()->type_name("SWEEP");
  why->callback([&invocation, explained] {
    invocation.action = [explained](CommandContext& context) {
      return OnSweep(*explained, [&](const std::string& name) { return ExplainSweep(context, name); });
    };
  });
  AddWatch(*sweep, invocation);
  AddCancel(*sweep, invocation);
}

}  // namespace crosscall::cli
