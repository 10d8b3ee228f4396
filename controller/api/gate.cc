#include "controller/api/gate.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "controller/api/rights.h"
#include "controller/api/status.h"
#include "grpc/grpc_security_constants.h"
#include "proto/shared/resource_name.h"
#include "proto/shared/sanitize.h"

namespace crosscall::api {
namespace {

constexpr std::size_t kShownBytes = 120;

// Empty: the client showed none.
absl::string_view CertificateOf(const grpc::AuthContext& context) {
  const std::vector<grpc::string_ref> found = context.FindPropertyValues(GRPC_X509_PEM_CERT_PROPERTY_NAME);
  if (found.empty()) return {};
  return {found.front().data(), found.front().size()};
}

access::Actor ActorNamed(const absl::StatusOr<access::Caller>& caller, std::string address) {
  access::Actor actor;
  actor.address = std::move(address);
  if (!caller.ok()) return actor;
  actor.name = shared::ToUri(caller->identity);
  actor.serial = caller->serial;
  return actor;
}

// `/crosscall.v1.SweepService/CreateSweep` is SweepService/CreateSweep to people.
std::string Shown(absl::string_view method) {
  absl::ConsumePrefix(&method, "/crosscall.v1.");
  return shared::CleanText(method, kShownBytes);
}

}  // namespace

std::string AddressOf(const grpc::ServerContextBase& context) { return shared::CleanText(context.peer(), kShownBytes); }

// gRPC keeps it as long as its credentials.
class Gate::Adapter : public grpc::AuthMetadataProcessor {
 public:
  explicit Adapter(const Gate& gate) : gate_(gate) {}

  // Nothing here waits, so gRPC need not spend a thread on it.
  bool IsBlocking() const override { return false; }

  grpc::Status Process(const InputMetadata& metadata, grpc::AuthContext* context, OutputMetadata*,
                       OutputMetadata*) override {
    const auto path = metadata.find(":path");
    const absl::string_view method =
        path == metadata.end() ? "" : absl::string_view(path->second.data(), path->second.size());
    return ToGrpc(gate_.Admit(method, *context));
  }

 private:
  const Gate& gate_;
};

std::shared_ptr<grpc::AuthMetadataProcessor> Gate::Processor() { return std::make_shared<Adapter>(*this); }

absl::Status Gate::Admit(absl::string_view method, const grpc::AuthContext& context) const {
  const absl::string_view pem = CertificateOf(context);
  absl::StatusOr<access::Caller> caller = absl::UnauthenticatedError("no certificate");
  absl::Status status;
  Callers kinds = kAnonymous;
  if (!pem.empty()) {
    caller = trust_.Verify(pem);
    status = caller.status();
    if (caller.ok()) kinds = KindsOf(caller->identity.role, caller->rights);
  }
  // Whoever shows a certificate that is no good may still do what needs none: an agent whose own has expired enrols.
  if (absl::Status right = CheckRight(method, kinds); status.ok() || right.ok()) status = right;
  if (status.ok()) return status;
  counts_.Add(method, static_cast<grpc::StatusCode>(status.raw_code()));
  registry_.RecordRefusal(ActorNamed(caller, ""), Shown(method), "", status);
  return status;
}

absl::StatusOr<access::Caller> Gate::CallerOf(const grpc::ServerContextBase& context) const {
  const std::shared_ptr<const grpc::AuthContext> auth = context.auth_context();
  const absl::string_view pem = CertificateOf(*auth);
  if (pem.empty()) return absl::UnauthenticatedError("no certificate was shown");
  return trust_.Verify(pem);
}

absl::Status Gate::CheckRightOnOthers(const grpc::ServerContextBase& context, absl::string_view method) const {
  const absl::StatusOr<access::Caller> caller = CallerOf(context);
  if (!caller.ok()) return caller.status();
  return api::CheckRightOnOthers(method, KindsOf(caller->identity.role, caller->rights));
}

std::function<absl::Status()> Gate::Recheck(const grpc::ServerContextBase& context) const {
  const std::shared_ptr<const grpc::AuthContext> auth = context.auth_context();
  return [this, pem = std::string(CertificateOf(*auth))] { return trust_.Verify(pem).status(); };
}

access::Actor Gate::ActorOf(const grpc::ServerContextBase& context) const {
  return ActorNamed(CallerOf(context), AddressOf(context));
}

absl::Status Gate::CheckSpeaksFor(const grpc::ServerContextBase& context, const std::string& action,
                                  const std::string& board) const {
  const absl::StatusOr<access::Caller> caller = CallerOf(context);
  if (!caller.ok()) return caller.status();
  const std::string own = shared::BoardName(caller->identity.name);
  if (caller->identity.role == shared::Role::kAgent && own == board) return absl::OkStatus();
  absl::Status refusal = absl::PermissionDeniedError(
      absl::StrCat("the certificate is that of ", shared::ToUri(caller->identity), ": it cannot speak for ", board));
  registry_.RecordRefusal(ActorOf(context), action, board, refusal);
  return refusal;
}

}  // namespace crosscall::api
