// The past as Prometheus would have scraped it: results become the values of metrics over time, in OpenMetrics text,
// of which `promtool tsdb create-blocks-from openmetrics` makes blocks.
//
// Names, help, types and labels are those of the catalogue; what is tracked is chosen as the controller chooses it.
// What is not in results (whether a board was up, for example) has no history.
#ifndef CONTROLLER_CLI_HISTORY_H_
#define CONTROLLER_CLI_HISTORY_H_

#include <map>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "controller/metrics/catalogue.h"
#include "controller/metrics/detail.h"
#include "crosscall/v1/board.pb.h"
#include "crosscall/v1/result_service.pb.h"
#include "proto/shared/call_buckets.h"

namespace crosscall::cli {

struct HistoryOptions {
  metrics::Detail detail;
  // Added to every series, such as job and instance: what a scrape adds.
  std::vector<std::pair<std::string, std::string>> labels;
  // A value each; positive.
  absl::Duration step = absl::Minutes(15);
};

// Not thread-safe. Holds a few hundred bytes a result.
class History {
 public:
  // The boards as they are now: their inventory is taken for that of the whole past.
  History(HistoryOptions options, const std::vector<v1::Board>& boards);

  // One attempt; one without a result that counts says nothing. In any order.
  void Add(const v1::Result& result);

  // All series from the first step not before `from` up to `until`. Counters are 0 before their first event.
  void Write(std::ostream& out, absl::Time from, absl::Time until);
  // When the first result came; InfiniteFuture if none did.
  absl::Time first() const { return first_; }

 private:
  struct Event {
    absl::Time time;
    std::string board;
    std::string model;
    v1::Outcome outcome = v1::OUTCOME_UNSPECIFIED;
    std::string implementation;
    metrics::Pair pair;
    // Of a completed one: p50, p99, max, p999.
    std::vector<double> stats;
    shared::CallBuckets calls;
  };
  using Changes = std::vector<std::pair<absl::Time, double>>;
  // By the text of the labels.
  using Series = std::map<std::string, Changes>;

  std::string Labels(const std::vector<std::pair<std::string, std::string>>& labels) const;
  Series& Of(const metrics::Metric& metric, const std::string& suffix) { return series_[&metric][suffix]; }
  void Replay();
  void ReplayTrial(const Event& event);
  void ReplayLatency(const Event& event);
  void ReplayCalls(const Event& event);
  void AddTo(const metrics::Metric& metric, const std::string& suffix, const std::string& labels, absl::Time time,
             double more);

  const HistoryOptions options_;
  std::map<std::string, v1::Board> boards_;
  std::vector<Event> events_;
  absl::Time first_ = absl::InfiniteFuture();
  // By metric, then by what its sample's name has at its end.
  std::map<const metrics::Metric*, std::map<std::string, Series>> series_;
};

}  // namespace crosscall::cli

#endif  // CONTROLLER_CLI_HISTORY_H_
