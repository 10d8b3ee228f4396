#include "controller/metrics/http_server.h"

#include <arpa/inet.h>
#include <httplib.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/controller/metrics/fixed_expositions.h"

namespace crosscall::metrics {
namespace {

using ::testing::HasSubstr;

class HttpServerTest : public ::testing::Test {
 protected:
  HttpServerTest() { Start({}); }

  void Start(const HttpLimits& limits) {
    Expositions pages;
    pages.controller = [this] {
      ++scrapes_;
      return std::string("crosscall_up 1\n");
    };
    pages.results = [this] {
      ++scrapes_;
      return results_;
    };
    pages.board = [](const std::string& board) -> absl::StatusOr<std::string> {
      if (board != "b 1") return absl::NotFoundError("no such board");
      return std::string("crosscall_board_up 1\n");
    };
    absl::StatusOr<std::unique_ptr<HttpServer>> server = HttpServer::Start("127.0.0.1:0", pages, {}, {}, limits);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  // Patient: a slow machine is no failure.
  httplib::Client NewClient() const {
    httplib::Client client("http://" + server_->address());
    client.set_read_timeout(120);
    return client;
  }
  int Port() const {
    int port = 0;
    EXPECT_TRUE(absl::SimpleAtoi(server_->address().substr(server_->address().rfind(':') + 1), &port));
    return port;
  }
  // A connection on which nothing happens but `sent`.
  int Connect(const std::string& sent = "") const {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(Port()));
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(send(fd, sent.data(), sent.size(), 0), static_cast<ssize_t>(sent.size()));
    return fd;
  }
  // One who has asked for the results and read one byte of the answer.
  int ConnectSlowReader() const {
    const int fd = Connect("GET /metrics/results HTTP/1.1\r\nHost: x\r\n\r\n");
    char byte = 0;
    EXPECT_EQ(recv(fd, &byte, 1, MSG_WAITALL), 1);
    return fd;
  }

