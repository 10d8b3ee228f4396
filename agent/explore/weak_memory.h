// Memory as C++11 promises it: what a load may return, and what is ordered before what.
//
// Each atomic location has its stores in modification order. Each CPU has a *view*: for each location the oldest store
// it may still read (coherence and happens-before forbid older ones). Reading or writing moves the view on. A release
// store carries its CPU's view along, an acquire load takes it over; relaxed ones do so only together with a fence. A
// store may go into the modification order at any place after its CPU's view, a read-modify-write directly after the
// store it reads, and nothing ever between those two. Sequentially consistent accesses and fences share one more view,
// in the order in which they are executed.
//
// Plain fields have one value; two accesses by different CPUs, one of them a write, of which none happens before the
// other are a data race. Views carry for each CPU two clocks that say how many of its plain writes, and reads, are
// known; apart, since a store barrier orders writes and not reads.
//
// Not modelled: a load that returns a store which its own CPU makes later (load buffering). C++ allows it on paper for
// relaxed accesses only; RC11 forbids it, and so does this.
//
// Source: O. Lahav, V. Vafeiadis, J. Kang, C. Hur, D. Dreyer, "Repairing Sequential Consistency in C/C++11", 2017
// (RC11); J. Kang et al., "A Promising Semantics for Relaxed-Memory Concurrency", 2017, without promises (views).
//
// Thread safety: one search, one thread. CPUs are checked nowhere: at most kMaxCpus.
#ifndef AGENT_EXPLORE_WEAK_MEMORY_H_
#define AGENT_EXPLORE_WEAK_MEMORY_H_

#include <array>
#include <vector>

#include "agent/explore/fingerprint.h"

namespace crosscall::explore {

enum class AccessKind : u8 { kLoad, kStore, kReadModifyWrite, kCompareExchange };

// An access that is about to be made.
struct Access {
  AccessKind kind = AccessKind::kLoad;
  core::Order order = core::Order::kSeqCst;
  u64 expected = 0;  // kCompareExchange
};

class WeakMemory {
 public:
  static constexpr u32 kMaxCpus = 6;
  static constexpr u32 kMaxLocations = 116;  // what is left of a view of 256 bytes

  explicit WeakMemory(u32 cpus) : cpus_(cpus) {}

  // New locations, also while an execution runs; all CPUs know the value. kMaxLocations atomics at most.
  u32 AddAtomic(u64 value);
  u32 AddPlain();
  u32 atomics() const { return static_cast<u32>(locations_.size()); }

  // To the state before any access; the atomics' values are given by `values`.
  void Reset(const std::vector<u64>& values);
  // The object at that location ends its life, or a new one begins it, with value 0.
  void Renew(u32 atomic);
  void RenewPlain(u32 plain) { plains_[plain] = Plain{}; }

  // How many outcomes the access has. Outcome 0 is the one of sequential consistency.
  u32 Outcomes(CpuId me, u32 atomic, const Access& access) const;
  u64 Load(CpuId me, u32 atomic, core::Order order, u32 outcome);
  void Store(CpuId me, u32 atomic, u64 value, core::Order order, u32 outcome);
  // What a read-modify-write will read; the value it writes is then given to FinishUpdate.
  u64 BeginUpdate(CpuId me, u32 atomic, const Access& access, u32 outcome);
  void FinishUpdate(CpuId me, u32 atomic, u64 value, core::Order order);
  void FailUpdate(CpuId me, u32 atomic, core::Order order);

  void FullFence(CpuId me);
  // Earlier writes come before later ones; earlier reads do not.
  void StoreBarrier(CpuId me);

  // False: a data race.
  bool ReadPlain(CpuId me, u32 plain);
  bool WritePlain(CpuId me, u32 plain);

  // Knowledge that is handed over by other means than an atomic, each of its own number: by a lock, by a doorbell.
  void Release(CpuId me, u32 handover);  // added to what lies there
  void Acquire(CpuId me, u32 handover);
  void Empty(u32 handover);

