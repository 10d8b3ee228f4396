// The canonical form of a weak memory's state, and its snapshots.
//
// What every CPU has seen decides nothing any more: stores below the least view cannot be read by anyone, and entries
// of views below it change nothing when joined. So places and clocks are counted from that least view, which makes
// states equal that were reached by different ways.
#include <algorithm>

#include "agent/explore/weak_memory.h"

namespace crosscall::explore {

WeakMemory::View WeakMemory::Known() const {
  View known = cpu_[0].seen;
  const u32 count = used();
  for (CpuId cpu = 1; cpu < cpus_; ++cpu) {
    for (u32 i = 0; i < count; ++i) known.at[i] = std::min(known.at[i], cpu_[cpu].seen.at[i]);
  }
  return known;
}

bool WeakMemory::HasNews(const View& view, const View& known) const {
  const u32 count = used();
  u32 news = 0;
  for (u32 i = 0; i < count; ++i) news |= view.at[i] > known.at[i] ? 1u : 0u;
  return news != 0;
}

void WeakMemory::AddView(Fingerprint& print, const View& view, const View& known) const {
  if (!HasNews(view, known)) return print.Mix(0);
  const u32 count = used();
  for (u32 i = 0; i < count; ++i) {
    if (view.at[i] > known.at[i]) print.Mix(u64{i} << 16 | (view.at[i] - known.at[i]));
  }
  print.Mix(1);
}

void WeakMemory::AddTo(Fingerprint& print) const {
  const View known = Known();
  for (u32 i = 0; i < atomics(); ++i) {
    const std::vector<StoreEvent>& stores = locations_[i].stores;
    for (u32 store = known.at[Slot(i)]; store < stores.size(); ++store) {
      // Whether the oldest one is an update bears on nothing: no store can go before it.
      print.Mix(stores[store].value * 2 + (store > known.at[Slot(i)] && stores[store].update ? 1 : 0));
      if (stores[store].view != kNoView) AddView(print, views_[stores[store].view], known);
    }
    print.Mix(~u64{i});
  }
  for (CpuId cpu = 0; cpu < cpus_; ++cpu) {
    AddView(print, cpu_[cpu].seen, known);
    AddView(print, cpu_[cpu].pending, known);
    if (cpu_[cpu].fenced) AddView(print, cpu_[cpu].released, known);
    print.Mix((cpu_[cpu].released_writes ? 1u : 0u) | (cpu_[cpu].released_reads ? 2u : 0u));
  }
  AddView(print, total_, known);
  for (u32 i = 0; i < handovers_.size(); ++i) {
    if (!HasNews(handovers_[i], known)) continue;
    print.Mix(~u64{i});
    AddView(print, handovers_[i], known);
  }
  for (u32 i = 0; i < plains_.size(); ++i) {
    const Plain& field = plains_[i];
    if (field.written > known.at[WriteClock(field.writer)]) {
      print.Mix(u64{i} << 32 | u64{field.writer} << 16 | (field.written - known.at[WriteClock(field.writer)]));
    }
    for (CpuId cpu = 0; cpu < cpus_; ++cpu) {
      if (field.read[cpu] <= known.at[ReadClock(cpu)]) continue;
      print.Mix(u64{i} << 32 | u64{cpu + 8} << 16 | (field.read[cpu] - known.at[ReadClock(cpu)]));
    }
  }
}

void WeakMemory::Save(Snapshot& snapshot) const {
  snapshot.locations_used_ = atomics();
  snapshot.locations_.resize(std::max<usize>(snapshot.locations_.size(), atomics()));
  std::copy(locations_.begin(), locations_.end(), snapshot.locations_.begin());
  snapshot.plains_ = plains_;
  snapshot.cpus_.assign(cpu_.begin(), cpu_.begin() + cpus_);
  snapshot.total_ = total_;
  snapshot.views_used_ = views_used_;
  snapshot.views_.resize(std::max<usize>(snapshot.views_.size(), views_used_));
  std::copy_n(views_.begin(), views_used_, snapshot.views_.begin());
  snapshot.handovers_ = handovers_;
}

void WeakMemory::Load(const Snapshot& snapshot, const std::vector<u64>& values) {
  std::copy_n(snapshot.locations_.begin(), snapshot.locations_used_, locations_.begin());
  for (u32 i = snapshot.locations_used_; i < atomics(); ++i) {
    locations_[i].stores.assign(1, StoreEvent{values[i], kNoView, false});
  }
  std::copy(snapshot.plains_.begin(), snapshot.plains_.end(), plains_.begin());
  std::fill(plains_.begin() + static_cast<std::ptrdiff_t>(snapshot.plains_.size()), plains_.end(), Plain{});
  std::copy(snapshot.cpus_.begin(), snapshot.cpus_.end(), cpu_.begin());
  total_ = snapshot.total_;
  views_used_ = snapshot.views_used_;
  std::copy_n(snapshot.views_.begin(), views_used_, views_.begin());
  handovers_ = snapshot.handovers_;
}

}  // namespace crosscall::explore
