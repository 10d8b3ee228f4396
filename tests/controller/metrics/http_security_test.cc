// The metrics port with certificates and passwords: who may scrape, over real TLS.
#include <httplib.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "controller/access/authority.h"
#include "controller/metrics/http_server.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proto/shared/certificate_request.h"
#include "proto/shared/clock.h"
#include "proto/shared/durable_file.h"
#include "tests/controller/metrics/fixed_expositions.h"

namespace crosscall::metrics {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// `correct horse` and `other`, with the smallest cost there is.
constexpr char kHorse[] = "$2b$04$zf8zbP/M52f6PrLvA.UUHOvmUkpx61/BX5rbpC1eFvyl1vmYIIXbm";
constexpr char kOther[] = "$2b$04$edd0QhXe5cx0eAfOwToVzO6KswRRHBmRghfAwWfndxUS8DFGkWD9C";

std::unique_ptr<access::Authority> MakeAuthority(const std::string& lab) {
  return *access::Authority::Make(lab, shared::SystemClock().Wall());
}

class HttpSecurityTest : public ::testing::Test {
 protected:
  HttpSecurityTest() : folder_(testing::TempDir() + "/metricsXXXXXX") {
    EXPECT_NE(mkdtemp(folder_.data()), nullptr);
    Write("ca.pem", authority_->certificate());
    WriteServer("127.0.0.1");
    Write("client.pem", ClientOf(*authority_));
    Write("stranger.pem", ClientOf(*MakeAuthority("lab")));
  }
  ~HttpSecurityTest() override { std::filesystem::remove_all(folder_); }

  std::string File(const std::string& name) const { return folder_ + "/" + name; }
  // As other programs do it: a new file takes the name. Its mode is 0600.
  void Write(const std::string& name, const std::string& text) const {
    ASSERT_TRUE(shared::WriteDurably(File(name), text).ok());
  }
  void WriteServer(const std::string& host) const {
    const auto pem = authority_->IssueServer({host}, shared::SystemClock().Wall(), absl::Hours(1));
    ASSERT_TRUE(pem.ok()) << pem.status();
    Write("server.pem", *pem);
  }
  static std::string ClientOf(const access::Authority& authority) {
    const auto made = shared::MakeKeyAndRequest({"lab", shared::Role::kViewer, "prometheus"});
    const auto request = access::CheckRequest(made->certificate_request);
    const auto issued = authority.Issue(*request, shared::SystemClock().Wall(), absl::Hours(1));
    EXPECT_TRUE(issued.ok()) << issued.status();
    return absl::StrCat(made->private_key, issued->pem);
  }

  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(const HttpSecurity& security,
                                                           const std::string& listen = "127.0.0.1:0") {
    return HttpServer::Start(listen, FixedExpositions("crosscall_up 1\n"), security);
  }
  static std::unique_ptr<HttpServer> Started(const HttpSecurity& security) {
    absl::StatusOr<std::unique_ptr<HttpServer>> server = Start(security);
    EXPECT_TRUE(server.ok()) << server.status();
    return *std::move(server);
  }
  static void ExpectRefused(const HttpSecurity& security, absl::StatusCode code, const std::string& text) {
    const auto server = Start(security);
    EXPECT_EQ(server.status().code(), code) << server.status();
    EXPECT_THAT(std::string(server.status().message()), HasSubstr(text));
  }
  // Empty: no answer. `identity` empty: without a certificate; `authorization`: the header's value.
  std::string Scrape(const HttpServer& server, const std::string& identity = "", const std::string& authorization = "",
                     const std::string& path = "/metrics") const {
    const std::string base = server.Url().substr(0, server.Url().rfind('/'));
    httplib::Client client =
        identity.empty() ? httplib::Client(base) : httplib::Client(base, File(identity), File(identity));
    client.set_ca_cert_path(File("ca.pem"));
    client.enable_server_certificate_verification(true);
    httplib::Headers headers;
    if (!authorization.empty()) headers.emplace("Authorization", authorization);
    const httplib::Result result = client.Get(path, headers);
    return result ? absl::StrCat(result->status, " ", result->body) : "";
  }
  static std::string Basic(const std::string& credentials) {
    return absl::StrCat("Basic ", absl::Base64Escape(credentials));
  }

