#include "controller/cli/sweep_run.h"

#include <random>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "controller/cli/progress.h"
#include "controller/cli/result_report.h"
#include "controller/cli/sweep_yaml.h"
#include "controller/cli/units.h"
#include "controller/cli/watch.h"

namespace crosscall::cli {
namespace {

absl::Status CheckOptions(const CommandContext& context, const SweepRunOptions& options) {
  if (options.dry_run && options.wait) {
    return absl::InvalidArgumentError("--wait: found beside --dry-run, which runs nothing; leave one out");
  }
  if (options.heatmap && !options.wait) {
    return absl::InvalidArgumentError(
        "--heatmap: found without --wait; add --wait, or use `crosscallctl results SWEEP "
        "--heatmap` later");
  }
  if (options.heatmap && context.format != Format::kTable) {
    return absl::InvalidArgumentError("--heatmap: found beside --json or --csv; allowed for tables only");
  }
  if (options.cancel_on_interrupt && !options.wait) {
    return absl::InvalidArgumentError("--cancel-on-interrupt: found without --wait; add --wait");
  }
  return absl::OkStatus();
}

// What was created, on standard output; with --wait that belongs to the results, so it goes to standard error.
absl::Status Announce(CommandContext& context, const SweepRunOptions& options, const v1::Sweep& sweep) {
  const std::string trials = absl::StrCat(FormatCount(sweep.progress().total_count()), " trials");
  if (options.wait) {
    context.environment.err << sweep.name() << ": " << trials << "\n";
    return absl::OkStatus();
  }
  if (context.format == Format::kCsv) {
    Sheet sheet({{"sweep", "SWEEP"}, {"trials", "TRIALS"}});
    sheet.Add({Cell::Text(sweep.name()), Cell::Number(sweep.progress().total_count())});
    context.environment.out << sheet.Render(Format::kCsv);
    return absl::OkStatus();
  }
  if (options.dry_run) return Print(context, sweep, absl::StrCat("would run ", trials, "; nothing was created\n"));
  if (absl::Status status = Print(context, sweep, absl::StrCat(sweep.name(), ": ", trials, "\n")); !status.ok()) {
    return status;
  }
  const std::string id = sweep.name().substr(sweep.name().find('/') + 1);
  context.environment.err << "follow it:  crosscallctl sweep watch " << id << "\nresults:    crosscallctl results "
                          << id << "\n";
  return absl::OkStatus();
}

// The sweep goes on without us: say so, or end it too.
absl::Status Interrupted(CommandContext& context, const std::string& name, bool cancel) {
  const std::string id = name.substr(name.find('/') + 1);
  if (cancel) {
    if (absl::StatusOr<v1::Sweep> sweep = context.client.CancelSweep(name, "interrupted by its user"); !sweep.ok()) {
      return absl::Status(sweep.status().code(),
                          absl::StrCat("interrupted, but ", name, " could not be cancelled: ", sweep.status().message(),
                                       "; cancel it with: crosscallctl sweep cancel ", id));
    }
    return absl::CancelledError(absl::StrCat("interrupted; ", name, " is being cancelled"));
  }
  return absl::CancelledError(absl::StrCat("interrupted; ", name, " goes on. Follow it: crosscallctl sweep watch ", id,
                                           "; cancel it: crosscallctl sweep cancel ", id));
}

}  // namespace

std::string RandomRequestId() {
  std::random_device random;
  return absl::StrFormat("%08x%08x%08x%08x", random(), random(), random(), random());
}

absl::StatusOr<v1::SweepSpec> SweepSpecOf(const std::string& file, const SweepFlags& flags,
                                          const FileReader& read_file) {
  v1::SweepSpec spec;
  if (!file.empty()) {
    absl::StatusOr<std::string> text = read_file(file);
    if (!text.ok()) return text.status();
    absl::StatusOr<v1::SweepSpec> parsed = ParseSweep(*text, file, read_file);
    if (!parsed.ok()) return parsed.status();
    spec = *std::move(parsed);
  }
  if (absl::Status status = ApplySweepFlags(flags, read_file, spec); !status.ok()) return status;
  if (spec.scenarios().empty() || spec.implementations().empty()) {
    return absl::InvalidArgumentError(
        "nothing to run: give a sweep file, or at least --scenario NAME and --implementation ID (`*` for all)");
  }
  return spec;
}

ExitCode Verdict(const v1::Sweep& sweep) {
  const v1::SweepProgress& progress = sweep.progress();
  const bool findings = progress.hung_count() != 0 || progress.crashed_count() != 0 || progress.wedged_count() != 0 ||
                        progress.failed_count() != 0 || progress.cancelled_count() != progress.left_count() ||
                        sweep.state() != v1::Sweep::STATE_SUCCEEDED;
  return findings ? ExitCode::kFindings : ExitCode::kOk;
}

absl::StatusOr<v1::Sweep> Follow(CommandContext& context, const std::string& name, const FollowOptions& options) {
  const Environment& environment = context.environment;
  Progress progress(environment.err, environment.err_is_terminal, environment.clock);
  absl::Status print_status;
  const WatchSeams seams{context.client.sweeps(), context.client.address(), environment.clock, environment.interrupt,
                         environment.pause};
  const WatchListener listener{
      [&](const v1::Sweep& sweep) {
        progress.Show(sweep);
        if (!options.states_as_json) return;
        if (absl::StatusOr<std::string> json = MessageJson(sweep); json.ok()) {
          environment.out << *json << std::flush;
        } else {
          print_status = json.status();
        }
      },
      [&](absl::string_view reason) {
        progress.Note(absl::StrCat("connection lost (", reason, "), calling ", context.client.address(), " again"));
      }};
  absl::StatusOr<v1::Sweep> sweep = FollowSweep(seams, WatchSettings(), name, listener);
  progress.Finish();
  if (absl::IsCancelled(sweep.status())) return Interrupted(context, name, options.cancel_on_interrupt);
  if (absl::IsUnavailable(sweep.status())) {
    return absl::UnavailableError(absl::StrCat(sweep.status().message(),
                                               ". The sweep may still go on: follow it with "
                                               "`crosscallctl sweep watch ",
                                               name, "`"));
  }
  if (!print_status.ok()) return print_status;
  return sweep;
}

namespace {

absl::StatusOr<ExitCode> Start(CommandContext& context, const SweepRunOptions& options, v1::SweepSpec spec) {
  v1::CreateSweepRequest request;
  request.set_sweep_id(options.id);
  request.set_request_id(RandomRequestId());
  request.set_dry_run(options.dry_run);
  *request.mutable_spec() = std::move(spec);
  absl::StatusOr<v1::Sweep> sweep = context.client.CreateSweep(request);
  if (!sweep.ok()) return sweep.status();
  if (absl::Status status = Announce(context, options, *sweep); !status.ok()) return status;
  if (!options.wait) return ExitCode::kOk;
  FollowOptions follow;
  follow.cancel_on_interrupt = options.cancel_on_interrupt;
  absl::StatusOr<v1::Sweep> ended = Follow(context, sweep->name(), follow);
  if (!ended.ok()) return ended.status();
  const Pictures pictures = options.heatmap ? Pictures::kHeatmap : Pictures::kNone;
  if (absl::Status status = ReportResults(context, sweep->name(), pictures); !status.ok()) return status;
  return Verdict(*ended);
}

}  // namespace

absl::StatusOr<ExitCode> RunSweep(CommandContext& context, const SweepRunOptions& options) {
  if (absl::Status status = CheckOptions(context, options); !status.ok()) return status;
  absl::StatusOr<v1::SweepSpec> spec = SweepSpecOf(options.file, options.flags, context.environment.read_file);
  if (!spec.ok()) return spec.status();
  return Start(context, options, *std::move(spec));
}

absl::StatusOr<ExitCode> ResumeSweep(CommandContext& context, const std::string& name, const SweepRunOptions& options) {
  if (absl::Status status = CheckOptions(context, options); !status.ok()) return status;
  absl::StatusOr<v1::Sweep> former = context.client.GetSweep(name);
  if (!former.ok()) return former.status();
  v1::SweepSpec spec = former->spec();
  // What was given to the former one was for it; a budget may be given anew.
  spec.clear_time_budget();
  spec.clear_sweep_deadline();
  spec.set_continued_sweep(name);
  absl::Status status = ApplySweepFlags(options.flags, context.environment.read_file, spec);
  if (!status.ok()) return status;
  return Start(context, options, std::move(spec));
}

}  // namespace crosscall::cli
