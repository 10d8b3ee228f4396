// A set of CPUs shared between CPUs: one atomic word for 64 of them. Operations on one CPU are atomic, those on the
// whole set are not: they visit word by word. `words` bounds the visit; it is Runtime::words for the machine's CPUs.
#ifndef AGENT_CORE_ATOMIC_SET_H_
#define AGENT_CORE_ATOMIC_SET_H_

#include "agent/core/cpu_set.h"
#include "agent/core/types.h"

namespace crosscall::core {

template <class P>
class AtomicSet {
 public:
  static constexpr u64 Bit(CpuId cpu) { return u64{1} << (cpu % 64); }

  bool Has(CpuId cpu, Order order) const { return (words_[cpu / 64].load(order) & Bit(cpu)) != 0; }
  // Both return the former word, so that the caller learns whether the bit, or any other, was set.
  u64 Add(CpuId cpu, Order order) { return words_[cpu / 64].fetch_or(Bit(cpu), order); }
  u64 Remove(CpuId cpu, Order order) { return words_[cpu / 64].fetch_and(~Bit(cpu), order); }

  u64 LoadWord(u32 index, Order order) const { return words_[index].load(order); }
  void Store(const CpuSet& set, u32 words, Order order) {
    for (u32 i = 0; i < words; ++i) words_[i].store(set.word(i), order);
  }
  // Whether each word was seen empty. Meaningful while bits are only removed: an empty word then stays empty.
  bool SeenEmpty(u32 words, Order order) const {
    for (u32 i = 0; i < words; ++i) {
      if (words_[i].load(order) != 0) return false;
    }
    return true;
  }
  CpuSet Load(u32 words, Order order) const {
    CpuSet set;
    for (u32 i = 0; i < words; ++i) set.set_word(i, words_[i].load(order));
    return set;
  }

 private:
  typename P::template Atomic<u64> words_[CpuSet::kWords] = {};
};

}  // namespace crosscall::core

#endif  // AGENT_CORE_ATOMIC_SET_H_
