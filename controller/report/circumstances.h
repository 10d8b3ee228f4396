// On what a sweep was measured: each value of each field, by board; and what measuring cost.
#ifndef CONTROLLER_REPORT_CIRCUMSTANCES_H_
#define CONTROLLER_REPORT_CIRCUMSTANCES_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "controller/report/heat_map.h"
#include "crosscall/v1/result.pb.h"
#include "proto/shared/json.h"

namespace crosscall::report {

// Not thread-safe.
class Circumstances {
 public:
  void Add(const std::string& board, const v1::TrialResult& payload);

  // NUMA nodes of the board's CPUs that took part.
  CpuNodes NodesOf(const std::string& board) const;
  // An array, one object a board; fields that change from trial to trial by their nature are not there.
  void WriteEnvironments(shared::Json& json) const;
  // The largest cost of measuring itself that any attempt stated, and the clocks.
  void WriteOverhead(shared::Json& json) const;

 private:
  // By field; each value once, in the order met, at most a few.
  std::map<std::string, std::map<std::string, std::vector<std::string>>> boards_;
  std::map<std::string, CpuNodes> nodes_;
  std::uint64_t clock_read_nanos_ = 0;
  std::uint64_t empty_call_nanos_ = 0;
  std::uint64_t clock_skew_nanos_ = 0;
  std::set<std::string> clocks_;
};

}  // namespace crosscall::report

#endif  // CONTROLLER_REPORT_CIRCUMSTANCES_H_
