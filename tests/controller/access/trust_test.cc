#include "controller/access/trust.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/access/authority.h"
#include "proto/shared/certificate_request.h"

namespace crosscall::access {
namespace {

using ::testing::HasSubstr;

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);
const shared::Identity kAgent{"lab", shared::Role::kAgent, "a7"};

class SetClock : public shared::Clock {
 public:
  absl::Duration Monotonic() const override { return absl::ZeroDuration(); }
  absl::Time Wall() const override { return now; }
  absl::Time now = kNow;
};

class TrustTest : public testing::Test {
 protected:
  TrustTest() : authority_(*Authority::Make("lab", kNow)), trust_(*Trust::Make(authority_->certificate(), clock_)) {}

  static Issued From(const Authority& authority, const shared::Identity& identity,
                     const shared::OperatorRights& rights = {}) {
    const auto made = shared::MakeKeyAndRequest(identity);
    EXPECT_TRUE(made.ok()) << made.status();
    auto issued = authority.Issue(*CheckRequest(made->certificate_request), kNow, absl::Hours(1), rights);
    EXPECT_TRUE(issued.ok()) << issued.status();
    return *issued;
  }
  void ExpectRefused(const std::string& pem, const std::string& why) {
    const auto caller = trust_->Verify(pem);
    EXPECT_EQ(caller.status().code(), absl::StatusCode::kUnauthenticated) << caller.status();
    EXPECT_THAT(std::string(caller.status().message()), HasSubstr(why));
  }

  SetClock clock_;
  const std::unique_ptr<Authority> authority_;
  const std::unique_ptr<Trust> trust_;
};

TEST_F(TrustTest, OneOfOursIsKnownByNameAndSerial) {
  const Issued issued = From(*authority_, kAgent);
  for (int again = 0; again < 2; ++again) {
    const auto caller = trust_->Verify(issued.pem);
    ASSERT_TRUE(caller.ok()) << caller.status();
    EXPECT_EQ(caller->identity, kAgent);
    EXPECT_EQ(caller->serial, issued.serial);
  }
}

TEST_F(TrustTest, AnOperatorHasTheRightsOfHisCertificate) {
  const shared::Identity ann{"lab", shared::Role::kOperator, "ann"};
  shared::OperatorRights rights;
  for (const shared::OperatorRight right : shared::kOperatorRights) {
    EXPECT_FALSE(trust_->Verify(From(*authority_, ann, rights).pem)->rights.Has(right));
    rights.Add(right);
    const auto caller = trust_->Verify(From(*authority_, ann, rights).pem);
    ASSERT_TRUE(caller.ok()) << caller.status();
    EXPECT_EQ(caller->identity, ann);
    EXPECT_EQ(caller->rights, rights);
  }
}

TEST_F(TrustTest, AnotherAuthorityOfTheSameNameIsUnknown) {
  const auto other = Authority::Make("lab", kNow);
  ASSERT_TRUE(other.ok());
  ExpectRefused(From(**other, kAgent).pem, "not one that the authority of lab lab gave");
}

TEST_F(TrustTest, TheServersCertificateIsNoClients) {
  const auto server = authority_->IssueServer({"localhost"}, kNow, absl::Hours(1));
  ASSERT_TRUE(server.ok());
  ExpectRefused(*server, "not one that the authority of lab lab gave to a client");
}

TEST_F(TrustTest, TheAuthoritysOwnCertificateIsNoClients) {
  EXPECT_FALSE(trust_->Verify(authority_->certificate()).ok());
}

TEST_F(TrustTest, LifeIsJudgedAtEachCall) {
  const Issued issued = From(*authority_, kAgent);
  EXPECT_TRUE(trust_->Verify(issued.pem).ok());
  clock_.now = kNow + absl::Hours(1);
  ExpectRefused(issued.pem, "expired at");
  clock_.now = kNow - absl::Hours(1);
  ExpectRefused(issued.pem, "valid only from");
  clock_.now = kNow - absl::Minutes(4);
  EXPECT_TRUE(trust_->Verify(issued.pem).ok()) << "clocks differ a little";
}

TEST_F(TrustTest, RevokedIsRefusedAtOnceAndAlone) {
  const Issued issued = From(*authority_, kAgent);
  const Issued other = From(*authority_, kAgent);
  EXPECT_TRUE(trust_->Verify(issued.pem).ok());
  trust_->Revoke({issued.serial});
  ExpectRefused(issued.pem, "is revoked");
  EXPECT_TRUE(trust_->Verify(other.pem).ok());
}

TEST_F(TrustTest, NoCertificateIsRefused) {
  ExpectRefused("", "PEM");
  ExpectRefused("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "PEM");
}

}  // namespace
}  // namespace crosscall::access
