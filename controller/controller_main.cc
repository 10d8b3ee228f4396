// crosscall-controller: wires store, dispatcher, gRPC server and metrics server together, and stops them in order.
//
// Exit codes: 0 stopped by SIGTERM or SIGINT; 1 a bug of ours; 2 bad use of flags; 3 the environment refused (port in
// use, state folder held, newer or not writable, certificates missing or readable by others); 4 the store is damaged.
#include <sys/stat.h>

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "controller/access/authority_folder.h"
#include "controller/api/clean.h"
#include "controller/api/open_files.h"
#include "controller/api/request_counts.h"
#include "controller/api/server.h"
#include "controller/certificate_commands.h"
#include "controller/console_command.h"
#include "controller/dispatch/dispatcher.h"
#include "controller/dispatch/settings.h"
#include "controller/maintenance_commands.h"
#include "controller/metrics/exporter.h"
#include "controller/metrics/http_server.h"
#include "controller/metrics_commands.h"
#include "controller/metrics_sources.h"
#include "controller/pages.h"
#include "controller/power/runner.h"
#include "controller/power_commands.h"
#include "controller/protection.h"
#include "controller/revision.h"
#include "controller/store/store.h"
#include "grpcpp/grpcpp.h"
#include "proto/shared/clock.h"
#include "proto/shared/durable_file.h"
#include "proto/shared/log.h"

namespace crosscall {
namespace {

constexpr char kComponent[] = "controller";
constexpr absl::Duration kStopGrace = absl::Seconds(2);

enum ExitCode { kStopped = 0, kBug = 1, kBadUse = 2, kRefused = 3, kDamaged = 4 };

struct Flags {
  std::string state_dir;
  std::string listen = "127.0.0.1:7000";
  std::string metrics_listen = "127.0.0.1:7001";
  metrics::HttpSecurity metrics_security;
  std::string endpoints_file;
  bool insecure = false;
  absl::Duration certificate_life = absl::Hours(24 * 7);
  std::vector<std::string> tracked;
  dispatch::Settings settings;
  bool no_health_trials = false;
  double ad_hoc_percent = 25;
  metrics::ExporterOptions exporter;

