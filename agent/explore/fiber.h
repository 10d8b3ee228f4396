// A CPU of the model is a fiber: a stack of its own, entered and left by a switch of some nanoseconds
// (Boost.Context). A fiber may be abandoned anywhere and started anew on the same stack; nothing on it is unwound, so
// what lies there must own nothing. For the same reason a fiber that has yielded may be copied, together with what lies
// on its stack from top() on, and put back later, to the same addresses.
//
// Thread safety: a fiber and who resumes it are on one thread.
#ifndef AGENT_EXPLORE_FIBER_H_
#define AGENT_EXPLORE_FIBER_H_

#include <boost/context/detail/fcontext.hpp>

#include "agent/core/types.h"

namespace crosscall::explore {

class Fiber {
 public:
  using Entry = void (*)(void* argument);

  // `entry(argument)` runs at the first Resume, on `stack`, which stays the caller's. It must never return.
  void Start(char* stack, core::usize bytes, Entry entry, void* argument);
  // Makes memory as good as new in which fibers were abandoned.
  static void Forget(const char* memory, core::usize bytes);
  // Runs the fiber until it yields.
  void Resume();
  // On the fiber: back to who resumed it.
  void Yield();

  // Whether fibers may be put back: sanitizers keep books on stacks that would not be put back with them.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  static constexpr bool kCopyable = false;
#else
  static constexpr bool kCopyable = true;
#endif
  // Of a fiber that has yielded: the lowest byte of its stack that is in use.
  const char* top() const { return static_cast<const char*>(fiber_); }

 private:
  static void Run(boost::context::detail::transfer_t from);

  boost::context::detail::fcontext_t fiber_ = nullptr;
  boost::context::detail::fcontext_t resumer_ = nullptr;
  Entry entry_ = nullptr;
  void* argument_ = nullptr;
  char* stack_ = nullptr;
  core::usize bytes_ = 0;
  // AddressSanitizer's view of the two stacks.
  void* fake_stack_ = nullptr;
  const void* resumer_stack_ = nullptr;
  core::usize resumer_bytes_ = 0;
};

}  // namespace crosscall::explore

#endif  // AGENT_EXPLORE_FIBER_H_