  const std::unique_ptr<access::Authority> authority_ = MakeAuthority("lab");
  std::string folder_;
};

TEST_F(HttpSecurityTest, HttpsIsSpokenWithTheCertificateAndNothingElse) {
  const auto server = Started({.identity_file = File("server.pem"), .client_ca_file = "", .password_file = ""});
  EXPECT_THAT(server->Url(), HasSubstr("https://127.0.0.1:"));
  EXPECT_EQ(Scrape(*server), "200 crosscall_up 1\n");
  EXPECT_FALSE(httplib::Client("http://" + server->address()).Get("/metrics"));
  // One who trusts another authority learns that this is not his.
  Write("ca.pem", MakeAuthority("lab")->certificate());
  EXPECT_EQ(Scrape(*server), "");
}

TEST_F(HttpSecurityTest, WithAClientAuthorityOnlyItsOwnMayScrape) {
  const auto server =
      Started({.identity_file = File("server.pem"), .client_ca_file = File("ca.pem"), .password_file = ""});
  EXPECT_EQ(Scrape(*server, "client.pem"), "200 crosscall_up 1\n");
  EXPECT_EQ(Scrape(*server), "") << "without a certificate";
  EXPECT_EQ(Scrape(*server, "stranger.pem"), "") << "of another authority";
  EXPECT_EQ(Scrape(*server, "server.pem"), "") << "that is a server's";
  EXPECT_EQ(Scrape(*server, "client.pem", "", "/-/healthy"), "200 ok\n");
}

TEST_F(HttpSecurityTest, APasswordIsNeededForEveryPath) {
  Write("passwords", absl::StrCat("# who scrapes\n\nprometheus:", kHorse, "\nann:", kOther, "\n"));
  const auto server = Started({.identity_file = "", .client_ca_file = "", .password_file = File("passwords")});
  EXPECT_THAT(server->Url(), HasSubstr("http://"));
  // The second time it is remembered.
  for (int i = 0; i < 2; ++i) EXPECT_EQ(Scrape(*server, "", Basic("prometheus:correct horse")), "200 crosscall_up 1\n");
  EXPECT_EQ(Scrape(*server, "", Basic("ann:other")), "200 crosscall_up 1\n");
  EXPECT_EQ(Scrape(*server, "", Basic("prometheus:correct horse")), "200 crosscall_up 1\n");
  for (const std::string& wrong :
       {std::string(), Basic("prometheus:correct hors"), Basic("prometheus:correct horse "), Basic("prometheus:"),
        Basic("prometheus"), Basic(":correct horse"), Basic("ann:correct horse"), Basic("eve:correct horse"),
        Basic(std::string("prometheus:correct horse\0x", 26)), std::string("Basic ?"), std::string("Basic"),
        std::string("Bearer x"), absl::StrCat("Basic prometheus:", kHorse),
        Basic(absl::StrCat("prometheus:", kHorse))}) {
    EXPECT_EQ(Scrape(*server, "", wrong), "401 a name and a password are needed\n") << wrong;
  }
  for (const char* path : {"/-/healthy", "/nothing"}) EXPECT_THAT(Scrape(*server, "", "", path), HasSubstr("401"));
  EXPECT_EQ(Scrape(*server, "", Basic("ann:other"), "/-/healthy"), "200 ok\n");
}

TEST_F(HttpSecurityTest, CertificateAndPasswordAreBothNeeded) {
  Write("passwords", absl::StrCat("prometheus:", kHorse));
  const auto server = Started(
      {.identity_file = File("server.pem"), .client_ca_file = File("ca.pem"), .password_file = File("passwords")});
  EXPECT_EQ(Scrape(*server, "client.pem", Basic("prometheus:correct horse")), "200 crosscall_up 1\n");
  EXPECT_THAT(Scrape(*server, "client.pem", Basic("prometheus:wrong")), HasSubstr("401"));
  EXPECT_EQ(Scrape(*server, "", Basic("prometheus:correct horse")), "");
}

TEST_F(HttpSecurityTest, ManyWrongPasswordsAtOnceDoNotKeepAScraperOut) {
  Write("passwords", absl::StrCat("prometheus:", kHorse));
  const auto server = Started({.identity_file = "", .client_ca_file = "", .password_file = File("passwords")});
  EXPECT_THAT(Scrape(*server, "", Basic("prometheus:correct horse")), HasSubstr("200"));
  std::vector<std::thread> guessers;
  for (int i = 0; i < 12; ++i) {
    guessers.emplace_back([&, i] {
      const std::string answer = Scrape(*server, "", Basic(absl::StrCat("prometheus:", i)));
      EXPECT_TRUE(answer.empty() || answer.substr(0, 3) == "401" || answer.substr(0, 3) == "503") << answer;
    });
  }
  EXPECT_THAT(Scrape(*server, "", Basic("prometheus:correct horse")), HasSubstr("200"));
  for (std::thread& guesser : guessers) guesser.join();
}

TEST_F(HttpSecurityTest, AReplacedCertificateIsTakenUpAndADamagedOneIsNot) {
  const auto server = Started({.identity_file = File("server.pem"), .client_ca_file = "", .password_file = ""});
  EXPECT_EQ(Scrape(*server), "200 crosscall_up 1\n");
  Write("server.pem", "damaged");
  EXPECT_EQ(Scrape(*server), "200 crosscall_up 1\n") << "the former";
  WriteServer("elsewhere.example");
  EXPECT_EQ(Scrape(*server), "") << "its name is another now";
  WriteServer("127.0.0.1");
  EXPECT_EQ(Scrape(*server), "200 crosscall_up 1\n");
}

TEST_F(HttpSecurityTest, OnlyWithACertificateItListensBeyondLoopback) {
  const HttpSecurity with = {.identity_file = File("server.pem"), .client_ca_file = "", .password_file = ""};
  EXPECT_TRUE(Start(with, "0.0.0.0:0").ok());
  Write("passwords", absl::StrCat("prometheus:", kHorse));
  const HttpSecurity without = {.identity_file = "", .client_ca_file = "", .password_file = File("passwords")};
  const auto refused = Start(without, "0.0.0.0:0");
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(refused.status().message()), AllOf(HasSubstr("not loopback"), HasSubstr("--metrics-cert")));
}

