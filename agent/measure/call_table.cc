#include "agent/measure/call_table.h"

#include <algorithm>
#include <bit>

namespace crosscall::measure {
namespace {

// Every call stamps at least its entry and its return.
constexpr std::uint32_t kLeastStampsPerCall = 2;
// Every further target of a mask call stamps at least four times: published, drained, function entered and left.
constexpr std::uint32_t kLeastStampsPerTarget = 4;

}  // namespace

CallTable::CallTable(std::uint32_t cpu_count, std::uint32_t stamps) : callers_(cpu_count) {
  for (Caller& caller : callers_) caller.rows.resize(std::max<std::uint32_t>(1, stamps / kLeastStampsPerCall));
  const std::uint64_t rows = std::uint64_t{cpu_count} * stamps / kLeastStampsPerTarget;
  // Twice as many slots as rows keep the probes short.
  others_.resize(std::bit_ceil(std::max<std::uint64_t>(64, 2 * rows)));
  used_.reserve(others_.size() / 2);
}

void CallTable::BeginBatch() {
  ++batch_;
  for (Caller& caller : callers_) caller.count = 0;
  used_.clear();
}

CallRow* CallTable::Call(std::uint64_t call) {
  const std::uint32_t cpu = core::CallerOf(call);
  if (cpu >= callers_.size()) return nullptr;
  Caller& caller = callers_[cpu];
  const std::uint64_t sequence = core::SequenceOf(call);
  if (caller.count == 0) caller.first_sequence = sequence;
  if (sequence < caller.first_sequence || sequence - caller.first_sequence >= caller.rows.size()) return nullptr;
  const std::uint64_t index = sequence - caller.first_sequence;
  CallRow& row = caller.rows[index];
  if (row.batch != batch_) {
    row = CallRow{};
    row.batch = batch_;
  }
  caller.count = std::max(caller.count, index + 1);
  return &row;
}

CallRow* CallTable::FindCall(std::uint64_t call) {
  const std::uint32_t cpu = core::CallerOf(call);
  if (cpu >= callers_.size()) return nullptr;
  Caller& caller = callers_[cpu];
  const std::uint64_t index = core::SequenceOf(call) - caller.first_sequence;
  if (index >= caller.count || caller.rows[index].batch != batch_) return nullptr;
  return &caller.rows[index];
}

TargetRow* CallTable::Target(std::uint64_t call, CallRow& row, std::uint32_t target) {
  if (row.target_count == 0) {
    row.target_count = 1;
    row.first.call = call;
    row.first.target = static_cast<std::uint16_t>(target);
    return &row.first;
  }
  if (row.first.target == target) return &row.first;
  if (used_.size() >= others_.size() / 2) return nullptr;
  // 2^64 over the golden ratio (Knuth's multiplicative hash) spreads the consecutive numbers of a caller.
  const std::uint64_t hash = (call * 1024 + target) * 0x9e3779b97f4a7c15u;
  const std::uint64_t mask = others_.size() - 1;
  for (std::uint64_t slot = (hash >> 32) & mask;; slot = (slot + 1) & mask) {
    TargetRow& other = others_[slot];
    if (other.batch != batch_) {
      other = TargetRow{};
      other.batch = batch_;
      other.call = call;
      other.target = static_cast<std::uint16_t>(target);
      ++row.target_count;
      used_.push_back(static_cast<std::uint32_t>(slot));
      return &other;
    }
    if (other.call == call && other.target == target) return &other;
  }
}

}  // namespace crosscall::measure
