// Grace periods for `generic_2008`'s mask records: when can no walker stand on an unlinked record any more?
//
// The machine has an epoch. A reader announces the epoch it entered in; the epoch advances only while every reader that
// is inside announces the present one. A record unlinked while the epoch was e may be used again once it is e + 3.
//
// Proof. After its announcement of a a reader reads the epoch once more, unchanged: its confirmation. Announcements,
// confirmations and advances are sequentially consistent, so they have one order.
//   1. A reader that announced a blocks the advance from a + 1: its confirmation precedes the advance from a, so its
//      announcement precedes the looks of the advance from a + 1. While it is inside, the epoch is at most a + 1.
//   2. A reader that entered in epoch e + 2 or later does not reach the record. The unlinking CPU was in a section
//      announced at most e; by 1 the advance from e + 1 saw it outside (Exit releases, that look acquires), and the
//      reader read the epoch from that advance or a later one. So the unlinking happened before the reader's walk.
//   3. Any other reader announced at most e + 1, and by 1 has left once the epoch is e + 3.
//
// Read sections are barred and short; they do not nest, no fn runs inside. A stuck fn therefore blocks no grace period.
// Source: K. Fraser, "Practical lock-freedom", 2004, section 5.2.3 (epoch-based reclamation).
#ifndef AGENT_CORE_EPOCHS_H_
#define AGENT_CORE_EPOCHS_H_

#include "agent/core/arena.h"
#include "agent/core/types.h"

namespace crosscall::core {

template <class P>
class Epochs {
 public:
  static usize BytesNeeded(u32 cpus) { return Arena::BytesFor<Cpu>(cpus) + Arena::BytesFor<Global>(1); }

  Epochs(u32 cpus, Arena& arena) : cpu_count_(cpus), cpus_(arena.Make<Cpu>(cpus)), global_(arena.Make<Global>(1)) {}

  // Inside a barred section.
  void Enter(CpuId me) {
    u64 epoch = global_->epoch.load(Order::kSeqCst);
    for (;;) {
      // Sequentially consistent, with the load that confirms it: the proof orders announcements and advances.
      cpus_[me].announced.store(epoch * 2 + 1, Order::kSeqCst);
      const u64 now = global_->epoch.load(Order::kSeqCst);
      if (now == epoch) return;
      epoch = now;
    }
  }
  // Release: all reads of the section come before.
  void Exit(CpuId me) { cpus_[me].announced.store(0, Order::kRelease); }

  // The stamp for a record just unlinked, from inside the section that unlinked it.
  u64 Retired() const { return global_->epoch.load(Order::kSeqCst); }

  // Whether no walker can stand on a record of that stamp; moves the epoch on if it can.
  bool Passed(u64 retired) {
    for (;;) {
      u64 epoch = global_->epoch.load(Order::kSeqCst);
      if (epoch >= retired + 3) return true;
      for (CpuId cpu = 0; cpu < cpu_count_; ++cpu) {
        // Sequentially consistent: see the proof; it also acquires what Exit released.
        const u64 announced = cpus_[cpu].announced.load(Order::kSeqCst);
        if (announced != 0 && announced != epoch * 2 + 1) return false;
      }
      global_->epoch.compare_exchange(epoch, epoch + 1, Order::kSeqCst);  // If another was faster: as good.
    }
  }

 private:
  struct alignas(kCacheLine) Cpu {
    typename P::template Atomic<u64> announced = {};  // epoch * 2 + 1 inside a section, else 0
  };
  struct alignas(kCacheLine) Global {
    typename P::template Atomic<u64> epoch = {};
  };

  const u32 cpu_count_;
  Cpu* const cpus_;
  Global* const global_;
};

}  // namespace crosscall::core

#endif  // AGENT_CORE_EPOCHS_H_
