// The CPU axis of a sweep on one board. Pure.
#ifndef CONTROLLER_SCHEDULER_CPU_AXIS_H_
#define CONTROLLER_SCHEDULER_CPU_AXIS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "controller/scheduler/selector.h"
#include "crosscall/v1/sweep.pb.h"

namespace crosscall::scheduler {

// Board CPU of each scenario CPU; empty: the worker takes the lowest ones.
using CpuChoice = std::vector<std::uint32_t>;

// The lists that one scenario runs on. Pairs are made one at a time: a board of 1,024 CPUs has a million of them.
class CpuAxis {
 public:
  std::size_t size() const;
  CpuChoice At(std::size_t index) const;
  // Where it stands from coarse to fine (coarse_to_fine.h).
  std::uint32_t GrainAt(std::size_t index) const;

 private:
  friend absl::StatusOr<CpuAxis> CpuAxisOf(const v1::SweepSpec&, const v1::ScenarioRef&, const BoardOffer&);

  std::vector<CpuChoice> lists_;
  // All ordered pairs of these, if not null; then `lists_` is empty.
  const v1::BoardDescription* pairs_of_ = nullptr;
};

// `scenario.cpu_count` 0 means that only the board can tell how many it needs.
// INVALID_ARGUMENT: a list too short, pairs for a scenario of another size. FAILED_PRECONDITION: the board has no such
// CPU, or too few and the spec does not say oversubscribe.
absl::StatusOr<CpuAxis> CpuAxisOf(const v1::SweepSpec& spec, const v1::ScenarioRef& scenario, const BoardOffer& board);

}  // namespace crosscall::scheduler

#endif  // CONTROLLER_SCHEDULER_CPU_AXIS_H_
