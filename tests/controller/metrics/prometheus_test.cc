// A real Prometheus scrapes a real controller of boards with hostile strings, and reports it up.
#include <fcntl.h>
#include <httplib.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <string>
#include <system_error>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "controller/access/authority.h"
#include "controller/cli/history.h"
#include "controller/metrics/exporter.h"
#include "controller/metrics/http_server.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proto/shared/certificate_request.h"
#include "proto/shared/clock.h"
#include "proto/shared/durable_file.h"
#include "proto/shared/histogram_proto.h"
#include "proto/shared/proto_time.h"
#include "tests/controller/api/api_fixture.h"
#include "tests/controller/metrics/fixed_expositions.h"

namespace crosscall::api {
namespace {

using ::testing::HasSubstr;

// The port on which a process listens on IPv4, or 0: its sockets' inodes, looked up in the kernel's table.
int ListeningPort(pid_t pid) {
  std::set<std::string> inodes;
  std::error_code error;
  for (const auto& fd : std::filesystem::directory_iterator(absl::StrCat("/proc/", pid, "/fd"), error)) {
    const std::string link = std::filesystem::read_symlink(fd.path(), error).string();
    if (link.rfind("socket:[", 0) == 0) inodes.insert(link.substr(8, link.size() - 9));
  }
  std::ifstream table(absl::StrCat("/proc/", pid, "/net/tcp"));
  std::string line;
  while (std::getline(table, line)) {
    // Columns: slot, local address:port, remote, state (0A: listening), queues, timer, retransmits, uid, timeout,
    // inode.
    std::istringstream columns(line);
    std::vector<std::string> words{std::istream_iterator<std::string>(columns), {}};
    if (words.size() < 10 || words[3] != "0A" || inodes.count(words[9]) == 0) continue;
    return std::stoi(words[1].substr(words[1].find(':') + 1), nullptr, 16);
  }
  return 0;
}

// One run of the real program in a folder of its own; killed and reaped at the end.
class Prometheus {
 public:
  // `access`: lines of the job beside its target; `more`: flags.
  Prometheus(const std::string& folder, const std::string& target, const std::string& access = "",
             const std::vector<std::string>& more = {})
      : log_(folder + "/log") {
    const std::string config = folder + "/prometheus.yml";
    std::ofstream(config) << "global: {scrape_interval: 1s}\n"
                          << "scrape_configs: [{job_name: crosscall, static_configs: [{targets: ['" << target << "']}]"
                          << access << "}]\n";
    std::vector<std::string> words = {"prometheus", "--config.file=" + config,
                                      "--storage.tsdb.path=" + folder + "/data", "--web.listen-address=127.0.0.1:0"};
    words.insert(words.end(), more.begin(), more.end());
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, log_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    if (posix_spawnp(&pid_, argv[0], &actions, nullptr, argv.data(), environ) != 0) {
      ADD_FAILURE() << "prometheus is missing: apt-get install prometheus";
    }
    posix_spawn_file_actions_destroy(&actions);
  }
  ~Prometheus() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  Prometheus(const Prometheus&) = delete;
  Prometheus& operator=(const Prometheus&) = delete;

  bool started() const { return pid_ > 0; }
  // The answer of its API, or an empty text while it does not answer.
  std::string Ask(const std::string& path) const {
    const int port = ListeningPort(pid_);
    if (port == 0) return "";
    // Queries have braces and quotes; `&` and `=` part them.
    const httplib::Result result =
        httplib::Client("127.0.0.1", port)
            .Get(absl::StrReplaceAll(path, {{"{", "%7B"}, {"}", "%7D"}, {"\"", "%22"}, {" ", "%20"}}));
    return result && result->status == 200 ? result->body : "";
  }
  std::string log() const {
    std::ostringstream text;
    text << std::ifstream(log_).rdbuf();
    return text.str();
  }

 private:
  const std::string log_;
  pid_t pid_ = -1;
};

class PrometheusTest : public ApiFixture {
 protected:
  PrometheusTest() : data_(testing::TempDir() + "/prometheusXXXXXX") { EXPECT_NE(mkdtemp(data_.data()), nullptr); }
  ~PrometheusTest() override { std::filesystem::remove_all(data_); }

