// The real program, as operators start it.
#include <fcntl.h>
#include <httplib.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "crosscall/v1/sweep_service.grpc.pb.h"
#include "gmock/gmock.h"
#include "grpcpp/create_channel.h"
#include "gtest/gtest.h"
#include "tests/controller/metrics/promtool.h"

namespace crosscall {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

constexpr std::chrono::seconds kPatience{60};

std::string ReadText(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// The value of `"key":"value"`, which is all that the endpoints file has.
std::string Field(const std::string& json, const std::string& key) {
  const std::string begin = "\"" + key + "\":\"";
  const std::size_t at = json.find(begin);
  if (at == std::string::npos) return "";
  const std::size_t from = at + begin.size();
  return json.substr(from, json.find('"', from) - from);
}

// One run of crosscall-controller; killed and reaped at the end if it still runs.
class Controller {
 public:
  Controller(const std::string& folder, const std::string& tag, const std::vector<std::string>& arguments)
      : endpoints_file_(folder + "/" + tag + ".json"), log_file_(folder + "/" + tag + ".log") {
    std::vector<std::string> words = {CONTROLLER_PROGRAM, "--insecure", "--endpoints-file", endpoints_file_};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, log_file_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    EXPECT_EQ(posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environ), 0);
    posix_spawn_file_actions_destroy(&actions);
  }
  ~Controller() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  Controller(const Controller&) = delete;
  Controller& operator=(const Controller&) = delete;

  // False if it ended instead, or took too long.
  bool AwaitServing() {
    const auto limit = std::chrono::steady_clock::now() + kPatience;
    while (std::chrono::steady_clock::now() < limit) {
      if (std::filesystem::exists(endpoints_file_)) {
        endpoints_ = ReadText(endpoints_file_);
        return true;
      }
      if (TryReap(WNOHANG)) return false;
      // Looks again; the file decides, not the time.
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return false;
  }
  void Signal(int signal) const { kill(pid_, signal); }
  // The exit code, or 128 + the signal that killed it.
  int Wait() {
    if (pid_ > 0) TryReap(0);
    return WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_);
  }

  std::string grpc() const { return Field(endpoints_, "grpc"); }
  std::string metrics() const { return Field(endpoints_, "metrics"); }
  const std::string& endpoints_file() const { return endpoints_file_; }
  std::string log() const { return ReadText(log_file_); }

 private:
  bool TryReap(int options) {
    if (waitpid(pid_, &status_, options) != pid_) return false;
    pid_ = -1;
    return true;
  }

  const std::string endpoints_file_;
  const std::string log_file_;
  std::string endpoints_;
  pid_t pid_ = -1;
  int status_ = 0;
};

class ControllerMainTest : public ::testing::Test {
 protected:
  ControllerMainTest() : folder_(testing::TempDir() + "/controllerXXXXXX") {
    EXPECT_NE(mkdtemp(folder_.data()), nullptr);
  }
  ~ControllerMainTest() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<Controller> Start(const std::string& tag, std::vector<std::string> arguments) const {
    return std::make_unique<Controller>(folder_, tag, std::move(arguments));
  }
  std::unique_ptr<Controller> StartServing() const {
    auto controller = Start("first", {"--state-dir", State(), "--listen", "127.0.0.1:0", "--metrics-listen",
                                      "127.0.0.1:0", "--hold-idle", "2s"});
    EXPECT_TRUE(controller->AwaitServing()) << controller->log();
    return controller;
  }
  // Runs one that must end by itself.
  std::pair<int, std::string> RunToEnd(std::vector<std::string> arguments) const {
    const auto controller = Start("second", std::move(arguments));
    const int code = controller->Wait();
    return {code, controller->log()};
  }
  std::string State() const { return folder_ + "/state"; }

