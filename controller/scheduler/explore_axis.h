// The explorations of a sweep: which points are searched, and on which board each. Pure.
#ifndef CONTROLLER_SCHEDULER_EXPLORE_AXIS_H_
#define CONTROLLER_SCHEDULER_EXPLORE_AXIS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "crosscall/v1/sweep.pb.h"
#include "crosscall/v1/trial.pb.h"

namespace crosscall::scheduler {

// An answer does not depend on the machine that finds it, so each point is searched once, on one of the boards that
// offer its implementation, in turn.
class ExploreAxis {
 public:
  struct Point {
    std::string board;
    v1::TrialSpec spec;  // without seed
  };

  explicit ExploreAxis(const v1::SweepSpec& spec) : spec_(spec) {}

  // In the order of the boards.
  void AddBoard(const std::string& board, const std::vector<std::string>& implementations);
  // Scenarios times implementations times parameter sets.
  std::uint64_t size() const;
  std::size_t implementation_count() const { return offers_.size(); }
  Point At(std::uint64_t index) const;

 private:
  struct Offer {
    std::string implementation;
    std::vector<std::string> boards;
  };
  std::uint64_t ParameterSets() const;

  const v1::SweepSpec& spec_;
  std::vector<Offer> offers_;
};

}  // namespace crosscall::scheduler

#endif  // CONTROLLER_SCHEDULER_EXPLORE_AXIS_H_
