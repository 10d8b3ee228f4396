// An agent without network: speaks the protocol to a dispatcher in its own process, one trial after the other.
#ifndef TESTS_BENCH_SCRAPE_DIRECT_BOARD_H_
#define TESTS_BENCH_SCRAPE_DIRECT_BOARD_H_

#include <cstdint>
#include <future>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "controller/dispatch/dispatcher.h"

namespace crosscall::scrape {

// Not thread-safe. `dispatcher` outlives the board, and is stopped before it if a call may be held.
class DirectBoard {
 public:
  DirectBoard(dispatch::Dispatcher& dispatcher, std::string name) : dispatcher_(dispatcher), name_(std::move(name)) {}

  // Calls for the first time: from then on it is known to be there.
  absl::Status Greet() { return Call().get().status(); }
  // Its call is held from now on.
  void Begin() { held_ = Call(); }
  // From the request for a sweep of one trial until the board has the lease; then the trial is over at once.
  absl::StatusOr<absl::Duration> RunTrial();

 private:
  using Answer = absl::StatusOr<v1::SynchronizeResponse>;
  std::future<Answer> Call();
  absl::Status Upload(const v1::DesiredLease& lease);

  dispatch::Dispatcher& dispatcher_;
  const std::string name_;
  std::uint64_t sequence_ = 0;
  std::future<Answer> held_;
};

}  // namespace crosscall::scrape

#endif  // TESTS_BENCH_SCRAPE_DIRECT_BOARD_H_