  Flags() { settings.health_period = absl::Hours(24); }
};

void AddDuration(CLI::App& app, const std::string& name, absl::Duration& value, const std::string& help) {
  app.add_option_function<std::string>(
         name,
         [name, &value](const std::string& text) {
           if (!absl::ParseDuration(text, &value) || value <= absl::ZeroDuration()) {
             throw CLI::ValidationError(name,
                                        "\"" + text + "\" is no positive span; write for example 500ms, 2s, 1m30s");
           }
         },
         help)
      ->type_name("SPAN")
      ->default_str(absl::FormatDuration(value));
}

void AddRetentionFlags(CLI::App& app, dispatch::Settings& settings) {
  AddDuration(app, "--keep-evidence", settings.keep_evidence,
              "Results that came too late to count are removed at this age, such as 720h; inf: never");
  AddDuration(app, "--keep-events", settings.keep_events, "Events are removed at this age; inf: never");
  AddDuration(app, "--keep-histograms", settings.keep_histograms,
              "Results lose their histograms at this age; quantiles, verdicts and hang reports stay; inf: never");
}

void AddMetricsFlags(CLI::App& app, Flags& flags) {
  app.add_option("--metrics-listen", flags.metrics_listen,
                 "Address of /metrics, /metrics/results and the pages for browsers, loopback only unless "
                 "--metrics-cert is given; "
                 "port 0: any free one")
      ->capture_default_str()
      ->type_name("HOST:PORT");
  app.add_option("--metrics-cert", flags.metrics_security.identity_file,
                 "PEM key and certificate, mode 0600: /metrics by HTTPS; a replaced file is taken up by itself")
      ->type_name("FILE");
  app.add_option("--metrics-client-ca", flags.metrics_security.client_ca_file,
                 "Scrapers, and who reads the pages, need a certificate of this authority")
      ->type_name("FILE");
  app.add_option(
         "--metrics-password-file", flags.metrics_security.password_file,
         "Scrapers, and who reads the pages, need a name and password of this file, mode 0600, as `htpasswd -nB "
         "NAME` prints them")
      ->type_name("FILE");
  app.add_option_function<std::string>(
         "--metrics-level",
         [&flags](const std::string& name) {
           const absl::optional<metrics::Level> level = metrics::ParseLevel(name);
           if (!level) throw CLI::ValidationError("--metrics-level", "\"" + name + "\": write fleet, board or full");
           flags.exporter.detail.level = *level;
         },
         "How much is said of each board: fleet (no latencies), board (those of the first --track-pair), full")
      ->type_name("LEVEL")
      ->default_str("board");
  app.add_option("--track", flags.tracked,
                 "Implementation with metrics of its own; repeat for more. Default: all that a board offers")
      ->allow_extra_args(false)
      ->type_name("IMPLEMENTATION");
  app.add_option_function<std::vector<std::string>>(
         "--track-pair",
         [&flags](const std::vector<std::string>& texts) {
           for (const std::string& text : texts) {
             absl::StatusOr<metrics::Pair> pair = metrics::ParsePair(text);
             if (!pair.ok()) throw CLI::ValidationError("--track-pair", std::string(pair.status().message()));
             flags.exporter.detail.pairs.push_back(*std::move(pair));
           }
         },
         "Scenario with metrics of its own, and on what, such as ping-pong:signal; repeat for more, the headline "
         "first. "
         "Default: all that boards completed")
      ->allow_extra_args(false)
      ->type_name("SCENARIO[:TARGET_SYSTEM]");
  app.add_option("--metrics-series-limit", flags.exporter.series_limit, "Series of a page; what is beyond is left out")
      ->capture_default_str()
      ->check(CLI::Range(std::size_t{100}, std::size_t{10'000'000}))
      ->type_name("COUNT");
  AddDuration(app, "--metrics-board-ttl", flags.exporter.detail.board_ttl,
              "A board that was not seen for this long has no metrics");
}

void AddPowerFlags(CLI::App& app, scheduler::PowerRules& rules) {
  AddDuration(app, "--wedge-after", rules.wedge_after,
              "A board with a power command that is silent for this long counts as wedged; more than --lease-term");
  AddDuration(app, "--diagnosis-limit", rules.diagnosis_limit, "A diagnosis ends by then, its power switched or not");
  AddDuration(app, "--power-step-limit", rules.step_limit, "How long each run of a power command may take");
  AddDuration(app, "--boot-limit", rules.boot_limit, "How long a board may take from being switched on to its call");
  AddDuration(app, "--power-settle", rules.settle, "How long a board may take to panic, or to lose its power");
  AddDuration(app, "--power-gap", rules.cycle_gap, "From one power cycle of a board to the next");
  app.add_option("--power-cycles", rules.cycle_limit, "Power cycles of a board within an hour; then it is quarantined")
      ->capture_default_str()
      ->check(CLI::Range(1, 60))
      ->type_name("COUNT");
  app.add_option("--wedges", rules.wedge_limit, "Wedges of a board within 24 h that put it into quarantine")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000))
      ->type_name("COUNT");
}

