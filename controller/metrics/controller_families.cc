#include "controller/metrics/controller_families.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <map>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/dispatch/upload_counts.h"
#include "controller/metrics/board_families.h"

namespace crosscall::metrics {
namespace {

// Counts that are not cumulative; the last one is of what is beyond all bounds.
template <std::size_t kBounds>
prometheus::ClientMetric::Histogram HistogramOf(const std::array<double, kBounds>& bounds,
                                                const std::array<std::uint64_t, kBounds + 1>& counts, double sum) {
  prometheus::ClientMetric::Histogram histogram;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    histogram.sample_count += counts[i];
    histogram.bucket.push_back(
        {histogram.sample_count, i == kBounds ? std::numeric_limits<double>::infinity() : bounds[i]});
  }
  histogram.sample_sum = sum;
  return histogram;
}

std::uint64_t CountOf(const std::map<std::string, std::uint64_t>& counts, const std::string& name) {
  const auto found = counts.find(name);
  return found == counts.end() ? 0 : found->second;
}

double Online(const dispatch::Snapshot& snapshot) {
  return static_cast<double>(
      std::count_if(snapshot.boards.begin(), snapshot.boards.end(),
                    [](const std::shared_ptr<const dispatch::BoardView>& view) { return view->board.online(); }));
}

// Each reason and kind is there as 0 from the beginning, so that the first one is an increase.
void WriteUploads(Exposition& out, const dispatch::Snapshot& snapshot) {
  out.Write(catalogue::kResultsReceived, static_cast<double>(CountOf(snapshot.counts, dispatch::kResultsReceived)));
  out.Write(catalogue::kResultsRejected, [&](Family& family) {
    for (const char* reason : dispatch::kRejectReasons) {
      family.Add({reason}, static_cast<double>(CountOf(snapshot.counts, dispatch::RejectedCount(reason))));
    }
  });
}

void WriteRemovals(Exposition& out, const dispatch::Snapshot& snapshot) {
  out.Write(catalogue::kRetentionRemoved, [&](Family& family) {
    for (const char* kind : {"evidence", "events", "histograms"}) {
      family.Add({kind}, static_cast<double>(CountOf(snapshot.removals, kind)));
    }
  });
}

// Also of boards that are gone: a sum that loses one looks like a reset.
void WritePower(Exposition& out, const dispatch::Snapshot& snapshot) {
  std::uint64_t cycles = 0;
  std::uint64_t failures = 0;
  for (const std::shared_ptr<const dispatch::BoardView>& view : snapshot.boards) {
    cycles += view->board.record().power_cycle_count();
    failures += view->board.record().power_cycle_failure_count();
  }
  out.Write(catalogue::kPowerCycles, static_cast<double>(cycles));
  out.Write(catalogue::kPowerCycleFailures, static_cast<double>(failures));
}

}  // namespace

void WriteController(Exposition& out, const dispatch::Snapshot& snapshot, const BuildInfo& build) {
  out.Write(catalogue::kBuildInfo, [&](Family& family) {
    family.Add({build.version, build.revision, build.grpc_version}, 1);
  });
  out.Write(catalogue::kBoardsRegistered, static_cast<double>(snapshot.boards.size()));
  out.Write(catalogue::kAgentsConnected, Online(snapshot));
  WriteUploads(out, snapshot);
  out.Write(catalogue::kIngestQueueLength, static_cast<double>(snapshot.queue_length));
  out.Write(catalogue::kIngestQueueCapacity, static_cast<double>(snapshot.queue_capacity));
  out.Write(catalogue::kDispatchLatency, [&](Family& family) {
    const dispatch::DispatchLatency& latency = snapshot.dispatch_latency;
    family.Add({}, HistogramOf(latency.kBoundsSeconds, latency.counts, latency.sum_seconds));
  });
  WriteRemovals(out, snapshot);
  WritePower(out, snapshot);
}

void WriteStore(Exposition& out, const StoreFacts& facts, std::uint64_t store_bytes) {
  using Write = void (*)(Family&, const store::OperationCount&);
  const std::pair<const Metric*, Write> metrics[] = {
      {&catalogue::kStoreOperations,
       [](Family& family, const store::OperationCount& one) {
         family.Add({one.operation}, static_cast<double>(one.count()));
       }},
      {&catalogue::kStoreFailures,
       [](Family& family, const store::OperationCount& one) {
         family.Add({one.operation}, static_cast<double>(one.failures));
       }},
      {&catalogue::kStoreDuration, [](Family& family, const store::OperationCount& one) {
         family.Add({one.operation}, HistogramOf(store::OperationCount::kBoundsSeconds, one.counts, one.sum_seconds));
       }}};
  for (const auto& [metric, write] : metrics) {
    out.Write(*metric, [&, add = write](Family& family) {
      for (const store::OperationCount& one : facts.operations) add(family, one);
    });
  }
  out.Write(catalogue::kStoreSize, static_cast<double>(store_bytes));
  out.Write(catalogue::kStoreFree, static_cast<double>(facts.free_bytes));
}

void WriteRequests(Exposition& out, const std::vector<RequestCount>& requests) {
  out.Write(catalogue::kGrpcRequests, [&](Family& family) {
    for (const RequestCount& request : requests) {
      family.Add({request.method, request.code}, static_cast<double>(request.ended));
    }
  });
}

void WriteCertificates(Exposition& out, const std::vector<CertificateEnd>& certificates) {
  out.Write(catalogue::kTlsCertificate, [&](Family& family) {
    for (const CertificateEnd& one : certificates) family.Add({one.certificate}, Seconds(one.not_after));
  });
}

void WriteProcess(Exposition& out, const ProcessUsage& usage) {
  out.Write(catalogue::kProcessCpu, usage.cpu_seconds);
  out.Write(catalogue::kProcessStart, usage.start_time_seconds);
  out.Write(catalogue::kProcessMemory, static_cast<double>(usage.resident_memory_bytes));
  out.Write(catalogue::kProcessOpenFds, static_cast<double>(usage.open_fds));
  out.Write(catalogue::kProcessMaxFds, static_cast<double>(usage.max_fds));
}

}  // namespace crosscall::metrics
