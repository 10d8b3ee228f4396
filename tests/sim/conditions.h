// What is broken in the lab now, and since when it is whole again: promises about time hold only where nothing is
// broken.
#ifndef TESTS_SIM_CONDITIONS_H_
#define TESTS_SIM_CONDITIONS_H_

#include <algorithm>
#include <map>
#include <string>

#include "absl/time/time.h"
#include "tests/sim/timeline.h"

namespace crosscall::sim {

// Not thread-safe. The controller's own name is the empty string.
class Conditions {
 public:
  explicit Conditions(const Timeline& timeline) : timeline_(timeline) {}

  void Begin(const std::string& who) {
    ++faults_[who].ongoing;
    faults_[who].last_change = timeline_.now();
    ++count_;
  }
  void End(const std::string& who) {
    --faults_[who].ongoing;
    faults_[who].last_change = timeline_.now();
  }

  // Since when neither the board nor the controller has a fault; InfiniteDuration if one has.
  absl::Duration WholeSince(const std::string& board) const { return std::max(Since(board), Since("")); }
  absl::Duration ControllerWholeSince() const { return Since(""); }
  // Faults so far.
  int count() const { return count_; }

 private:
  struct Faults {
    int ongoing = 0;
    absl::Duration last_change;
  };
  absl::Duration Since(const std::string& who) const {
    const auto found = faults_.find(who);
    if (found == faults_.end()) return absl::ZeroDuration();
    return found->second.ongoing > 0 ? absl::InfiniteDuration() : found->second.last_change;
  }

  const Timeline& timeline_;
  std::map<std::string, Faults> faults_;
  int count_ = 0;
};

}  // namespace crosscall::sim

#endif  // TESTS_SIM_CONDITIONS_H_
