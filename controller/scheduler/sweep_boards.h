// What became of the boards of an ended sweep: each counts once, under the worst of its trials. Pure.
#ifndef CONTROLLER_SCHEDULER_SWEEP_BOARDS_H_
#define CONTROLLER_SCHEDULER_SWEEP_BOARDS_H_

#include <map>
#include <string>

#include "crosscall/v1/result.pb.h"
#include "crosscall/v1/schedule.pb.h"
#include "crosscall/v1/trial.pb.h"

namespace crosscall::scheduler {

class SweepBoardsCount {
 public:
  // A trial that has ended in `state`, with the outcome of its last attempt.
  void Add(const std::string& board, v1::Trial::State state, v1::Outcome outcome);
  v1::SweepBoards Count() const;

 private:
  // Worst first.
  enum class Fate { kMissing, kWedged, kHung, kCrashed, kInvalid, kRefused, kCompleted };
  static Fate FateOf(v1::Trial::State state, v1::Outcome outcome);

  std::map<std::string, Fate> boards_;
};

// At least 95 % of them are not missing; a sweep without boards was no success.
bool IsSuccess(const v1::SweepBoards& boards);

}  // namespace crosscall::scheduler

#endif  // CONTROLLER_SCHEDULER_SWEEP_BOARDS_H_
