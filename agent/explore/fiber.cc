#include "agent/explore/fiber.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

namespace crosscall::explore {
namespace {

using boost::context::detail::jump_fcontext;
using boost::context::detail::make_fcontext;
using boost::context::detail::transfer_t;

// AddressSanitizer must be told of stack switches; without it these are nothing.
void StartSwitch([[maybe_unused]] void** fake_stack, [[maybe_unused]] const void* stack,
                 [[maybe_unused]] core::usize bytes) {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(fake_stack, stack, bytes);
#endif
}
void FinishSwitch([[maybe_unused]] void* fake_stack, [[maybe_unused]] const void** stack,
                  [[maybe_unused]] core::usize* bytes) {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(fake_stack, stack, bytes);
#endif
}
}  // namespace

// AddressSanitizer still takes the frames on it for alive.
void Fiber::Forget([[maybe_unused]] const char* memory, [[maybe_unused]] core::usize bytes) {
#if defined(__SANITIZE_ADDRESS__)
  __asan_unpoison_memory_region(memory, bytes);
#endif
}

void Fiber::Start(char* stack, core::usize bytes, Entry entry, void* argument) {
  Forget(stack, bytes);
  stack_ = stack;
  bytes_ = bytes;
  entry_ = entry;
  argument_ = argument;
  fake_stack_ = nullptr;
  fiber_ = make_fcontext(stack + bytes, bytes, &Fiber::Run);
}

void Fiber::Run(transfer_t from) {
  Fiber& self = *static_cast<Fiber*>(from.data);
  FinishSwitch(nullptr, &self.resumer_stack_, &self.resumer_bytes_);
  self.resumer_ = from.fctx;
  self.entry_(self.argument_);
  __builtin_trap();  // it must not return
}

void Fiber::Resume() {
  void* fake_stack = nullptr;
  StartSwitch(&fake_stack, stack_, bytes_);
  fiber_ = jump_fcontext(fiber_, this).fctx;
  FinishSwitch(fake_stack, nullptr, nullptr);
}

void Fiber::Yield() {
  StartSwitch(&fake_stack_, resumer_stack_, resumer_bytes_);
  resumer_ = jump_fcontext(resumer_, this).fctx;
  FinishSwitch(fake_stack_, &resumer_stack_, &resumer_bytes_);
}

}  // namespace crosscall::explore