void AddFlags(CLI::App& app, Flags& flags) {
  app.set_version_flag("--version",
                       absl::StrCat("crosscall-controller ", CROSSCALL_VERSION, " (", CROSSCALL_REVISION, ")"));
  app.add_option("--state-dir", flags.state_dir,
                 "Folder of the store; made with mode 0700 if it is not there. Required")
      ->type_name("DIR");
  app.add_option("--listen", flags.listen, "gRPC address; port 0: any free one")
      ->capture_default_str()
      ->type_name("HOST:PORT");
  app.add_option("--endpoints-file", flags.endpoints_file,
                 "Once serving, write {\"grpc\":\"HOST:PORT\",\"metrics\":\"HOST:PORT\"} to this file; removed on exit")
      ->type_name("FILE");

  app.add_flag("--insecure", flags.insecure,
               "Without certificates, and on loopback only: everybody on this machine may do everything");
  AddDuration(app, "--certificate-life", flags.certificate_life,
              "Life of the certificates that agents get; they renew them at two thirds of it");

  dispatch::Settings& settings = flags.settings;
  AddDuration(app, "--hold-idle", settings.hold_idle, "How long the call of an idle agent is held");
  AddDuration(app, "--hold-busy", settings.hold_busy, "How long the call of an agent with a lease is held");
  AddDuration(app, "--first-term", settings.first_term, "A fresh lease ends unless it is reported within this");
  AddDuration(app, "--lease-term", settings.lease_term, "A lease ends when it was not reported for this long");
  AddDuration(app, "--lease-cap-extra", settings.lease_cap_extra, "No lease outlives its trial's limit by more");
  AddDuration(app, "--reconnect-grace", settings.reconnect_grace, "How long a cut agent may take to call again");
  AddDuration(app, "--spooled-result-wait", settings.spooled_result_wait,
              "How long a restarted agent may take to deliver the result of its former lease");
  AddDuration(app, "--health-period", settings.health_period,
              "A board gets work after a health trial, which is repeated when the last one is that old");
  app.add_flag("--no-health-trials", flags.no_health_trials, "Boards get work unchecked: for tests, not for a lab");
  AddDuration(app, "--self-check-grace", settings.self_check_grace,
              "A board whose agent finds it unfit for this long is quarantined");
  app.add_option("--adhoc-share", flags.ad_hoc_percent,
                 "What ad-hoc work gets of a board's time before nightly work, while a nightly run waits for the board")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 100.0))
      ->type_name("PERCENT");
  AddPowerFlags(app, settings.power_rules);
  app.add_option("--attempts", settings.attempts_per_trial, "Leases a trial may have")
      ->capture_default_str()
      ->check(CLI::Range(1, 100))
      ->type_name("COUNT");

  app.add_option("--max-boards", settings.max_boards,
                 "Boards it takes; agents of more are refused with a delay, and go on asking")
      ->capture_default_str()
      ->check(CLI::Range(std::size_t{1}, std::size_t{100'000}))
      ->type_name("COUNT");

  AddRetentionFlags(app, settings);
  AddMetricsFlags(app, flags);
  app.footer(
      "Exit codes: 0 done, or stopped by SIGTERM or SIGINT, 1 a bug of ours, 2 bad use, 3 refused by the environment\n"
      "(port in use, state folder held by another controller, of a newer version or not writable, no certificates,\n"
      "or keys that others may read), 4 the store or the backup is damaged.");
}

// Every thread inherits the mask, so that only Run's sigwait sees the signals.
sigset_t BlockStopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

void RaiseLimits() {
  const absl::StatusOr<std::uint64_t> limit = api::RaiseOpenFileLimit();
  const absl::Status status = limit.ok() ? api::CheckOpenFileLimit(*limit) : limit.status();
  if (!status.ok()) shared::LogWarning(kComponent, status.message());
}

// Certificates whose end is told to Prometheus.
CertificateFiles CertificateFilesOf(const Flags& flags) {
  CertificateFiles files;
  if (!flags.insecure) {
    files.emplace_back("server", access::ServerFile(flags.state_dir));
    files.emplace_back("authority", access::CertificateFile(flags.state_dir));
  }
  const metrics::HttpSecurity& security = flags.metrics_security;
  if (!security.identity_file.empty()) files.emplace_back("metrics", security.identity_file);
  if (!security.client_ca_file.empty()) files.emplace_back("metrics_client_authority", security.client_ca_file);
  return files;
}

metrics::ExporterOptions ExporterOptionsOf(const Flags& flags) {
  metrics::ExporterOptions options = flags.exporter;
  options.build = {CROSSCALL_VERSION, CROSSCALL_REVISION, grpc::Version()};
  options.detail.implementations = {flags.tracked.begin(), flags.tracked.end()};
  return options;
}

metrics::PageHandlers HandlersOf(Pages& pages) {
  return {[&pages] { return pages.Lab(); },
          [&pages](const std::string& sweep, const std::string& baseline) { return pages.Report(sweep, baseline); }};
}

absl::Status WriteEndpoints(const std::string& file, const std::string& grpc, const std::string& metrics) {
  // Addresses consist of digits, dots, colons and brackets: nothing to escape.
  return shared::WriteDurably(file, absl::StrCat("{\"grpc\":\"", grpc, "\",\"metrics\":\"", metrics, "\"}\n"));
}

// Serves until a signal. Objects are built in the order of their dependence and destroyed in the reverse one.
absl::Status Run(const Flags& flags, const sigset_t& stop_signals) {
  if (!flags.endpoints_file.empty()) {
    // One of a controller that was killed would send scripts to a stranger.
    if (absl::Status status = shared::RemoveDurably(flags.endpoints_file); !status.ok()) return status;
  }
  RaiseLimits();
  const shared::Clock& clock = shared::SystemClock();
  store::Options store_options;
  store_options.folder = flags.state_dir;
  absl::StatusOr<std::unique_ptr<store::Store>> store = store::Store::Open(std::move(store_options));
  if (!store.ok()) return store.status();
  dispatch::Settings settings = flags.settings;
  if (flags.no_health_trials) settings.health_period = absl::ZeroDuration();
  settings.ad_hoc_share = flags.ad_hoc_percent / 100;
  power::Runner power_runner;
  settings.power = PowerPortOver(power_runner);
  settings.clean_result = [](v1::TrialResult& result) { api::Clean(result); };
  absl::StatusOr<std::unique_ptr<dispatch::Dispatcher>> dispatcher =
      dispatch::Dispatcher::Start(**store, clock, settings);
  if (!dispatcher.ok()) return dispatcher.status();
  api::RequestCounts counts;
  Pages pages([&] { return (*dispatcher)->snapshot(); }, **store, clock,
              PagesAreOpen(flags.metrics_security, flags.insecure));
  absl::StatusOr<std::unique_ptr<Protection>> protection = std::unique_ptr<Protection>();
  if (flags.insecure) {
    shared::LogWarning(kComponent, "--insecure: no certificates; everybody on this machine may do everything");
  } else {
    protection = Protection::Make(flags.state_dir, flags.certificate_life, **dispatcher, **store, counts);
  }
  // Flags that do not fit are told before certificates that are missing.
  const metrics::Exporter exporter(
      MetricsSources(**dispatcher, **store, counts, protection.ok() ? protection->get() : nullptr,
                     CertificateFilesOf(flags)),
      clock, ExporterOptionsOf(flags));
  absl::StatusOr<std::unique_ptr<metrics::HttpServer>> metrics_server = metrics::HttpServer::Start(
      flags.metrics_listen, metrics::ExpositionsOf(exporter), flags.metrics_security, HandlersOf(pages));
  if (!metrics_server.ok()) return metrics_server.status();
  if (!protection.ok()) return protection.status();
  absl::StatusOr<std::unique_ptr<api::Server>> server = api::Server::Start(
      flags.listen, *protection == nullptr ? nullptr : &(*protection)->security(), **dispatcher, **store, counts);
  if (!server.ok()) return server.status();

  shared::LogInfo(kComponent, absl::StrCat("serving gRPC on ", (*server)->address(), ", metrics on ",
                                           (*metrics_server)->Url(), ", state in ", flags.state_dir));
  if (!flags.endpoints_file.empty()) {
    absl::Status status = WriteEndpoints(flags.endpoints_file, (*server)->address(), (*metrics_server)->address());
    if (!status.ok()) return status;
  }

  int signal = 0;
  sigwait(&stop_signals, &signal);
  shared::LogInfo(kComponent, absl::StrCat("signal ", signal, ": stopping; once more ends at once"));
  pthread_sigmask(SIG_UNBLOCK, &stop_signals, nullptr);
  // First the dispatcher, which ends held calls and watches with UNAVAILABLE: then the server has little to wait for.
  (*dispatcher)->Stop();
  (*server)->Stop(kStopGrace);
  return flags.endpoints_file.empty() ? absl::OkStatus() : shared::RemoveDurably(flags.endpoints_file);
}

int ExitCodeOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return kStopped;
    case absl::StatusCode::kInvalidArgument:
      return kBadUse;
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnknown:
      return kBug;
    case absl::StatusCode::kDataLoss:
      return kDamaged;
    default:
      return kRefused;
  }
}

int Main(int argc, char** argv) {
  // The store and all that is beside it are the controller's alone.
  umask(S_IRWXG | S_IRWXO);
  const sigset_t stop_signals = BlockStopSignals();
  Flags flags;
  CLI::App app("Runs sweeps of cross-call trials over boards: keeps the store, leases trials to agents, serves users.",
               "crosscall-controller");
  AddFlags(app, flags);
  app.require_subcommand(0, 1);
  // --state-dir may stand behind the command.
  app.fallthrough();
  ConsoleCommand command;
  AddCertificateCommands(app, flags.state_dir, command);
  AddMaintenanceCommands(app, flags.state_dir, command);
  AddMetricsCommand(app, flags.exporter.series_limit, command);
  try {
    app.parse(argc, argv);
    if (flags.state_dir.empty() && !app.got_subcommand(kMetricsCommand)) throw CLI::RequiredError("--state-dir");
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kStopped : kBadUse;
  }
  const absl::Status status = command ? command() : Run(flags, stop_signals);
  if (!status.ok()) absl::FPrintF(stderr, "crosscall-controller: %s\n", status.message());
  return ExitCodeOf(status);
}

}  // namespace
}  // namespace crosscall

int main(int argc, char** argv) { return crosscall::Main(argc, argv); }
