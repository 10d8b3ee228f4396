// How many calls ended, by method and code.
#ifndef CONTROLLER_API_REQUEST_COUNTS_H_
#define CONTROLLER_API_REQUEST_COUNTS_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "grpcpp/support/server_interceptor.h"
#include "grpcpp/support/status.h"

namespace crosscall::api {

// Thread-safe; counting takes no lock. The set of methods is fixed at construction: what a client invents, and the
// health and reflection services, count as `other`, so that no stranger can make series.
class RequestCounts {
 public:
  struct Count {
    std::string method;  // `SweepService/CreateSweep`, or `other`
    std::string code;    // `OK`, `NOT_FOUND`, ...
    std::uint64_t ended = 0;
  };

  // Knows every method of crosscall.v1.
  RequestCounts();
  RequestCounts(const RequestCounts&) = delete;
  RequestCounts& operator=(const RequestCounts&) = delete;

  // `full_method` as on the wire: `/crosscall.v1.SweepService/CreateSweep`.
  void Add(absl::string_view full_method, grpc::StatusCode code);
  // OK of every method even at zero, other codes once they were seen.
  std::vector<Count> Read() const;

 private:
  static constexpr std::size_t kCodes = 17;

  struct Method {
    explicit Method(std::string method_name) : name(std::move(method_name)) {}
    const std::string name;
    std::array<std::atomic<std::uint64_t>, kCodes> ended{};
  };

  // Sorted by name but for the last, `other`.
  std::vector<std::unique_ptr<Method>> methods_;
};

// Feeds `counts` (which must outlive the server) with the status of every call that reaches a service, refused ones
// included.
std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> MakeRequestCounter(RequestCounts& counts);

}  // namespace crosscall::api

#endif  // CONTROLLER_API_REQUEST_COUNTS_H_
