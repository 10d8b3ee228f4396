// Serves the exposition to Prometheus and pages to people: /metrics, /-/healthy, and / with /sweeps/{sweep} if there
// are pages; 404 for everything else. Plain HTTP on loopback, or HTTPS, with certificates and passwords of its own.
#ifndef CONTROLLER_METRICS_HTTP_SERVER_H_
#define CONTROLLER_METRICS_HTTP_SERVER_H_

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "controller/metrics/passwords.h"
#include "controller/metrics/tls_identity.h"

namespace httplib {
class Server;
}  // namespace httplib

namespace crosscall::metrics {

// Who may scrape; each empty: unused.
struct HttpSecurity {
  // Key and certificate, as in TlsIdentity: HTTPS, which may listen anywhere.
  std::string identity_file;
  // Scrapers need a certificate of this authority.
  std::string client_ca_file;
  // Scrapers need a name and a password of this file, as in Passwords.
  std::string password_file;
};

// One answer for people.
struct Page {
  int status = 200;
  std::string content_type;
  std::string body;
};

// Each unset: there is none.
struct PageHandlers {
  std::function<Page()> home;
  // By ids; `baseline` may be empty.
  std::function<Page(const std::string& sweep, const std::string& baseline)> sweep;
};

// Threads of its own. `scrape` and the handlers are called on several of them at once.
class HttpServer {
 public:
  using Scrape = std::function<std::string()>;

  // `listen` as in shared::ParseListen. FAILED_PRECONDITION: it is not loopback and there is no certificate. Codes of
  // the files are those of TlsIdentity and Passwords; shared::WhyNotListening's if the address cannot be had.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(absl::string_view listen, Scrape scrape,
                                                           const HttpSecurity& security = {}, PageHandlers pages = {});
  // Refuses new connections, lets running scrapes end, and returns when its threads have ended.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Where it listens, with the port that was bound: `127.0.0.1:7001`.
  const std::string& address() const { return address_; }
  // `https://127.0.0.1:7001/metrics`
  std::string Url() const;

 private:
  // What the server refers to.
  struct Guards {
    std::unique_ptr<TlsIdentity> identity;
    std::unique_ptr<Passwords> passwords;
  };
  HttpServer(Guards guards, std::unique_ptr<httplib::Server> server, std::string address);
  static absl::StatusOr<Guards> Load(const HttpSecurity& security);

  Guards guards_;
  std::unique_ptr<httplib::Server> server_;
  std::string address_;
  std::atomic<bool> ended_{false};
  std::thread listener_;
};

}  // namespace crosscall::metrics

#endif  // CONTROLLER_METRICS_HTTP_SERVER_H_
