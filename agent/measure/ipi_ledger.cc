#include "agent/measure/ipi_ledger.h"

#include <algorithm>

namespace crosscall::measure {

LedgerCounts& LedgerCounts::operator+=(const LedgerCounts& other) {
  expected += other.expected;
  merged += other.merged;
  open += other.open;
  return *this;
}

LedgerCounts CountKicks(std::vector<std::uint64_t>& kicks, const std::vector<HandlerSpan>& handlers,
                        std::uint64_t back_to_back_ticks) {
  // Mostly there is one caller, whose kicks are in order already.
  if (!std::is_sorted(kicks.begin(), kicks.end())) std::sort(kicks.begin(), kicks.end());
  LedgerCounts counts;
  bool latched = false;
  std::uint64_t busy_until = 0;  // the latest exit of the handlers passed so far
  std::size_t next = 0;          // the first handler that was entered after the kick
  for (const std::uint64_t kick : kicks) {
    while (next < handlers.size() && handlers[next].entry <= kick) {
      latched = latched && !handlers[next].by_ipi;
      busy_until = std::max(busy_until, handlers[next].exit);
      ++next;
    }
    if (latched) {
      ++counts.merged;
      continue;
    }
    latched = true;
    ++counts.expected;
    const bool in_handler = kick < busy_until;
    const bool back_to_back =
        busy_until != 0 && next < handlers.size() && handlers[next].entry < busy_until + back_to_back_ticks;
    if (!in_handler && !back_to_back) ++counts.open;
  }
  return counts;
}

}  // namespace crosscall::measure
