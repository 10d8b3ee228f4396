// Uses of the API family that break its contract (reference, section 7). Counted and kept, never printed: core has no
// output. In strict mode the call is refused besides (kWouldDeadlock), in historic mode it goes on and may hang.
#ifndef AGENT_CORE_MISUSE_H_
#define AGENT_CORE_MISUSE_H_

#include "agent/core/types.h"

namespace crosscall::core {

enum class MisuseRule : u8 {
  kIrqsMasked = 1,     // any call but CallAsync, by an online CPU, with interrupts masked
  kNotTask = 2,        // any call but CallAsync from a handler: it would share the interrupted context's record
  kUnlockByOther = 3,  // Unlock by a CPU that does not hold the lock; the lock stays held
};

enum class CallContext : u8 {
  kTask = 0,        // program, interrupts open
  kTaskMasked = 1,  // program, interrupts masked
  kInline = 2,      // a function run inline by its own caller
  kHandler = 3,     // an IPI or device handler, or a poll
};

// One kind of misuse by one CPU; told once, with how often it happened.
struct Misuse {
  CpuId caller;
  MisuseRule rule;
  CallContext context;
  u64 first_call;  // 0 for kUnlockByOther
  u64 times;
};

// One CPU's log. Written by that CPU only, handlers included; read after the run.
class MisuseLog {
 public:
  static constexpr u32 kKinds = 6;

  void Note(CpuId caller, MisuseRule rule, CallContext context, u64 call) {
    for (u32 i = 0; i < used_; ++i) {
      if (kept_[i].rule == rule && kept_[i].context == context) {
        ++kept_[i].times;
        return;
      }
    }
    if (used_ < kKinds) kept_[used_++] = Misuse{caller, rule, context, call, 1};
  }
  u32 size() const { return used_; }
  const Misuse& operator[](u32 index) const { return kept_[index]; }

 private:
  u32 used_ = 0;
  Misuse kept_[kKinds] = {};
};

}  // namespace crosscall::core

#endif  // AGENT_CORE_MISUSE_H_
