// Calls that wait for the dispatcher's thread: bounded, first in first out.
#ifndef CONTROLLER_DISPATCH_EVENT_QUEUE_H_
#define CONTROLLER_DISPATCH_EVENT_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "controller/dispatch/engine.h"
#include "proto/shared/clock.h"
#include "proto/shared/mutex.h"

namespace crosscall::dispatch {

// Thread-safe; one thread takes.
class EventQueue {
 public:
  explicit EventQueue(std::size_t capacity) : capacity_(capacity) {}

  enum class Admitted { kYes, kFull, kStopped };
  // `event` is moved from only if it was admitted. Events that end a call are always let in: their number is bounded by
  // the calls that they end.
  Admitted Add(Engine::Event& event, bool ends_a_call);
  // Waits for events, Wake, Stop, or `deadline` on `clock`, and takes all events. False when stopped and empty.
  bool Take(absl::optional<absl::Duration> deadline, const shared::Clock& clock, std::vector<Engine::Event>& events);
  void Wake();
  void Stop();

  std::size_t length() const;
  std::size_t capacity() const { return capacity_; }
  std::uint64_t refused_count() const;

 private:
  const std::size_t capacity_;
  mutable shared::Mutex mutex_;
  shared::CondVar changed_;
  std::vector<Engine::Event> events_ CROSSCALL_GUARDED_BY(mutex_);
  std::uint64_t refused_count_ CROSSCALL_GUARDED_BY(mutex_) = 0;
  bool woken_ CROSSCALL_GUARDED_BY(mutex_) = false;
  bool stopped_ CROSSCALL_GUARDED_BY(mutex_) = false;
};

}  // namespace crosscall::dispatch

#endif  // CONTROLLER_DISPATCH_EVENT_QUEUE_H_
