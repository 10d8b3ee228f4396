// What a scrape of a large lab costs, and what it costs the others: a real store, dispatcher and HTTP server in this
// process, scraped from another.
#include <malloc.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "controller/dispatch/dispatcher.h"
#include "controller/metrics/exporter.h"
#include "controller/metrics/http_server.h"
#include "controller/store/store.h"
#include "tests/bench/fleet/figures.h"
#include "tests/bench/scrape/direct_board.h"
#include "tests/bench/scrape/large_lab.h"
#include "tests/bench/scrape/scraper.h"
#include "tests/controller/store/rows.h"

namespace crosscall::scrape {
namespace {

constexpr metrics::LabSize kLab = {.boards = 2'000, .models = 20, .implementations = 10, .pairs = 4};
// Leaves room below 150'000, Mimir's default limit for a tenant.
constexpr double kSeriesLimit = 130'000;
constexpr double kSecondsLimit = 1;
constexpr double kPeakLimitMiB = 150;
constexpr double kDispatchRatioLimit = 1.2;
constexpr int kScrapes = 7;
constexpr int kRounds = 6;
constexpr int kTrialsOfRound = 250;

// A figure of /proc/self/status in KiB.
double StatusKiB(const std::string& name) {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line)) {
    absl::string_view rest = line;
    double value = 0;
    if (absl::ConsumePrefix(&rest, name + ":") && absl::SimpleAtod(absl::StripSuffix(rest, " kB"), &value))
      return value;
  }
  return 0;
}

void MeasureScrapes(const Scraper& scraper, fleet::Figures& figures) {
  std::vector<absl::Duration> took;
  Scrape last;
  malloc_trim(0);
  const double before = StatusKiB("VmRSS");
  // 5: the peak is the present from now on.
  std::ofstream("/proc/self/clear_refs") << 5;
  for (int i = 0; i < kScrapes; ++i) {
    const absl::StatusOr<Scrape> scrape = scraper.Once();
    if (!scrape.ok()) {
      figures.AtLeast("scrapes", i, kScrapes, "");
      return;
    }
    last = *scrape;
    took.push_back(scrape->took);
  }
  const double peak = StatusKiB("VmHWM");
  figures.AtMost("series of a lab of 2,000 boards, level board", static_cast<double>(last.series), kSeriesLimit, "");
  figures.AtMost("a scrape, median", absl::ToDoubleSeconds(fleet::Quantile(took, 0.5)), kSecondsLimit, "s");
  figures.Note(absl::StrFormat("of %d, the slowest %s; body %.1f MB, compressed on its way", kScrapes,
                               fleet::Millis(fleet::Quantile(took, 1)), static_cast<double>(last.body_bytes) / 1e6));
  figures.AtMost("memory for it, at its peak", (peak - before) / 1024, kPeakLimitMiB, "MiB");
  figures.Note(absl::StrFormat("beyond the %.0f MiB of the controller with this lab", before / 1024));
}

absl::Status Trials(DirectBoard& board, std::vector<absl::Duration>& samples) {
  for (int i = 0; i < kTrialsOfRound; ++i) {
    absl::StatusOr<absl::Duration> sample = board.RunTrial();
    if (!sample.ok()) return sample.status();
    samples.push_back(*sample);
  }
  return absl::OkStatus();
}

absl::Status MeasureDispatch(DirectBoard& board, const std::string& address, fleet::Figures& figures) {
  board.Begin();
  std::vector<absl::Duration> with;
  std::vector<absl::Duration> without;
  for (int round = 0; round < kRounds; ++round) {
    // Each comes first as often as the other: what drifts meets both.
    for (const bool scraped : {round % 2 == 0, round % 2 != 0}) {
      std::unique_ptr<BusyScraper> scraper;
      if (scraped) {
        absl::StatusOr<std::unique_ptr<BusyScraper>> started = BusyScraper::Start(address);
        if (!started.ok()) return started.status();
        scraper = *std::move(started);
      }
      if (absl::Status status = Trials(board, scraped ? with : without); !status.ok()) return status;
    }
  }
  const absl::Duration p99_with = fleet::Quantile(with, 0.99);
  const absl::Duration p99_without = fleet::Quantile(without, 0.99);
  figures.AtMost("dispatch p99, scrape after scrape / none", absl::FDivDuration(p99_with, p99_without),
                 kDispatchRatioLimit, "times");
  figures.Note(absl::StrCat("scraped: ", with.size(), " trials, p50 ", fleet::Millis(fleet::Quantile(with, 0.5)),
                            ", p99 ", fleet::Millis(p99_with), "; not: p50 ",
                            fleet::Millis(fleet::Quantile(without, 0.5)), ", p99 ", fleet::Millis(p99_without)));
  return absl::OkStatus();
}

absl::Status Run(fleet::Figures& figures) {
  const store::TestFolder folder;
  if (absl::Status status = MakeLargeLab(folder.path(), kLab); !status.ok()) return status;
  const shared::Clock& clock = shared::SystemClock();
  store::Options options;
  options.folder = folder.path();
  absl::StatusOr<std::unique_ptr<store::Store>> store = store::Store::Open(options);
  if (!store.ok()) return store.status();
  absl::StatusOr<std::unique_ptr<dispatch::Dispatcher>> dispatcher = dispatch::Dispatcher::Start(**store, clock, {});
  if (!dispatcher.ok()) return dispatcher.status();
  std::vector<std::unique_ptr<DirectBoard>> boards;
  metrics::CertificateEnds certificates;
  for (std::uint64_t number = 0; number < kLab.boards; ++number) {
    boards.push_back(std::make_unique<DirectBoard>(**dispatcher, BoardName(number)));
    if (absl::Status status = boards.back()->Greet(); !status.ok()) return status;
    certificates[BoardName(number).substr(sizeof("boards/") - 1)] = clock.Wall() + absl::Hours(24);
  }
  metrics::Sources sources;
  sources.snapshot = [&] { return (*dispatcher)->snapshot(); };
  sources.agent_certificates = [&] { return certificates; };
  metrics::ExporterOptions exporter_options;
  exporter_options.detail = DetailOf(kLab);
  const metrics::Exporter exporter(sources, clock, exporter_options);
  const absl::StatusOr<std::unique_ptr<metrics::HttpServer>> server =
      metrics::HttpServer::Start("127.0.0.1:0", metrics::ExpositionsOf(exporter));
  if (!server.ok()) return server.status();
  MeasureScrapes(Scraper((*server)->address()), figures);
  const std::uint64_t expected = metrics::SeriesOfResults(kLab, metrics::Level::kBoard);
  figures.Note(absl::StrCat("`metrics --estimate` says ", expected));
  const absl::Status status = MeasureDispatch(*boards.front(), (*server)->address(), figures);
  (*dispatcher)->Stop();
  return status;
}

int Main(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "";
  if (argc == 3 && absl::StartsWith(mode, "--scrape")) return BeScraper(argv[2], mode == "--scrape-for-ever");
  fleet::Figures figures(true);
  if (const absl::Status status = Run(figures); !status.ok()) {
    absl::FPrintF(stderr, "scrape_bench: %s\n", status.ToString());
    return 1;
  }
  return figures.good() ? 0 : 1;
}

}  // namespace
}  // namespace crosscall::scrape

int main(int argc, char** argv) { return crosscall::scrape::Main(argc, argv); }
