// Which kicks should have led to a handler entry, told from their times alone.
//
// An interrupt latch is one bit: a kick that finds it set merges. So of the kicks to one CPU, in order of time, one
// should lead to an entry of its own if no earlier kick was still waiting for its entry. The count is a lower bound
// (the times are taken before the doorbell), hence comparing entries with it never convicts an innocent machine.
//
// Pure, not thread-safe. Times are raw clock values.
#ifndef AGENT_MEASURE_IPI_LEDGER_H_
#define AGENT_MEASURE_IPI_LEDGER_H_

#include <cstdint>
#include <vector>

namespace crosscall::measure {

// One handler of a CPU, from entry to exit. `by_ipi` is false for a drain that polling started.
struct HandlerSpan {
  std::uint64_t entry = 0;
  std::uint64_t exit = 0;
  bool by_ipi = false;
};

struct LedgerCounts {
  // Kicks that should have led to an entry of their own, and those that merged.
  std::uint64_t expected = 0;
  std::uint64_t merged = 0;
  // Of the expected ones, those that found the CPU outside any handler with its signals open: an interrupt of the
  // kernel had to carry them.
  std::uint64_t open = 0;

  LedgerCounts& operator+=(const LedgerCounts& other);
};

// `kicks` may come in any order and is sorted here; `handlers` are in order of their entries and may nest.
// `back_to_back_ticks`: an entry that follows the former handler's exit sooner than this may have been pending behind
// its mask, and is not counted as open.
LedgerCounts CountKicks(std::vector<std::uint64_t>& kicks, const std::vector<HandlerSpan>& handlers,
                        std::uint64_t back_to_back_ticks);

}  // namespace crosscall::measure

#endif  // AGENT_MEASURE_IPI_LEDGER_H_
