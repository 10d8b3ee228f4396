// crosscall-agent: the daemon on a board. Wiring only.
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "agent/supervisor/agent_certificate.h"
#include "agent/supervisor/agent_identity.h"
#include "agent/supervisor/agent_loop.h"
#include "agent/supervisor/certificate_keeper.h"
#include "agent/supervisor/self_check.h"
#include "agent/supervisor/spool.h"
#include "agent/supervisor/state_lock.h"
#include "agent/supervisor/trial_process.h"
#include "agent/supervisor/watch_priority.h"
#include "agent/supervisor/witness.h"
#include "agent/supervisor/worker_link.h"
#include "proto/shared/clock.h"
#include "proto/shared/durable_file.h"
#include "proto/shared/log.h"
#include "proto/shared/loopback.h"
#include "proto/shared/private_file.h"
#include "proto/shared/resource_name.h"

namespace {

using crosscall::supervisor::AgentSettings;

enum ExitCode { kStopped = 0, kBadUse = 2, kNoState = 3, kFenced = 4, kNoWorker = 5, kNoCertificate = 6 };

constexpr char kFooter[] =
    "Exit status: 0 stopped by SIGTERM or SIGINT (worker killed, results kept in the spool); 2 bad use;\n"
    "3 the state folder cannot be used (another agent uses it, disk full, permission); 4 fenced: the controller has\n"
    "another agent for this board; 5 the worker program cannot be used; 6 no certificate to call with: none there,\n"
    "not valid, or the join token was refused.";

constexpr std::size_t kMaxLabels = 64;
// Of one call for a certificate.
constexpr absl::Duration kEnrolLimit = absl::Seconds(30);

struct Flags {
  std::string controller;
  std::string board;
  std::string state_dir;
  std::string ca;
  std::string join_token_file;
  std::string worker;
  std::vector<std::string> labels;
  std::string cpus;
  bool no_realtime = false;
  std::uint64_t spool_mib = 256;
  std::uint64_t worker_memory_mib = 0;
};

void Declare(CLI::App& app, Flags& flags) {
  app.footer(kFooter);
  app.set_version_flag("--version", CROSSCALL_VERSION);
  app.add_option("--controller", flags.controller, "Address of the controller, host:port")->required();
  app.add_option("--board", flags.board, "Name of this board, [a-z0-9-]{1,63}")->required();
  app.add_option("--state-dir", flags.state_dir, "Folder for the spool and the lock; one agent each")->required();
  app.add_option("--ca", flags.ca,
                 "Certificate of the lab's authority; without it plain text, to a controller on this machine only");
  app.add_option("--join-token-file", flags.join_token_file,
                 "File with a join token, mode 0600, or - for standard input: used when there is no valid certificate");
  app.add_option("--worker", flags.worker, "Worker program; default: crosscall-worker beside this program");
  app.add_option("--label", flags.labels, "key=value, for board selectors; may be repeated, at most 64");
  app.add_option("--cpus", flags.cpus, "CPUs that trials may use, such as 0,2-3; default: all usable ones");
  app.add_flag("--no-realtime", flags.no_realtime,
               "Take no real-time priority, neither for the agent nor for its trials");
  app.add_option("--spool-mib", flags.spool_mib, "Bound on undelivered results")
      ->check(CLI::Range(32, 1 << 20))
      ->capture_default_str();
  app.add_option("--worker-memory-mib", flags.worker_memory_mib,
                 "Address space of a worker; default: half of the board's memory")
      ->check(CLI::Range(64, 1 << 24));
}

absl::Status Check(const Flags& flags) {
  if (!crosscall::shared::IsId(flags.board)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--board \"", flags.board, "\" is no board name; wanted [a-z0-9-]{1,63}"));
  }
  if (flags.labels.size() > kMaxLabels) return absl::InvalidArgumentError("--label: at most 64 labels");
  for (const std::string& label : flags.labels) {
    if (!absl::StrContains(label, '=')) {
      return absl::InvalidArgumentError(absl::StrCat("--label \"", label, "\": wanted key=value"));
    }
  }
  if (flags.ca.empty() && !flags.join_token_file.empty()) {
    return absl::InvalidArgumentError("--join-token-file needs --ca: the token must not go to anybody else");
  }
  if (flags.ca.empty() && !crosscall::shared::IsLoopbackTarget(flags.controller)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--controller ", flags.controller,
                     " is another machine, and without --ca the calls would go there in plain text: give --ca"));
  }
  return absl::OkStatus();
}

