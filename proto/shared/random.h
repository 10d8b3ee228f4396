// A seeded stream of 64-bit numbers whose whole state is one word: SplitMix64 (G. Steele, D. Lea, C. Flood, "Fast
// splittable pseudorandom number generators", 2014). The same on every machine and in every release; not secret.
//
// Thread safety: none; each user has its own state.
#ifndef PROTO_SHARED_RANDOM_H_
#define PROTO_SHARED_RANDOM_H_

#include <cstdint>

namespace crosscall::shared {

inline std::uint64_t NextRandom(std::uint64_t& state) {
  state += 0x9e3779b97f4a7c15;
  std::uint64_t z = state;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

}  // namespace crosscall::shared

#endif  // PROTO_SHARED_RANDOM_H_
