#include "tests/bench/fleet/logbook.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "proto/shared/clock.h"

namespace crosscall::fleet {

std::string Logbook::SweepOf(const shared::AttemptKey& key) {
  return shared::SweepNameOfTrial(key.trial).value_or("not a trial");
}

void Logbook::OnContact(const std::string& board) {
  shared::MutexLock lock(mutex_);
  if (contacts_.insert(board).second) changed_.NotifyAll();
}

void Logbook::OnRefusal(const std::string& board, absl::Duration delay) {
  if (delay <= absl::ZeroDuration()) return OnTrouble(absl::StrCat(board, " was refused without a delay"));
  shared::MutexLock lock(mutex_);
  ++refusals_[board];
  changed_.NotifyAll();
}

void Logbook::OnLease(const std::string& board, const shared::AttemptKey& key, absl::Duration now) {
  if (on_lease_) on_lease_();
  shared::MutexLock lock(mutex_);
  SweepTime& sweep = sweeps_[SweepOf(key)];
  sweep.first_lease = std::min(sweep.first_lease, now);
  BoardTime& time = sweep.boards[board];
  time.first_lease = std::min(time.first_lease, now);
  changed_.NotifyAll();
}

void Logbook::OnTrial(const std::string& board, const shared::AttemptKey& key, absl::Duration begin,
                      absl::Duration end) {
  shared::MutexLock lock(mutex_);
  BoardTime& time = sweeps_[SweepOf(key)].boards[board];
  time.busy += end - begin;
  time.last_end = std::max(time.last_end, end);
}

void Logbook::OnDelivery(const shared::AttemptKey& key, absl::Duration now) {
  shared::MutexLock lock(mutex_);
  SweepTime& sweep = sweeps_[SweepOf(key)];
  ++sweep.delivered_count;
  ++delivered_count_;
  sweep.last_delivery = std::max(sweep.last_delivery, now);
  changed_.NotifyAll();
}

void Logbook::OnTrouble(const std::string& what) {
  shared::MutexLock lock(mutex_);
  if (trouble_.empty()) trouble_ = what;
  changed_.NotifyAll();
}

absl::Status Logbook::Await(const std::function<bool()>& condition, const std::string& what, absl::Duration patience) {
  const absl::Duration until = shared::SystemClock().Monotonic() + patience;
  while (!condition()) {
    if (!trouble_.empty()) return absl::InternalError(trouble_);
    const absl::Duration left = until - shared::SystemClock().Monotonic();
    if (left <= absl::ZeroDuration()) return absl::DeadlineExceededError(absl::StrCat("waited in vain for ", what));
    changed_.WaitFor(mutex_, absl::ToChronoNanoseconds(left));
  }
  return absl::OkStatus();
}

absl::Status Logbook::AwaitContacts(std::size_t boards, absl::Duration patience) {
  shared::MutexLock lock(mutex_);
  absl::Status status =
      Await([&] { return contacts_.size() >= boards; }, absl::StrCat(boards, " boards to be heard"), patience);
  return status.ok() ? status : absl::Status(status.code(), absl::StrCat(status.message(), ", ", contacts_.size()));
}

absl::Status Logbook::AwaitRefusals(std::size_t boards, std::uint64_t each, absl::Duration patience) {
  shared::MutexLock lock(mutex_);
  const auto refused = [&] {
    return static_cast<std::size_t>(
        std::count_if(refusals_.begin(), refusals_.end(), [each](const auto& board) { return board.second >= each; }));
  };
  return Await([&] { return refused() >= boards; }, absl::StrCat(boards, " boards to be refused ", each, " times"),
               patience);
}

absl::StatusOr<SweepTime> Logbook::AwaitLease(const std::string& sweep, absl::Duration patience) {
  shared::MutexLock lock(mutex_);
  SweepTime& time = sweeps_[sweep];
  absl::Status status =
      Await([&] { return time.first_lease != absl::InfiniteDuration(); }, absl::StrCat("a lease of ", sweep), patience);
  if (!status.ok()) return status;
  return time;
}

absl::StatusOr<SweepTime> Logbook::AwaitDeliveries(const std::string& sweep, std::uint64_t count,
                                                   absl::Duration patience) {
  shared::MutexLock lock(mutex_);
  SweepTime& time = sweeps_[sweep];
  absl::Status status = Await([&] { return time.delivered_count >= count; },
                              absl::StrCat(count, " results of ", sweep, " to be taken"), patience);
  if (!status.ok()) return status;
  return time;
}

void Logbook::ForgetContacts() {
  shared::MutexLock lock(mutex_);
  contacts_.clear();
}

void Logbook::Forget(const std::string& sweep) {
  shared::MutexLock lock(mutex_);
  sweeps_.erase(sweep);
}

std::uint64_t Logbook::delivered_count() const {
  shared::MutexLock lock(mutex_);
  return delivered_count_;
}

}  // namespace crosscall::fleet