int Refuse(const absl::Status& status, ExitCode code) {
  crosscall::shared::LogError("agent", status.message());
  return code;
}

std::string WorkerPath(const Flags& flags) {
  if (!flags.worker.empty()) return flags.worker;
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).parent_path() / "crosscall-worker";
}

std::uint64_t WorkerMemory(const Flags& flags) {
  if (flags.worker_memory_mib != 0) return flags.worker_memory_mib << 20;
  const long pages = sysconf(_SC_PHYS_PAGES);
  const long page_bytes = sysconf(_SC_PAGESIZE);
  if (pages <= 0 || page_bytes <= 0) return 0;
  return static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page_bytes) / 2;
}

// Turns SIGTERM and SIGINT, blocked in every thread, into a clean stop.
class StopOnSignal {
 public:
  static void Block() {
    const sigset_t signals = Signals();
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  }
  explicit StopOnSignal(crosscall::supervisor::AgentLoop& loop)
      : thread_([&loop] {
          const sigset_t signals = Signals();
          int signal_number = 0;
          sigwait(&signals, &signal_number);
          loop.Stop();
        }) {}
  ~StopOnSignal() {
    // Blocked everywhere and taken by sigwait alone, so it ends the wait and not the process.
    pthread_kill(thread_.native_handle(), SIGTERM);  // NOLINT(bugprone-bad-signal-to-kill-thread)
    thread_.join();
  }

 private:
  static sigset_t Signals() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    return signals;
  }
  std::thread thread_;
};

absl::StatusOr<AgentSettings> MakeSettings(const Flags& flags, const std::string& worker, bool realtime) {
  namespace supervisor = crosscall::supervisor;
  std::vector<std::uint32_t> cpus;
  if (!flags.cpus.empty()) {
    absl::StatusOr<std::vector<std::uint32_t>> parsed = supervisor::ParseCpuList(flags.cpus);
    if (!parsed.ok()) return parsed.status();
    cpus = *std::move(parsed);
  }
  const auto description = supervisor::DescribeWorker(worker, absl::Seconds(30));
  if (!description.ok()) return description.status();
  auto board = supervisor::DescribeBoard("", *description, cpus, flags.labels, realtime);
  if (!board.ok()) return board.status();
  auto boot_id = supervisor::BootId("");
  if (!boot_id.ok()) return boot_id.status();
  AgentSettings settings;
  settings.controller = flags.controller;
  settings.identity = {crosscall::shared::BoardName(flags.board), supervisor::RandomId(), *std::move(boot_id),
                       *std::move(board)};
  settings.seed = supervisor::RandomSeed();
  return settings;
}

absl::StatusOr<std::string> ReadToken(const std::string& file) {
  if (file == "-") {
    std::string line;
    std::getline(std::cin, line);
    return std::string(absl::StripAsciiWhitespace(line));
  }
  const absl::StatusOr<std::string> text = crosscall::shared::ReadPrivateFile(file);
  if (!text.ok()) return text.status();
  return std::string(absl::StripAsciiWhitespace(*text));
}

// The identity on disk if it is good, else a new one for the join token, if there is one.
absl::StatusOr<std::string> TakeIdentity(const crosscall::supervisor::CertificatePlace& place,
                                         const std::string& join_token_file) {
  const absl::Time now = crosscall::shared::SystemClock().Wall();
  absl::StatusOr<std::string> identity = crosscall::supervisor::LoadIdentity(place, now);
  const bool replaceable = absl::IsNotFound(identity.status()) || absl::IsUnauthenticated(identity.status());
  if (identity.ok() || !replaceable) return identity;
  if (join_token_file.empty()) {
    return absl::Status(identity.status().code(),
                        absl::StrCat(identity.status().message(), "; a certificate comes with --join-token-file and a ",
                                     "token of: crosscallctl join-token create --board ", place.board));
  }
  const absl::StatusOr<std::string> token = ReadToken(join_token_file);
  if (!token.ok()) return token.status();
  return crosscall::supervisor::Enrol(place, *token, kEnrolLimit);
}

// Nothing without --ca.
absl::StatusOr<std::optional<crosscall::supervisor::CertificatePlace>> PlaceOf(const Flags& flags) {
  if (flags.ca.empty()) {
    crosscall::shared::LogWarning("agent", "no --ca: the calls to the controller on this machine are in plain text");
    return std::optional<crosscall::supervisor::CertificatePlace>();
  }
  absl::StatusOr<std::string> authority = crosscall::shared::ReadFile(flags.ca, crosscall::shared::kMaxPemBytes);
  if (!authority.ok()) return authority.status();
  return crosscall::supervisor::CertificatePlace{flags.controller, *std::move(authority), flags.board,
                                                 flags.state_dir + "/identity.pem"};
}

