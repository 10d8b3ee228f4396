// Latency between the CPUs of a board as a square of cells, small enough to be drawn.
//
// Pure, thread-safe.
#ifndef CONTROLLER_REPORT_HEAT_MAP_H_
#define CONTROLLER_REPORT_HEAT_MAP_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/types/optional.h"
#include "controller/report/distribution.h"

namespace crosscall::report {

// By calling and called board CPU.
using PairDistributions = std::map<std::pair<std::uint32_t, std::uint32_t>, Distribution>;
// NUMA node of board CPUs, as far as known.
using CpuNodes = std::map<std::uint32_t, int>;

struct HeatMap {
  struct Row {
    std::string label;  // "3", or "0-15" where several CPUs are one row
    int node = -1;      // -1: unknown
  };
  std::size_t cpu_count = 0;
  // At most so many CPUs a row; 1: none are put together.
  std::size_t block = 1;
  // Also the columns. By NUMA node (unknown first), then by number; no row has CPUs of two nodes.
  std::vector<Row> rows;
  // Row by row, from calling to called; nothing where nothing was measured. Of several pairs the slowest: a median
  // over them would hide it.
  std::vector<absl::optional<std::uint64_t>> p50;
  std::vector<absl::optional<std::uint64_t>> p99;
};

inline constexpr std::size_t kMostHeatMapRows = 64;

// Puts CPUs together where there are more than `most_rows` of them; nodes, which stay apart, may make it a few more.
HeatMap MakeHeatMap(const PairDistributions& pairs, const CpuNodes& nodes, std::size_t most_rows = kMostHeatMapRows);

}  // namespace crosscall::report

#endif  // CONTROLLER_REPORT_HEAT_MAP_H_
