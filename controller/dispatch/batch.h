// One batch of the dispatcher: its instant, its transaction, and what waits for the commit.
#ifndef CONTROLLER_DISPATCH_BATCH_H_
#define CONTROLLER_DISPATCH_BATCH_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "controller/dispatch/done.h"
#include "controller/dispatch/power_port.h"
#include "controller/dispatch/world.h"
#include "controller/store/transaction.h"

namespace crosscall::dispatch {

// Not thread-safe.
class Batch {
 public:
  Batch(std::unique_ptr<store::Transaction> transaction, absl::Duration now, absl::Time wall)
      : now_(now), wall_(wall), transaction_(std::move(transaction)) {}

  // Monotonic and wall time, the same for all of the batch.
  absl::Duration now() const { return now_; }
  absl::Time wall() const { return wall_; }
  store::Transaction& tx() { return *transaction_; }

  // Sends `answer` after the commit; if that fails, its error in place of a good answer.
  template <class T>
  void Reply(Done<T> done, absl::StatusOr<T> answer) {
    answers_.push_back([done = std::move(done), answer = std::move(answer)](const absl::Status& commit) mutable {
      if (answer.ok() && !commit.ok()) {
        done(commit);
      } else {
        done(std::move(answer));
      }
    });
  }

  void AddEvent(const std::string& subject, const std::string& kind, const std::string& detail) {
    tx().AddEvent({.time = wall_, .subject = subject, .kind = kind, .detail = detail});
  }

  // To be looked at before the batch ends, by name or number, so that a run can be repeated.
  void Touch(BoardState& board) { boards_[board.row.name] = &board; }
  void Touch(SweepState& sweep) { sweeps_[sweep.row.number] = &sweep; }
  std::map<std::string, BoardState*>& boards() { return boards_; }
  std::map<std::int64_t, SweepState*>& sweeps() { return sweeps_; }

  // Started when the batch is committed.
  void RunPower(PowerJob job) { power_jobs_.push_back(std::move(job)); }
  std::vector<PowerJob> TakePowerJobs() { return std::move(power_jobs_); }

  // When what a fresh lease waited for was there; recorded when its answer leaves.
  void CountDispatch(absl::Duration since) { dispatched_.push_back(since); }
  const std::vector<absl::Duration>& dispatched() const { return dispatched_; }

  // Sends all answers, the commit having ended with `commit`.
  void Send(const absl::Status& commit) {
    for (auto& answer : answers_) answer(commit);
    answers_.clear();
  }

 private:
  const absl::Duration now_;
  const absl::Time wall_;
  const std::unique_ptr<store::Transaction> transaction_;
  std::vector<std::function<void(const absl::Status&)>> answers_;
  std::map<std::string, BoardState*> boards_;
  std::map<std::int64_t, SweepState*> sweeps_;
  std::vector<absl::Duration> dispatched_;
  std::vector<PowerJob> power_jobs_;
};

}  // namespace crosscall::dispatch

#endif  // CONTROLLER_DISPATCH_BATCH_H_
