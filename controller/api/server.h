// The controller's gRPC server: the services of crosscall.v1, health and reflection; with certificates, or on loopback.
#ifndef CONTROLLER_API_SERVER_H_
#define CONTROLLER_API_SERVER_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "controller/access/registry.h"
#include "controller/api/gate.h"
#include "controller/api/request_counts.h"
#include "controller/dispatch/dispatcher.h"
#include "controller/store/store.h"

namespace grpc {
class Server;
}  // namespace grpc

namespace crosscall::api {

// Uploads are chunks of 256 KiB, and the largest spec has 64 KiB a scenario: what is larger is no request of ours. gRPC
// refuses it with RESOURCE_EXHAUSTED before it is parsed.
inline constexpr int kMaxReceivedMessageBytes = 4 * 1024 * 1024;

// Keepalive of both sides must agree or connections end with too_many_pings: the server itself pings after
// kKeepaliveTime of silence, and clients may ping as often as kMinClientPingInterval.
inline constexpr absl::Duration kKeepaliveTime = absl::Seconds(20);
inline constexpr absl::Duration kKeepaliveTimeout = absl::Seconds(10);
inline constexpr absl::Duration kMinClientPingInterval = absl::Seconds(5);

// What a server with certificates needs.
struct Security {
  // PEM of the server's key and certificate, in one file. Replaced, it is taken up within kReloadInterval; a
  // replacement that is no good leaves the former in use.
  std::string identity_file;
  Gate& gate;
  access::Registry& registry;
};
inline constexpr absl::Duration kReloadInterval = absl::Seconds(1);

// Thread-safe. Everything it was given must outlive it.
class Server {
 public:
  // `security` null: in plain text, and everybody may do everything; `listen` is then as in shared::ParseLoopback, else
  // as in shared::ParseListen. Their codes; shared::WhyNotListening's if the address cannot be had.
  static absl::StatusOr<std::unique_ptr<Server>> Start(absl::string_view listen, const Security* security,
                                                       dispatch::Dispatcher& dispatcher, const store::Store& store,
                                                       RequestCounts& counts);
  // Stops if Stop was not called.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Where it listens, with the port that was bound: `127.0.0.1:7000`.
  const std::string& address() const { return address_; }

  // New connections are refused; calls may finish for `grace`, then they are cancelled. Returns when no handler runs
  // any more and none will. Stop the dispatcher first: it ends held calls and watches. May be called twice, not
  // concurrently.
  void Stop(absl::Duration grace);

 private:
  struct Services;
  Server(std::unique_ptr<Services> services, std::unique_ptr<grpc::Server> server, std::string address);

  std::unique_ptr<Services> services_;
  std::unique_ptr<grpc::Server> server_;
  std::string address_;
};

}  // namespace crosscall::api

#endif  // CONTROLLER_API_SERVER_H_