  std::string data_;
};

TEST_F(PrometheusTest, ReportsALabOfHostileStringsUp) {
  v1::SynchronizeRequest request = NextRequest("b1");
  for (std::string* field :
       {request.mutable_description()->mutable_model(), request.mutable_description()->mutable_kernel()}) {
    *field = std::string("nul\0 \n \r \" \\ {}", 16) + std::string(10'240, 'x');
  }
  ASSERT_TRUE(Synchronize(request).ok());
  ASSERT_TRUE(Await([&] { return dispatcher_->snapshot()->boards.size() == 1; }));
  metrics::Sources sources;
  sources.snapshot = [this] { return dispatcher_->snapshot(); };
  const metrics::Exporter exporter(sources, shared::SystemClock(), {});
  const auto http = metrics::HttpServer::Start("127.0.0.1:0", metrics::ExpositionsOf(exporter));
  ASSERT_TRUE(http.ok()) << http.status();

  const Prometheus prometheus(data_, (*http)->address(), ", metrics_path: /metrics/results");
  ASSERT_TRUE(prometheus.started());
  std::string up;
  const bool scraped = Await([&] {
    up = prometheus.Ask("/api/v1/query?query=up");
    return absl::StrContains(up, "\"value\":");
  });
  ASSERT_TRUE(scraped) << prometheus.log();
  EXPECT_THAT(up, HasSubstr(",\"1\"]")) << prometheus.Ask("/api/v1/targets");
  EXPECT_THAT(prometheus.Ask("/api/v1/query?query=crosscall_board_up"), HasSubstr("\"board\":\"b1\""));
}

TEST_F(PrometheusTest, ScrapesWithACertificateAndAPassword) {
  const auto authority = access::Authority::Make("lab", shared::SystemClock().Wall());
  ASSERT_TRUE(authority.ok()) << authority.status();
  const auto server = (*authority)->IssueServer({"127.0.0.1"}, shared::SystemClock().Wall(), absl::Hours(1));
  ASSERT_TRUE(server.ok()) << server.status();
  const auto made = shared::MakeKeyAndRequest({"lab", shared::Role::kViewer, "prometheus"});
  ASSERT_TRUE(made.ok()) << made.status();
  const auto request = access::CheckRequest(made->certificate_request);
  ASSERT_TRUE(request.ok()) << request.status();
  const auto client = (*authority)->Issue(*request, shared::SystemClock().Wall(), absl::Hours(1));
  ASSERT_TRUE(client.ok()) << client.status();
  const auto file = [this](const std::string& name) { return data_ + "/" + name; };
  for (const auto& [name, text] : std::vector<std::pair<std::string, std::string>>{
           {"ca.pem", (*authority)->certificate()},
           {"server.pem", *server},
           {"client.pem", absl::StrCat(made->private_key, client->pem)},
           {"passwords", "prometheus:$2b$04$zf8zbP/M52f6PrLvA.UUHOvmUkpx61/BX5rbpC1eFvyl1vmYIIXbm\n"}}) {
    ASSERT_TRUE(shared::WriteDurably(file(name), text).ok());
  }
  const auto http = metrics::HttpServer::Start(
      "127.0.0.1:0", metrics::FixedExpositions("crosscall_up 1\n"),
      {.identity_file = file("server.pem"), .client_ca_file = file("ca.pem"), .password_file = file("passwords")});
  ASSERT_TRUE(http.ok()) << http.status();

  const Prometheus prometheus(data_, (*http)->address(),
                              absl::StrCat(", scheme: https, tls_config: {ca_file: '", file("ca.pem"),
                                           "', cert_file: '", file("client.pem"), "', key_file: '", file("client.pem"),
                                           "'}, basic_auth: {username: prometheus, password: correct horse}"));
  ASSERT_TRUE(prometheus.started());
  std::string up;
  const bool scraped = Await([&] {
    up = prometheus.Ask("/api/v1/query?query=up");
    return absl::StrContains(up, "\"value\":");
  });
  ASSERT_TRUE(scraped) << prometheus.log();
  EXPECT_THAT(up, HasSubstr(",\"1\"]")) << prometheus.Ask("/api/v1/targets");
}

// The value that a query has at a moment; empty: none.
std::string ValueAt(const Prometheus& prometheus, const std::string& query, absl::Time time) {
  const std::string answer =
      prometheus.Ask(absl::StrCat("/api/v1/query?query=", query, "&time=", absl::ToUnixSeconds(time)));
  const std::size_t value = answer.find("\"value\":[");
  if (value == std::string::npos) return "";
  const std::size_t begin = answer.find(",\"", value) + 2;
  return answer.substr(begin, answer.find('"', begin) - begin);
}

TEST_F(PrometheusTest, ServesTheExportedPast) {
  const absl::Time begin =
      absl::FromUnixSeconds(absl::ToUnixSeconds(shared::SystemClock().Wall()) / 3600 * 3600) - absl::Hours(48);
  cli::HistoryOptions options;
  options.step = absl::Minutes(1);
  options.labels = {{"job", "crosscall-results"}};
  v1::Board board;
  board.set_name("boards/b1");
  board.mutable_description()->set_model("a \"model\" with \\");
  cli::History history(options, {board});
  for (int trial = 0; trial < 4; ++trial) {
    v1::Result result;
    result.mutable_trial()->set_board("boards/b1");
    result.mutable_trial()->mutable_spec()->set_scenario("ping-pong");
    result.mutable_trial()->mutable_spec()->set_implementation("generic_2008/spin/mask_all");
    result.mutable_trial()->mutable_spec()->set_target_system(v1::TARGET_SYSTEM_SIGNAL);
    *result.mutable_commit_time() = shared::TimestampOf(begin + (trial + 1) * absl::Hours(1));
    const bool hung = trial == 3;
    result.mutable_payload()->set_outcome(hung ? v1::OUTCOME_HUNG : v1::OUTCOME_COMPLETED);
    if (!hung) {
      shared::Histogram latency;
      latency.Record(static_cast<std::uint64_t>(1'000 * (trial + 1)));
      *result.mutable_payload()->mutable_latency() = shared::ToProto(latency);
    }
    history.Add(result);
  }
  const std::string text = data_ + "/history.om";
  std::ofstream file(text);
  history.Write(file, begin, begin + absl::Hours(6));
  file.close();
  // NOLINTNEXTLINE(cert-env33-c): a constant command on files of our own
  ASSERT_EQ(std::system(absl::StrCat("promtool tsdb create-blocks-from openmetrics ", text, " ", data_, "/data > ",
                                     data_, "/said 2>&1")
                            .c_str()),
            0)
      << std::ifstream(data_ + "/said").rdbuf();

  const Prometheus prometheus(data_, "127.0.0.1:1", "", {"--storage.tsdb.retention.time=60d"});
  ASSERT_TRUE(prometheus.started());
  ASSERT_TRUE(Await([&] { return !ValueAt(prometheus, "vector(1)", begin).empty(); })) << prometheus.log();
  const std::string completed = "crosscall_board_trials_total{board=\"b1\",outcome=\"completed\"}";
  EXPECT_EQ(ValueAt(prometheus, completed, begin + absl::Minutes(30)), "0");
  EXPECT_EQ(ValueAt(prometheus, completed, begin + absl::Minutes(90)), "1");
  EXPECT_EQ(ValueAt(prometheus, completed, begin + absl::Hours(5)), "3");
  EXPECT_EQ(ValueAt(prometheus, "crosscall_board_hangs_total{job=\"crosscall-results\"}", begin + absl::Hours(5)), "1");
  EXPECT_EQ(ValueAt(prometheus, "crosscall_board_last_hang_timestamp_seconds", begin + absl::Hours(5)),
            absl::StrCat(absl::ToUnixSeconds(begin + absl::Hours(4))));
  EXPECT_EQ(ValueAt(prometheus, "crosscall_last_trial_latency_seconds{stat=\"p99\"}", begin + absl::Hours(5)),
            "0.000003");
  EXPECT_EQ(ValueAt(prometheus, "sum(crosscall_call_latency_seconds_bucket{le=\"2e-06\"})", begin + absl::Hours(5)),
            "2");
  EXPECT_EQ(ValueAt(prometheus, "crosscall_call_latency_seconds_count", begin + absl::Hours(5)), "3");
  EXPECT_EQ(ValueAt(prometheus, "count(crosscall_board_info)", begin + absl::Hours(5)), "1");
}

}  // namespace
}  // namespace crosscall::api
