#include "controller/api/server.h"

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/api/admin_service.h"
#include "controller/api/board_service.h"
#include "controller/api/enrol_service.h"
#include "controller/api/result_service.h"
#include "controller/api/schedule_service.h"
#include "controller/api/sweep_service.h"
#include "grpcpp/ext/proto_server_reflection_plugin.h"
#include "grpcpp/health_check_service_interface.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/security/tls_certificate_provider.h"
#include "grpcpp/security/tls_credentials_options.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "proto/shared/loopback.h"

namespace crosscall::api {
namespace {

// Agents have one call and one upload open, users a few: more on one connection is a client gone wild.
constexpr int kMaxStreamsPerConnection = 64;

int Millis(absl::Duration duration) { return static_cast<int>(absl::ToInt64Milliseconds(duration)); }

void Configure(grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(kMaxReceivedMessageBytes);
  // With gRPC's default two controllers would share a port, and each get half of the calls.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMaxStreamsPerConnection);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, Millis(kKeepaliveTime));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, Millis(kKeepaliveTimeout));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  // A held call carries no data for as long as it is held, so our own pings must not be limited by it.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, Millis(kMinClientPingInterval));
}

std::shared_ptr<grpc::ServerCredentials> CredentialsOf(const Security* security) {
  if (security == nullptr) return grpc::InsecureServerCredentials();
  grpc::experimental::TlsServerCredentialsOptions options(
      std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
          security->identity_file, security->identity_file,
          static_cast<unsigned int>(absl::ToInt64Seconds(kReloadInterval))));
  options.watch_identity_key_cert_pairs();
  // TLS has the client prove that its key is the certificate's; the gate judges the certificate (access/trust.h), since
  // a handshake that fails tells the client nothing and leaves no audit entry.
  options.set_cert_request_type(GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_BUT_DONT_VERIFY);
  std::shared_ptr<grpc::ServerCredentials> credentials = grpc::experimental::TlsServerCredentials(options);
  credentials->SetAuthMetadataProcessor(security->gate.Processor());
  return credentials;
}

}  // namespace

struct Server::Services {
  AdminService admin;
  EnrolService enrol;
  BoardService board;
  SweepService sweep;
  ResultService result;
  ScheduleService schedule;
};

absl::StatusOr<std::unique_ptr<Server>> Server::Start(absl::string_view listen, const Security* security,
                                                      dispatch::Dispatcher& dispatcher, const store::Store& store,
                                                      RequestCounts& counts) {
  absl::StatusOr<shared::ListenAddress> address =
      security == nullptr ? shared::ParseLoopback(listen) : shared::ParseListen(listen);
  if (!address.ok()) return address.status();
  // Both are switches of the process; they concern servers built from now on.
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();

  const Gate* const gate = security == nullptr ? nullptr : &security->gate;
  access::Registry* const registry = security == nullptr ? nullptr : &security->registry;
  std::unique_ptr<Services> services(new Services{
      AdminService(gate, registry, store), EnrolService(gate, registry), BoardService(dispatcher, store, gate),
      SweepService(dispatcher, store, gate), ResultService(store), ScheduleService(dispatcher, store, gate)});
  grpc::ServerBuilder builder;
  Configure(builder);
  std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>> interceptors;
  interceptors.push_back(MakeRequestCounter(counts));
  builder.experimental().SetInterceptorCreators(std::move(interceptors));
  int port = 0;
  builder.AddListeningPort(shared::ToString(*address), CredentialsOf(security), &port);
  builder.RegisterService(&services->admin);
  builder.RegisterService(&services->enrol);
  builder.RegisterService(&services->board);
  builder.RegisterService(&services->sweep);
  builder.RegisterService(&services->result);
  builder.RegisterService(&services->schedule);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || port == 0) return shared::WhyNotListening(*address);
  address->port = port;
  server->GetHealthCheckService()->SetServingStatus(true);
  return std::unique_ptr<Server>(new Server(std::move(services), std::move(server), shared::ToString(*address)));
}

Server::Server(std::unique_ptr<Services> services, std::unique_ptr<grpc::Server> server, std::string address)
    : services_(std::move(services)), server_(std::move(server)), address_(std::move(address)) {}

Server::~Server() { Stop(absl::ZeroDuration()); }

void Server::Stop(absl::Duration grace) {
  if (server_ == nullptr) return;
  server_->GetHealthCheckService()->SetServingStatus(false);
  server_->Shutdown(std::chrono::system_clock::now() + absl::ToChronoNanoseconds(grace));
  server_->Wait();
  server_.reset();
}

}  // namespace crosscall::api
