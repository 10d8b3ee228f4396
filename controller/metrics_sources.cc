#include "controller/metrics_sources.h"

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "proto/shared/certificate.h"
#include "proto/shared/durable_file.h"
#include "proto/shared/log.h"

namespace crosscall {
namespace {

constexpr std::size_t kFileLimit = 1 << 20;

absl::StatusOr<absl::Time> EndOf(const std::string& file) {
  const absl::StatusOr<std::string> pem = shared::ReadFile(file, kFileLimit);
  if (!pem.ok()) return pem.status();
  const absl::StatusOr<shared::X509Ptr> x509 = shared::ParseCertificate(*pem);
  if (!x509.ok()) return x509.status();
  const absl::StatusOr<shared::Certificate> certificate = shared::ReadCertificate(**x509);
  if (!certificate.ok()) return certificate.status();
  return certificate->not_after;
}

std::vector<metrics::RequestCount> RequestsOf(const api::RequestCounts& counts) {
  std::vector<metrics::RequestCount> requests;
  for (api::RequestCounts::Count& count : counts.Read()) {
    requests.push_back({std::move(count.method), std::move(count.code), count.ended});
  }
  return requests;
}

}  // namespace

std::vector<metrics::CertificateEnd> ReadCertificateEnds(const CertificateFiles& files) {
  std::vector<metrics::CertificateEnd> ends;
  for (const auto& [name, file] : files) {
    if (const absl::StatusOr<absl::Time> end = EndOf(file); end.ok()) {
      ends.push_back({name, *end});
    } else {
      shared::LogWarning("metrics", absl::StrCat("certificate ", file, ": ", end.status().message()));
    }
  }
  return ends;
}

metrics::Sources MetricsSources(const dispatch::Dispatcher& dispatcher, const store::Store& store,
                                const api::RequestCounts& counts, const Protection* protection,
                                CertificateFiles files) {
  metrics::Sources sources;
  sources.snapshot = [&dispatcher] { return dispatcher.snapshot(); };
  sources.requests = [&counts] { return RequestsOf(counts); };
  sources.store = [&store] { return metrics::StoreFacts{store.OperationCounts(), store.FreeBytes()}; };
  sources.certificates = [files = std::move(files)] { return ReadCertificateEnds(files); };
  if (protection != nullptr) {
    sources.agent_certificates = [protection] { return protection->AgentCertificateEnds(); };
  }
  return sources;
}

}  // namespace crosscall
