#include "agent/supervisor/certificate_keeper.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>

#include <atomic>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "proto/shared/certificate.h"
#include "proto/shared/certificate_request.h"

namespace crosscall::supervisor {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1'800'000'000);

class SetClock : public shared::Clock {
 public:
  absl::Duration Monotonic() const override { return absl::Seconds(seconds.load()); }
  absl::Time Wall() const override { return kStart + absl::Seconds(seconds.load()); }
  std::atomic<std::int64_t> seconds{0};
};

// A certificate that nobody signed for, valid for `seconds` from `begin` on: the keeper only reads its life.
std::string Certificate(absl::Time begin, std::int64_t seconds) {
  const auto key = shared::MakeKey();
  const shared::X509Ptr certificate(X509_new());
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  ASN1_TIME_set(X509_getm_notBefore(certificate.get()), absl::ToTimeT(begin));
  ASN1_TIME_set(X509_getm_notAfter(certificate.get()), absl::ToTimeT(begin + absl::Seconds(seconds)));
  X509_set_pubkey(certificate.get(), key->get());
  X509_sign(certificate.get(), key->get(), EVP_sha256());
  const shared::BioPtr bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), certificate.get());
  return shared::BytesOf(*bio);
}

// Ends with the test's own time limit if `count` never gets there.
void Await(const std::atomic<int>& count, int wanted) {
  while (count.load() < wanted) std::this_thread::yield();
}

TEST(CertificateKeeperTest, RenewsAtTwoThirdsEachTimeByTheFormerOne) {
  SetClock clock;
  const std::string first = Certificate(kStart, 300);
  const std::string second = Certificate(kStart + absl::Seconds(200), 300);
  const std::string third = Certificate(kStart + absl::Seconds(400), 3'000'000);
  std::atomic<int> asked{0};
  std::atomic<int> told{0};
  const CertificateKeeper keeper(
      first,
      [&](const std::string& present) -> absl::StatusOr<std::string> {
        const bool again = asked.fetch_add(1) == 1;
        EXPECT_EQ(present, again ? second : first);
        EXPECT_GE(clock.seconds.load(), again ? 400 : 200);
        return again ? third : second;
      },
      [&](const std::string&) { ++told; }, clock, Backoff({}, 1));
  clock.seconds = 199;
  EXPECT_EQ(asked.load(), 0);
  clock.seconds = 200;
  Await(told, 1);
  EXPECT_EQ(asked.load(), 1);
  // Time goes on: a keeper that is still at the first renewal now must find the second one due and pause before it.
  while (told.load() < 2) {
    ++clock.seconds;
    std::this_thread::yield();
  }
}

TEST(CertificateKeeperTest, TriesAgainUntilItWorks) {
  SetClock clock;
  std::atomic<int> asked{0};
  std::atomic<int> told{0};
  const CertificateKeeper keeper(
      Certificate(kStart, 300),
      [&](const std::string&) -> absl::StatusOr<std::string> {
        if (asked.fetch_add(1) < 2) return absl::UnavailableError("no controller");
        return Certificate(kStart + absl::Seconds(clock.seconds.load()), 3'000'000'000);
      },
      [&](const std::string&) { ++told; }, clock, Backoff({}, 1));
  // Time goes on until it worked.
  while (told.load() == 0) {
    ++clock.seconds;
    std::this_thread::yield();
  }
  EXPECT_EQ(asked.load(), 3);
}

TEST(CertificateKeeperTest, PausesBetweenCertificatesThatAreDueAtOnce) {
  SetClock clock;
  constexpr std::int64_t kAhead = 86'400;
  clock.seconds = kAhead;
  std::atomic<int> asked{0};
  const CertificateKeeper keeper(
      Certificate(kStart, 300),
      [&](const std::string&) -> absl::StatusOr<std::string> {
        ++asked;
        return Certificate(kStart, 300);
      },
      [](const std::string&) {}, clock, Backoff({}, 1));
  while (asked.load() < 4) {
    ++clock.seconds;
    std::this_thread::yield();
  }
  // Back-off of 1, 2 and 4 s, each 50 % shorter at the most.
  EXPECT_GE(clock.seconds.load(), kAhead + 3);
}

TEST(CertificateKeeperTest, EndsWhileItWaits) {
  SetClock clock;
  const CertificateKeeper keeper(
      Certificate(kStart, 300),
      [](const std::string&) -> absl::StatusOr<std::string> { return absl::UnknownError(""); },
      [](const std::string&) {}, clock, Backoff({}, 1));
}

}  // namespace
}  // namespace crosscall::supervisor
