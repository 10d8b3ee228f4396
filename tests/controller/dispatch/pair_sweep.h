// The sweep that tests of the dispatcher ask for.
#ifndef TESTS_CONTROLLER_DISPATCH_PAIR_SWEEP_H_
#define TESTS_CONTROLLER_DISPATCH_PAIR_SWEEP_H_

#include <cstdint>
#include <string>
#include <vector>

#include "crosscall/v1/sweep_service.pb.h"

namespace crosscall::dispatch {

// `repetitions` trials of the scenario `pair` on each of `boards`, or on all.
inline v1::CreateSweepRequest PairSweep(std::uint32_t repetitions, const std::vector<std::string>& boards = {}) {
  v1::CreateSweepRequest request;
  v1::SweepSpec& spec = *request.mutable_spec();
  spec.add_scenarios()->set_id("pair");
  spec.add_implementations("call_lock/spin/mask_all");
  spec.set_repetitions(repetitions);
  for (const std::string& board : boards) spec.mutable_selector()->add_boards(board);
  return request;
}

}  // namespace crosscall::dispatch

#endif  // TESTS_CONTROLLER_DISPATCH_PAIR_SWEEP_H_
