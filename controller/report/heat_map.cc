#include "controller/report/heat_map.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"

namespace crosscall::report {
namespace {

int NodeOf(const CpuNodes& nodes, std::uint32_t cpu) {
  const auto found = nodes.find(cpu);
  return found == nodes.end() ? -1 : found->second;
}

void Raise(absl::optional<std::uint64_t>& cell, std::uint64_t value) { cell = std::max(cell.value_or(0), value); }

}  // namespace

HeatMap MakeHeatMap(const PairDistributions& pairs, const CpuNodes& nodes, std::size_t most_rows) {
  std::set<std::pair<int, std::uint32_t>> cpus;
  for (const auto& [pair, distribution] : pairs) {
    cpus.emplace(NodeOf(nodes, pair.first), pair.first);
    cpus.emplace(NodeOf(nodes, pair.second), pair.second);
  }
  HeatMap map;
  map.cpu_count = cpus.size();
  map.block = std::max<std::size_t>(1, (cpus.size() + most_rows - 1) / most_rows);
  std::map<std::uint32_t, std::size_t> row_of;
  std::size_t in_row = 0;
  std::uint32_t first = 0;
  for (const auto& [node, cpu] : cpus) {
    if (map.rows.empty() || in_row == map.block || map.rows.back().node != node) {
      map.rows.push_back({absl::StrCat(cpu), node});
      in_row = 0;
      first = cpu;
    } else {
      map.rows.back().label = absl::StrCat(first, "-", cpu);
    }
    ++in_row;
    row_of[cpu] = map.rows.size() - 1;
  }
  map.p50.resize(map.rows.size() * map.rows.size());
  map.p99.resize(map.p50.size());
  for (const auto& [pair, distribution] : pairs) {
    if (distribution.count() == 0) continue;
    const std::size_t cell = row_of[pair.first] * map.rows.size() + row_of[pair.second];
    Raise(map.p50[cell], distribution.Quantile(0.5));
    Raise(map.p99[cell], distribution.Quantile(0.99));
  }
  return map;
}

}  // namespace crosscall::report