  std::string folder_;
};

TEST_F(ControllerMainTest, ServesUntilSigtermAndExitsWithZero) {
  const auto controller = StartServing();
  const auto stub =
      v1::SweepService::NewStub(grpc::CreateChannel(controller->grpc(), grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  v1::ListSweepsResponse sweeps;
  const grpc::Status status = stub->ListSweeps(&context, v1::ListSweepsRequest(), &sweeps);
  EXPECT_TRUE(status.ok()) << status.error_message();

  const httplib::Result scrape = httplib::Client("http://" + controller->metrics()).Get("/metrics");
  ASSERT_TRUE(scrape);
  EXPECT_TRUE(metrics::PromtoolAccepts(scrape->body)) << scrape->body;
  EXPECT_THAT(scrape->body,
              HasSubstr("crosscall_grpc_requests_total{grpc_method=\"SweepService/ListSweeps\",grpc_code=\"OK\"} 1\n"));
  EXPECT_THAT(scrape->body, HasSubstr("crosscall_store_operations_total{operation=\"load\"} 1\n"));
  EXPECT_THAT(scrape->body, testing::Not(HasSubstr("crosscall_store_free_bytes 0\n")));
  const httplib::Result results = httplib::Client("http://" + controller->metrics()).Get("/metrics/results");
  ASSERT_TRUE(results);
  EXPECT_TRUE(metrics::PromtoolAccepts(results->body)) << results->body;

  controller->Signal(SIGTERM);
  EXPECT_EQ(controller->Wait(), 0) << controller->log();
  EXPECT_FALSE(std::filesystem::exists(controller->endpoints_file()));
}

TEST_F(ControllerMainTest, InterruptStopsItToo) {
  const auto controller = StartServing();
  controller->Signal(SIGINT);
  EXPECT_EQ(controller->Wait(), 0) << controller->log();
}

TEST_F(ControllerMainTest, TheStateFolderIsItsOwnersAlone) {
  const auto controller = StartServing();
  struct stat state {};
  ASSERT_EQ(stat(State().c_str(), &state), 0);
  EXPECT_EQ(state.st_mode & 0777, 0700U);
  for (const auto& entry : std::filesystem::directory_iterator(State())) {
    struct stat file {};
    ASSERT_EQ(stat(entry.path().c_str(), &file), 0);
    EXPECT_EQ(file.st_mode & 0077, 0U) << entry.path();
  }
}

TEST_F(ControllerMainTest, ASecondOneOnTheSameStateFolderIsRefused) {
  const auto first = StartServing();
  const auto [code, log] =
      RunToEnd({"--state-dir", State(), "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0"});
  EXPECT_EQ(code, 3);
  EXPECT_THAT(log, HasSubstr(State()));
}

TEST_F(ControllerMainTest, PortsInUseAreRefusedByTheirNames) {
  const auto first = StartServing();
  const std::string state = folder_ + "/other";
  auto [code, log] = RunToEnd({"--state-dir", state, "--listen", first->grpc(), "--metrics-listen", "127.0.0.1:0"});
  EXPECT_EQ(code, 3);
  EXPECT_THAT(log, HasSubstr("cannot listen on " + first->grpc()));
  std::tie(code, log) =
      RunToEnd({"--state-dir", state, "--listen", "127.0.0.1:0", "--metrics-listen", first->metrics()});
  EXPECT_EQ(code, 3);
  EXPECT_THAT(log, HasSubstr("cannot listen on " + first->metrics()));
}

TEST_F(ControllerMainTest, AnAddressForStrangersIsRefused) {
  const auto [code, log] =
      RunToEnd({"--state-dir", State(), "--listen", "0.0.0.0:0", "--metrics-listen", "127.0.0.1:0"});
  EXPECT_EQ(code, 3);
  EXPECT_THAT(log, HasSubstr("certificates"));
}

TEST_F(ControllerMainTest, MetricsForStrangersNeedACertificate) {
  auto [code, log] = RunToEnd({"--state-dir", State(), "--listen", "127.0.0.1:0", "--metrics-listen", "0.0.0.0:0"});
  EXPECT_EQ(code, 3);
  EXPECT_THAT(log, HasSubstr("--metrics-cert"));
  const std::string passwords = folder_ + "/passwords";
  std::ofstream(passwords) << "prometheus:$2b$04$zf8zbP/M52f6PrLvA.UUHOvmUkpx61/BX5rbpC1eFvyl1vmYIIXbm\n";
  ASSERT_EQ(chmod(passwords.c_str(), 0644), 0);
  const std::vector<std::string> protectedly = {"--state-dir",
                                                State(),
                                                "--listen",
                                                "127.0.0.1:0",
                                                "--metrics-listen",
                                                "0.0.0.0:0",
                                                "--metrics-cert",
                                                State() + "/authority/server.pem",
                                                "--metrics-password-file",
                                                passwords};
  std::tie(code, log) =
      RunToEnd({"init", "--state-dir", State(), "--lab", "lab", "--host", "127.0.0.1", "--out", folder_ + "/admin"});
  ASSERT_EQ(code, 0) << log;
  std::tie(code, log) = RunToEnd(protectedly);
  EXPECT_EQ(code, 3);
  EXPECT_THAT(log, HasSubstr("chmod go= " + passwords));
  ASSERT_EQ(chmod(passwords.c_str(), 0600), 0);
  const auto controller = Start("first", protectedly);
  ASSERT_TRUE(controller->AwaitServing()) << controller->log();
  const std::string port = controller->metrics().substr(controller->metrics().rfind(':'));
  httplib::Client scraper("https://127.0.0.1" + port);
  scraper.set_ca_cert_path(State() + "/authority/ca.pem");
  scraper.enable_server_certificate_verification(true);
  const httplib::Result refused = scraper.Get("/metrics");
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 401);
  scraper.set_basic_auth("prometheus", "correct horse");
  const httplib::Result scrape = scraper.Get("/metrics");
  ASSERT_TRUE(scrape);
  EXPECT_TRUE(metrics::PromtoolAccepts(scrape->body)) << scrape->body;
  EXPECT_THAT(scrape->body, HasSubstr("crosscall_retention_removed_total{kind=\"histograms\"} 0\n"));
  EXPECT_THAT(scrape->body,
              HasSubstr("crosscall_tls_certificate_not_after_timestamp_seconds{certificate=\"metrics\"} "));
}

TEST_F(ControllerMainTest, SaysWhichMetricsThereAreWithoutAStateFolder) {
  auto [code, said] = RunToEnd({"metrics", "--estimate", "--boards", "3", "--models", "1", "--pairs", "1"});
  EXPECT_EQ(code, 0) << said;
  EXPECT_THAT(said, HasSubstr("3 boards of 1 models, 10 implementations and 1 pairs"));
  std::tie(code, said) = RunToEnd({"metrics", "--catalogue"});
  EXPECT_EQ(code, 0) << said;
  EXPECT_THAT(said, HasSubstr("| `crosscall_board_up` | gauge | `board` | bool | all |"));
  for (const std::vector<std::string>& bad : std::vector<std::vector<std::string>>{
           {"metrics"}, {"metrics", "--boards", "3"}, {"metrics", "--estimate", "--boards", "0"}}) {
    std::tie(code, said) = RunToEnd(bad);
    EXPECT_EQ(code, 2) << said;
  }
}

TEST_F(ControllerMainTest, AStateFolderThatCannotBeIsRefusedByItsName) {
  std::ofstream(State()) << "a file, not a folder";
  const auto [code, log] =
      RunToEnd({"--state-dir", State(), "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0"});
  EXPECT_EQ(code, 3);
  EXPECT_THAT(log, HasSubstr(State()));
}

TEST_F(ControllerMainTest, BadUseSaysWhatIsWrong) {
  for (const auto& [arguments, hint] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{}, "--state-dir"},
           {{"--state-dir", State(), "--lease-term", "soon"}, "--lease-term"},
           {{"--state-dir", State(), "--lease-term", "0s"}, "--lease-term"},
           {{"--state-dir", State(), "--attempts", "0"}, "--attempts"},
           {{"--state-dir", State(), "--listen", "nonsense", "--metrics-listen", "127.0.0.1:0"}, "HOST:PORT"},
           {{"--state-dir", State(), "--metrics-listen", "127.0.0.1:0", "--metrics-client-ca", "ca.pem"},
            "--metrics-cert"},
           {{"--state-dir", State(), "--metrics-level", "deep"}, "fleet, board or full"},
           {{"--state-dir", State(), "--track-pair", "ping-pong:moon"}, "target system"},
           {{"--state-dir", State(), "--keep-events", "30 days"}, "--keep-events"},
           {{"--state-dir", State(), "--no-such-flag"}, "--no-such-flag"}}) {
    const auto [code, log] = RunToEnd(arguments);
    EXPECT_EQ(code, 2) << hint;
    EXPECT_THAT(log, HasSubstr(hint));
  }
}

