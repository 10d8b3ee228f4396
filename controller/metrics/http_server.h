// Serves the metrics to Prometheus, /metrics, /metrics/results and /probe?board=ID, pages to people, / and
// /sweeps/{sweep} if there are any, and /-/healthy; 404 for everything else. Plain HTTP on loopback, or HTTPS, with
// certificates and passwords of its own.
//
// Slow and idle clients have threads of their own, more of them than scrapers are. Expositions are made one at a time,
// so that scrapes cost one CPU and the memory of one at most, and few are held for readers: who is beyond them is told
// to come again, and who does not take his within some seconds is cut off.
#ifndef CONTROLLER_METRICS_HTTP_SERVER_H_
#define CONTROLLER_METRICS_HTTP_SERVER_H_

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "controller/metrics/exporter.h"
#include "controller/metrics/page_desk.h"
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

struct HttpLimits {
  // Whoever is connected holds one.
  std::size_t threads = 128;
  // Expositions that readers have not read to their end.
  int held_pages = 8;
  // Whole seconds. Who neither sends nor takes anything for so long is cut off.
  absl::Duration idle = absl::Seconds(2);
  // The same of one who has not read all of one.
  absl::Duration patience = absl::Seconds(30);
};

// Each is called on any thread.
struct Expositions {
  std::function<std::string()> controller;
  std::function<std::string()> results;
  std::function<absl::StatusOr<std::string>(const std::string& board)> board;
};

// `exporter` outlives them.
Expositions ExpositionsOf(const Exporter& exporter);

// One answer for people.
struct WebPage {
  int status = 200;
  std::string content_type;
  std::string body;
};

// Each unset: there is none.
struct PageHandlers {
  std::function<WebPage()> home;
  // By ids; `baseline` may be empty.
  std::function<WebPage(const std::string& sweep, const std::string& baseline)> sweep;
};

// Threads of its own. The handlers are called on several of them at once.
class HttpServer {
 public:
  // `listen` as in shared::ParseListen. FAILED_PRECONDITION: it is not loopback and there is no certificate. Codes of
  // the files are those of TlsIdentity and Passwords; shared::WhyNotListening's if the address cannot be had.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(absl::string_view listen, Expositions expositions,
                                                           const HttpSecurity& security = {}, PageHandlers pages = {},
                                                           const HttpLimits& limits = {});
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
    std::unique_ptr<PageDesk> desk;
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
