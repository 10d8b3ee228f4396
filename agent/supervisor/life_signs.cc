#include "agent/supervisor/life_signs.h"

#include <algorithm>

#include "agent/supervisor/spans.h"

namespace crosscall::supervisor {

void LifeSigns::OnTurn(absl::Duration now, std::optional<absl::Duration> witness_ran) {
  const absl::Duration gap = now - last_turn_;
  if (gap > untold_.agent) {
    untold_ = {.agent = gap, .board = std::nullopt};
    if (witness_ran && last_witness_) {
      untold_.board = std::clamp(gap - (*witness_ran - *last_witness_), absl::ZeroDuration(), gap);
    }
  }
  last_turn_ = now;
  last_witness_ = witness_ran;
}

void LifeSigns::OnAnswered(absl::Duration sent, absl::Duration hold, absl::Duration now) {
  // Not what came while the call was under way: a loop that goes on may turn before it takes the answer.
  told_ = {};
  failed_calls_ = 0;
  answer_delay_ = std::max(now - sent - hold, absl::ZeroDuration());
}

v1::LifeSigns LifeSigns::Report(absl::Duration now) {
  if (untold_.agent > told_.agent) told_ = untold_;
  untold_ = {};
  v1::LifeSigns signs;
  *signs.mutable_age() = ToProto(now - start_);
  *signs.mutable_standstill() = ToProto(told_.agent);
  if (told_.board) *signs.mutable_board_standstill() = ToProto(*told_.board);
  signs.set_failed_call_count(failed_calls_);
  if (answer_delay_ > absl::ZeroDuration()) *signs.mutable_answer_delay() = ToProto(answer_delay_);
  return signs;
}

}  // namespace crosscall::supervisor
