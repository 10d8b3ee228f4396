#include "agent/supervisor/life_signs.h"

#include <algorithm>

#include "agent/supervisor/spans.h"

namespace crosscall::supervisor {

void LifeSigns::OnTurn(absl::Duration now, std::optional<absl::Duration> witness_ran) {
  const absl::Duration gap = now - last_turn_;
  if (gap > standstill_) {
    standstill_ = gap;
    board_standstill_.reset();
    if (witness_ran && last_witness_) {
      board_standstill_ = std::clamp(gap - (*witness_ran - *last_witness_), absl::ZeroDuration(), gap);
    }
  }
  last_turn_ = now;
  last_witness_ = witness_ran;
}

void LifeSigns::OnAnswered(absl::Duration sent, absl::Duration hold, absl::Duration now) {
  standstill_ = absl::ZeroDuration();
  board_standstill_.reset();
  failed_calls_ = 0;
  answer_delay_ = std::max(now - sent - hold, absl::ZeroDuration());
}

v1::LifeSigns LifeSigns::Report(absl::Duration now) const {
  v1::LifeSigns signs;
  *signs.mutable_age() = ToProto(now - start_);
  *signs.mutable_standstill() = ToProto(standstill_);
  if (board_standstill_) *signs.mutable_board_standstill() = ToProto(*board_standstill_);
  signs.set_failed_call_count(failed_calls_);
  if (answer_delay_ > absl::ZeroDuration()) *signs.mutable_answer_delay() = ToProto(answer_delay_);
  return signs;
}

}  // namespace crosscall::supervisor
