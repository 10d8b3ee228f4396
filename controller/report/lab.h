// The controller's front page: boards and sweeps.
#ifndef CONTROLLER_REPORT_LAB_H_
#define CONTROLLER_REPORT_LAB_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "crosscall/v1/board.pb.h"
#include "crosscall/v1/sweep.pb.h"

namespace crosscall::report {

struct Lab {
  std::vector<v1::Board> boards;
  // Newest first.
  std::vector<v1::Sweep> sweeps;
  // There are older ones.
  bool more_sweeps = false;
};

// An HTML text. Pure.
std::string MakeLabPage(const Lab& lab, absl::Time now);

}  // namespace crosscall::report

#endif  // CONTROLLER_REPORT_LAB_H_
