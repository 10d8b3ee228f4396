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
      backoff_(backoff),
      thread_([this] { Run(); }) {}

CertificateKeeper::~CertificateKeeper() {
  {
    const shared::MutexLock lock(mutex_);
    stop_ = true;
    changed_.NotifyAll();
  }
  thread_.join();
}

bool CertificateKeeper::Sleep(const std::function<absl::Duration()>& left) {
  const shared::MutexLock lock(mutex_);
  while (!stop_) {
    const absl::Duration rest = left();
    if (rest <= absl::ZeroDuration()) return true;
    changed_.WaitFor(mutex_, absl::ToChronoNanoseconds(std::min(rest, kLongestNap)));
  }
  return false;
}

bool CertificateKeeper::SleepUntil(absl::Time time) {
  return Sleep([&] { return time - clock_.Wall(); });
}

bool CertificateKeeper::Pause(absl::Duration span) {
  const absl::Duration end = clock_.Monotonic() + span;
  return Sleep([&] { return end - clock_.Monotonic(); });
}

bool CertificateKeeper::Renew(absl::Time ends) {
  for (;;) {
    absl::StatusOr<std::string> next = renew_(identity_);
    if (next.ok()) {
      identity_ = *std::move(next);
      shared::LogInfo("agent", "the certificate was renewed");
      renewed_(identity_);
      return true;
    }
    const absl::Duration delay = backoff_.Next(absl::ZeroDuration());
    shared::LogWarning(
        "agent", absl::StrCat("renewing the certificate, which ends at ", absl::FormatTime(ends, absl::UTCTimeZone()),
                              ": ", next.status().ToString(), "; next try in ", absl::FormatDuration(delay)));
    if (!Pause(delay)) return false;
  }
}

void CertificateKeeper::Run() {
  for (bool renewed = false;; renewed = true) {
    const absl::StatusOr<shared::Certificate> certificate = shared::ReadCertificate(identity_);
    if (!certificate.ok()) {
      shared::LogError("agent", absl::StrCat("the certificate cannot be renewed: ", certificate.status().message()));
      return;
    }
    const absl::Time due = shared::RenewalTime(*certificate);
    if (clock_.Wall() < due) {
      backoff_.Reset();
    } else if (renewed) {
      // The next one would be due at once, too.
      const absl::Duration delay = backoff_.Next(absl::ZeroDuration());
      shared::LogWarning("agent", absl::StrCat("a new certificate should be renewed already: this machine's clock is "
                                               "ahead of the controller's, set it; next renewal in ",
                                               absl::FormatDuration(delay)));
      if (!Pause(delay)) return;
    }
    if (!SleepUntil(due) || !Renew(certificate->not_after)) return;
  }
}

}  // namespace crosscall::supervisor