  std::atomic<int> scrapes_{0};
  std::string results_ = "crosscall_board_up 1\n";
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, MetricsComeAsPrometheusText) {
  for (const auto& [path, text] :
       std::vector<std::pair<std::string, std::string>>{{"/metrics", "crosscall_up 1\n"},
                                                        {"/metrics/results", "crosscall_board_up 1\n"},
                                                        {"/probe?board=b%201", "crosscall_board_up 1\n"}}) {
    const httplib::Result result = NewClient().Get(path);
    ASSERT_TRUE(result) << path;
    EXPECT_EQ(result->status, 200) << path;
    EXPECT_EQ(result->body, text) << path;
    EXPECT_EQ(result->get_header_value("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
  }
}

TEST_F(HttpServerTest, AProbeNeedsABoardThatIsThere) {
  const httplib::Result which = NewClient().Get("/probe");
  ASSERT_TRUE(which);
  EXPECT_EQ(which->status, 400);
  EXPECT_THAT(which->body, HasSubstr("?board="));
  const httplib::Result unknown = NewClient().Get("/probe?board=b2");
  ASSERT_TRUE(unknown);
  EXPECT_EQ(unknown->status, 404);
  EXPECT_EQ(unknown->body, "no such board\n");
}

TEST_F(HttpServerTest, WhoAcceptsItGetsTheTextCompressed) {
  results_.clear();
  for (int i = 0; i < 100'000; ++i) absl::StrAppend(&results_, "crosscall_board_up{board=\"board-", i, "\"} 1\n");
  const httplib::Result result = NewClient().Get("/metrics/results", {{"Accept-Encoding", "gzip"}});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->get_header_value("Content-Encoding"), "gzip");
  EXPECT_EQ(result->body, results_);
}

TEST_F(HttpServerTest, HeadAnswersWithoutABody) {
  const httplib::Result result = NewClient().Head("/metrics");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, 200);
  EXPECT_EQ(result->body, "");
}

TEST_F(HttpServerTest, HealthIsOk) {
  const httplib::Result result = NewClient().Get("/-/healthy");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, 200);
  EXPECT_EQ(result->body, "ok\n");
}

TEST_F(HttpServerTest, PagesAreAnsweredByTheirHandlersAndKeptByNobody) {
  PageHandlers handlers;
  handlers.home = [] { return WebPage{200, "text/html; charset=utf-8", "<p>lab</p>"}; };
  handlers.sweep = [](const std::string& sweep, const std::string& baseline) {
    return WebPage{sweep == "none" ? 404 : 200, "text/plain", absl::StrCat(sweep, " over ", baseline)};
  };
  const absl::StatusOr<std::unique_ptr<HttpServer>> server =
      HttpServer::Start("127.0.0.1:0", FixedExpositions(""), {}, handlers);
  ASSERT_TRUE(server.ok()) << server.status();
  httplib::Client client("http://" + (*server)->address());
  const httplib::Result home = client.Get("/");
  ASSERT_TRUE(home);
  EXPECT_EQ(home->body, "<p>lab</p>");
  EXPECT_EQ(home->get_header_value("Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(home->get_header_value("Cache-Control"), "no-store");
  EXPECT_EQ(home->get_header_value("X-Frame-Options"), "DENY");
  const httplib::Result sweep = client.Get("/sweeps/s-1?baseline=s-0");
  ASSERT_TRUE(sweep);
  EXPECT_EQ(sweep->body, "s-1 over s-0");
  const httplib::Result none = client.Get("/sweeps/none");
  ASSERT_TRUE(none);
  EXPECT_EQ(none->status, 404);
  EXPECT_EQ(none->body, "none over ");
  for (const char* path : {"/sweeps/", "/sweeps/A", "/sweeps/a/b", "/sweeps"}) {
    const httplib::Result result = client.Get(path);
    ASSERT_TRUE(result) << path;
    EXPECT_EQ(result->status, 404) << path;
    EXPECT_THAT(result->body, HasSubstr("nothing here"));
  }
}

TEST_F(HttpServerTest, EverythingElseIsNotFound) {
  httplib::Client client = NewClient();
  for (const char* path :
       {"/", "/metricsx", "/metrics/", "/metrics/resultsx", "/probe/", "/-/healthyx", "/../metrics"}) {
    const httplib::Result result = client.Get(path);
    ASSERT_TRUE(result) << path;
    EXPECT_EQ(result->status, 404) << path;
    EXPECT_THAT(result->body, HasSubstr("/metrics"));
  }
  const httplib::Result post = client.Post("/metrics", "x=1", "text/plain");
  ASSERT_TRUE(post);
  EXPECT_EQ(post->status, 404);
  EXPECT_EQ(scrapes_, 0);
}

TEST_F(HttpServerTest, APortInUseIsRefusedByItsName) {
  const absl::StatusOr<std::unique_ptr<HttpServer>> second =
      HttpServer::Start(server_->address(), FixedExpositions(""));
  ASSERT_EQ(second.status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr(server_->address()));
}

TEST_F(HttpServerTest, IdleAndSlowClientsDoNotStallAScrape) {
  // Nobody is cut off in this test: what they hold, they hold.
  Start({.idle = absl::Hours(1), .patience = absl::Hours(1)});
  // More than the sockets' buffers take.
  results_ = std::string(32 << 20, 'x');
  std::vector<int> others;
  for (int i = 0; i < 100; ++i) others.push_back(Connect());
  for (int i = 0; i < 10; ++i) others.push_back(Connect("GET /metrics HT"));
  for (int i = 0; i < 5; ++i) others.push_back(ConnectSlowReader());
  const httplib::Result result = NewClient().Get("/metrics/results", {{"Accept-Encoding", "gzip"}});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, 200);
  EXPECT_EQ(result->body.size(), results_.size());
  for (const int fd : others) close(fd);
}

TEST_F(HttpServerTest, PagesThatNobodyReadsAreFew) {
  Start({.held_pages = 2, .idle = absl::Hours(1), .patience = absl::Hours(1)});
  results_ = std::string(32 << 20, 'x');
  const int first = ConnectSlowReader();
  const int second = ConnectSlowReader();
  const httplib::Result refused = NewClient().Get("/metrics");
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 503);
  EXPECT_EQ(refused->get_header_value("Retry-After"), "1");
  EXPECT_EQ(scrapes_, 2);
  close(first);
  // When the server has noticed; each refusal costs it next to nothing.
  int status = 503;
  while (status == 503) {
    const httplib::Result result = NewClient().Get("/metrics");
    ASSERT_TRUE(result);
    status = result->status;
  }
  EXPECT_EQ(status, 200);
  close(second);
}

TEST_F(HttpServerTest, WhoDoesNotTakeHisPageInTimeIsCutOff) {
  Start({.idle = absl::Hours(1), .patience = absl::ZeroDuration()});
  results_ = std::string(32 << 20, 'x');
  const httplib::Result result = NewClient().Get("/metrics/results");
  EXPECT_TRUE(!result || result->body.size() < results_.size());
}

TEST_F(HttpServerTest, SeveralScrapesAtOnceAllGetTheText) {
  std::vector<std::thread> scrapers;
  std::atomic<int> good{0};
  for (int i = 0; i < 4; ++i) {
    scrapers.emplace_back([&] {
      const httplib::Result result = NewClient().Get("/metrics");
      if (result && result->body == "crosscall_up 1\n") ++good;
    });
  }
  for (std::thread& scraper : scrapers) scraper.join();
  EXPECT_EQ(good, 4);
  EXPECT_EQ(scrapes_, 4);
}

TEST(HttpServerStartTest, AnAddressThatIsNotLoopbackIsRefusedWithTheReason) {
  const auto server = HttpServer::Start("0.0.0.0:0", FixedExpositions(""));
  EXPECT_EQ(server.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(server.status().message()), HasSubstr("--metrics-cert"));
}

TEST(HttpServerStartTest, ItSpeaksIpv6) {
  const auto server = HttpServer::Start("[::1]:0", FixedExpositions("crosscall_up 1\n"));
  if (server.status().code() == absl::StatusCode::kFailedPrecondition) {
    GTEST_SKIP() << "no IPv6 on this machine: " << server.status();
  }
  ASSERT_TRUE(server.ok()) << server.status();
  const httplib::Result result = httplib::Client("http://" + (*server)->address()).Get("/metrics");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->body, "crosscall_up 1\n");
}

TEST(HttpServerStartTest, AServerThatIsStoppedAtOnceEnds) {
  const auto server = HttpServer::Start("127.0.0.1:0", FixedExpositions(""));
  ASSERT_TRUE(server.ok()) << server.status();
}

}  // namespace
}  // namespace crosscall::metrics
