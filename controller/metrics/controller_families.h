// What Prometheus is told about the controller itself: pure functions of pictures taken elsewhere.
#ifndef CONTROLLER_METRICS_CONTROLLER_FAMILIES_H_
#define CONTROLLER_METRICS_CONTROLLER_FAMILIES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "controller/dispatch/snapshot.h"
#include "controller/metrics/exposition.h"
#include "controller/metrics/process.h"
#include "controller/store/operations.h"

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

// A certificate in use: `server`, `authority`, `metrics`.
struct CertificateEnd {
  std::string certificate;
  absl::Time not_after;
};

struct StoreFacts {
  std::vector<store::OperationCount> operations;
  std::uint64_t free_bytes = 0;
};

void WriteController(Exposition& out, const dispatch::Snapshot& snapshot, const BuildInfo& build);
void WriteStore(Exposition& out, const StoreFacts& facts, std::uint64_t store_bytes);
void WriteRequests(Exposition& out, const std::vector<RequestCount>& requests);
void WriteCertificates(Exposition& out, const std::vector<CertificateEnd>& certificates);
void WriteProcess(Exposition& out, const ProcessUsage& usage);

}  // namespace crosscall::metrics

#endif  // CONTROLLER_METRICS_CONTROLLER_FAMILIES_H_
