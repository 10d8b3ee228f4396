#include "proto/shared/certificate_request.h"

#include <gtest/gtest.h>

#include "proto/shared/certificate.h"

namespace crosscall::shared {
namespace {

TEST(KeyTest, ComesBackFromItsPem) {
  const auto key = MakeKey();
  ASSERT_TRUE(key.ok()) << key.status();
  const auto pem = KeyPem(**key);
  ASSERT_TRUE(pem.ok()) << pem.status();
  const auto again = ParseKey(*pem);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(EVP_PKEY_eq(key->get(), again->get()), 1);
}

TEST(KeyTest, OtherTextIsRefused) {
  EXPECT_EQ(ParseKey("").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ParseKey("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n").status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(RequestTest, EachHasAKeyOfItsOwn) {
  const Identity identity{"lab", Role::kAgent, "a7"};
  const auto one = MakeKeyAndRequest(identity);
  const auto two = MakeKeyAndRequest(identity);
  ASSERT_TRUE(one.ok() && two.ok());
  EXPECT_NE(one->private_key, two->private_key);
}

TEST(ValidityTest, SaysBothTimesAndWhoseClockItWas) {
  Certificate certificate;
  certificate.serial = "4a";
  certificate.not_before = absl::FromUnixSeconds(1000);
  certificate.not_after = absl::FromUnixSeconds(4000);
  EXPECT_TRUE(CheckValidity(certificate, absl::FromUnixSeconds(1000), "a").ok());
  EXPECT_TRUE(CheckValidity(certificate, absl::FromUnixSeconds(3999), "a").ok());
  EXPECT_EQ(CheckValidity(certificate, absl::FromUnixSeconds(4000), "the controller").message(),
            "certificate 4a expired at 1970-01-01T01:06:40Z; it is 1970-01-01T01:06:40Z by the clock of the "
            "controller: enrol again with a new join token, or set the clock that is wrong");
  EXPECT_EQ(CheckValidity(certificate, absl::FromUnixSeconds(0), "this board").message(),
            "certificate 4a is valid only from 1970-01-01T00:16:40Z; it is 1970-01-01T00:00:00Z by the clock of this "
            "board: set the clock that is wrong");
  EXPECT_EQ(RenewalTime(certificate), absl::FromUnixSeconds(3000));
}

}  // namespace
}  // namespace crosscall::shared
