#include "agent/ports/board_cpus.h"

#include <sched.h>

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace crosscall::ports {

using core::u32;

std::vector<u32> UsableBoardCpus() {
  // The kernel refuses a set smaller than its own, whose size it does not tell.
  constexpr u32 kSetSize = 8192;
  std::vector<u32> cpus;
  cpu_set_t* set = CPU_ALLOC(kSetSize);
  const size_t bytes = CPU_ALLOC_SIZE(kSetSize);
  if (sched_getaffinity(0, bytes, set) == 0) {
    for (u32 cpu = 0; cpu < kSetSize; ++cpu) {
      if (CPU_ISSET_S(cpu, bytes, set)) cpus.push_back(cpu);
    }
  }
  CPU_FREE(set);
  return cpus;
}

std::string FormatCpuList(const std::vector<u32>& cpus) {
  std::string text;
  for (size_t first = 0; first < cpus.size();) {
    size_t last = first;
    while (last + 1 < cpus.size() && cpus[last + 1] == cpus[last] + 1) ++last;
    absl::StrAppend(&text, text.empty() ? "" : ",", cpus[first]);
    if (last != first) absl::StrAppend(&text, "-", cpus[last]);
    first = last + 1;
  }
  return text;
}

absl::Status CheckBoardCpus(const std::vector<u32>& board_cpus, const std::vector<u32>& usable, bool oversubscribe) {
  if (board_cpus.empty() || board_cpus.size() > core::kMaxCpus) {
    return absl::InvalidArgumentError(
        absl::StrCat("a trial needs 1 to ", core::kMaxCpus, " CPUs, not ", board_cpus.size()));
  }
  for (const u32 cpu : board_cpus) {
    if (!std::binary_search(usable.begin(), usable.end(), cpu)) {
      return absl::FailedPreconditionError(absl::StrCat("board CPU ", cpu,
                                                        " is offline, absent or not for this process; CPUs ",
                                                        FormatCpuList(usable), " are usable"));
    }
  }
  if (!oversubscribe && SharesBoardCpus(board_cpus)) {
    return absl::InvalidArgumentError(absl::StrCat("a board CPU is listed twice for ", board_cpus.size(),
                                                   " scenario CPUs; CPUs ", FormatCpuList(usable),
                                                   " are usable, and sharing them takes --oversubscribe"));
  }
  return absl::OkStatus();
}

bool SharesBoardCpus(const std::vector<u32>& board_cpus) {
  std::vector<u32> sorted = board_cpus;
  std::sort(sorted.begin(), sorted.end());
  return std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end();
}

}  // namespace crosscall::ports
