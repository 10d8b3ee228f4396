#include "agent/measure/interrupts.h"

#include <unistd.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "agent/measure/root_files.h"

namespace crosscall::measure {
namespace {

// Place of the steal column in a "cpuN" line of /proc/stat (proc(5)), the name being column 0.
constexpr std::size_t kStealColumn = 8;

std::vector<absl::string_view> Fields(absl::string_view line) {
  return absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
}

// The N of "CPUN" or "cpuN"; false for anything else.
bool CpuNumber(absl::string_view field, absl::string_view prefix, std::uint32_t& cpu) {
  return absl::StartsWith(field, prefix) && absl::SimpleAtoi(field.substr(prefix.size()), &cpu);
}

bool IsIpiRow(absl::string_view name) {
  if (name == "RES" || name == "CAL" || name == "TLB") return true;
  std::uint32_t number = 0;
  return CpuNumber(name, "IPI", number);
}

bool IsSignalRow(absl::string_view name) { return name != "TLB"; }

}  // namespace

InterruptTable ParseInterrupts(absl::string_view text) {
  InterruptTable table;
  std::vector<std::uint32_t> columns;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    const std::vector<absl::string_view> fields = Fields(line);
    if (fields.empty()) continue;
    if (columns.empty()) {
      for (const absl::string_view field : fields) {
        std::uint32_t cpu = 0;
        if (!CpuNumber(field, "CPU", cpu)) return table;
        columns.push_back(cpu);
      }
      continue;
    }
    const absl::string_view name = absl::StripSuffix(fields[0], ":");
    if (name.size() == fields[0].size() || !IsIpiRow(name) || fields.size() <= columns.size()) continue;
    std::map<std::uint32_t, std::uint64_t> row;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      std::uint64_t count = 0;
      if (absl::SimpleAtoi(fields[i + 1], &count)) row[columns[i]] = count;
    }
    table[std::string(name)] = row;
  }
  return table;
}

std::map<std::uint32_t, std::uint64_t> ParseSteal(absl::string_view text, std::uint64_t ticks_per_second) {
  std::map<std::uint32_t, std::uint64_t> steal;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    const std::vector<absl::string_view> fields = Fields(line);
    std::uint32_t cpu = 0;
    std::uint64_t ticks = 0;
    if (fields.size() <= kStealColumn || !CpuNumber(fields[0], "cpu", cpu)) continue;
    if (absl::SimpleAtoi(fields[kStealColumn], &ticks)) steal[cpu] = ticks * 1'000'000'000 / ticks_per_second;
  }
  return steal;
}

KernelCounters ReadKernelCounters(const std::string& root) {
  const long ticks = sysconf(_SC_CLK_TCK);
  KernelCounters counters;
  counters.interrupts = ParseInterrupts(ReadWhole(root, "/proc/interrupts"));
  if (ticks > 0) counters.steal_nanos = ParseSteal(ReadWhole(root, "/proc/stat"), static_cast<std::uint64_t>(ticks));
  return counters;
}

std::vector<v1::InterruptRow> InterruptRows(const KernelCounters& before, const KernelCounters& after,
                                            const std::vector<std::uint32_t>& cpus) {
  std::vector<v1::InterruptRow> rows;
  for (const auto& [name, first] : before.interrupts) {
    const auto second = after.interrupts.find(name);
    if (second == after.interrupts.end()) continue;
    for (const std::uint32_t cpu : cpus) {
      const auto old_count = first.find(cpu);
      const auto new_count = second->second.find(cpu);
      if (old_count == first.end() || new_count == second->second.end()) continue;
      v1::InterruptRow& row = rows.emplace_back();
      row.set_row(name);
      row.set_cpu(cpu);
      row.set_before(old_count->second);
      row.set_after(new_count->second);
    }
  }
  return rows;
}

std::uint64_t StealNanos(const KernelCounters& before, const KernelCounters& after,
                         const std::vector<std::uint32_t>& cpus) {
  std::uint64_t sum = 0;
  for (const std::uint32_t cpu : cpus) {
    const auto first = before.steal_nanos.find(cpu);
    const auto second = after.steal_nanos.find(cpu);
    if (first == before.steal_nanos.end() || second == after.steal_nanos.end()) continue;
    // Kernels have let this counter go back by a tick.
    if (second->second > first->second) sum += second->second - first->second;
  }
  return sum;
}

std::uint64_t SignalInterrupts(const std::vector<v1::InterruptRow>& rows, std::uint32_t cpu) {
  std::uint64_t sum = 0;
  for (const v1::InterruptRow& row : rows) {
    if (row.cpu() == cpu && IsSignalRow(row.row()) && row.after() > row.before()) sum += row.after() - row.before();
  }
  return sum;
}

bool HasSignalRows(const std::vector<v1::InterruptRow>& rows, std::uint32_t cpu) {
  return std::any_of(rows.begin(), rows.end(),
                     [&](const v1::InterruptRow& row) { return row.cpu() == cpu && IsSignalRow(row.row()); });
}

}  // namespace crosscall::measure
