// `schedule add|list|show|pause|resume|run-now|remove`.
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "controller/cli/axis_values.h"
#include "controller/cli/command.h"
#include "controller/cli/sweep_run.h"
#include "controller/cli/units.h"
#include "proto/shared/proto_time.h"

namespace crosscall::cli {
namespace {

constexpr std::size_t kShownFirings = 10;
// The controller has the last word about windows; this only tells a span from nonsense.
constexpr absl::Duration kMaxWindow = absl::Hours(24 * 366);

struct AddOptions {
  std::string id;
  std::string file;
  SweepFlags flags;
  std::string cron;
  std::string zone;
  std::string window;
  std::string missed = "run";
  std::string overlap = "skip";
};

std::string IdOf(const std::string& name) { return name.substr(name.find('/') + 1); }

std::string StateOf(const v1::Schedule& schedule) { return schedule.paused() ? "paused" : "active"; }

// For people, who look at one column.
std::string StateAndAlarm(const v1::Schedule& schedule) {
  return absl::StrCat(StateOf(schedule), schedule.overdue_reason().empty() ? "" : ", overdue");
}

std::string WindowOf(const v1::Schedule& schedule) { return absl::FormatDuration(shared::SpanOf(schedule.window())); }

std::string ScheduleText(const v1::Schedule& schedule) {
  const v1::SweepSpec& spec = schedule.spec();
  const std::string scenarios = absl::StrJoin(
      spec.scenarios(), " ", [](std::string* out, const v1::ScenarioRef& scenario) { out->append(scenario.id()); });
  return FormatFacts(
      {{"schedule", schedule.name()},
       {"state", StateAndAlarm(schedule)},
       {"reason", schedule.state_reason()},
       {"overdue", schedule.overdue_reason()},
       {"cron", schedule.cron()},
       {"time zone", schedule.time_zone()},
       {"window", WindowOf(schedule)},
       {"next run", FormatInstant(schedule.next_time())},
       {"missed runs",
        EnumWords(v1::Schedule::MissedRunPolicy_Name(schedule.missed_run_policy()), "MISSED_RUN_POLICY_")},
       {"overlap", EnumWords(v1::Schedule::OverlapPolicy_Name(schedule.overlap_policy()), "OVERLAP_POLICY_")},
       {"created", FormatInstant(schedule.create_time())},
       {"owner", schedule.owner()},
       {"scenarios", scenarios},
       {"implementations", absl::StrJoin(spec.implementations(), " ")}});
}

absl::StatusOr<v1::CreateScheduleRequest> RequestOf(const AddOptions& options, const FileReader& read_file) {
  v1::CreateScheduleRequest request;
  request.set_schedule_id(options.id);
  v1::Schedule& schedule = *request.mutable_schedule();
  schedule.set_cron(options.cron);
  schedule.set_time_zone(options.zone);
  absl::StatusOr<google::protobuf::Duration> window = ParseSpan(options.window, absl::ZeroDuration(), kMaxWindow);
  if (!window.ok()) return absl::InvalidArgumentError(absl::StrCat("--window: ", window.status().message()));
  *schedule.mutable_window() = *window;
  schedule.set_missed_run_policy(options.missed == "run" ? v1::Schedule::MISSED_RUN_POLICY_RUN
                                                         : v1::Schedule::MISSED_RUN_POLICY_SKIP);
  schedule.set_overlap_policy(options.overlap == "skip" ? v1::Schedule::OVERLAP_POLICY_SKIP
                                                        : v1::Schedule::OVERLAP_POLICY_ALLOW);
  absl::StatusOr<v1::SweepSpec> spec = SweepSpecOf(options.file, options.flags, read_file);
  if (!spec.ok()) return spec.status();
  *schedule.mutable_spec() = *std::move(spec);
  return request;
}

absl::StatusOr<ExitCode> PrintSchedule(CommandContext& context, const absl::StatusOr<v1::Schedule>& schedule) {
  if (!schedule.ok()) return schedule.status();
  if (absl::Status status = Print(context, *schedule, ScheduleText(*schedule)); !status.ok()) return status;
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> Add(CommandContext& context, const AddOptions& options) {
  absl::StatusOr<v1::CreateScheduleRequest> request = RequestOf(options, context.environment.read_file);
  if (!request.ok()) return request.status();
  absl::StatusOr<v1::CreateScheduleResponse> created = context.client.CreateSchedule(*request);
  if (!created.ok()) return created.status();
  if (!created->warning().empty()) {
    context.environment.err << "added, but a run would be refused now: " << created->warning() << "\n";
  }
  return PrintSchedule(context, created->schedule());
}

absl::StatusOr<ExitCode> List(CommandContext& context) {
  absl::StatusOr<std::vector<v1::Schedule>> schedules = context.client.ListSchedules();
  if (!schedules.ok()) return schedules.status();
  Sheet sheet({{"schedule", "SCHEDULE"},
               {"state", "STATE"},
               {"cron", "CRON"},
               {"time_zone", "ZONE"},
               {"window", "WINDOW", Align::kRight},
               {"next_time", "NEXT RUN"},
               {"overdue_reason", "OVERDUE", Align::kLeft, Audience::kScripts}});
  for (const v1::Schedule& schedule : *schedules) {
    sheet.Add({Cell::Text(schedule.name(), IdOf(schedule.name())),
               Cell::Text(StateOf(schedule), StateAndAlarm(schedule)), Cell::Text(schedule.cron()),
               Cell::Text(schedule.time_zone()), Cell::Text(WindowOf(schedule)),
               schedule.has_next_time()
                   ? Cell::Text(FormatInstantExactly(schedule.next_time()), FormatInstant(schedule.next_time()))
                   : Cell(),
               Cell::Text(schedule.overdue_reason())});
  }
  context.environment.out << sheet.Render(context.format);
  if (sheet.empty() && context.format == Format::kTable) {
    context.environment.err
        << "no schedules yet; add one with: crosscallctl schedule add ID FILE.yaml --cron '30 1 * * "
           "*' --zone Europe/Berlin --window 6h\n";
  }
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> Show(CommandContext& context, const std::string& name, std::size_t limit) {
  absl::StatusOr<ExitCode> code = PrintSchedule(context, context.client.GetSchedule(name));
  if (!code.ok()) return code;
  absl::StatusOr<std::vector<v1::Firing>> firings = context.client.ListFirings(name, limit);
  if (!firings.ok()) return firings.status();
  Sheet sheet({{"nominal_time", "NOMINAL TIME"},
               {"kind", "KIND"},
               {"manual", "MANUAL", Align::kLeft, Audience::kScripts},
               {"sweep", "SWEEP"},
               {"reason", "REASON"}});
  for (const v1::Firing& firing : *firings) {
    const std::string kind = EnumWords(v1::Firing::Kind_Name(firing.kind()), "KIND_");
    sheet.Add({Cell::Text(FormatInstantExactly(firing.nominal_time()), FormatInstant(firing.nominal_time())),
               Cell::Text(kind, firing.manual() ? absl::StrCat(kind, " now") : kind), Cell::Bool(firing.manual()),
               firing.sweep().empty() ? Cell() : Cell::Text(firing.sweep(), IdOf(firing.sweep())),
               firing.reason().empty() ? Cell() : Cell::Text(firing.reason())});
  }
  if (sheet.empty()) return ExitCode::kOk;
  if (context.format == Format::kTable) context.environment.out << "\n";
  context.environment.out << sheet.Render(context.format);
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> RunNow(CommandContext& context, const std::string& name) {
  absl::StatusOr<v1::Sweep> sweep = context.client.RunSchedule(name, RandomRequestId());
  if (!sweep.ok()) return sweep.status();
  const std::string text = absl::StrCat(sweep->name(), ": ", FormatCount(sweep->progress().total_count()), " trials\n");
  if (absl::Status status = Print(context, *sweep, text); !status.ok()) return status;
  context.environment.err << "follow it:  crosscallctl sweep watch " << IdOf(sweep->name()) << "\n";
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> Remove(CommandContext& context, const std::string& name) {
  absl::StatusOr<v1::DeleteScheduleResponse> removed = context.client.DeleteSchedule(name);
  if (!removed.ok()) return removed.status();
  if (absl::Status status = Print(context, *removed, absl::StrCat(name, " is removed; its sweeps stay\n"));
      !status.ok()) {
    return status;
  }
  return ExitCode::kOk;
}

using Act = std::function<absl::StatusOr<ExitCode>(CommandContext&, const std::string& name)>;

// A command on one schedule.
CLI::App* AddOnOne(CLI::App& schedule, Invocation& invocation, const std::string& word, const std::string& about,
                   const Act& act) {
  const auto argument = std::make_shared<std::string>();
  CLI::App* command = schedule.add_subcommand(word, about);
  command->add_option("schedule", *argument, "Id of the schedule")->required()->type_name("SCHEDULE");
  command->callback([&invocation, argument, act] {
    invocation.action = [argument, act](CommandContext& context) -> absl::StatusOr<ExitCode> {
      absl::StatusOr<std::string> name = ScheduleArgument(*argument);
      if (!name.ok()) return name.status();
      return act(context, *name);
    };
  });
  return command;
}

void AddAdd(CLI::App& schedule, Invocation& invocation) {
  const auto options = std::make_shared<AddOptions>();
  CLI::App* add = schedule.add_subcommand("add", "Run a sweep again and again, at the times of a cron expression");
  add->add_option("schedule", options->id, "Id of the schedule")->required()->type_name("ID");
  add->add_option("file", options->file, "Sweep in YAML; see deploy/examples")->type_name("FILE");
  add->add_option("--cron", options->cron, "Minute, hour, day of month, month, day of week: '30 1 * * mon-fri'")
      ->required()
      ->type_name("CRON");
  add->add_option("--zone", options->zone, "Time zone of the expression: Europe/Berlin, UTC")
      ->required()
      ->type_name("ZONE");
  add->add_option("--window", options->window, "How long a run may go on; what waits then expires")
      ->required()
      ->type_name("SPAN");
  add->add_option("--missed", options->missed, "A run that comes late: run it while its window is open, or skip it")
      ->capture_default_str()
      ->check(CLI::IsMember({"run", "skip"}));
  add->add_option("--overlap", options->overlap, "A run while an earlier one goes on: skip it, or allow both")
      ->capture_default_str()
      ->check(CLI::IsMember({"skip", "allow"}));
  AddSweepFlags(*add, options->flags);
  add->callback([&invocation, options] {
    invocation.action = [options](CommandContext& context) { return Add(context, *options); };
  });
}

}  // namespace

void AddScheduleCommands(CLI::App& root, Invocation& invocation) {
  CLI::App* schedule = root.add_subcommand("schedule", "Sweeps that the controller starts by itself");
  schedule->require_subcommand(1);
  AddAdd(*schedule, invocation);
  schedule->add_subcommand("list", "Schedules and when they run next")->callback([&invocation] {
    invocation.action = List;
  });
  const auto limit = std::make_shared<std::size_t>(kShownFirings);
  AddOnOne(*schedule, invocation, "show", "One schedule, and what became of its last runs",
           [limit](CommandContext& context, const std::string& name) { return Show(context, name, *limit); })
      ->add_option("--limit", *limit, "How many runs at most")
      ->type_name("N")
      ->capture_default_str()
      ->check(CLI::Range(std::size_t{1}, std::size_t{100'000}));
  const auto reason = std::make_shared<std::string>();
  AddOnOne(*schedule, invocation, "pause", "No more runs until it is resumed; running sweeps go on",
           [reason](CommandContext& context, const std::string& name) {
             return PrintSchedule(context, context.client.PauseSchedule(name, *reason));
           })
      ->add_option("--reason", *reason, "Why, for the record")
      ->type_name("TEXT");
  AddOnOne(*schedule, invocation, "resume", "Run again, from the next time on",
           [](CommandContext& context, const std::string& name) {
             return PrintSchedule(context, context.client.ResumeSchedule(name));
           });
  AddOnOne(*schedule, invocation, "run-now", "One run at once, with its whole window", RunNow);
  AddOnOne(*schedule, invocation, "remove", "Remove it; its sweeps stay and go on", Remove);
}

}  // namespace crosscall::cli
