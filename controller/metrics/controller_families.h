// What Prometheus is told about the controller itself: pure functions of pictures taken elsewhere.
#ifndef CONTROLLER_METRICS_CONTROLLER_FAMILIES_H_
#define CONTROLLER_METRICS_CONTROLLER_FAMILIES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "controller/dispatch/snapshot.h"
#include "controller/metrics/process.h"
#include "prometheus/metric_family.h"

namespace crosscall::metrics {

struct BuildInfo {
  std::string version;
  std::string revision;
  std::string grpc_version;
};

// gRPC calls that ended with one code.
struct RequestCount {
  std::string method;
  std::string code;
  std::uint64_t ended = 0;
};

// `now` may be long after the picture was taken: what is overdue is said by time.
std::vector<prometheus::MetricFamily> ControllerFamilies(const dispatch::Snapshot& snapshot, const BuildInfo& build,
                                                         const std::vector<RequestCount>& requests, absl::Time now);

std::vector<prometheus::MetricFamily> ProcessFamilies(const ProcessUsage& usage);

}  // namespace crosscall::metrics

#endif  // CONTROLLER_METRICS_CONTROLLER_FAMILIES_H_
