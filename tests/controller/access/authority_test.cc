#include "controller/access/authority.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proto/shared/certificate_request.h"

namespace crosscall::access {
namespace {

using ::testing::HasSubstr;

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);
const shared::Identity kAgent{"lab", shared::Role::kAgent, "a7"};

std::string RequestFor(const shared::Identity& identity) {
  const auto made = shared::MakeKeyAndRequest(identity);
  EXPECT_TRUE(made.ok()) << made.status();
  return made->certificate_request;
}

TEST(RequestTest, IsReadWithItsIdentity) {
  const auto checked = CheckRequest(RequestFor(kAgent));
  ASSERT_TRUE(checked.ok()) << checked.status();
  EXPECT_EQ(checked->identity, kAgent);
  EXPECT_EQ(checked->key_sha256.size(), 64u);
}

TEST(RequestTest, EveryDamagedByteIsRefusedOrChangesNothing) {
  const std::string good = RequestFor(kAgent);
  const auto whole = CheckRequest(good);
  ASSERT_TRUE(whole.ok());
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    const auto checked = CheckRequest(bad);
    EXPECT_TRUE(!checked.ok() || (checked->identity == kAgent && checked->key_sha256 == whole->key_sha256)) << i;
    EXPECT_FALSE(CheckRequest(good.substr(0, i)).ok()) << i;
  }
}

TEST(RequestTest, OtherBytesAreRefused) {
  EXPECT_THAT(std::string(CheckRequest("nonsense").status().message()), HasSubstr("PKCS #10"));
  EXPECT_THAT(std::string(CheckRequest(std::string(5000, 'x')).status().message()), HasSubstr("5000 bytes"));
}

TEST(RequestTest, OneThatAsksForRightsIsRefused) {
  // The comma ends the first name: a second one follows.
  const std::string request = RequestFor({"lab", shared::Role::kOperator, "ann,URI:crosscall-right:board"});
  const auto checked = CheckRequest(request);
  EXPECT_EQ(checked.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(checked.status().message()), HasSubstr("found 2 URIs"));
}

TEST(AuthorityTest, ComesBackFromItsFiles) {
  const auto made = Authority::Make("lab", kNow);
  ASSERT_TRUE(made.ok()) << made.status();
  const auto key = (*made)->PrivateKey();
  ASSERT_TRUE(key.ok());
  const auto loaded = Authority::Load((*made)->certificate(), *key);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ((*loaded)->lab(), "lab");
}

TEST(AuthorityTest, AnotherKeyOrALeafCertificateIsNoAuthority) {
  const auto one = Authority::Make("lab", kNow);
  const auto two = Authority::Make("lab", kNow);
  ASSERT_TRUE(one.ok() && two.ok());
  EXPECT_EQ(Authority::Load((*one)->certificate(), *(*two)->PrivateKey()).status().code(),
            absl::StatusCode::kFailedPrecondition);
  const auto server = (*one)->IssueServer({"localhost"}, kNow, absl::Hours(1));
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_EQ(Authority::Load(*server, *server).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST(AuthorityTest, IssuesForTheIdentityOfTheRequestAndTheLifeGiven) {
  const auto authority = Authority::Make("lab", kNow);
  ASSERT_TRUE(authority.ok());
  const auto request = CheckRequest(RequestFor(kAgent));
  ASSERT_TRUE(request.ok());
  const auto issued = (*authority)->Issue(*request, kNow, absl::Hours(1));
  ASSERT_TRUE(issued.ok()) << issued.status();
  const auto read = shared::ReadCertificate(issued->pem);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->serial, issued->serial);
  EXPECT_EQ(read->uris, std::vector<std::string>{"crosscall://lab/agent/a7"});
  EXPECT_EQ(read->not_before, kNow - kClockTolerance);
  EXPECT_EQ(read->not_after, kNow + absl::Hours(1));
  EXPECT_EQ(read->serial.size(), 32u);
}

TEST(AuthorityTest, GivesRightsToOperatorsAlone) {
  const auto authority = Authority::Make("lab", kNow);
  ASSERT_TRUE(authority.ok());
  shared::OperatorRights rights;
  rights.Add(shared::OperatorRight::kPower);
  const auto ann = CheckRequest(RequestFor({"lab", shared::Role::kOperator, "ann"}));
  ASSERT_TRUE(ann.ok());
  const auto issued = (*authority)->Issue(*ann, kNow, absl::Hours(1), rights);
  ASSERT_TRUE(issued.ok()) << issued.status();
  EXPECT_EQ(shared::ReadCertificate(issued->pem)->uris,
            (std::vector<std::string>{"crosscall://lab/operator/ann", "crosscall-right:power"}));
  const auto agent = CheckRequest(RequestFor(kAgent));
  ASSERT_TRUE(agent.ok());
  EXPECT_EQ((*authority)->Issue(*agent, kNow, absl::Hours(1), rights).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(AuthorityTest, AnotherLabsRequestIsRefused) {
  const auto authority = Authority::Make("lab", kNow);
  ASSERT_TRUE(authority.ok());
  const auto request = CheckRequest(RequestFor({"other", shared::Role::kAdmin, "eve"}));
  ASSERT_TRUE(request.ok());
  EXPECT_EQ((*authority)->Issue(*request, kNow, absl::Hours(1)).status().code(), absl::StatusCode::kPermissionDenied);
}

TEST(AuthorityTest, HostsAreNamesOrAddressesAndNothingElse) {
  const auto authority = Authority::Make("lab", kNow);
  ASSERT_TRUE(authority.ok());
  for (const char* host : {"", "a b", "a,URI:crosscall://lab/admin/eve", "host:7000", "URI:x", "a\n"}) {
    EXPECT_EQ((*authority)->IssueServer({host}, kNow, absl::Hours(1)).status().code(),
              absl::StatusCode::kInvalidArgument)
        << host;
  }
  EXPECT_FALSE((*authority)->IssueServer({}, kNow, absl::Hours(1)).ok());
  const auto server = (*authority)->IssueServer({"controller.lab", "10.0.0.1", "fe80::1"}, kNow, absl::Hours(1));
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_TRUE(shared::ReadCertificate(*server)->uris.empty());
}

TEST(AuthorityTest, ALabHasAPlainName) {
  for (const char* lab : {"", "Lab", "a/b", "a b"}) EXPECT_FALSE(Authority::Make(lab, kNow).ok()) << lab;
}

}  // namespace
}  // namespace crosscall::access
