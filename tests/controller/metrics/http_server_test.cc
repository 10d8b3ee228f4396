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
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crosscall::metrics {
namespace {

using ::testing::HasSubstr;

class HttpServerTest : public ::testing::Test {
 protected:
  HttpServerTest() {
    absl::StatusOr<std::unique_ptr<HttpServer>> server = HttpServer::Start("127.0.0.1:0", [this] {
      ++scrapes_;
      return std::string("crosscall_up 1\n");
    });
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  httplib::Client NewClient() const { return httplib::Client("http://" + server_->address()); }
  int Port() const {
    int port = 0;
    EXPECT_TRUE(absl::SimpleAtoi(server_->address().substr(server_->address().rfind(':') + 1), &port));
    return port;
  }

  std::atomic<int> scrapes_{0};
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, MetricsComeAsPrometheusText) {
  const httplib::Result result = NewClient().Get("/metrics");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, 200);
  EXPECT_EQ(result->body, "crosscall_up 1\n");
  EXPECT_EQ(result->get_header_value("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
}

TEST_F(HttpServerTest, HeadAnswersWithoutABody) {
  const httplib::Result result = NewClient().Head("/metrics");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, 200);
  EXPECT_EQ(result->body, "");
  EXPECT_EQ(result->get_header_value("Content-Length"), "15");
}

TEST_F(HttpServerTest, HealthIsOk) {
  const httplib::Result result = NewClient().Get("/-/healthy");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, 200);
  EXPECT_EQ(result->body, "ok\n");
}

TEST_F(HttpServerTest, PagesAreAnsweredByTheirHandlersAndKeptByNobody) {
  PageHandlers handlers;
  handlers.home = [] { return Page{200, "text/html; charset=utf-8", "<p>lab</p>"}; };
  handlers.sweep = [](const std::string& sweep, const std::string& baseline) {
    return Page{sweep == "none" ? 404 : 200, "text/plain", absl::StrCat(sweep, " over ", baseline)};
  };
  const absl::StatusOr<std::unique_ptr<HttpServer>> server = HttpServer::Start(
      "127.0.0.1:0", [] { return std::string(); }, {}, handlers);
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
  for (const char* path : {"/", "/metricsx", "/metrics/", "/metrics/results", "/-/healthyx", "/../metrics"}) {
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
      HttpServer::Start(server_->address(), [] { return std::string(); });
  ASSERT_EQ(second.status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr(server_->address()));
}

TEST_F(HttpServerTest, IdleConnectionsDoNotKeepOthersOut) {
  std::vector<int> idle;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(Port()));
  for (int i = 0; i < 4; ++i) {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    ASSERT_EQ(connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    idle.push_back(fd);
  }
  const httplib::Result result = NewClient().Get("/metrics");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, 200);
  for (const int fd : idle) close(fd);
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
  const auto server = HttpServer::Start("0.0.0.0:0", [] { return std::string(); });
  EXPECT_EQ(server.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(server.status().message()), HasSubstr("--metrics-cert"));
}

TEST(HttpServerStartTest, AServerThatIsStoppedAtOnceEnds) {
  const auto server = HttpServer::Start("127.0.0.1:0", [] { return std::string(); });
  ASSERT_TRUE(server.ok()) << server.status();
}

}  // namespace
}  // namespace crosscall::metrics
