// Where the trials of a point, or of a board, stand.
#ifndef CONTROLLER_REPORT_STANDING_H_
#define CONTROLLER_REPORT_STANDING_H_

#include <cstdint>

#include "crosscall/v1/trial.pb.h"

namespace crosscall::report {

// How many trials stand how.
struct Standing {
  std::uint64_t completed = 0;
  std::uint64_t hung = 0;
  std::uint64_t crashed = 0;
  std::uint64_t refused = 0;
  std::uint64_t wedged = 0;
  std::uint64_t failed = 0;       // after their last attempt: invalid or lost
  std::uint64_t ended_early = 0;  // cancelled or expired
  std::uint64_t open = 0;

  void Count(const v1::Trial& trial);
  std::uint64_t told() const { return completed + hung + crashed + wedged; }
  std::uint64_t total() const { return told() + refused + failed + ended_early + open; }
};

}  // namespace crosscall::report

#endif  // CONTROLLER_REPORT_STANDING_H_
