// A seeded stream of 64-bit numbers whose whole state is one word: SplitMix64 (Steele, Lea and Flood, "Fast splittable
// pseudorandom number generators", 2014). For fault injection only: reproducible, not secret.
#ifndef AGENT_PORTS_RANDOM_H_
#define AGENT_PORTS_RANDOM_H_

#include "agent/core/types.h"

namespace crosscall::ports {

inline core::u64 NextRandom(core::u64& state) {
  state += 0x9e3779b97f4a7c15;
  core::u64 z = state;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

}  // namespace crosscall::ports

#endif  // AGENT_PORTS_RANDOM_H_
