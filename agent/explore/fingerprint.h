// 128-bit fingerprints of states. Two different states of one search share one with a probability below n^2 / 2^129 for
// n states: 10^8 states, 1.5e-23. The search takes equal fingerprints for equal states (see search.h).
//
// Two lanes that differ in seed and multiplier; each step of a lane is a bijection of the lane for a given value, so
// nothing is lost but by collision of whole sequences. Not cryptographic: nobody chooses states against us.
#ifndef AGENT_EXPLORE_FINGERPRINT_H_
#define AGENT_EXPLORE_FINGERPRINT_H_

#include "agent/core/types.h"

namespace crosscall::explore {

using core::CpuId;
using core::u16;
using core::u32;
using core::u64;
using core::u8;
using core::usize;

struct Fingerprint {
  u64 low = 0x243f6a8885a308d3;
  u64 high = 0x13198a2e03707344;

  // Appends to a sequence: the order counts.
  void Mix(u64 value) {
    low = (low ^ value) * 0x9e3779b97f4a7c15;
    low ^= low >> 29;
    high = (high + value) * 0xc2b2ae3d27d4eb4f;
    high ^= high >> 31;
  }
  void Mix(const Fingerprint& other) {
    Mix(other.low);
    Mix(other.high);
  }
  bool operator==(const Fingerprint&) const = default;
};

// What a memory cell adds to the sum over all cells: a set, so the order does not count. A cell that holds 0 adds
// nothing: objects that come and go with 0 leave no trace.
inline Fingerprint CellPrint(u64 address, u64 value) {
  Fingerprint cell{0, 0};
  if (value == 0) return cell;
  cell.Mix(address * 0xd6e8feb86659fd93 + 1);
  cell.Mix(value);
  cell.Mix(address);
  return cell;
}
inline void Toggle(Fingerprint& sum, const Fingerprint& cell) {
  sum.low ^= cell.low;
  sum.high ^= cell.high;
}

}  // namespace crosscall::explore

#endif  // AGENT_EXPLORE_FINGERPRINT_H_
