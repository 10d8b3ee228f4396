#include "controller/metrics/http_server.h"

#include <httplib.h>
#include <sys/socket.h>

#include <utility>

#include "proto/shared/loopback.h"

namespace crosscall::metrics {
namespace {

constexpr std::size_t kThreads = 8;
constexpr int kReadTimeoutSeconds = 2;
// An idle connection holds one of the threads, and the library's stop waits for it: a scraper had better connect anew.
constexpr int kKeepAliveSeconds = 2;
// Nobody has anything to send us.
constexpr std::size_t kMaxBodyBytes = 1024;
constexpr char kExposition[] = "text/plain; version=0.0.4; charset=utf-8";
constexpr char kPlain[] = "text/plain; charset=utf-8";

void Configure(httplib::Server& server, HttpServer::Scrape scrape) {
  server.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
  server.set_read_timeout(kReadTimeoutSeconds);
  server.set_keep_alive_timeout(kKeepAliveSeconds);
  server.set_payload_max_length(kMaxBodyBytes);
  // The library's default is SO_REUSEPORT, with which two controllers would share a port and each answer half the
  // scrapes.
  server.set_socket_options([](socket_t fd) {
    const int on = 1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  });
  server.Get("/metrics", [scrape = std::move(scrape)](const httplib::Request&, httplib::Response& response) {
    response.set_content(scrape(), kExposition);
  });
  server.Get("/-/healthy",
             [](const httplib::Request&, httplib::Response& response) { response.set_content("ok\n", kPlain); });
  server.set_error_handler([](const httplib::Request&, httplib::Response& response) {
    if (response.status == 404) response.set_content("nothing here; try /metrics or /-/healthy\n", kPlain);
  });
}

}  // namespace

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(absl::string_view listen, Scrape scrape) {
  absl::StatusOr<shared::ListenAddress> address = shared::ParseLoopback(listen);
  if (!address.ok()) return address.status();
  auto server = std::make_unique<httplib::Server>();
  Configure(*server, std::move(scrape));
  if (address->port == 0) {
    address->port = server->bind_to_any_port(address->host);
    if (address->port <= 0) return shared::WhyNotListening({address->host, 0});
  } else if (!server->bind_to_port(address->host, address->port)) {
    return shared::WhyNotListening(*address);
  }
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(server), shared::ToString(*address)));
}

HttpServer::HttpServer(std::unique_ptr<httplib::Server> server, std::string address)
    : server_(std::move(server)), address_(std::move(address)), listener_([this] {
        server_->listen_after_bind();
        ended_ = true;
      }) {
  // The library's stop does nothing to a server that does not run yet, and would leave the destructor waiting.
  while (!server_->is_running() && !ended_) std::this_thread::yield();
}

HttpServer::~HttpServer() {
  server_->stop();
  listener_.join();
}

}  // namespace crosscall::metrics
