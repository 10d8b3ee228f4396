// Names and passwords of those who may read the metrics, as bcrypt hashes: what `htpasswd -B` writes.
#ifndef CONTROLLER_METRICS_PASSWORDS_H_
#define CONTROLLER_METRICS_PASSWORDS_H_

#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "proto/shared/mutex.h"

namespace crosscall::metrics {

// A wrong password costs as much time as a right one, and so does a name that nobody has. Right ones are remembered, as
// keyed hashes and in memory only: bcrypt is slow on purpose, and scrapes are many. Thread-safe.
class Passwords {
 public:
  enum class Answer {
    kAccepted,
    kRefused,
    // Too many are being judged: whoever guesses shall not take all threads.
    kBusy
  };

  // `NAME:HASH` a line; empty lines and those that begin with # are passed over. PERMISSION_DENIED: others may read the
  // file. INVALID_ARGUMENT: a line of another form, without showing it, or nobody at all.
  static absl::StatusOr<std::unique_ptr<Passwords>> Load(const std::string& file);
  // The same of a text.
  static absl::StatusOr<std::unique_ptr<Passwords>> Parse(absl::string_view text);

  // `authorization`: the value of that header; empty if there is none.
  Answer Judge(absl::string_view authorization) CROSSCALL_EXCLUDES(mutex_, bcrypt_mutex_);

 private:
  using Digest = std::array<unsigned char, 32>;

  explicit Passwords(std::map<std::string, std::string> hashes);
  bool Matches(const std::string& name, const std::string& password) CROSSCALL_EXCLUDES(bcrypt_mutex_);
  Digest DigestOf(absl::string_view credentials) const;

  const std::map<std::string, std::string> hashes_;
  Digest key_;
  std::atomic<int> judging_{0};
  shared::Mutex bcrypt_mutex_;
  shared::Mutex mutex_;
  // Of each name the credentials that were accepted last.
  std::map<std::string, Digest> accepted_ CROSSCALL_GUARDED_BY(mutex_);
};

}  // namespace crosscall::metrics

#endif  // CONTROLLER_METRICS_PASSWORDS_H_