TEST_F(HttpSecurityTest, FilesThatOthersMayReadAreRefused) {
  Write("passwords", absl::StrCat("prometheus:", kHorse));
  for (const char* name : {"server.pem", "passwords"}) ASSERT_EQ(chmod(File(name).c_str(), 0640), 0);
  ExpectRefused({.identity_file = File("server.pem"), .client_ca_file = "", .password_file = ""},
                absl::StatusCode::kPermissionDenied, "chmod go=");
  ExpectRefused({.identity_file = "", .client_ca_file = "", .password_file = File("passwords")},
                absl::StatusCode::kPermissionDenied, "chmod go=");
}

TEST_F(HttpSecurityTest, FilesThatAreNoGoodAreRefusedByName) {
  Write("empty", "");
  const HttpSecurity good = {.identity_file = File("server.pem"), .client_ca_file = "", .password_file = ""};
  HttpSecurity bad = good;
  bad.identity_file = File("nowhere");
  ExpectRefused(bad, absl::StatusCode::kNotFound, "nowhere");
  bad.identity_file = File("empty");
  ExpectRefused(bad, absl::StatusCode::kInvalidArgument, File("empty"));
  const std::string server = *authority_->IssueServer({"x"}, shared::SystemClock().Wall(), absl::Hours(1));
  Write("mixed", absl::StrCat(server.substr(0, server.find("-----BEGIN CERT")), authority_->certificate()));
  bad.identity_file = File("mixed");
  ExpectRefused(bad, absl::StatusCode::kInvalidArgument, "not that of its first certificate");
  Write("old", *authority_->IssueServer({"x"}, shared::SystemClock().Wall() - absl::Hours(9), absl::Hours(1)));
  bad.identity_file = File("old");
  ExpectRefused(bad, absl::StatusCode::kFailedPrecondition, "its certificate ended at");
  bad = good;
  bad.client_ca_file = File("nowhere");
  ExpectRefused(bad, absl::StatusCode::kNotFound, "nowhere");
  bad.client_ca_file = File("empty");
  ExpectRefused(bad, absl::StatusCode::kInvalidArgument, File("empty"));
  bad.identity_file = "";
  ExpectRefused(bad, absl::StatusCode::kInvalidArgument, "--metrics-cert");
}

TEST(PasswordsTest, LinesOfAnotherFormAreRefusedWithoutBeingShown) {
  const std::string hash = kHorse;
  for (const std::string& line :
       {std::string("secret"), std::string(":") + hash, "name:" + hash + "x", "name:" + hash.substr(1),
        std::string("name:secret"), std::string("name:"), std::string("name:$6$salt$secret"),
        "name:$2b$15$" + hash.substr(7), "name:$2x$" + hash.substr(4), "name: " + hash, "name:$2b$03$" + hash.substr(7),
        "name:" + hash.substr(0, 59) + "_"}) {
    const auto passwords = Passwords::Parse("# who\n" + line + "\n");
    EXPECT_EQ(passwords.status().code(), absl::StatusCode::kInvalidArgument) << line;
    EXPECT_THAT(std::string(passwords.status().message()),
                AllOf(HasSubstr("line 2"), HasSubstr("htpasswd"), Not(HasSubstr("secret")), Not(HasSubstr("zf8z"))));
  }
  EXPECT_THAT(std::string(Passwords::Parse("a:" + hash + "\na:" + hash).status().message()),
              HasSubstr("line 2: the name is there already"));
  EXPECT_THAT(std::string(Passwords::Parse("\n# nobody\n").status().message()), HasSubstr("nobody is in it"));
  for (const char* prefix : {"$2y$", "$2a$"}) EXPECT_TRUE(Passwords::Parse("a:" + (prefix + hash.substr(4))).ok());
}

}  // namespace
}  // namespace crosscall::metrics
