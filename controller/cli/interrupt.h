// Ctrl-C as an event that long waits can hear.
//
// Thread-safe. `Raise` may be called from any thread, but not from a signal handler: the program receives the signal in
// a thread of its own (sigwait) and calls it from there.
#ifndef CONTROLLER_CLI_INTERRUPT_H_
#define CONTROLLER_CLI_INTERRUPT_H_

#include <functional>

#include "absl/time/time.h"
#include "proto/shared/mutex.h"

namespace crosscall::cli {

class Interrupt {
 public:
  // Ends every wait and runs the listener, if there is one. False if nobody listens: the program may then just end.
  bool Raise();
  bool raised() const;
  // Returns early once raised.
  void WaitFor(absl::Duration span);

  // While it lives, `Raise` runs `on_raise` (at once if it was raised before). One at a time. `on_raise` must not call
  // back into the Interrupt. The destructor waits for a running `on_raise`.
  class Listener {
   public:
    Listener(Interrupt& interrupt, std::function<void()> on_raise);
    ~Listener();
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

   private:
    Interrupt& interrupt_;
  };

 private:
  mutable shared::Mutex mutex_;
  shared::CondVar changed_;
  bool raised_ CROSSCALL_GUARDED_BY(mutex_) = false;
  bool listened_ CROSSCALL_GUARDED_BY(mutex_) = false;
  std::function<void()> on_raise_ CROSSCALL_GUARDED_BY(mutex_);
};

}  // namespace crosscall::cli

#endif  // CONTROLLER_CLI_INTERRUPT_H_
