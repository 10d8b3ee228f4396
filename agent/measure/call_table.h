// One batch of calls, put together from the stamps of all CPUs: a row for each call, and one for each of its targets.
//
// Preallocated: `BeginBatch` forgets the old rows without touching them, nothing allocates afterwards. Not thread-safe.
// Times are raw clock values; 0 means that the stage was not stamped.
#ifndef AGENT_MEASURE_CALL_TABLE_H_
#define AGENT_MEASURE_CALL_TABLE_H_

#include <cstdint>
#include <vector>

#include "agent/core/stage.h"
#include "agent/core/types.h"

namespace crosscall::measure {

// How a target came to drain a request.
enum class Delivery : std::uint8_t { kNone, kIpi, kPoll, kWindow };

// One call on one of its targets.
struct TargetRow {
  std::uint64_t call = 0;
  std::uint64_t publish = 0;
  std::uint64_t kick = 0;
  std::uint64_t kicked = 0;
  std::uint64_t entry = 0;  // of the handler that drained it, if an interrupt entered it
  std::uint64_t drain = 0;
  std::uint64_t fn_entry = 0;
  std::uint64_t fn_exit = 0;
  std::uint64_t complete = 0;
  std::uint32_t batch = 0;
  std::uint16_t target = 0;
  std::uint16_t skip_reason = 0;  // core::SkipReason, 0 if it was kicked
  Delivery delivery = Delivery::kNone;
};

struct CallRow {
  std::uint64_t begin = 0;  // enter, or the intended start of a paced call
  std::uint64_t enter = 0;
  std::uint64_t claim = 0;
  // Of a mask call that does this once for all its targets; 0 if it does it for each.
  std::uint64_t publish = 0;
  std::uint64_t kick = 0;
  std::uint64_t kicked = 0;
  std::uint64_t observed = 0;
  std::uint64_t returned = 0;
  std::uint32_t batch = 0;
  std::uint32_t target_count = 0;
  std::uint16_t result = 0;  // core::Result
  TargetRow first;           // most calls have one target
};

class CallTable {
 public:
  // Room for `stamps` stamps of each CPU in one batch.
  CallTable(std::uint32_t cpu_count, std::uint32_t stamps);

  void BeginBatch();

  // The row of `call`, made if it is new. Null if there is no room (or the call is older than the batch).
  CallRow* Call(std::uint64_t call);
  // The row of a call that was made in this batch, or null.
  CallRow* FindCall(std::uint64_t call);
  // The row of one target of `row`, made if it is new; null if there is no room.
  TargetRow* Target(std::uint64_t call, CallRow& row, std::uint32_t target);

  // Calls `visit(caller, CallRow&)` for each call, by caller and in order of their sequence.
  template <class Visit>
  void ForEachCall(Visit&& visit) {
    for (std::uint32_t caller = 0; caller < callers_.size(); ++caller) {
      for (std::uint64_t i = 0; i < callers_[caller].count; ++i) {
        CallRow& row = callers_[caller].rows[i];
        if (row.batch == batch_) visit(caller, row);
      }
    }
  }
  // Calls `visit(CallRow& row, TargetRow&)` for each target of each call.
  template <class Visit>
  void ForEachTarget(Visit&& visit) {
    ForEachCall([&](std::uint32_t, CallRow& row) {
      if (row.target_count > 0) visit(row, row.first);
    });
    for (const std::uint32_t index : used_) {
      TargetRow& target = others_[index];
      if (CallRow* row = FindCall(target.call)) visit(*row, target);
    }
  }

 private:
  // Sequence numbers of one caller within a batch are consecutive, so a row is found by subtraction.
  struct Caller {
    std::vector<CallRow> rows;
    std::uint64_t first_sequence = 0;
    std::uint64_t count = 0;  // rows made or passed over
  };

  std::uint32_t batch_ = 0;
  std::vector<Caller> callers_;
  std::vector<TargetRow> others_;  // open addressing; a row of another batch is free
  std::vector<std::uint32_t> used_;
};

}  // namespace crosscall::measure

#endif  // AGENT_MEASURE_CALL_TABLE_H_
