// The points of a sweep: what tells one from another, in the order in which the sweep lists them.
#ifndef CONTROLLER_REPORT_POINT_KEY_H_
#define CONTROLLER_REPORT_POINT_KEY_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "crosscall/v1/result_service.pb.h"
#include "crosscall/v1/sweep.pb.h"
#include "crosscall/v1/trial.pb.h"

namespace crosscall::report {

// The axes. Ordered by scenario, implementation pattern, then the rest.
struct PointKey {
  std::size_t scenario_order = 0;
  std::size_t implementation_order = 0;
  std::string scenario;
  std::string implementation;
  int target_system = 0;  // v1::TargetSystem: an exploration stands below what was measured of the same
  std::string board;
  std::vector<std::uint32_t> cpus;  // as asked for; empty: the board's first ones
  std::string target_state;
  std::string parameters;  // "n=10 dst=1"
  double arrival_rate_hz = 0;

  auto Tie() const {
    return std::tie(scenario_order, implementation_order, scenario, implementation, target_system, board, cpus,
                    target_state, parameters, arrival_rate_hz);
  }
  friend bool operator<(const PointKey& a, const PointKey& b) { return a.Tie() < b.Tie(); }
};

// The point that the trial repeats. Pure.
PointKey PointOf(const v1::SweepSpec& spec, const v1::Trial& trial);

// The board's CPU on which a CPU of the scenario ran, as far as the result says.
std::uint32_t BoardCpu(const v1::Result& result, std::uint32_t scenario_cpu);

}  // namespace crosscall::report

#endif  // CONTROLLER_REPORT_POINT_KEY_H_
