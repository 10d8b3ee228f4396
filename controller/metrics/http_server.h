// Serves the exposition to Prometheus: /metrics, /-/healthy, and 404 for everything else.
#ifndef CONTROLLER_METRICS_HTTP_SERVER_H_
#define CONTROLLER_METRICS_HTTP_SERVER_H_

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace httplib {
class Server;
}  // namespace httplib

namespace crosscall::metrics {

// Threads of its own. `scrape` is called on several of them at once.
class HttpServer {
 public:
  using Scrape = std::function<std::string()>;

  // `listen` as in shared::ParseLoopback, whose codes it returns for other addresses; shared::WhyNotListening's if
  // the address cannot be had.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(absl::string_view listen, Scrape scrape);
  // Refuses new connections, lets running scrapes end, and returns when its threads have ended.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Where it listens, with the port that was bound: `127.0.0.1:7001`.
  const std::string& address() const { return address_; }

 private:
  HttpServer(std::unique_ptr<httplib::Server> server, std::string address);

  std::unique_ptr<httplib::Server> server_;
  std::string address_;
  std::atomic<bool> ended_{false};
  std::thread listener_;
};

}  // namespace crosscall::metrics

#endif  // CONTROLLER_METRICS_HTTP_SERVER_H_
