// What the dispatcher reads: all of its state at start, and points of it later.
#ifndef CONTROLLER_STORE_LIVE_READER_H_
#define CONTROLLER_STORE_LIVE_READER_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "controller/store/connection.h"
#include "controller/store/rows.h"

namespace crosscall::store {

// Not thread-safe; reads on the writing connection, so that it sees what the open transaction wrote. Every query uses
// an index: none grows with history.
class LiveReader {
 public:
  explicit LiveReader(Connection& connection) : connection_(connection) {}

  absl::StatusOr<LiveState> LoadLive();
  absl::StatusOr<absl::optional<SweepRow>> FindSweep(absl::string_view name);
  absl::StatusOr<absl::optional<SweepRow>> FindSweepByRequest(absl::string_view request_id);
  absl::StatusOr<absl::optional<TrialRow>> FindTrial(absl::string_view name);
  absl::StatusOr<absl::optional<AttemptRow>> FindAttempt(std::int64_t trial_id, std::uint32_t attempt);
  absl::StatusOr<std::vector<StoredResult>> FindResults(std::int64_t trial_id, std::uint32_t attempt);
  absl::StatusOr<std::vector<PayloadRow>> FindOldPayloads(bool evidence, absl::Time before, int limit);
  absl::StatusOr<OldEvents> FindOldEvents(absl::Time before, int limit);
  absl::StatusOr<bool> HasFiring(std::int64_t schedule_number, absl::Time nominal_time);
  absl::StatusOr<bool> IsClosedSession(absl::string_view board, absl::string_view incarnation_id);

 private:
  absl::StatusOr<absl::optional<SweepRow>> OneSweep(absl::string_view sql, absl::string_view key);
  absl::Status LoadBoards(LiveState& live);
  absl::Status LoadSweeps(LiveState& live);
  absl::Status LoadTrials(LiveState& live);
  absl::Status LoadPins(LiveState& live);
  absl::Status LoadAttempts(LiveState& live);
  absl::Status LoadTallies(LiveState& live);
  absl::Status LoadLatencies(LiveState& live);
  absl::Status LoadSchedules(LiveState& live);
  absl::Status LoadRemovals(LiveState& live);
  absl::Status LoadCounts(LiveState& live);
  absl::Status LoadCallLatencies(LiveState& live);

  Connection& connection_;
};

}  // namespace crosscall::store

#endif  // CONTROLLER_STORE_LIVE_READER_H_
