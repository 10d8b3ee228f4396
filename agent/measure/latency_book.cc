#include "agent/measure/latency_book.h"

#include "proto/shared/histogram_proto.h"

namespace crosscall::measure {
namespace {

struct IntervalName {
  const char* from;
  const char* to;
};
constexpr IntervalName kIntervalNames[kIntervalCount] = {
    {"enter", "claim"},      {"claim", "publish"},     {"publish", "kicked"},  {"kick", "ipi_entry"},
    {"kicked", "ipi_entry"}, {"ipi_entry", "drain"},   {"drain", "fn_entry"},  {"fn_entry", "fn_exit"},
    {"fn_exit", "complete"}, {"complete", "observed"}, {"publish", "fn_entry"}};

constexpr const char* kRouteNames[kRouteCount] = {"ipi", "polled", "window", "idle_poll", "proxied", "self", "refused"};

}  // namespace

void LatencyBook::RecordPair(std::uint32_t source, std::uint32_t target, std::uint64_t nanos) {
  const std::pair<std::uint32_t, std::uint32_t> key(source, target);
  auto found = pairs_.find(key);
  if (found == pairs_.end()) {
    if (pairs_.size() >= kMaxPairs) return;
    found = pairs_.try_emplace(key).first;
  }
  found->second.Record(nanos);
}

void LatencyBook::Fill(v1::TrialResult& result) const {
  *result.mutable_latency() = shared::ToProto(whole_);
  for (std::size_t i = 0; i < kIntervalCount; ++i) {
    if (intervals_[i].count() == 0) continue;
    v1::StageInterval& stage = *result.add_stages();
    stage.set_from(kIntervalNames[i].from);
    stage.set_to(kIntervalNames[i].to);
    *stage.mutable_histogram() = shared::ToProto(intervals_[i]);
  }
  // The full form of one pair at a time: it is large.
  const auto full = std::make_unique<shared::Histogram>();
  for (const auto& [key, sparse] : pairs_) {
    full->Clear();
    sparse.AddTo(*full);
    v1::PairLatency& pair = *result.add_pairs();
    pair.set_source(key.first);
    pair.set_target(key.second);
    *pair.mutable_histogram() = shared::ToProto(*full);
  }
  for (std::size_t i = 0; i < kRouteCount; ++i) {
    if (targets_[i] == 0) continue;
    v1::RouteCount& route = *result.add_routes();
    route.set_route(kRouteNames[i]);
    route.set_count(targets_[i]);
    *route.mutable_histogram() = shared::ToProto(routes_[i]);
  }
}

}  // namespace crosscall::measure
