// All latency distributions of a trial: whole calls, stage intervals, CPU pairs and routes (section 8 of the cross-call
// reference).
//
// Not thread-safe. Spans are nanoseconds.
#ifndef AGENT_MEASURE_LATENCY_BOOK_H_
#define AGENT_MEASURE_LATENCY_BOOK_H_

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <utility>

#include "agent/measure/sparse_histogram.h"
#include "crosscall/v1/result.pb.h"
#include "proto/shared/histogram.h"

namespace crosscall::measure {

enum class Interval : std::uint8_t {
  kEnterClaim,
  kClaimPublish,
  kPublishKicked,
  kKickEntry,    // from before the doorbell: always positive
  kKickedEntry,  // the reference's IPI latency; a doorbell that is a system call may end after the entry
  kEntryDrain,
  kDrainFnEntry,
  kFunction,
  kFnExitComplete,
  kCompleteObserved,
  kPublishFnEntry,
};
inline constexpr std::size_t kIntervalCount = 11;

// How a call reached a target.
enum class Route : std::uint8_t { kIpi, kPolled, kWindow, kIdlePoll, kProxied, kSelf, kRefused };
inline constexpr std::size_t kRouteCount = 7;

class LatencyBook {
 public:
  // As result.proto limits them; the calls of further pairs are in the whole-call distribution only.
  static constexpr std::size_t kMaxPairs = 4096;

  void RecordCall(std::uint64_t nanos) { whole_.Record(nanos); }
  void RecordInterval(Interval interval, std::uint64_t nanos) {
    intervals_[static_cast<std::size_t>(interval)].Record(nanos);
  }
  void RecordPair(std::uint32_t source, std::uint32_t target, std::uint64_t nanos);
  void CountTarget(Route route) { ++targets_[static_cast<std::size_t>(route)]; }
  void RecordRoute(Route route, std::uint64_t nanos) { routes_[static_cast<std::size_t>(route)].Record(nanos); }

  const shared::Histogram& whole() const { return whole_; }
  const shared::Histogram& interval(Interval interval) const { return intervals_[static_cast<std::size_t>(interval)]; }
  std::uint64_t targets(Route route) const { return targets_[static_cast<std::size_t>(route)]; }

  // Writes latency, stages, pairs and routes; what was never recorded is left out.
  void Fill(v1::TrialResult& result) const;

 private:
  shared::Histogram whole_;
  std::array<shared::Histogram, kIntervalCount> intervals_;
  std::array<std::uint64_t, kRouteCount> targets_{};
  std::array<shared::Histogram, kRouteCount> routes_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, SparseHistogram> pairs_;
};

}  // namespace crosscall::measure

#endif  // AGENT_MEASURE_LATENCY_BOOK_H_
