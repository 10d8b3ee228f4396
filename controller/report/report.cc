#include "controller/report/report.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "controller/report/page.h"

namespace crosscall::report {
namespace {

absl::StatusOr<std::unique_ptr<Digest>> Read(Source& source, const std::string& name,
                                             const std::vector<v1::Board>& boards) {
  absl::StatusOr<v1::Sweep> sweep = source.GetSweep(name);
  if (!sweep.ok()) return sweep.status();
  auto digest = std::make_unique<Digest>(*std::move(sweep));
  absl::Status status = source.ForEachTrial(name, [&](const v1::Trial& trial) {
    digest->AddTrial(trial);
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  status = source.ForEachResult(name, [&](const v1::Result& result) { return digest->AddResult(result); });
  if (!status.ok()) return status;
  for (const v1::Board& board : boards) digest->AddBoard(board);
  return digest;
}

}  // namespace

absl::StatusOr<std::string> MakeReport(Source& source, const std::string& sweep, const std::string& baseline,
                                       absl::Time now, const Limits& limits) {
  if (sweep == baseline) {
    return absl::InvalidArgumentError(
        absl::StrCat("the baseline is ", baseline, " itself; choose another sweep of the same points"));
  }
  const absl::StatusOr<std::vector<v1::Board>> boards = source.ListBoards();
  if (!boards.ok()) return boards.status();
  shared::Json json;
  json.BeginObject().Key("kind").String("report").Key("version").String(CROSSCALL_VERSION);
  json.Key("made").String(absl::FormatTime("%Y-%m-%d %H:%M:%SZ", now, absl::UTCTimeZone())).Key("quantiles");
  WriteQuantiles(json);
  // One after the other, so that only one is in memory.
  absl::StatusOr<std::unique_ptr<Digest>> digest = Read(source, sweep, *boards);
  if (!digest.ok()) return digest.status();
  json.Key("sweep");
  WriteSweep(**digest, limits, json);
  digest->reset();
  json.Key("baseline");
  if (baseline.empty()) {
    json.Null();
  } else {
    digest = Read(source, baseline, *boards);
    if (!digest.ok()) return digest.status();
    // Of the baseline the page shows points and circumstances alone.
    WriteSweep(**digest, {0, 0}, json);
  }
  return MakePage(json.EndObject().Take());
}

}  // namespace crosscall::report
