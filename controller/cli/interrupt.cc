#include "controller/cli/interrupt.h"

#include <chrono>
#include <utility>

#include "proto/shared/check.h"

namespace crosscall::cli {

bool Interrupt::Raise() {
  shared::MutexLock lock(mutex_);
  raised_ = true;
  changed_.NotifyAll();
  // Under the lock, so that a listener that is going away waits for its callback to end.
  if (on_raise_) on_raise_();
  return listened_;
}

bool Interrupt::raised() const {
  shared::MutexLock lock(mutex_);
  return raised_;
}

void Interrupt::WaitFor(absl::Duration span) {
  const auto end = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(span);
  shared::MutexLock lock(mutex_);
  while (!raised_) {
    const auto left = end - std::chrono::steady_clock::now();
    if (left <= std::chrono::nanoseconds(0)) return;
    changed_.WaitFor(mutex_, std::chrono::duration_cast<std::chrono::nanoseconds>(left));
  }
}

Interrupt::Listener::Listener(Interrupt& interrupt, std::function<void()> on_raise) : interrupt_(interrupt) {
  shared::MutexLock lock(interrupt_.mutex_);
  CROSSCALL_CHECK(!interrupt_.listened_, "two listeners at once");
  interrupt_.listened_ = true;
  interrupt_.on_raise_ = std::move(on_raise);
  if (interrupt_.raised_) interrupt_.on_raise_();
}

Interrupt::Listener::~Listener() {
  shared::MutexLock lock(interrupt_.mutex_);
  interrupt_.listened_ = false;
  interrupt_.on_raise_ = nullptr;
}

}  // namespace crosscall::cli
