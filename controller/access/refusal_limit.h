// How many refusals the audit log takes: whoever knocks must not be able to fill the disk, and nothing is left out in
// silence.
#ifndef CONTROLLER_ACCESS_REFUSAL_LIMIT_H_
#define CONTROLLER_ACCESS_REFUSAL_LIMIT_H_

#include <cstdint>

#include "absl/time/time.h"
#include "absl/types/optional.h"

namespace crosscall::access {

// A bucket of `burst` entries that one entry flows into each `interval`. Not thread-safe; the time is an argument.
class RefusalLimit {
 public:
  RefusalLimit(std::uint32_t burst, absl::Duration interval) : burst_(burst), interval_(interval), left_(burst) {}

  // Nothing: leave it out. Else how many were left out since the last one that was let in.
  absl::optional<std::uint64_t> Admit(absl::Duration now) {
    if (left_ == burst_) filled_ = now;
    const std::int64_t inflow = (now - filled_) / interval_;
    if (inflow > 0) {
      left_ = inflow >= burst_ - left_ ? burst_ : left_ + static_cast<std::uint32_t>(inflow);
      filled_ += inflow * interval_;
    }
    if (left_ == 0) {
      ++left_out_;
      return absl::nullopt;
    }
    --left_;
    const std::uint64_t left_out = left_out_;
    left_out_ = 0;
    return left_out;
  }

 private:
  const std::uint32_t burst_;
  const absl::Duration interval_;
  std::uint32_t left_;
  absl::Duration filled_ = absl::ZeroDuration();
  std::uint64_t left_out_ = 0;
};

}  // namespace crosscall::access

#endif  // CONTROLLER_ACCESS_REFUSAL_LIMIT_H_
