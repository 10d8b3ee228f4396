#include "controller/metrics/exporter.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/metrics/exposition.h"
#include "controller/metrics/process.h"
#include "controller/metrics/schedule_families.h"
#include "proto/shared/log.h"
#include "proto/shared/sanitize.h"

namespace crosscall::metrics {
namespace {

constexpr std::size_t kShownBytes = 80;

// What a source says; nothing if there is no such source.
template <class Fact>
Fact Ask(const std::function<Fact()>& source) {
  return source ? source() : Fact();
}

}  // namespace

Exporter::Exporter(Sources sources, const shared::Clock& clock, ExporterOptions options)
    : sources_(std::move(sources)), clock_(clock), options_(std::move(options)) {}

std::string Exporter::Page(const char* endpoint, absl::FunctionRef<void(Exposition&)> write) const {
  const absl::Duration begin = clock_.Monotonic();
  Exposition out(options_.series_limit);
  write(out);
  out.LiftLimit();
  const auto about = [&](const Metric& metric, double value) {
    out.Write(metric, [&](Family& family) { family.Add({endpoint}, value); });
  };
  about(catalogue::kExporterSeries, static_cast<double>(out.series()));
  about(catalogue::kExporterSeriesLimit, static_cast<double>(options_.series_limit));
  about(catalogue::kExporterDropped, static_cast<double>(out.dropped()));
  about(catalogue::kExporterDuration, absl::ToDoubleSeconds(clock_.Monotonic() - begin));
  return std::move(out).Text();
}

std::string Exporter::ControllerPage() const {
  return Page("/metrics", [&](Exposition& out) {
    const std::shared_ptr<const dispatch::Snapshot> snapshot = sources_.snapshot();
    WriteController(out, *snapshot, options_.build);
    WriteSchedules(out, *snapshot, clock_.Wall());
    if (sources_.store) WriteStore(out, sources_.store(), snapshot->store_bytes);
    WriteRequests(out, Ask(sources_.requests));
    WriteCertificates(out, Ask(sources_.certificates));
    if (const absl::StatusOr<ProcessUsage> usage = ReadProcessUsage(options_.proc); usage.ok()) {
      WriteProcess(out, *usage);
    } else {
      // The rest matters more: the scrape goes on without.
      shared::LogWarning("metrics", usage.status().ToString());
    }
  });
}

std::string Exporter::ResultsPage() const {
  return Page("/metrics/results", [&](Exposition& out) {
    const std::shared_ptr<const dispatch::Snapshot> snapshot = sources_.snapshot();
    const Boards boards = BoardsOf(*snapshot, options_.detail, clock_.Wall());
    WriteBoards(out, boards, Ask(sources_.agent_certificates), options_.detail);
    WriteFleetHangs(out, *snapshot, options_.detail);
    // Last: when the limit cuts, these go first.
    WriteCallLatencies(out, *snapshot, options_.detail);
    WriteLastLatencies(out, boards, options_.detail);
  });
}

absl::StatusOr<std::string> Exporter::BoardPage(const std::string& board) const {
  const std::shared_ptr<const dispatch::Snapshot> snapshot = sources_.snapshot();
  Detail detail = options_.detail;
  detail.level = Level::kFull;
  for (const dispatch::BoardView* view : BoardsOf(*snapshot, detail, clock_.Wall())) {
    if (view->board.name() != absl::StrCat("boards/", board)) continue;
    return Page("/probe", [&](Exposition& out) {
      WriteBoards(out, {view}, Ask(sources_.agent_certificates), detail);
      WriteLastLatencies(out, {view}, detail);
    });
  }
  return absl::NotFoundError(absl::StrCat("no board \"", shared::CleanText(board, kShownBytes),
                                          "\" that was seen lately; `crosscallctl boards` shows those there are"));
}

}  // namespace crosscall::metrics
