#include "agent/explore/weak_memory.h"

#include <algorithm>

#include "proto/shared/check.h"

namespace crosscall::explore {
namespace {

using core::Order;

bool Acquires(Order order) { return order == Order::kAcquire || order == Order::kAcqRel || order == Order::kSeqCst; }
bool Releases(Order order) { return order == Order::kRelease || order == Order::kAcqRel || order == Order::kSeqCst; }

}  // namespace

u32 WeakMemory::AddAtomic(u64 value) {
  CROSSCALL_CHECK(atomics() < kMaxLocations, "more shared atomic locations than a view holds");
  locations_.push_back(LocationState{{StoreEvent{value, kNoView, false}}});
  return atomics() - 1;
}

u32 WeakMemory::AddPlain() {
  plains_.push_back(Plain{});
  return static_cast<u32>(plains_.size()) - 1;
}

void WeakMemory::Reset(const std::vector<u64>& values) {
  for (u32 i = 0; i < atomics(); ++i) {
    locations_[i].stores.clear();
    locations_[i].stores.push_back(StoreEvent{values[i], kNoView, false});
  }
  std::fill(plains_.begin(), plains_.end(), Plain{});
  for (CpuId cpu = 0; cpu < cpus_; ++cpu) {
    cpu_[cpu] = Cpu{};
    // A clock starts at 1: 0 says that there is nothing to know.
    cpu_[cpu].seen.at[WriteClock(cpu)] = 1;
    cpu_[cpu].seen.at[ReadClock(cpu)] = 1;
    cpu_[cpu].pending = cpu_[cpu].seen;
  }
  total_ = View{};
  views_used_ = 0;
  handovers_.clear();
}

void WeakMemory::Renew(u32 atomic) {
  LocationState& location = locations_[atomic];
  if (location.stores.size() == 1 && location.stores[0].value == 0 && location.stores[0].view == kNoView) return;
  location.stores.clear();
  location.stores.push_back(StoreEvent{0, kNoView, false});
  const u32 slot = Slot(atomic);
  for (u32 i = 0; i < views_used_; ++i) views_[i].at[slot] = 0;
  for (View& view : handovers_) view.at[slot] = 0;
  for (CpuId cpu = 0; cpu < cpus_; ++cpu) {
    cpu_[cpu].seen.at[slot] = cpu_[cpu].pending.at[slot] = cpu_[cpu].released.at[slot] = 0;
  }
  total_.at[slot] = 0;
}

void WeakMemory::Join(View& view, const View& other) const {
  const u32 count = used();
  for (u32 i = 0; i < count; ++i) view.at[i] = std::max(view.at[i], other.at[i]);
}

u32 WeakMemory::Keep(const View& view) {
  if (views_used_ == views_.size()) views_.emplace_back();
  views_[views_used_] = view;
  return views_used_++;
}

// The first store that may be read, or after which may be written.
u32 WeakMemory::Oldest(CpuId me, u32 atomic, Order order) const {
  const u32 seen = cpu_[me].seen.at[Slot(atomic)];
  return order == Order::kSeqCst ? std::max<u32>(seen, total_.at[Slot(atomic)]) : seen;
}

u32 WeakMemory::Outcomes(CpuId me, u32 atomic, const Access& access) const {
  const LocationState& location = locations_[atomic];
  const u32 newest = static_cast<u32>(location.stores.size()) - 1;
  const u32 oldest = Oldest(me, atomic, access.order);
  if (access.kind == AccessKind::kLoad) return newest - oldest + 1;
  u32 outcomes = 0;
  for (u32 store = oldest; store <= newest; ++store) {
    const bool only_reads =
        access.kind == AccessKind::kCompareExchange && location.stores[store].value != access.expected;
    if (only_reads || Insertable(location, store)) ++outcomes;
  }
  return outcomes;
}

// The store that outcome `outcome` reads, or writes after; from the newest.
u32 WeakMemory::Choose(CpuId me, u32 atomic, const Access& access, u32 outcome) const {
  const LocationState& location = locations_[atomic];
  for (u32 store = static_cast<u32>(location.stores.size());; --store) {
    CROSSCALL_CHECK(store > Oldest(me, atomic, access.order), "an outcome that the access does not have");
    const bool only_reads = access.kind == AccessKind::kLoad || (access.kind == AccessKind::kCompareExchange &&
                                                                 location.stores[store - 1].value != access.expected);
    if (!only_reads && !Insertable(location, store - 1)) continue;
    if (outcome-- == 0) return store - 1;
  }
}

void WeakMemory::ReadFrom(CpuId me, u32 atomic, u32 store, Order order) {
  Cpu& cpu = cpu_[me];
  u16& seen = cpu.seen.at[Slot(atomic)];
  seen = static_cast<u16>(std::max<u32>(seen, store));
  u16& pending = cpu.pending.at[Slot(atomic)];
  pending = std::max(pending, seen);
  const u32 view = locations_[atomic].stores[store].view;
  if (view != kNoView) {
    Join(cpu.pending, views_[view]);
    if (Acquires(order)) Join(cpu.seen, views_[view]);
  }
}

u64 WeakMemory::Load(CpuId me, u32 atomic, Order order, u32 outcome) {
  const u32 store = Choose(me, atomic, Access{AccessKind::kLoad, order, 0}, outcome);
  ReadFrom(me, atomic, store, order);
  return locations_[atomic].stores[store].value;
}

void WeakMemory::Store(CpuId me, u32 atomic, u64 value, Order order, u32 outcome) {
  Insert(me, atomic, Choose(me, atomic, Access{AccessKind::kStore, order, 0}, outcome), value, order, false);
}

u64 WeakMemory::BeginUpdate(CpuId me, u32 atomic, const Access& access, u32 outcome) {
  updating_ = Choose(me, atomic, access, outcome);
  return locations_[atomic].stores[updating_].value;
}

void WeakMemory::FinishUpdate(CpuId me, u32 atomic, u64 value, Order order) {
  ReadFrom(me, atomic, updating_, order);
  Insert(me, atomic, updating_, value, order, true);
}

void WeakMemory::FailUpdate(CpuId me, u32 atomic, Order order) { ReadFrom(me, atomic, updating_, order); }

// Views name stores by their place in the modification order; one more stands before those from `from` on.
void WeakMemory::ShiftViews(u32 slot, u32 from) {
  const auto shift = [&](View& view) {
    if (view.at[slot] >= from) ++view.at[slot];
  };
  for (u32 i = 0; i < views_used_; ++i) shift(views_[i]);
  for (View& view : handovers_) shift(view);
  for (CpuId cpu = 0; cpu < cpus_; ++cpu) {
    shift(cpu_[cpu].seen);
    shift(cpu_[cpu].pending);
    shift(cpu_[cpu].released);
  }
  shift(total_);
}

void WeakMemory::Insert(CpuId me, u32 atomic, u32 after, u64 value, Order order, bool update) {
  LocationState& location = locations_[atomic];
  Cpu& cpu = cpu_[me];
  const u32 slot = Slot(atomic);
  const u32 place = after + 1;
  if (place < location.stores.size()) ShiftViews(slot, place);
  // A read-modify-write goes on with the release sequence of what it read.
  const u32 continued = update ? location.stores[after].view : kNoView;
  cpu.seen.at[slot] = static_cast<u16>(place);
  cpu.pending.at[slot] = std::max(cpu.pending.at[slot], static_cast<u16>(place));
  u32 view = kNoView;
  if (Releases(order)) {
    view = Keep(cpu.seen);
    cpu.SetReleased();
  } else if (cpu.fenced) {
    view = Keep(cpu.released);
    views_[view].at[slot] = static_cast<u16>(place);
  }
  if (continued != kNoView) {
    if (view == kNoView) {
      view = continued;
    } else {
      Join(views_[view], views_[continued]);
    }
  }
  location.stores.insert(location.stores.begin() + place, StoreEvent{value, view, update});
  if (order == Order::kSeqCst) total_.at[slot] = std::max(total_.at[slot], static_cast<u16>(place));
}

// What comes after a release is not known by it. The clocks move only when there is something to know.
void WeakMemory::Tick(CpuId me, bool& released, u32 clock) {
  if (!released) return;
  released = false;
  Cpu& cpu = cpu_[me];
  ++cpu.seen.at[clock];
  cpu.pending.at[clock] = cpu.seen.at[clock];
}

void WeakMemory::FullFence(CpuId me) {
  Cpu& cpu = cpu_[me];
  Join(cpu.pending, total_);
  cpu.seen = cpu.pending;
  total_ = cpu.seen;
  cpu.released = cpu.seen;
  cpu.fenced = true;
  cpu.SetReleased();
}

void WeakMemory::StoreBarrier(CpuId me) {
  Cpu& cpu = cpu_[me];
  const u16 reads = cpu.released.at[ReadClock(me)];
  cpu.released = cpu.seen;
  cpu.released.at[ReadClock(me)] = reads;
  cpu.fenced = true;
  cpu.SetReleased();
}

bool WeakMemory::ReadPlain(CpuId me, u32 plain) {
  Plain& field = plains_[plain];
  Cpu& cpu = cpu_[me];
  if (field.written > cpu.seen.at[WriteClock(field.writer)]) return false;
  Tick(me, cpu.released_reads, ReadClock(me));
  field.read[me] = cpu.seen.at[ReadClock(me)];
  return true;
}

bool WeakMemory::WritePlain(CpuId me, u32 plain) {
  Plain& field = plains_[plain];
  Cpu& cpu = cpu_[me];
  if (field.written > cpu.seen.at[WriteClock(field.writer)]) return false;
  for (CpuId other = 0; other < cpus_; ++other) {
    if (other != me && field.read[other] > cpu.seen.at[ReadClock(other)]) return false;
  }
  Tick(me, cpu.released_writes, WriteClock(me));
  field = Plain{};
  field.written = cpu.seen.at[WriteClock(me)];
  field.writer = static_cast<u16>(me);
  return true;
}

void WeakMemory::Release(CpuId me, u32 handover) {
  if (handover >= handovers_.size()) handovers_.resize(handover + 1);
  Join(handovers_[handover], cpu_[me].seen);
  cpu_[me].SetReleased();
}

void WeakMemory::Acquire(CpuId me, u32 handover) {
  if (handover >= handovers_.size()) return;
  Join(cpu_[me].seen, handovers_[handover]);
  Join(cpu_[me].pending, handovers_[handover]);
}

void WeakMemory::Empty(u32 handover) {
  if (handover < handovers_.size()) handovers_[handover] = View{};
}

}  // namespace crosscall::explore
