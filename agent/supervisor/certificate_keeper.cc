#include "agent/supervisor/certificate_keeper.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/shared/certificate.h"
#include "proto/shared/log.h"

namespace crosscall::supervisor {
namespace {

// The wall clock may be set meanwhile, so it is looked at again and again.
constexpr absl::Duration kLongestNap = absl::Seconds(1);

}  // namespace

CertificateKeeper::CertificateKeeper(std::string identity, RenewIdentity renew, Renewed renewed,
                                     const shared::Clock& clock, Backoff backoff)
    : identity_(std::move(identity)),
      renew_(std::move(renew)),
      renewed_(std::move(renewed)),
      clock_(clock),
      backoff_(std::move(backoff)),
      thread_([this] { Run(); }) {}

CertificateKeeper::~CertificateKeeper() {
  {
    const shared::MutexLock lock(mutex_);
    stop_ = true;
    changed_.NotifyAll();
  }
  thread_.join();
}

bool CertificateKeeper::SleepUntil(absl::Time time) {
  const shared::MutexLock lock(mutex_);
  while (!stop_) {
    const absl::Duration left = time - clock_.Wall();
    if (left <= absl::ZeroDuration()) return true;
    changed_.WaitFor(mutex_, absl::ToChronoNanoseconds(std::min(left, kLongestNap)));
  }
  return false;
}

void CertificateKeeper::Run() {
  for (;;) {
    const absl::StatusOr<shared::Certificate> certificate = shared::ReadCertificate(identity_);
    if (!certificate.ok()) {
      shared::LogError("agent", absl::StrCat("the certificate cannot be renewed: ", certificate.status().message()));
      return;
    }
    if (!SleepUntil(shared::RenewalTime(*certificate))) return;
    for (;;) {
      absl::StatusOr<std::string> next = renew_(identity_);
      if (next.ok()) {
        identity_ = *std::move(next);
        backoff_.Reset();
        shared::LogInfo("agent", "the certificate was renewed");
        renewed_(identity_);
        break;
      }
      const absl::Duration delay = backoff_.Next(absl::ZeroDuration());
      shared::LogWarning("agent",
                         absl::StrCat("renewing the certificate, which ends at ",
                                      absl::FormatTime(certificate->not_after, absl::UTCTimeZone()), ": ",
                                      next.status().ToString(), "; next try in ", absl::FormatDuration(delay)));
      if (!SleepUntil(clock_.Wall() + delay)) return;
    }
  }
}

}  // namespace crosscall::supervisor
