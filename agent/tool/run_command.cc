#include "agent/tool/run_command.h"

#include <algorithm>
#include <array>
#include <ostream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "agent/tool/list_command.h"
#include "agent/tool/result_json.h"
#include "agent/tool/result_table.h"
#include "agent/tool/scenario_word.h"
#include "proto/shared/hang_text.h"
#include "proto/shared/implementation_id.h"
#include "proto/shared/validate.h"

namespace crosscall::tool {
namespace {

// Sets what the trial says of its scenario.
absl::Status SetScenario(const std::string& word, v1::TrialSpec& trial) {
  scenario::Overrides overrides;
  for (const v1::Parameter& parameter : trial.parameters()) overrides[parameter.id()] = parameter.value();
  absl::StatusOr<LoadedScenario> loaded = LoadScenario(word, overrides);
  if (!loaded.ok()) return loaded.status();
  if (!loaded->source.empty()) trial.set_scenario_text(std::move(loaded->text));
  trial.set_scenario(loaded->scenario.id());
  return absl::OkStatus();
}

// "single-call per_target/spin/mask_all: 1200 calls", over and over in one line.
class ProgressLine {
 public:
  ProgressLine(const RunIo& io, const v1::TrialSpec& trial, std::size_t number, std::size_t count)
      : io_(io), label_(absl::StrCat("[", number, "/", count, "] ", trial.scenario(), " ", trial.implementation())) {}

  void Show(const supervisor::TrialProgress& progress) {
    if (!io_.progress) return;
    const std::string text = progress.ready ? absl::StrCat(label_, ": ", progress.completed_calls, " calls")
                                            : absl::StrCat(label_, ": starting");
    if (text == shown_) return;
    shown_ = text;
    io_.err << "\r\x1b[K" << text << std::flush;
  }
  void Clear() {
    if (!shown_.empty()) io_.err << "\r\x1b[K" << std::flush;
  }

 private:
  const RunIo& io_;
  const std::string label_;
  std::string shown_;
};

}  // namespace

absl::StatusOr<std::vector<v1::TrialSpec>> ExpandRun(const RunRequest& request) {
  std::vector<std::string> implementations = KnownImplementations();
  if (!request.implementations.empty()) {
    absl::StatusOr<std::vector<std::string>> chosen =
        shared::ExpandImplementations(request.implementations, implementations);
    if (!chosen.ok()) return chosen.status();
    implementations = *std::move(chosen);
  }
  std::vector<v1::TrialSpec> trials;
  for (const std::string& word : request.scenarios) {
    v1::TrialSpec trial = request.trial;
    if (absl::Status status = SetScenario(word, trial); !status.ok()) return status;
    for (const std::string& implementation : implementations) {
      trial.set_implementation(implementation);
      if (absl::Status status = shared::Validate(trial); !status.ok()) return status;
      trials.push_back(trial);
    }
  }
  return trials;
}

int ExitCodeOf(v1::Outcome outcome) {
  switch (outcome) {
    case v1::OUTCOME_COMPLETED:
      return kExitCompleted;
    case v1::OUTCOME_HUNG:
      return kExitHung;
    case v1::OUTCOME_REFUSED:
      return kExitRefused;
    case v1::OUTCOME_INVALID:
      return kExitInvalid;
    default:
      return kExitCrashed;
  }
}

int Graver(int a, int b) {
  constexpr std::array kByGravity = {kExitCompleted, kExitRefused, kExitInvalid, kExitHung, kExitCrashed};
  const auto rank = [&](int code) { return std::find(kByGravity.begin(), kByGravity.end(), code); };
  return rank(a) < rank(b) ? b : a;
}

int RunTrials(const RunRequest& request, const std::string& worker_path, const supervisor::Cancellation& cancellation,
              const RunIo& io) {
  const absl::StatusOr<std::vector<v1::TrialSpec>> trials = ExpandRun(request);
  if (!trials.ok()) {
    io.err << "crosscall: " << trials.status().message() << "\n";
    return kExitBadUse;
  }
  if (!request.json) io.out << TableHeader();
  supervisor::TrialOptions options;
  options.worker_path = worker_path;
  int exit_code = kExitCompleted;
  std::vector<std::string> reports;
  for (std::size_t i = 0; i < trials->size(); ++i) {
    const v1::TrialSpec& trial = (*trials)[i];
    ProgressLine line(io, trial, i + 1, trials->size());
    const absl::StatusOr<v1::TrialResult> result = supervisor::TrialProcess::Run(
        options, trial, cancellation, [&line](const supervisor::TrialProgress& progress) { line.Show(progress); });
    line.Clear();
    if (cancellation.cancelled()) return kExitInterrupted;
    if (!result.ok()) {
      io.err << "crosscall: cannot run a trial: " << result.status().message() << "\n";
      return kExitBadUse;
    }
    exit_code = Graver(exit_code, ExitCodeOf(result->outcome()));
    io.out << (request.json ? absl::StrCat(ResultLine(trial, *result), "\n") : TableRow(trial, *result)) << std::flush;
    if (result->has_hang() && !request.json) {
      reports.push_back(absl::StrCat("\n", trial.scenario(), " with ", trial.implementation(), "\n",
                                     shared::HangText(result->hang())));
    }
  }
  for (const std::string& report : reports) io.out << report;
  return exit_code;
}

}  // namespace crosscall::tool
