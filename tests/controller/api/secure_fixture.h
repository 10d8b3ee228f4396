// A controller with certificates in this process: its authority, the gate and a real TLS server on a free port.
#ifndef TESTS_CONTROLLER_API_SECURE_FIXTURE_H_
#define TESTS_CONTROLLER_API_SECURE_FIXTURE_H_

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controller/access/authority.h"
#include "controller/access/authority_folder.h"
#include "controller/access/registry.h"
#include "controller/access/trust.h"
#include "controller/api/gate.h"
#include "controller/api/request_counts.h"
#include "controller/api/server.h"
#include "controller/dispatch/dispatcher.h"
#include "controller/store/store.h"
#include "crosscall/v1/admin_service.grpc.pb.h"
#include "crosscall/v1/board_service.grpc.pb.h"
#include "crosscall/v1/enrol_service.grpc.pb.h"
#include "gmock/gmock.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "gtest/gtest.h"
#include "proto/shared/certificate_request.h"
#include "proto/shared/clock.h"

namespace crosscall::api {

// The machine's clock, with a wall that the test may shift.
class ShiftedClock : public shared::Clock {
 public:
  absl::Duration Monotonic() const override { return shared::SystemClock().Monotonic(); }
  absl::Time Wall() const override { return shared::SystemClock().Wall() + absl::Seconds(shift_seconds.load()); }
  std::atomic<std::int64_t> shift_seconds{0};
};

class SecureFixture : public ::testing::Test {
 protected:
  SecureFixture();
  ~SecureFixture() override;

  shared::Identity Named(shared::Role role, const std::string& name) const { return {"lab", role, name}; }
  // PEM with key and certificate, as issued by `authority`.
  static std::string IdentityFrom(const access::Authority& authority, const shared::Identity& identity,
                                  const shared::OperatorRights& rights = {});
  std::string IdentityOf(shared::Role role, const std::string& name, const shared::OperatorRights& rights = {}) const {
    return IdentityFrom(*authority_, Named(role, name), rights);
  }
  static shared::OperatorRights Only(shared::OperatorRight right) {
    shared::OperatorRights rights;
    rights.Add(right);
    return rights;
  }
  // A connection of its own; `identity` empty: without a certificate. `host`: whom the server must be.
  std::shared_ptr<grpc::Channel> ChannelAs(const std::string& identity, const std::string& host = "") const;
  static void Bound(grpc::ClientContext& context);

  // Answers of the registry and of the services, waited for.
  std::string Token(const shared::Identity& identity, absl::Duration life = absl::Hours(1),
                    const shared::OperatorRights& rights = {});
  grpc::Status Enrol(const std::string& token, const std::string& request_der,
                     std::string* certificate = nullptr) const;
  grpc::Status Synchronize(const std::shared_ptr<grpc::Channel>& channel, const std::string& board) const;
  std::vector<v1::AuditEntry> Audit() const;

  std::string folder_;
  ShiftedClock clock_;
  std::unique_ptr<access::Authority> authority_;
  std::unique_ptr<access::Trust> trust_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<dispatch::Dispatcher> dispatcher_;
  RequestCounts counts_;
  std::unique_ptr<access::Registry> registry_;
  std::unique_ptr<Gate> gate_;
  std::unique_ptr<Security> security_;
  std::unique_ptr<Server> server_;
};

}  // namespace crosscall::api

#endif  // TESTS_CONTROLLER_API_SECURE_FIXTURE_H_
