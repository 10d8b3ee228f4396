// Every metric that the controller exports: the one place with their names, types, units, labels and help.
//
// The exporter can say nothing else, since families are made of these constants (exposition.h); the tests hold what is
// exposed against them, and `crosscall-controller metrics --catalogue` prints them for dashboards/README.md. Names,
// help and label names are constants of the source: a bad one makes Prometheus drop the whole scrape.
#ifndef CONTROLLER_METRICS_CATALOGUE_H_
#define CONTROLLER_METRICS_CATALOGUE_H_

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace crosscall::metrics {

// How much is said of each board, a setting of the controller.
enum class Level {
  kFleet,  // no latency of a single board
  kBoard,  // latencies of the headline pair of scenario and target system
  kFull,   // of all tracked pairs, with p999
};
inline constexpr std::array<Level, 3> kLevels = {Level::kFleet, Level::kBoard, Level::kFull};

// `fleet`, `board`, `full`
absl::string_view LevelName(Level level);
// Nothing for any other name.
absl::optional<Level> ParseLevel(absl::string_view name);

enum class Kind { kGauge, kCounter, kHistogram };

// `gauge`, `counter`, `histogram`
absl::string_view KindName(Kind kind);

enum class Page {
  kController,  // /metrics
  kResults,     // /metrics/results, and a board's part of it on /probe
  kEvery,       // each page, about itself
};

inline constexpr std::size_t kMostLabels = 7;

struct Metric {
  const char* name;
  Kind kind;
  // A base unit; `1`: a plain number; `bool`: 0 or 1.
  const char* unit;
  Page page;
  // The levels at which it is there.
  Level first;
  Level last;
  // In the order of the exposition; those that are not used are null.
  std::array<const char*, kMostLabels> labels;
  const char* help;

  std::size_t LabelCount() const;
  bool IsAt(Level level) const { return first <= level && level <= last; }

  constexpr Metric On(Page where) const {
    Metric metric = *this;
    metric.page = where;
    return metric;
  }
  constexpr Metric At(Level from, Level to) const {
    Metric metric = *this;
    metric.first = from;
    metric.last = to;
    return metric;
  }
};

using LabelNames = std::array<const char*, kMostLabels>;

namespace catalogue {

// On /metrics and at all levels, unless said otherwise.
constexpr Metric Gauge(const char* name, const char* unit, const LabelNames& labels, const char* help) {
  return {name, Kind::kGauge, unit, Page::kController, Level::kFleet, Level::kFull, labels, help};
}
constexpr Metric Counter(const char* name, const char* unit, const LabelNames& labels, const char* help) {
  return {name, Kind::kCounter, unit, Page::kController, Level::kFleet, Level::kFull, labels, help};
}
constexpr Metric Histogram(const char* name, const char* unit, const LabelNames& labels, const char* help) {
  return {name, Kind::kHistogram, unit, Page::kController, Level::kFleet, Level::kFull, labels, help};
}

// /metrics/results

inline constexpr Metric kBoardInfo =
    Gauge("crosscall_board_info", "1", {"board", "model", "arch", "cpus", "kernel", "agent_version", "pool"},
          "Inventory: what each board is, always 1.")
        .On(Page::kResults);
inline constexpr Metric kBoardUp =
    Gauge("crosscall_board_up", "bool", {"board"}, "1 if its agent synchronises in time.").On(Page::kResults);
inline constexpr Metric kBoardQuarantined =
    Gauge("crosscall_board_quarantined", "bool", {"board"}, "1 if it is taken out of sweeps.").On(Page::kResults);
inline constexpr Metric kBoardLastSeen =
    Gauge("crosscall_board_last_seen_timestamp_seconds", "seconds", {"board"}, "Last message of its agent.")
        .On(Page::kResults);
inline constexpr Metric kBoardLastTrial =
    Gauge("crosscall_board_last_trial_timestamp_seconds", "seconds", {"board"},
          "When its last trial ended, with any outcome; absent if there was none.")
        .On(Page::kResults);
inline constexpr Metric kBoardLastHang = Gauge("crosscall_board_last_hang_timestamp_seconds", "seconds", {"board"},
                                               "When a trial hung there the last time; absent if none did.")
                                             .On(Page::kResults);
inline constexpr Metric kBoardLastWedge =
    Gauge("crosscall_board_last_wedge_timestamp_seconds", "seconds", {"board"},
          "When it was proved the last time to have stopped answering until it booted again; absent if it never was.")
        .On(Page::kResults);
inline constexpr Metric kBoardClockOffset = Gauge("crosscall_board_clock_offset_seconds", "seconds", {"board"},
                                                  "Clock of the board minus that of the controller, less the way of "
                                                  "the message; absent before its agent has said.")
                                                .On(Page::kResults);
inline constexpr Metric kBoardCertificate =
    Gauge(
        "crosscall_board_certificate_not_after_timestamp_seconds", "seconds", {"board"},
        "When the certificate ends that its agent showed last; absent without certificates and before its first call.")
        .On(Page::kResults);
inline constexpr Metric kBoardTrials =
    Counter("crosscall_board_trials_total", "1", {"board", "outcome"}, "Trials that ended with a result, by outcome.")
        .On(Page::kResults);
inline constexpr Metric kBoardWedges =
    Counter("crosscall_board_wedges_total", "1", {"board"},
            "Times it was proved to have stopped answering until it booted again, idle or in a trial.")
        .On(Page::kResults);
inline constexpr Metric kFleetHangs = Counter("crosscall_board_hangs_total", "1", {"implementation"},
                                              "Hangs by implementation; those that are not tracked count as other.")
                                          .On(Page::kResults)
                                          .At(Level::kFleet, Level::kFleet);
inline constexpr Metric kBoardHangs =
    Counter("crosscall_board_hangs_total", "1", {"board", "implementation"}, kFleetHangs.help)
        .On(Page::kResults)
        .At(Level::kBoard, Level::kFull);
inline constexpr Metric kCallLatency =
    Histogram("crosscall_call_latency_seconds", "seconds", {"model", "implementation", "scenario", "target_system"},
              "Whole call, entry to return: every call of a completed trial, since the store was made.")
        .On(Page::kResults);
inline constexpr Metric kLastTrialLatency =
    Gauge("crosscall_last_trial_latency_seconds", "seconds",
          {"board", "implementation", "scenario", "target_system", "stat"},
          "Whole call, entry to return, in the last completed trial of each point.")
        .On(Page::kResults)
        .At(Level::kBoard, Level::kFull);

// /metrics

inline constexpr Metric kBuildInfo =
    Gauge("crosscall_build_info", "1", {"version", "revision", "grpc_version"}, "What runs, always 1.");
inline constexpr Metric kBoardsRegistered =
    Gauge("crosscall_boards_registered", "1", {}, "Boards that the controller knows.");
inline constexpr Metric kAgentsConnected =
    Gauge("crosscall_agents_connected", "1", {}, "Agents that synchronise in time.");
inline constexpr Metric kSweepLastStart =
    Gauge("crosscall_sweep_last_start_timestamp_seconds", "seconds", {"sweep"},
          "When the schedule started its last sweep, or a person did by it; absent if none was.");
inline constexpr Metric kSweepLastCompletion =
    Gauge("crosscall_sweep_last_completion_timestamp_seconds", "seconds", {"sweep"},
          "When a sweep of the schedule ended last; absent if none has.");
inline constexpr Metric kSweepLastSuccess = Gauge(
    "crosscall_sweep_last_success_timestamp_seconds", "seconds", {"sweep"},
    "When a sweep of the schedule ended last of whose boards at least 95 % were not missing; absent if none has.");
inline constexpr Metric kSweepPeriod =
    Gauge("crosscall_sweep_period_seconds", "seconds", {"sweep"},
          "The longest time between two runs of the schedule, weekends included; absent while it is paused.");
inline constexpr Metric kSweepLastDuration = Gauge("crosscall_sweep_last_duration_seconds", "seconds", {"sweep"},
                                                   "How long the sweep took that ended last; absent if none has.");
inline constexpr Metric kSweepInProgress =
    Gauge("crosscall_sweep_in_progress", "bool", {"sweep"}, "1 while a sweep of the schedule has not ended.");
inline constexpr Metric kSweepLastBoards =
    Gauge("crosscall_sweep_last_boards", "1", {"sweep", "outcome"},
          "Boards of the sweep that ended last, each once, under the worst of missing, wedged, hung, crashed, invalid, "
          "refused, completed; absent if none has.");
inline constexpr Metric kScheduleOverdue =
    Gauge("crosscall_schedule_overdue", "bool", {"schedule"},
          "1 if a sweep of the schedule goes on after its window, or a nominal time has passed undecided.");
inline constexpr Metric kResultsReceived =
    Counter("crosscall_results_received_total", "1", {},
            "Results uploaded and stored, those that came too late to count included.");
inline constexpr Metric kResultsRejected = Counter(
    "crosscall_results_rejected_total", "1", {"reason"},
    "Results uploaded and not stored: damaged, duplicate, of an unknown trial or attempt, or of a foreign board.");
inline constexpr Metric kIngestQueueLength =
    Gauge("crosscall_ingest_queue_length", "1", {}, "Calls that wait for the dispatcher.");
inline constexpr Metric kIngestQueueCapacity =
    Gauge("crosscall_ingest_queue_capacity", "1", {}, "Calls that may wait for the dispatcher.");
inline constexpr Metric kDispatchLatency =
    Histogram("crosscall_dispatch_latency_seconds", "seconds", {},
              "From work and an idle board to the lease committed and answered, since the controller started.");
inline constexpr Metric kStoreOperations = Counter("crosscall_store_operations_total", "1", {"operation"},
                                                   "Operations of the store, since the controller started.");
inline constexpr Metric kStoreFailures =
    Counter("crosscall_store_operation_failures_total", "1", {"operation"},
            "Of these, those that the disk or a damaged file made fail, since the controller started.");
inline constexpr Metric kStoreDuration =
    Histogram("crosscall_store_operation_duration_seconds", "seconds", {"operation"},
              "How long an operation of the store took, since the controller started.");
inline constexpr Metric kStoreSize = Gauge("crosscall_store_size_bytes", "bytes", {}, "Database and its log on disk.");
inline constexpr Metric kStoreFree =
    Gauge("crosscall_store_free_bytes", "bytes", {}, "Space that is left for it on its file system.");
inline constexpr Metric kRetentionRemoved =
    Counter("crosscall_retention_removed_total", "1", {"kind"},
            "What was removed because of its age: late results, events, results' histograms.");
inline constexpr Metric kPowerCycles =
    Counter("crosscall_power_cycles_total", "1", {}, "Times that the controller switched the power of a board.");
inline constexpr Metric kPowerCycleFailures =
    Counter("crosscall_power_cycle_failures_total", "1", {},
            "Of these, those after which the board did not come back with another boot.");
inline constexpr Metric kGrpcRequests =
    Counter("crosscall_grpc_requests_total", "1", {"grpc_method", "grpc_code"},
            "gRPC calls that ended, by method and code, since the controller started.");
inline constexpr Metric kTlsCertificate = Gauge("crosscall_tls_certificate_not_after_timestamp_seconds", "seconds",
                                                {"certificate"}, "When a certificate in use by the controller ends.");
inline constexpr Metric kProcessCpu =
    Counter("process_cpu_seconds_total", "seconds", {}, "User and system time of the controller.");
inline constexpr Metric kProcessStart =
    Gauge("process_start_time_seconds", "seconds", {}, "When the controller started.");
inline constexpr Metric kProcessMemory =
    Gauge("process_resident_memory_bytes", "bytes", {}, "Resident memory of the controller.");
inline constexpr Metric kProcessOpenFds = Gauge("process_open_fds", "1", {}, "Open file descriptors.");
inline constexpr Metric kProcessMaxFds = Gauge("process_max_fds", "1", {}, "File descriptors that may be open.");

// Every page, about itself

inline constexpr Metric kExporterSeries =
    Gauge("crosscall_exporter_series", "1", {"endpoint"}, "Series of this page, without those about the exporter.")
        .On(Page::kEvery);
inline constexpr Metric kExporterSeriesLimit =
    Gauge("crosscall_exporter_series_limit", "1", {"endpoint"}, "Series that this page may have.").On(Page::kEvery);
inline constexpr Metric kExporterDropped = Gauge("crosscall_exporter_dropped_series", "1", {"endpoint"},
                                                 "Series that did not fit, and were left out of this page.")
                                               .On(Page::kEvery);
inline constexpr Metric kExporterDuration = Gauge("crosscall_exporter_collect_duration_seconds", "seconds",
                                                  {"endpoint"}, "Time that it took to make this page.")
                                                .On(Page::kEvery);

}  // namespace catalogue

// All of the above, in the order of the exposition.
const std::vector<const Metric*>& Catalogue();

// `crosscall_call_latency_seconds`: 1-2-5 from 200 ns to 100 ms.
inline constexpr std::size_t kCallBuckets = 18;

// The catalogue for people, in Markdown: a table for each page.
std::string CatalogueMarkdown();

}  // namespace crosscall::metrics

#endif  // CONTROLLER_METRICS_CATALOGUE_H_
