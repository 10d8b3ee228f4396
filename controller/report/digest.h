// Everything of a sweep that its report shows, brought down from trials and attempts: repetitions merged exactly, hangs
// of one kind kept once, what does not count kept apart.
#ifndef CONTROLLER_REPORT_DIGEST_H_
#define CONTROLLER_REPORT_DIGEST_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "controller/report/board_shares.h"
#include "controller/report/circumstances.h"
#include "controller/report/distribution.h"
#include "controller/report/findings.h"
#include "controller/report/heat_map.h"
#include "controller/report/point_key.h"
#include "controller/report/standing.h"
#include "crosscall/v1/result_service.pb.h"
#include "crosscall/v1/sweep.pb.h"

namespace crosscall::report {

// Interrupts of the attempts that decided their trials.
struct InterruptTotals {
  bool known = false;  // a worker that was killed left no account
  std::uint64_t seen = 0;
  std::uint64_t expected = 0;
  std::uint64_t kicks_sent = 0;
  std::uint64_t kicks_skipped = 0;
  std::uint64_t spurious = 0;
  std::uint64_t merged = 0;
};

// Smallest and largest value that any repetition had.
struct Spread {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
};

struct PointDigest {
  Standing standing;
  std::uint64_t calls = 0;
  std::uint64_t refused_calls = 0;
  std::uint64_t violations = 0;
  std::uint32_t cpu_count = 0;  // that took part; 0: not known
  InterruptTotals interrupts;
  // Of completed attempts only.
  Distribution latency;
  std::uint64_t repetitions = 0;  // with a distribution
  Spread p50;
  Spread p99;
  // Completed attempts without one, since retention has removed it; what is left of the last.
  std::uint64_t removed = 0;
  v1::Removal removal;
  // Each once, in the order met.
  std::vector<std::string> notes;
};

// All CPU lists of one way to measure on one board, pooled. Of completed attempts only.
struct SeriesDigest {
  Distribution latency;
  std::map<std::pair<std::string, std::string>, Distribution> stages;
  std::map<std::string, std::uint64_t> routes;  // call targets reached
  PairDistributions pairs;
};

// Not thread-safe.
class Digest {
 public:
  explicit Digest(v1::Sweep sweep) : sweep_(std::move(sweep)) {}

  // First every trial, then every result, then the boards that are registered now. Results of trials not added before
  // are ignored: they came in between.
  void AddTrial(const v1::Trial& trial);
  // DATA_LOSS, naming the attempt, if a histogram is damaged.
  absl::Status AddResult(const v1::Result& result);
  void AddBoard(const v1::Board& board) { boards_.AddBoard(board); }

  const v1::Sweep& sweep() const { return sweep_; }
  const std::map<PointKey, PointDigest>& points() const { return points_; }
  // By points without their CPUs.
  const std::map<PointKey, SeriesDigest>& series() const { return series_; }
  const Findings& findings() const { return findings_; }
  const Circumstances& circumstances() const { return circumstances_; }
  const BoardShares& boards() const { return boards_; }

 private:
  absl::Status AddCompleted(const PointKey& key, const v1::TrialResult& payload, const v1::Result& result,
                            PointDigest& point);
  static absl::Status AddParts(const v1::Result& result, SeriesDigest& series);

  const v1::Sweep sweep_;
  std::map<PointKey, PointDigest> points_;
  std::map<PointKey, SeriesDigest> series_;
  Findings findings_;
  Circumstances circumstances_;
  BoardShares boards_;
};

}  // namespace crosscall::report

#endif  // CONTROLLER_REPORT_DIGEST_H_
