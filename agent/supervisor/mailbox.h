// Events for one thread, from any thread: closures, run in the order they were posted.
#ifndef AGENT_SUPERVISOR_MAILBOX_H_
#define AGENT_SUPERVISOR_MAILBOX_H_

#include <chrono>
#include <deque>
#include <functional>
#include <utility>

#include "absl/time/time.h"
#include "proto/shared/mutex.h"

namespace crosscall::supervisor {

// Post is thread-safe; RunOne is for the owning thread. What is never run is destroyed with the mailbox.
class Mailbox {
 public:
  using Event = std::function<void()>;

  void Post(Event event) {
    shared::MutexLock lock(mutex_);
    events_.push_back(std::move(event));
    arrived_.NotifyAll();
  }

  // Runs the oldest event, after waiting for one at most `patience`. Returns whether there was one.
  bool RunOne(absl::Duration patience) {
    Event event;
    {
      shared::MutexLock lock(mutex_);
      if (events_.empty()) arrived_.WaitFor(mutex_, absl::ToChronoNanoseconds(patience));
      if (events_.empty()) return false;
      event = std::move(events_.front());
      events_.pop_front();
    }
    event();
    return true;
  }

 private:
  shared::Mutex mutex_;
  shared::CondVar arrived_;
  std::deque<Event> events_ CROSSCALL_GUARDED_BY(mutex_);
};

}  // namespace crosscall::supervisor

#endif  // AGENT_SUPERVISOR_MAILBOX_H_