int RunAgent(const Flags& flags) {
  namespace supervisor = crosscall::supervisor;
  if (absl::Status status = Check(flags); !status.ok()) return Refuse(status, kBadUse);
  // Before there are threads.
  const auto witness = supervisor::Witness::Start();
  if (!witness.ok()) crosscall::shared::LogWarning("agent", absl::StrCat("no witness: ", witness.status().message()));
  const auto lock = supervisor::StateLock::Take(flags.state_dir);
  if (!lock.ok()) return Refuse(lock.status(), kNoState);
  const auto spool = supervisor::Spool::Open(flags.state_dir + "/spool", flags.spool_mib << 20);
  if (!spool.ok()) return Refuse(spool.status(), kNoState);
  const std::string worker = WorkerPath(flags);
  StopOnSignal::Block();
  // Before the first thread of gRPC: they inherit it.
  const absl::Status raised = flags.no_realtime ? absl::CancelledError("told to take none") : supervisor::RaiseAgent();
  if (!raised.ok()) crosscall::shared::LogWarning("agent", absl::StrCat("no real-time priority: ", raised.message()));
  absl::StatusOr<AgentSettings> settings = MakeSettings(flags, worker, raised.ok());
  if (!settings.ok()) {
    const bool bad_use = absl::IsInvalidArgument(settings.status());
    return Refuse(settings.status(), bad_use ? kBadUse : kNoWorker);
  }
  settings->self_check = [check = supervisor::SelfCheck(supervisor::SelfCheckLimits(), [&flags] {
                            return supervisor::ReadResources(flags.state_dir, "");
                          })](absl::Duration now) mutable { return check.Problem(now); };
  if (witness.ok()) settings->witness = [&witness] { return (*witness)->Ran(); };
  const auto place = PlaceOf(flags);
  if (!place.ok()) return Refuse(place.status(), kNoCertificate);
  std::string identity;
  if (place->has_value()) {
    absl::StatusOr<std::string> taken = TakeIdentity(**place, flags.join_token_file);
    if (!taken.ok()) return Refuse(taken.status(), kNoCertificate);
    identity = *std::move(taken);
    settings->credentials = supervisor::TlsCredentials((*place)->authority, identity);
  }
  const auto& board = settings->identity.description;
  const std::vector<std::uint32_t> cpus(board.cpus().begin(), board.cpus().end());
  const supervisor::RunTrial run = [&](const crosscall::v1::TrialSpec& leased, const std::string& attempt_name,
                                       const supervisor::Cancellation& cancellation,
                                       const supervisor::ProgressCallback& progress) {
    supervisor::TrialOptions options;
    options.worker_path = worker;
    options.cpus = cpus;
    options.memory_limit_bytes = WorkerMemory(flags);
    options.realtime_watcher = raised.ok();
    options.attempt_name = attempt_name;
    crosscall::v1::TrialSpec spec = leased;
    if (flags.no_realtime) spec.set_no_realtime(true);
    return supervisor::TrialProcess::Run(options, spec, cancellation, progress);
  };
  const std::uint64_t seed = settings->seed;
  supervisor::AgentLoop loop(*std::move(settings), run, **spool, crosscall::shared::SystemClock());
  std::optional<supervisor::CertificateKeeper> keeper;
  if (place->has_value()) {
    keeper.emplace(
        identity, [&](const std::string& present) { return supervisor::Renew(**place, present, kEnrolLimit); },
        [&](const std::string& next) { loop.UseCredentials(supervisor::TlsCredentials((*place)->authority, next)); },
        crosscall::shared::SystemClock(), supervisor::Backoff({}, seed));
  }
  absl::Status ended;
  {
    const StopOnSignal stop(loop);
    ended = loop.Run();
  }
  keeper.reset();
  if (!ended.ok()) return Refuse(ended, kFenced);
  crosscall::shared::LogInfo("agent", "stopped");
  return kStopped;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("crosscall-agent: runs the trials that a controller leases to this board");
  Flags flags;
  Declare(app, flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int status = app.exit(error);
    return status == 0 ? kStopped : kBadUse;
  }
  return RunAgent(flags);
}
