#include "controller/api/request_counts.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "crosscall/v1/admin_service.pb.h"
#include "crosscall/v1/board_service.pb.h"
#include "crosscall/v1/enrol_service.pb.h"
#include "crosscall/v1/result_service.pb.h"
#include "crosscall/v1/schedule_service.pb.h"
#include "crosscall/v1/sweep_service.pb.h"
#include "google/protobuf/descriptor.h"

namespace crosscall::api {
namespace {

constexpr char kOther[] = "other";
constexpr absl::string_view kPackagePrefix = "/crosscall.v1.";

class Interceptor : public grpc::experimental::Interceptor {
 public:
  Interceptor(RequestCounts& counts, const char* method) : counts_(counts), method_(method) {}

  void Intercept(grpc::experimental::InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(grpc::experimental::InterceptionHookPoints::PRE_SEND_STATUS)) {
      counts_.Add(method_, methods->GetSendStatus().error_code());
    }
    methods->Proceed();
  }

 private:
  RequestCounts& counts_;
  const std::string method_;
};

class InterceptorFactory : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  explicit InterceptorFactory(RequestCounts& counts) : counts_(counts) {}

  // gRPC takes ownership.
  grpc::experimental::Interceptor* CreateServerInterceptor(grpc::experimental::ServerRpcInfo* info) override {
    return new Interceptor(counts_, info->method());
  }

 private:
  RequestCounts& counts_;
};

}  // namespace

RequestCounts::RequestCounts() {
  for (const google::protobuf::FileDescriptor* file :
       {v1::CreateJoinTokenRequest::descriptor()->file(), v1::EnrolRequest::descriptor()->file(),
        v1::SynchronizeRequest::descriptor()->file(), v1::CreateSweepRequest::descriptor()->file(),
        v1::ListResultsRequest::descriptor()->file(), v1::CreateScheduleRequest::descriptor()->file()}) {
    for (int i = 0; i < file->service_count(); ++i) {
      const google::protobuf::ServiceDescriptor& service = *file->service(i);
      for (int j = 0; j < service.method_count(); ++j) {
        methods_.push_back(std::make_unique<Method>(absl::StrCat(service.name(), "/", service.method(j)->name())));
      }
    }
  }
  std::sort(methods_.begin(), methods_.end(), [](const auto& a, const auto& b) { return a->name < b->name; });
  methods_.push_back(std::make_unique<Method>(kOther));
}

void RequestCounts::Add(absl::string_view full_method, grpc::StatusCode code) {
  absl::string_view name = full_method;
  const bool ours = absl::ConsumePrefix(&name, kPackagePrefix);
  const auto end = methods_.end() - 1;
  const auto found = std::lower_bound(
      methods_.begin(), end, name, [](const auto& method, absl::string_view wanted) { return method->name < wanted; });
  Method& method = ours && found != end && (*found)->name == name ? **found : *methods_.back();
  const auto index = static_cast<std::size_t>(code);
  // Relaxed: each cell is a count of its own, and nobody reads other data because of it.
  method.ended[index < kCodes ? index : std::size_t{grpc::StatusCode::UNKNOWN}].fetch_add(1, std::memory_order_relaxed);
}

std::vector<RequestCounts::Count> RequestCounts::Read() const {
  std::vector<Count> counts;
  for (const std::unique_ptr<Method>& method : methods_) {
    for (std::size_t code = 0; code < kCodes; ++code) {
      // Relaxed: see Add.
      const std::uint64_t ended = method->ended[code].load(std::memory_order_relaxed);
      if (ended == 0 && code != std::size_t{grpc::StatusCode::OK}) continue;
      counts.push_back({method->name, absl::StatusCodeToString(static_cast<absl::StatusCode>(code)), ended});
    }
  }
  return counts;
}

std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> MakeRequestCounter(RequestCounts& counts) {
  return std::make_unique<InterceptorFactory>(counts);
}

}  // namespace crosscall::api
