#include "controller/metrics/controller_families.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <memory>
#include <utility>

#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "controller/metrics/family.h"

namespace crosscall::metrics {
namespace {

prometheus::MetricFamily One(Family family, double value) {
  family.Add({}, value);
  return std::move(family).Take();
}

prometheus::MetricFamily Build(const BuildInfo& build) {
  Family family = Family::Gauge("crosscall_build_info", "What runs, always 1.");
  family.Add({{"version", build.version}, {"revision", build.revision}, {"grpc_version", build.grpc_version}}, 1);
  return std::move(family).Take();
}

prometheus::MetricFamily DispatchLatency(const dispatch::DispatchLatency& latency) {
  Family family = Family::Histogram("crosscall_dispatch_latency_seconds",
                                    "From work and an idle board to the lease committed and answered.");
  prometheus::ClientMetric::Histogram histogram;
  for (std::size_t i = 0; i < latency.counts.size(); ++i) {
    histogram.sample_count += latency.counts[i];
    const bool last = i == latency.kBoundsSeconds.size();
    histogram.bucket.push_back(
        {histogram.sample_count, last ? std::numeric_limits<double>::infinity() : latency.kBoundsSeconds[i]});
  }
  histogram.sample_sum = latency.sum_seconds;
  family.Add({}, std::move(histogram));
  return std::move(family).Take();
}

// LOST is the controller's own word for an attempt whose result never came.
double ResultsReceived(const dispatch::Snapshot& snapshot) {
  std::uint64_t received = 0;
  for (const std::shared_ptr<const dispatch::BoardView>& view : snapshot.boards) {
    for (const auto& [outcome, tally] : view->outcomes) {
      if (outcome != v1::OUTCOME_LOST) received += tally.count;
    }
  }
  return static_cast<double>(received);
}

double Online(const dispatch::Snapshot& snapshot) {
  return static_cast<double>(
      std::count_if(snapshot.boards.begin(), snapshot.boards.end(),
                    [](const std::shared_ptr<const dispatch::BoardView>& view) { return view->board.online(); }));
}

prometheus::MetricFamily Requests(const std::vector<RequestCount>& requests) {
  Family family = Family::Counter("crosscall_grpc_requests_total", "gRPC calls that ended, by method and code.");
  for (const RequestCount& request : requests) {
    family.Add({{"grpc_method", request.method}, {"grpc_code", request.code}}, static_cast<double>(request.ended));
  }
  return std::move(family).Take();
}

// Exported as 0 from the beginning, so that the first removal is an increase.
prometheus::MetricFamily Removals(const dispatch::Snapshot& snapshot) {
  Family family = Family::Counter("crosscall_retention_removed_total",
                                  "What was removed because of its age: late results, events, results' histograms.");
  for (const char* kind : {"evidence", "events", "histograms"}) {
    const auto found = snapshot.removals.find(kind);
    family.Add({{"kind", kind}}, found == snapshot.removals.end() ? 0 : static_cast<double>(found->second));
  }
  return std::move(family).Take();
}

prometheus::MetricFamily Overdue(const dispatch::Snapshot& snapshot, absl::Time now) {
  Family family = Family::Gauge("crosscall_schedule_overdue",
                                "1 if a sweep goes on after its window, or a nominal time has passed undecided.");
  for (const std::shared_ptr<const dispatch::ScheduleView>& schedule : snapshot.schedules) {
    const absl::string_view id = absl::StripPrefix(schedule->name, "schedules/");
    family.Add({{"schedule", std::string(id)}}, snapshot.WhyOverdue(*schedule, now) ? 1 : 0);
  }
  return std::move(family).Take();
}

}  // namespace

std::vector<prometheus::MetricFamily> ControllerFamilies(const dispatch::Snapshot& snapshot, const BuildInfo& build,
                                                         const std::vector<RequestCount>& requests, absl::Time now) {
  std::vector<prometheus::MetricFamily> families;
  families.push_back(Build(build));
  families.push_back(One(Family::Gauge("crosscall_boards_registered", "Boards that the controller knows."),
                         static_cast<double>(snapshot.boards.size())));
  families.push_back(
      One(Family::Gauge("crosscall_agents_connected", "Agents that synchronise in time."), Online(snapshot)));
  families.push_back(
      One(Family::Counter("crosscall_results_received_total", "Results that became an attempt's outcome."),
          ResultsReceived(snapshot)));
  families.push_back(One(Family::Gauge("crosscall_ingest_queue_length", "Calls that wait for the dispatcher."),
                         static_cast<double>(snapshot.queue_length)));
  families.push_back(One(Family::Gauge("crosscall_ingest_queue_capacity", "Calls that may wait for the dispatcher."),
                         static_cast<double>(snapshot.queue_capacity)));
  families.push_back(One(Family::Gauge("crosscall_store_size_bytes", "Database and its log on disk."),
                         static_cast<double>(snapshot.store_bytes)));
  families.push_back(Removals(snapshot));
  families.push_back(DispatchLatency(snapshot.dispatch_latency));
  families.push_back(Overdue(snapshot, now));
  families.push_back(Requests(requests));
  return families;
}

std::vector<prometheus::MetricFamily> ProcessFamilies(const ProcessUsage& usage) {
  std::vector<prometheus::MetricFamily> families;
  families.push_back(
      One(Family::Counter("process_cpu_seconds_total", "User and system time of the controller."), usage.cpu_seconds));
  families.push_back(
      One(Family::Gauge("process_start_time_seconds", "When the controller started."), usage.start_time_seconds));
  families.push_back(One(Family::Gauge("process_resident_memory_bytes", "Resident memory of the controller."),
                         static_cast<double>(usage.resident_memory_bytes)));
  families.push_back(
      One(Family::Gauge("process_open_fds", "Open file descriptors."), static_cast<double>(usage.open_fds)));
  families.push_back(
      One(Family::Gauge("process_max_fds", "File descriptors that may be open."), static_cast<double>(usage.max_fds)));
  return families;
}

}  // namespace crosscall::metrics
