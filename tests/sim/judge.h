// Where violations are reported: the first one is the verdict of a night. Also the night's trace and its digest.
//
// Not thread-safe.
#ifndef TESTS_SIM_JUDGE_H_
#define TESTS_SIM_JUDGE_H_

#include <cstdint>
#include <cstdio>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "tests/sim/timeline.h"

namespace crosscall::sim {

struct Violation {
  // A short name, as tests/README.md lists it.
  std::string rule;
  std::string text;
};

class Judge {
 public:
  // `trace`: where each step is printed, or null.
  Judge(const Timeline& timeline, std::FILE* trace) : timeline_(timeline), trace_(trace) {}

  void Convict(absl::string_view rule, absl::string_view text) {
    Note("VIOLATION", absl::StrCat(rule, ": ", text));
    if (violation_) return;
    violation_ = Violation{std::string(rule),
                           absl::StrCat("at ", absl::FormatDuration(timeline_.now()), ": ", std::string(text))};
  }
  // Convicts unless `holds`.
  template <class... Parts>
  void Require(bool holds, absl::string_view rule, const Parts&... parts) {
    if (!holds) Convict(rule, absl::StrCat(parts...));
  }

  const absl::optional<Violation>& violation() const { return violation_; }

  template <class... Parts>
  void Note(absl::string_view who, const Parts&... parts) {
    if (trace_ == nullptr) return;
    std::fprintf(trace_, "%14s  %s\n", absl::FormatDuration(timeline_.now()).c_str(),
                 absl::StrCat(who, ": ", parts...).c_str());
  }

  // Folds a number into the digest, by which two runs of a seed are compared (FNV-1a).
  void Fold(std::uint64_t value) {
    for (int shift = 0; shift < 64; shift += 8) digest_ = (digest_ ^ ((value >> shift) & 0xff)) * 0x100000001b3;
  }
  void Fold(absl::string_view text) {
    for (const char c : text) digest_ = (digest_ ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  }
  std::uint64_t digest() const { return digest_; }

 private:
  const Timeline& timeline_;
  std::FILE* const trace_;
  absl::optional<Violation> violation_;
  std::uint64_t digest_ = 0xcbf29ce484222325;
};

}  // namespace crosscall::sim

#endif  // TESTS_SIM_JUDGE_H_
