// Where the metrics of a controller that serves come from.
#ifndef CONTROLLER_METRICS_SOURCES_H_
#define CONTROLLER_METRICS_SOURCES_H_

#include <string>
#include <utility>
#include <vector>

#include "controller/api/request_counts.h"
#include "controller/dispatch/dispatcher.h"
#include "controller/metrics/exporter.h"
#include "controller/protection.h"
#include "controller/store/store.h"

namespace crosscall {

// A name for the label `certificate`, and the PEM file whose first certificate it is.
using CertificateFiles = std::vector<std::pair<std::string, std::string>>;

// When they end; one that cannot be read is left out, and the log says so. Reads the files, so that one that was
// replaced is seen.
std::vector<metrics::CertificateEnd> ReadCertificateEnds(const CertificateFiles& files);

// All outlive the sources; `protection` null: there are no certificates.
metrics::Sources MetricsSources(const dispatch::Dispatcher& dispatcher, const store::Store& store,
                                const api::RequestCounts& counts, const Protection* protection, CertificateFiles files);

}  // namespace crosscall

#endif  // CONTROLLER_METRICS_SOURCES_H_
