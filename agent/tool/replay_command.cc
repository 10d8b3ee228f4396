#include "agent/tool/replay_command.h"

#include <algorithm>
#include <ostream>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/explore/explorable.h"
#include "agent/tool/explore_json.h"
#include "agent/tool/explore_report.h"
#include "agent/tool/explore_tally.h"
#include "agent/tool/scenario_word.h"
#include "proto/shared/durable_file.h"
#include "proto/shared/sanitize.h"

namespace crosscall::tool {
namespace {

constexpr std::size_t kMaxTraceBytes = std::size_t{16} << 20;

struct Replayed {
  RecordedTrace recorded;
  v1::Scenario scenario;
  core::Implementation implementation;
};

absl::Status In(const std::string& file, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat(file, ": ", status.message()));
}

absl::StatusOr<Replayed> Load(const ExploreRequest& request) {
  const absl::StatusOr<std::string> text = shared::ReadFile(request.replay, kMaxTraceBytes);
  if (!text.ok()) return text.status();
  absl::StatusOr<RecordedTrace> recorded = ReadExploration(*text);
  if (!recorded.ok()) return In(request.replay, recorded.status());
  Replayed replayed{*std::move(recorded), {}, {}};
  const std::string& id = replayed.recorded.implementation;
  if (!core::Parse(id.data(), id.size(), replayed.implementation)) {
    return In(request.replay, absl::InvalidArgumentError(absl::StrCat("no implementation \"", shared::CleanText(id, 80),
                                                                      "\"; crosscall list implementations")));
  }
  const std::string& recorded_word =
      replayed.recorded.source.empty() ? replayed.recorded.scenario : replayed.recorded.source;
  absl::StatusOr<LoadedScenario> loaded =
      LoadScenario(request.scenarios.empty() ? recorded_word : request.scenarios.front(), replayed.recorded.parameters);
  if (!loaded.ok()) return loaded.status();
  if (absl::Status status = explore::CheckExplorable(loaded->scenario); !status.ok()) return status;
  replayed.scenario = std::move(loaded->scenario);
  return replayed;
}

template <class Line>
std::size_t FirstDifference(const std::vector<Line>& a, const std::vector<Line>& b) {
  const auto ends = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  return static_cast<std::size_t>(ends.first - a.begin());
}

// What differs between the way that was told and the recorded one; empty: nothing.
std::string Difference(const RecordedTrace& recorded, const explore::Trace& told) {
  if (told.lines != recorded.trace.lines) {
    return absl::StrCat("line ", FirstDifference(told.lines, recorded.trace.lines) + 1, " is recorded otherwise");
  }
  if (told.waits != recorded.trace.waits) return "who waits at the end is recorded otherwise";
  return "";
}

// What differs between the search's own finding and the recorded one; empty: nothing.
std::string Difference(const RecordedTrace& recorded, const explore::Finding& finding) {
  const std::string verdict = explore::VerdictName(finding.verdict);
  if (verdict != recorded.verdict) {
    return absl::StrCat("recorded is ", shared::CleanText(recorded.verdict, 40), ", the search finds ", verdict);
  }
  if (finding.reason != recorded.reason) return "the reason is recorded otherwise";
  if (finding.schedule != recorded.schedule) return "the search finds another shortest way";
  return "";
}

}  // namespace

int RunReplay(const ExploreRequest& request, const supervisor::Cancellation& cancellation, const RunIo& io) {
  const absl::StatusOr<Replayed> replayed = Load(request);
  if (!replayed.ok()) {
    io.err << "crosscall: " << replayed.status().message() << "\n";
    return kExitBadUse;
  }
  const RecordedTrace& recorded = replayed->recorded;
  explore::ExploreOptions options = request.options;
  options.memory = recorded.memory;
  options.limits.cancelled = [&cancellation] { return cancellation.cancelled(); };
  explore::Trace told;
  const absl::Status followed =
      explore::Replay(replayed->scenario, replayed->implementation, options, recorded.schedule, told);
  if (cancellation.cancelled()) return kExitInterrupted;
  io.out << replayed->scenario.id() << " with " << recorded.implementation << ", memory "
         << explore::MemoryModelName(recorded.memory) << "\n"
         << TraceText(told) << WaitsText(told);
  std::string difference = followed.ok() ? Difference(recorded, told) : std::string(followed.message());
  if (difference.empty()) {
    // The way says where it ends, and only the search what that is.
    const absl::StatusOr<explore::Exploration> found =
        explore::Explore(replayed->scenario, replayed->implementation, options);
    if (cancellation.cancelled()) return kExitInterrupted;
    difference = found.ok() ? Difference(recorded, found->finding) : std::string(found.status().message());
  }
  if (!difference.empty()) {
    io.out << std::flush;
    io.err << "crosscall: the replay does not end as recorded: " << difference << "\n";
    return kExitNotAllWell;
  }
  io.out << "Ends as recorded: " << recorded.verdict << (recorded.reason.empty() ? "" : ": ") << recorded.reason
         << ", after " << recorded.schedule.size() << " steps\n";
  return kExitAllWell;
}

}  // namespace crosscall::tool