  // All of it in the midst of an execution. Locations that were added later have, after Load, their first values.
  class Snapshot;
  void Save(Snapshot& snapshot) const;
  void Load(const Snapshot& snapshot, const std::vector<u64>& values);

  // Whether a load of that CPU may return something else than `value`.
  bool MayDiffer(CpuId me, u32 atomic, u64 value) const {
    const std::vector<StoreEvent>& stores = locations_[atomic].stores;
    return stores.size() - 1 > cpu_[me].seen.at[Slot(atomic)] || stores.back().value != value;
  }

  // Appends all that bears on the future, in a form that is equal for states that have the same future.
  void AddTo(Fingerprint& print) const;

 private:
  static constexpr u32 kClocks = 2 * kMaxCpus;
  static constexpr u32 kSlots = kMaxLocations + kClocks;
  static constexpr u32 kNoView = ~u32{0};
  struct alignas(64) View {
    std::array<u16, kSlots> at = {};
  };
  struct StoreEvent {
    u64 value;
    u32 view;     // in views_, or kNoView
    bool update;  // by a read-modify-write, of the store before
  };
  struct LocationState {
    std::vector<StoreEvent> stores;  // in modification order
  };
  struct Plain {
    u16 written = 0;  // the writer's clock, 0: known to all
    u16 writer = 0;
    std::array<u16, kMaxCpus> read = {};
  };
  struct Cpu {
    View seen;      // what it may not go back behind
    View pending;   // what relaxed loads have met: a fence turns it into `seen`
    View released;  // at its last release fence
    bool fenced = false;
    bool released_writes = false;  // its plain writes so far, by a release: the next one is news
    bool released_reads = false;
    void SetReleased() { released_writes = released_reads = true; }
  };

  static u32 Slot(u32 atomic) { return kClocks + atomic; }
  static u32 WriteClock(CpuId cpu) { return cpu; }
  static u32 ReadClock(CpuId cpu) { return kMaxCpus + cpu; }
  u32 used() const { return kClocks + atomics(); }
  void Join(View& view, const View& other) const;
  u32 Oldest(CpuId me, u32 atomic, core::Order order) const;
  bool Insertable(const LocationState& location, u32 after) const {
    return after + 1 == location.stores.size() || !location.stores[after + 1].update;
  }
  u32 Choose(CpuId me, u32 atomic, const Access& access, u32 outcome) const;
  void ReadFrom(CpuId me, u32 atomic, u32 store, core::Order order);
  void Insert(CpuId me, u32 atomic, u32 after, u64 value, core::Order order, bool update);
  void ShiftViews(u32 slot, u32 from);
  u32 Keep(const View& view);
  void Tick(CpuId me, bool& released, u32 clock);
  View Known() const;
  bool HasNews(const View& view, const View& known) const;
  void AddView(Fingerprint& print, const View& view, const View& known) const;

  const u32 cpus_;
  std::vector<LocationState> locations_;
  std::vector<Plain> plains_;
  std::array<Cpu, kMaxCpus> cpu_ = {};
  View total_;  // of the sequentially consistent order
  std::vector<View> views_;
  u32 views_used_ = 0;
  std::vector<View> handovers_;
  u32 updating_ = 0;  // the store that BeginUpdate chose
};

// A snapshot may be taken again and again: it keeps its memory.
class WeakMemory::Snapshot {
 private:
  friend class WeakMemory;
  std::vector<LocationState> locations_;
  u32 locations_used_ = 0;
  std::vector<Plain> plains_;
  std::vector<Cpu> cpus_;
  View total_;
  std::vector<View> views_;
  u32 views_used_ = 0;
  std::vector<View> handovers_;
};

}  // namespace crosscall::explore

#endif  // AGENT_EXPLORE_WEAK_MEMORY_H_
