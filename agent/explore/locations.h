// What is known of each memory cell of the model: who touches it, and hence where a CPU may be held up or interrupted.
//
// Only accesses to *shared* cells (touched by several CPUs, at least one of which writes) are scheduling points, and
// only those to shared or *nested* ones (touched by a CPU's program and by its handlers) are points where interrupts
// may fall. All other accesses commute with everything that other CPUs, or handlers, can do.
//
// Who touches a cell is not told but learned, while the search runs. A cell that turns out to be shared after some
// access to it was passed over makes the pass void: the search starts again with what it knows now, until a pass
// learns nothing. Within a pass nothing changes (Settle), so that a schedule means the same throughout. Why that is
// sound: take the shortest execution of the full model that ends with an access that the last pass's knowledge denies.
// Everything before it treats the cells as the pass does, so, with the passed-over steps commuted to their CPUs' next
// scheduling points, the pass walked that execution, and it would have learned.
//
// Thread safety: one search, one thread.
#ifndef AGENT_EXPLORE_LOCATIONS_H_
#define AGENT_EXPLORE_LOCATIONS_H_

#include <deque>
#include <unordered_map>
#include <vector>

#include "agent/explore/fingerprint.h"

namespace crosscall::explore {

enum class CellKind : u8 { kAtomic, kPlain, kLock };

struct Location {
  static constexpr CpuId kCpus = 8;  // the bits there are

  u32 word = 0;  // of the model's memory
  CellKind kind = CellKind::kAtomic;
  u8 accessors = 0;     // bit c: CPU c
  u8 writers = 0;       // bit c: CPU c
  u32 levels = 0;       // four bits a CPU: touched by its program, its handlers, handlers over these, deeper ones
  u32 index = ~u32{0};  // number in the weak memory, or of its handover; ~0: none yet
  // As this pass takes it.
  bool shared = false;
  u8 nested = 0;  // bit c: touched by contexts of CPU c that may interrupt each other

  bool LooksShared() const { return writers != 0 && (accessors & (accessors - 1)) != 0; }
  u8 LooksNested() const {
    u32 found = 0;
    for (CpuId cpu = 0; writers != 0 && cpu < kCpus; ++cpu) {
      const u32 mine = levels >> (4 * cpu) & 15;
      if ((mine & (mine - 1)) != 0) found |= 1u << cpu;
    }
    return static_cast<u8>(found);
  }
};

class Locations {
 public:
  explicit Locations(usize words) : of_word_(words) {}

  // The location of that word, made at its first use.
  Location& At(u32 word, CellKind kind) {
    u32& number = of_word_[word];
    if (number != 0 && all_[number - 1].kind == kind) return all_[number - 1];
    // A word of a stack may be a cell of one kind in one call and of another in the next.
    u32& other = number == 0 ? number : others_[u64{word} * 4 + static_cast<u64>(kind)];
    if (other == 0) {
      all_.push_back(Location{.word = word, .kind = kind});
      other = static_cast<u32>(all_.size());
    }
    return all_[other - 1];
  }
  // The location of that word and kind, or null if it was never used.
  const Location* Find(u32 word, CellKind kind) { return of_word_[word] == 0 ? nullptr : &At(word, kind); }
  // Notes an access; `level`: how many handlers are on that CPU's stack.
  void Note(Location& location, CpuId cpu, u32 level, bool write) {
    const u8 accessors = static_cast<u8>(location.accessors | 1u << cpu);
    const u8 writers = static_cast<u8>(location.writers | (write ? 1u << cpu : 0u));
    const u32 levels = location.levels | (level < 3 ? 1u << level : 8u) << (4 * cpu);
    if (accessors == location.accessors && writers == location.writers && levels == location.levels) return;
    location.accessors = accessors;
    location.writers = writers;
    location.levels = levels;
    if (location.LooksShared() != location.shared || location.LooksNested() != location.nested) learned_ = true;
  }

  // Whether something was learned since the last Settle.
  bool learned() const { return learned_; }
  void Learn() { learned_ = true; }
  // Takes what was learned for the pass that begins.
  void Settle() {
    for (Location& location : all_) {
      location.shared = location.LooksShared();
      location.nested = location.LooksNested();
    }
    learned_ = false;
  }

 private:
  std::vector<u32> of_word_;             // number in all_ + 1
  std::unordered_map<u64, u32> others_;  // by word and kind
  std::deque<Location> all_;             // references to its elements stay good
  bool learned_ = false;
};

}  // namespace crosscall::explore

#endif  // AGENT_EXPLORE_LOCATIONS_H_
