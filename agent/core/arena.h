// Storage for the algorithms: arrays laid out one after the other in memory that the caller supplies, each starting on
// a cache line. Nothing is ever freed. Not thread-safe: used while a Calls object is built, before any CPU calls.
#ifndef AGENT_CORE_ARENA_H_
#define AGENT_CORE_ARENA_H_

#include "agent/core/types.h"

namespace crosscall::core {

// Names our placement new, since <new> is a library header.
struct ArenaPlace {
  void* address;
};

}  // namespace crosscall::core

inline void* operator new(crosscall::core::usize, crosscall::core::ArenaPlace place) noexcept { return place.address; }
// Called only if a constructor throws, which none does.
inline void operator delete(void*, crosscall::core::ArenaPlace) noexcept {}

namespace crosscall::core {

class Arena {
 public:
  // `memory` must be aligned to a cache line. Running out is a broken invariant (BytesNeeded was not honoured): trap.
  Arena(void* memory, usize bytes) : next_(static_cast<char*>(memory)), left_(bytes) {
    if (reinterpret_cast<uptr>(memory) % kCacheLine != 0) __builtin_trap();
  }

  template <class T>
  static constexpr usize BytesFor(usize count) {
    static_assert(alignof(T) <= kCacheLine);
    return (count * sizeof(T) + kCacheLine - 1) / kCacheLine * kCacheLine;
  }

  // `count` value-initialised objects.
  template <class T>
  T* Make(usize count) {
    const usize bytes = BytesFor<T>(count);
    if (bytes > left_) __builtin_trap();
    char* const start = next_;
    next_ += bytes;
    left_ -= bytes;
    for (usize i = 0; i < count; ++i) ::new (ArenaPlace{start + i * sizeof(T)}) T();
    return reinterpret_cast<T*>(start);
  }

 private:
  char* next_;
  usize left_;
};

}  // namespace crosscall::core

#endif  // AGENT_CORE_ARENA_H_
