// The results of a sweep brought down to one group a point of the sweep: repetitions merged, exactly.
#ifndef CONTROLLER_CLI_RESULT_GROUPS_H_
#define CONTROLLER_CLI_RESULT_GROUPS_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "controller/report/point_key.h"
#include "crosscall/v1/result_service.pb.h"
#include "crosscall/v1/sweep.pb.h"

namespace crosscall::cli {

using report::PointKey;

// The parts that can be seen of one point.
struct PointSummary {
  std::uint64_t trials = 0;
  // How many trials stand how: completed, hung, crashed, refused, failed, cancelled, expired, running, pending.
  std::map<std::string, std::uint64_t> standings;
  std::uint64_t calls = 0;
  std::uint64_t refused_calls = 0;
  std::uint64_t violations = 0;
  // Interrupts were counted; a worker that was killed left no account.
  bool has_ipis = false;
  std::uint64_t ipis_seen = 0;
  std::uint64_t ipis_expected = 0;
  // Whole calls of COMPLETED attempts only: what a hung or invalid attempt measured is not this point's latency.
  v1::Histogram latency;
  // Completed attempts whose histograms retention has removed, what is left of the last one, and their largest maximum.
  std::uint64_t removed = 0;
  v1::Removal removal;
  std::uint64_t removed_max_nanos = 0;
  // Why, in words: each once, in the order met.
  std::vector<std::string> notes;
  std::string first_hang;  // name of an attempt with a report
  // Of explorations: how many found what, by the words of proto/shared/exploration_text.h, and in which memory models.
  std::map<std::string, std::uint64_t> verdicts;
  std::set<std::string> memories;
  std::uint64_t states = 0;
  std::uint64_t steps = 0;
  std::string first_way;  // name of an attempt that found a way to something bad
};

// CPU pairs (board CPUs) of one scenario and implementation.
using PairLatencies = std::map<std::pair<std::uint32_t, std::uint32_t>, v1::Histogram>;

// The largest cost of measuring itself that any attempt stated.
struct OverheadBound {
  std::uint64_t clock_read_nanos = 0;
  std::uint64_t empty_call_nanos = 0;
  std::uint64_t clock_skew_nanos = 0;
};

// Not thread-safe. Memory grows with the points, not with the repetitions: histograms are kept in their sparse form.
class ResultGroups {
 public:
  explicit ResultGroups(const v1::SweepSpec& spec) : spec_(spec) {}

  // First every trial, then every result. Results of trials not added before are ignored: they came in between.
  void AddTrial(const v1::Trial& trial);
  // DATA_LOSS, naming the attempt, if a histogram is damaged: it never becomes a number.
  absl::Status AddResult(const v1::Result& result);

  const std::map<PointKey, PointSummary>& points() const { return points_; }
  // By scenario and implementation, in the order of `points`.
  const std::map<std::tuple<std::size_t, std::size_t, std::string, std::string>, PairLatencies>& pairs() const {
    return pairs_;
  }
  // The circumstances met, each once: CPU model, kernel, scheduling class, clock.
  const std::vector<std::string>& circumstances() const { return circumstances_; }
  const OverheadBound& overhead() const { return overhead_; }

 private:
  void AddCircumstances(const v1::TrialResult& payload);
  absl::Status AddCompleted(const PointKey& key, const v1::Result& result, PointSummary& point);
  static void AddExploration(const v1::Result& result, PointSummary& point);

  const v1::SweepSpec spec_;
  std::map<PointKey, PointSummary> points_;
  std::map<std::tuple<std::size_t, std::size_t, std::string, std::string>, PairLatencies> pairs_;
  std::vector<std::string> circumstances_;
  OverheadBound overhead_;
};

// "masked target, cycle 0 -> 1 -> 0", "lost IPI, late".
std::string HangNote(const v1::HangReport& report);

// "histograms removed by retention on 2027-02-01 03:00:00".
std::string RemovalText(const v1::Removal& removal);

// "completed", or with several standings "2 completed, 1 hung".
std::string StandingText(const PointSummary& point);

// The same for verdicts: "deadlock"; empty if nothing was explored.
std::string VerdictText(const PointSummary& point);

}  // namespace crosscall::cli

#endif  // CONTROLLER_CLI_RESULT_GROUPS_H_
