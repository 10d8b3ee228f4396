#include "controller/scheduler/session.h"

namespace crosscall::scheduler {

Admission Admit(const Session& session, absl::string_view incarnation_id, std::uint64_t sequence, bool known_closed) {
  if (session.incarnation_id != incarnation_id) return known_closed ? Admission::kFenced : Admission::kTakeOver;
  if (sequence == session.last_sequence + 1) return Admission::kApply;
  if (sequence == session.last_sequence) return Admission::kRepeat;
  return sequence > session.last_sequence ? Admission::kApplyGap : Admission::kStale;
}

bool TakeoverCounter::Add(absl::Duration now, int limit, absl::Duration window) {
  while (!times_.empty() && now - times_.front() > window) times_.pop_front();
  times_.push_back(now);
  return times_.size() > static_cast<std::size_t>(limit);
}

}  // namespace crosscall::scheduler
