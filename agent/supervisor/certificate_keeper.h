// Renews the agent's certificate when two thirds of its life are over, and tries again until that works.
#ifndef AGENT_SUPERVISOR_CERTIFICATE_KEEPER_H_
#define AGENT_SUPERVISOR_CERTIFICATE_KEEPER_H_

#include <functional>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "agent/supervisor/backoff.h"
#include "proto/shared/clock.h"
#include "proto/shared/mutex.h"

namespace crosscall::supervisor {

class CertificateKeeper {
 public:
  // The seam to the controller: the next identity (PEM), by the present one.
  using RenewIdentity = std::function<absl::StatusOr<std::string>(const std::string& identity)>;
  // Told each new identity, on the keeper's thread.
  using Renewed = std::function<void(const std::string& identity)>;

  // Starts its thread. `identity` has a certificate; `clock` outlives the keeper. Lives of certificates are on the
  // clock's wall time, pauses between tries are not.
  CertificateKeeper(std::string identity, RenewIdentity renew, Renewed renewed, const shared::Clock& clock,
                    Backoff backoff);
  // Waits for a renewal under way.
  ~CertificateKeeper();
  CertificateKeeper(const CertificateKeeper&) = delete;
  CertificateKeeper& operator=(const CertificateKeeper&) = delete;

 private:
  void Run() CROSSCALL_EXCLUDES(mutex_);
  // Tries until it works. False when the keeper ends; so do the two below.
  bool Renew(absl::Time ends) CROSSCALL_EXCLUDES(mutex_);
  bool SleepUntil(absl::Time time) CROSSCALL_EXCLUDES(mutex_);
  bool Pause(absl::Duration span) CROSSCALL_EXCLUDES(mutex_);
  // Until nothing is left.
  bool Sleep(const std::function<absl::Duration()>& left) CROSSCALL_EXCLUDES(mutex_);

  std::string identity_;
  const RenewIdentity renew_;
  const Renewed renewed_;
  const shared::Clock& clock_;
  Backoff backoff_;
  shared::Mutex mutex_;
  shared::CondVar changed_;
  bool stop_ CROSSCALL_GUARDED_BY(mutex_) = false;
  // Last: it uses all of the above.
  std::thread thread_;
};

}  // namespace crosscall::supervisor

#endif  // AGENT_SUPERVISOR_CERTIFICATE_KEEPER_H_
