// A plain set of CPUs, up to kMaxCpus. Not thread-safe; algorithms that share a mask use their own atomic words.
#ifndef AGENT_CORE_CPU_SET_H_
#define AGENT_CORE_CPU_SET_H_

#include "agent/core/types.h"

namespace crosscall::core {

class CpuSet {
 public:
  static constexpr u32 kWords = kMaxCpus / 64;

  static constexpr CpuSet Of(CpuId cpu) {
    CpuSet set;
    set.Add(cpu);
    return set;
  }
  // CPUs 0 to count - 1.
  static constexpr CpuSet First(u32 count) {
    CpuSet set;
    for (CpuId cpu = 0; cpu < count; ++cpu) set.Add(cpu);
    return set;
  }

  constexpr void Add(CpuId cpu) { words_[cpu / 64] |= u64{1} << (cpu % 64); }
  constexpr void Remove(CpuId cpu) { words_[cpu / 64] &= ~(u64{1} << (cpu % 64)); }
  constexpr bool Has(CpuId cpu) const { return cpu < kMaxCpus && ((words_[cpu / 64] >> (cpu % 64)) & 1) != 0; }
  constexpr bool Empty() const {
    for (const u64 word : words_) {
      if (word != 0) return false;
    }
    return true;
  }
  constexpr u32 Count() const {
    u32 count = 0;
    for (const u64 word : words_) count += static_cast<u32>(__builtin_popcountll(word));
    return count;
  }
  // The lowest member that is >= `from`, or kNoCpu.
  constexpr CpuId Next(CpuId from) const {
    for (u32 i = from / 64; i < kWords; ++i) {
      u64 word = words_[i];
      if (i == from / 64) word &= ~u64{0} << (from % 64);
      if (word != 0) return i * 64 + static_cast<u32>(__builtin_ctzll(word));
    }
    return kNoCpu;
  }
  constexpr CpuId Lowest() const { return Next(0); }

  constexpr CpuSet& operator&=(const CpuSet& other) {
    for (u32 i = 0; i < kWords; ++i) words_[i] &= other.words_[i];
    return *this;
  }
  constexpr CpuSet& operator|=(const CpuSet& other) {
    for (u32 i = 0; i < kWords; ++i) words_[i] |= other.words_[i];
    return *this;
  }
  friend constexpr CpuSet operator&(CpuSet a, const CpuSet& b) { return a &= b; }
  friend constexpr CpuSet operator|(CpuSet a, const CpuSet& b) { return a |= b; }
  constexpr bool operator==(const CpuSet&) const = default;

  constexpr u64 word(u32 index) const { return words_[index]; }
  constexpr void set_word(u32 index, u64 value) { words_[index] = value; }

 private:
  u64 words_[kWords] = {};
};

// for (CpuId cpu : Each(set)), ascending. Refers to a set that has a name, and keeps a temporary one: a range-for would
// not extend its life.
template <class Set>
class Each {
 public:
  constexpr explicit Each(Set&& set) : set_(static_cast<Set&&>(set)) {}
  class Iterator {
   public:
    constexpr Iterator(const CpuSet* set, CpuId cpu) : set_(set), cpu_(cpu) {}
    constexpr CpuId operator*() const { return cpu_; }
    constexpr Iterator& operator++() {
      cpu_ = set_->Next(cpu_ + 1);
      return *this;
    }
    constexpr bool operator!=(const Iterator& other) const { return cpu_ != other.cpu_; }

   private:
    const CpuSet* set_;
    CpuId cpu_;
  };
  constexpr Iterator begin() const { return {&set_, set_.Lowest()}; }
  constexpr Iterator end() const { return {&set_, kNoCpu}; }

 private:
  Set set_;
};
template <class Set>
Each(Set&&) -> Each<Set>;

}  // namespace crosscall::core

#endif  // AGENT_CORE_CPU_SET_H_
