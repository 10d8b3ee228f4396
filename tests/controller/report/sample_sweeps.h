// Made-up sweeps with everything that a report shows, the same each time: for tests of the page, its figures and its
// picture.
#ifndef TESTS_CONTROLLER_REPORT_SAMPLE_SWEEPS_H_
#define TESTS_CONTROLLER_REPORT_SAMPLE_SWEEPS_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "controller/report/report.h"

namespace crosscall::report {

// A sweep with its trials and attempts, as a controller would give them.
struct SampleSweep {
  v1::Sweep sweep;
  std::vector<v1::Trial> trials;
  std::vector<v1::Result> results;
};

// The night of a small lab: three boards, one of which is lost on the way; ping-pong and broadcast measured, a mesh for
// the heat map, hangs of masked callers, explorations, invalid attempts. `slowdown` is a factor on what one
// implementation takes, from a newer kernel.
SampleSweep NightSweep(const std::string& id, double slowdown);

// So many trials on 20 boards, each point as often as `repetitions` says.
SampleSweep BigSweep(std::uint32_t trials, std::uint32_t repetitions);

// Calls between 1,024 CPUs of 8 NUMA nodes.
SampleSweep WideSweep();

// Trials that all ended this way, none with numbers that count; UNSPECIFIED: none has begun.
SampleSweep SweepOfOutcome(const std::string& id, v1::Outcome outcome);

// Other scenarios on other boards than all the above.
SampleSweep OtherSweep();

// Names and reasons that try to break out of wherever they stand.
SampleSweep HostileSweep();

// The boards that are still registered.
std::vector<v1::Board> SampleBoards();

// Gives what it holds.
class SampleSource final : public Source {
 public:
  void Add(SampleSweep sample) { sweeps_[sample.sweep.name()] = std::move(sample); }
  void SetBoards(std::vector<v1::Board> boards) { boards_ = std::move(boards); }
  const std::map<std::string, SampleSweep>& sweeps() const { return sweeps_; }

  absl::StatusOr<v1::Sweep> GetSweep(const std::string& name) override;
  absl::Status ForEachTrial(const std::string& sweep,
                            const std::function<absl::Status(const v1::Trial&)>& each) override;
  absl::Status ForEachResult(const std::string& sweep,
                             const std::function<absl::Status(const v1::Result&)>& each) override;
  absl::StatusOr<std::vector<v1::Board>> ListBoards() override { return boards_; }

 private:
  std::map<std::string, SampleSweep> sweeps_;
  std::vector<v1::Board> boards_;
};

}  // namespace crosscall::report

#endif  // TESTS_CONTROLLER_REPORT_SAMPLE_SWEEPS_H_
