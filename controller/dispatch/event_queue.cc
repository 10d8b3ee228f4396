#include "controller/dispatch/event_queue.h"

#include <utility>

namespace crosscall::dispatch {

EventQueue::Admitted EventQueue::Add(Engine::Event& event, bool ends_a_call) {
  shared::MutexLock lock(mutex_);
  if (stopped_) return Admitted::kStopped;
  if (events_.size() >= capacity_ && !ends_a_call) {
    ++refused_count_;
    return Admitted::kFull;
  }
  events_.push_back(std::move(event));
  changed_.NotifyAll();
  return Admitted::kYes;
}

bool EventQueue::Take(absl::optional<absl::Duration> deadline, const shared::Clock& clock,
                      std::vector<Engine::Event>& events) {
  shared::MutexLock lock(mutex_);
  while (events_.empty() && !woken_ && !stopped_) {
    if (!deadline) {
      changed_.Wait(mutex_);
      continue;
    }
    const absl::Duration left = *deadline - clock.Monotonic();
    if (left <= absl::ZeroDuration()) break;
    changed_.WaitFor(mutex_, absl::ToChronoNanoseconds(left));
  }
  woken_ = false;
  events = std::exchange(events_, {});
  return !stopped_ || !events.empty();
}

void EventQueue::Wake() {
  shared::MutexLock lock(mutex_);
  woken_ = true;
  changed_.NotifyAll();
}

void EventQueue::Stop() {
  shared::MutexLock lock(mutex_);
  stopped_ = true;
  changed_.NotifyAll();
}

std::size_t EventQueue::length() const {
  shared::MutexLock lock(mutex_);
  return events_.size();
}

std::uint64_t EventQueue::refused_count() const {
  shared::MutexLock lock(mutex_);
  return refused_count_;
}

}  // namespace crosscall::dispatch
