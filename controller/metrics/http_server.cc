#include "controller/metrics/http_server.h"

#include <httplib.h>
#include <sys/socket.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/shared/clock.h"
#include "proto/shared/loopback.h"

namespace crosscall::metrics {
namespace {

// Nobody has anything to send us.
constexpr std::size_t kMaxBodyBytes = 1024;
constexpr char kPlain[] = "text/plain; charset=utf-8";

// `desk` outlives the server.
void Configure(httplib::Server& server, Expositions expositions, const HttpLimits& limits, PageDesk& desk) {
  server.new_task_queue = [threads = limits.threads] { return new httplib::ThreadPool(threads); };
  server.set_read_timeout(absl::ToInt64Seconds(limits.idle));
  server.set_write_timeout(absl::ToInt64Seconds(limits.idle));
  // The library's stop waits for an idle connection: a scraper had better connect anew.
  server.set_keep_alive_timeout(absl::ToInt64Seconds(limits.idle));
  server.set_payload_max_length(kMaxBodyBytes);
  // The library's default is SO_REUSEPORT, with which two controllers would share a port and each answer half the
  // scrapes.
  server.set_socket_options([](socket_t fd) {
    const int on = 1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  });
  server.Get("/metrics",
             [&desk, make = std::move(expositions.controller)](const httplib::Request&, httplib::Response& response) {
               desk.Answer(response, [&make]() -> absl::StatusOr<std::string> { return make(); });
             });
  server.Get("/metrics/results",
             [&desk, make = std::move(expositions.results)](const httplib::Request&, httplib::Response& response) {
               desk.Answer(response, [&make]() -> absl::StatusOr<std::string> { return make(); });
             });
  server.Get("/probe", [&desk, make = std::move(expositions.board)](const httplib::Request& request,
                                                                    httplib::Response& response) {
    if (!request.has_param("board")) {
      response.status = 400;
      return response.set_content("which board? write /probe?board=ID\n", kPlain);
    }
    desk.Answer(response, [&] { return make(request.get_param_value("board")); });
  });
  server.Get("/-/healthy",
             [](const httplib::Request&, httplib::Response& response) { response.set_content("ok\n", kPlain); });
  server.set_error_handler([](const httplib::Request&, httplib::Response& response) {
    if (response.status != 404 || !response.body.empty()) return;
    response.set_content("nothing here; try /, /metrics, /metrics/results, /probe?board=ID or /-/healthy\n", kPlain);
  });
}

void Answer(const WebPage& page, httplib::Response& response) {
  response.status = page.status;
  response.set_content(page.body, page.content_type);
  // What a viewer may read stays his.
  response.set_header("Cache-Control", "no-store");
  response.set_header("X-Content-Type-Options", "nosniff");
  response.set_header("X-Frame-Options", "DENY");
}

void ServePages(httplib::Server& server, PageHandlers pages) {
  if (pages.home) {
    server.Get("/", [home = std::move(pages.home)](const httplib::Request&, httplib::Response& response) {
      Answer(home(), response);
    });
  }
  if (!pages.sweep) return;
  server.Get("/sweeps/([a-z0-9-]{1,63})",
             [sweep = std::move(pages.sweep)](const httplib::Request& request, httplib::Response& response) {
               Answer(sweep(request.matches[1], request.get_param_value("baseline")), response);
             });
}

absl::Status NotLoopback(const shared::ListenAddress& address) {
  return absl::FailedPreconditionError(
      absl::StrCat("the metrics port cannot listen on ", shared::ToString(address),
                   ", which is not loopback, in plain HTTP: whoever is on the way could read and change what it says. "
                   "Give it a certificate (--metrics-cert), or listen on 127.0.0.1:PORT and reach it from elsewhere "
                   "through a tunnel, for example ssh -L"));
}

// `identity` null: plain HTTP. It outlives the server.
absl::StatusOr<std::unique_ptr<httplib::Server>> NewServer(TlsIdentity* identity, const std::string& client_ca_file) {
  if (identity == nullptr) return std::make_unique<httplib::Server>();
  absl::Status status;
  auto server = std::make_unique<httplib::SSLServer>([&](SSL_CTX& context) {
    status = identity->Protect(context, client_ca_file);
    return status.ok();
  });
  if (!status.ok()) return status;
  if (!server->is_valid()) return absl::InternalError(absl::StrCat("metrics port: ", shared::OpensslError()));
  return server;
}

// Of every request, also of those for what is not there.
void AskForPasswords(httplib::Server& server, Passwords& passwords) {
  server.set_pre_routing_handler([&passwords](const httplib::Request& request, httplib::Response& response) {
    using Response = httplib::Server::HandlerResponse;
    switch (passwords.Judge(request.get_header_value("Authorization"))) {
      case Passwords::Answer::kAccepted:
        return Response::Unhandled;
      case Passwords::Answer::kRefused:
        response.status = 401;
        response.set_header("WWW-Authenticate", "Basic realm=\"crosscall metrics\", charset=\"UTF-8\"");
        response.set_content("a name and a password are needed\n", kPlain);
        break;
      case Passwords::Answer::kBusy:
        response.status = 503;
        response.set_header("Retry-After", "1");
        response.set_content("too many passwords are being checked; try again\n", kPlain);
        break;
    }
    return Response::Handled;
  });
}

}  // namespace

Expositions ExpositionsOf(const Exporter& exporter) {
  return {.controller = [&exporter] { return exporter.ControllerPage(); },
          .results = [&exporter] { return exporter.ResultsPage(); },
          .board = [&exporter](const std::string& board) { return exporter.BoardPage(board); }};
}

absl::StatusOr<HttpServer::Guards> HttpServer::Load(const HttpSecurity& security) {
  Guards guards;
  if (!security.identity_file.empty()) {
    absl::StatusOr<std::unique_ptr<TlsIdentity>> identity =
        TlsIdentity::Load(security.identity_file, shared::SystemClock().Wall());
    if (!identity.ok()) return identity.status();
    guards.identity = *std::move(identity);
  } else if (!security.client_ca_file.empty()) {
    return absl::InvalidArgumentError(
        "the metrics port cannot ask for certificates (--metrics-client-ca) without one of its own (--metrics-cert)");
  }
  if (!security.password_file.empty()) {
    absl::StatusOr<std::unique_ptr<Passwords>> passwords = Passwords::Load(security.password_file);
    if (!passwords.ok()) return passwords.status();
    guards.passwords = *std::move(passwords);
  }
  return guards;
}

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(absl::string_view listen, Expositions expositions,
                                                              const HttpSecurity& security, PageHandlers pages,
                                                              const HttpLimits& limits) {
  absl::StatusOr<shared::ListenAddress> address = shared::ParseListen(listen);
  if (!address.ok()) return address.status();
  if (security.identity_file.empty() && !shared::IsLoopback(*address)) return NotLoopback(*address);
  absl::StatusOr<Guards> guards = Load(security);
  if (!guards.ok()) return guards.status();
  absl::StatusOr<std::unique_ptr<httplib::Server>> server = NewServer(guards->identity.get(), security.client_ca_file);
  if (!server.ok()) return server.status();
  guards->desk = std::make_unique<PageDesk>(limits.held_pages, limits.patience, shared::SystemClock());
  Configure(**server, std::move(expositions), limits, *guards->desk);
  ServePages(**server, std::move(pages));
  if (guards->passwords != nullptr) AskForPasswords(**server, *guards->passwords);
  if (address->port == 0) {
    address->port = (*server)->bind_to_any_port(address->host);
    if (address->port <= 0) return shared::WhyNotListening({address->host, 0});
  } else if (!(*server)->bind_to_port(address->host, address->port)) {
    return shared::WhyNotListening(*address);
  }
  return std::unique_ptr<HttpServer>(
      new HttpServer(*std::move(guards), *std::move(server), shared::ToString(*address)));
}

HttpServer::HttpServer(Guards guards, std::unique_ptr<httplib::Server> server, std::string address)
    : guards_(std::move(guards)), server_(std::move(server)), address_(std::move(address)), listener_([this] {
        server_->listen_after_bind();
        ended_ = true;
      }) {
  // The library's stop does nothing to a server that does not run yet, and would leave the destructor waiting.
  while (!server_->is_running() && !ended_) std::this_thread::yield();
}

std::string HttpServer::Url() const {
  return absl::StrCat(guards_.identity == nullptr ? "http://" : "https://", address_, "/metrics");
}

HttpServer::~HttpServer() {
  server_->stop();
  listener_.join();
}

}  // namespace crosscall::metrics