TEST_F(ControllerMainTest, AStoreInUseIsCheckedAndBackedUpAndAnotherOneMadeOfIt) {
  const auto controller = StartServing();
  auto [code, log] = RunToEnd({"check", "--state-dir", State()});
  EXPECT_EQ(code, 0) << log;
  EXPECT_THAT(log, HasSubstr("is whole: 0 sweeps"));
  const std::string backup = folder_ + "/backup.db";
  std::tie(code, log) = RunToEnd({"backup", "--state-dir", State(), "--to", backup});
  EXPECT_EQ(code, 0) << log;
  struct stat file {};
  ASSERT_EQ(stat(backup.c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 0077, 0U);
  std::tie(code, log) = RunToEnd({"restore", "--state-dir", State(), "--from", backup});
  EXPECT_EQ(code, 3);
  EXPECT_THAT(log, HasSubstr("in use by process"));
  std::tie(code, log) = RunToEnd({"restore", "--state-dir", folder_ + "/new", "--from", backup});
  EXPECT_EQ(code, 0) << log;
  std::tie(code, log) = RunToEnd({"check", "--state-dir", folder_ + "/new"});
  EXPECT_EQ(code, 0) << log;
}

TEST_F(ControllerMainTest, ADamagedBackupAndMissingFilesHaveTheirCodes) {
  const std::string junk = folder_ + "/junk";
  std::ofstream(junk) << std::string(8192, 'x');
  auto [code, log] = RunToEnd({"restore", "--state-dir", State(), "--from", junk});
  EXPECT_EQ(code, 4) << log;
  std::tie(code, log) = RunToEnd({"check", "--state-dir", State()});
  EXPECT_EQ(code, 3) << log;
  EXPECT_THAT(log, HasSubstr("crosscall.db"));
  std::tie(code, log) = RunToEnd({"backup", "--state-dir", State()});
  EXPECT_EQ(code, 2);
  EXPECT_THAT(log, HasSubstr("--to"));
}

TEST_F(ControllerMainTest, HelpAndVersionEndWithZero) {
  const auto [help_code, help] = RunToEnd({"--help"});
  EXPECT_EQ(help_code, 0);
  EXPECT_THAT(help, HasSubstr("--lease-term SPAN=3m"));
  EXPECT_THAT(help, HasSubstr("Exit codes"));
  const auto [version_code, version] = RunToEnd({"--version"});
  EXPECT_EQ(version_code, 0);
  EXPECT_THAT(version, MatchesRegex("crosscall-controller [0-9.]+ \\(.+\\)\n"));
}

}  // namespace
}  // namespace crosscall
