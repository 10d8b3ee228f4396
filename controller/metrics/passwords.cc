#include "controller/metrics/passwords.h"

#include <crypt.h>
#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "proto/shared/check.h"
#include "proto/shared/private_file.h"

namespace crosscall::metrics {
namespace {

constexpr std::size_t kHashBytes = 60;
constexpr std::size_t kDigitsAt = 7;
// One more doubles the time: at the largest a password takes about a second.
constexpr int kMinCost = 4;
constexpr int kMaxCost = 14;
// Fewer than the server has threads.
constexpr int kMaxJudging = 4;

// `$2y$10$` and 53 characters of salt and hash.
bool IsBcrypt(absl::string_view hash) {
  int cost = 0;
  return hash.size() == kHashBytes &&
         (absl::StartsWith(hash, "$2y$") || absl::StartsWith(hash, "$2b$") || absl::StartsWith(hash, "$2a$")) &&
         absl::SimpleAtoi(hash.substr(4, 2), &cost) && cost >= kMinCost && cost <= kMaxCost && hash[6] == '$' &&
         std::all_of(hash.begin() + kDigitsAt, hash.end(),
                     [](char c) { return absl::ascii_isalnum(c) || c == '.' || c == '/'; }) &&
         crypt_checksalt(std::string(hash).c_str()) == CRYPT_SALT_OK;
}

absl::Status WrongLine(std::size_t number, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("line ", number, ": ", why,
                                                 "; want NAME:HASH with a bcrypt hash of cost up to ", kMaxCost,
                                                 ", as `htpasswd -nB NAME` prints it"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Passwords>> Passwords::Load(const std::string& file) {
  absl::StatusOr<std::string> text = shared::ReadPrivateFile(file);
  if (!text.ok()) return text.status();
  absl::StatusOr<std::unique_ptr<Passwords>> passwords = Parse(*text);
  OPENSSL_cleanse(text->data(), text->size());
  if (passwords.ok()) return passwords;
  return absl::Status(passwords.status().code(), absl::StrCat(file, ": ", passwords.status().message()));
}

absl::StatusOr<std::unique_ptr<Passwords>> Passwords::Parse(absl::string_view text) {
  std::map<std::string, std::string> hashes;
  std::size_t number = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    const absl::string_view entry = absl::StripAsciiWhitespace(line);
    if (entry.empty() || entry.front() == '#') continue;
    const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(entry, absl::MaxSplits(':', 1));
    if (parts.first.empty()) return WrongLine(number, "no name");
    if (!IsBcrypt(parts.second)) return WrongLine(number, "no hash of that kind");
    if (!hashes.emplace(parts.first, parts.second).second) return WrongLine(number, "the name is there already");
  }
  if (hashes.empty()) return absl::InvalidArgumentError("nobody is in it, so that nobody could read the metrics");
  std::unique_ptr<Passwords> passwords(new Passwords(std::move(hashes)));
  if (RAND_bytes(passwords->key_.data(), static_cast<int>(passwords->key_.size())) != 1) {
    return absl::UnavailableError("no random numbers to remember passwords by");
  }
  return passwords;
}

Passwords::Passwords(std::map<std::string, std::string> hashes) : hashes_(std::move(hashes)), key_{} {}

Passwords::Digest Passwords::DigestOf(absl::string_view credentials) const {
  Digest digest{};
  unsigned int size = 0;
  const bool made = HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()),
                         reinterpret_cast<const unsigned char*>(credentials.data()), credentials.size(), digest.data(),
                         &size) != nullptr;
  CROSSCALL_CHECK(made && size == digest.size(), "libcrypto has HMAC-SHA256");
  return digest;
}

bool Passwords::Matches(const std::string& name, const std::string& password) {
  const auto known = hashes_.find(name);
  const std::string& hash = known == hashes_.end() ? hashes_.begin()->second : known->second;
  const auto scratch = std::make_unique<crypt_data>();
  const char* found = nullptr;
  {
    // One at a time: guesses get one core and not all.
    const shared::MutexLock lock(bcrypt_mutex_);
    found = crypt_r(password.c_str(), hash.c_str(), scratch.get());
  }
  const absl::string_view computed = found == nullptr ? "" : found;
  const bool same = computed.size() == hash.size() && CRYPTO_memcmp(computed.data(), hash.data(), computed.size()) == 0;
  OPENSSL_cleanse(scratch.get(), sizeof(crypt_data));
  return same && known != hashes_.end();
}

Passwords::Answer Passwords::Judge(absl::string_view authorization) {
  constexpr absl::string_view kScheme = "basic ";
  std::string credentials;
  if (!absl::StartsWithIgnoreCase(authorization, kScheme) ||
      !absl::Base64Unescape(authorization.substr(kScheme.size()), &credentials)) {
    return Answer::kRefused;
  }
  const std::size_t colon = credentials.find(':');
  // bcrypt would see a password only up to a NUL.
  if (colon == std::string::npos || credentials.find('\0') != std::string::npos) return Answer::kRefused;
  const std::string name = credentials.substr(0, colon);
  const Digest digest = DigestOf(credentials);
  {
    const shared::MutexLock lock(mutex_);
    const auto known = accepted_.find(name);
    if (known != accepted_.end() && CRYPTO_memcmp(known->second.data(), digest.data(), digest.size()) == 0) {
      return Answer::kAccepted;
    }
  }
  std::string password = credentials.substr(colon + 1);
  Answer answer = Answer::kBusy;
  if (judging_.fetch_add(1) < kMaxJudging) {
    answer = Matches(name, password) ? Answer::kAccepted : Answer::kRefused;
  }
  --judging_;
  OPENSSL_cleanse(password.data(), password.size());
  OPENSSL_cleanse(credentials.data(), credentials.size());
  if (answer == Answer::kAccepted) {
    const shared::MutexLock lock(mutex_);
    accepted_[name] = digest;
  }
  return answer;
}

}  // namespace crosscall::metrics
