#include "tests/bench/scrape/direct_board.h"

#include <memory>

#include "controller/dispatch/checked_result.h"
#include "proto/shared/clock.h"
#include "proto/shared/proto_time.h"
#include "tests/controller/dispatch/pair_sweep.h"

namespace crosscall::scrape {
namespace {

absl::Duration Now() { return shared::SystemClock().Monotonic(); }

// A callback and what it will have said.
template <class T>
std::pair<dispatch::Done<T>, std::future<absl::StatusOr<T>>> Expect() {
  auto promise = std::make_shared<std::promise<absl::StatusOr<T>>>();
  std::future<absl::StatusOr<T>> answer = promise->get_future();
  return {[promise](absl::StatusOr<T> said) { promise->set_value(std::move(said)); }, std::move(answer)};
}

}  // namespace

std::future<DirectBoard::Answer> DirectBoard::Call() {
  v1::SynchronizeRequest request;
  request.set_board(name_);
  request.set_incarnation_id("one");
  request.set_boot_id("boot");
  request.set_sequence(++sequence_);
  // What the board is, the store knows.
  *request.mutable_send_time() = shared::TimestampOf(shared::SystemClock().Wall());
  auto [done, answer] = Expect<v1::SynchronizeResponse>();
  dispatcher_.Synchronize(std::move(request), done);
  return std::move(answer);
}

absl::StatusOr<absl::Duration> DirectBoard::RunTrial() {
  auto [done, created] = Expect<v1::CreateSweepResponse>();
  const absl::Duration begin = Now();
  dispatcher_.CreateSweep(dispatch::PairSweep(1, {name_}), {}, done);
  Answer answer = held_.get();
  // A call that was held to its end brings nothing.
  while (answer.ok() && answer->leases().empty()) answer = Call().get();
  if (!answer.ok()) return answer.status();
  const absl::Duration took = Now() - begin;
  if (absl::StatusOr<v1::CreateSweepResponse> sweep = created.get(); !sweep.ok()) return sweep.status();
  if (absl::Status status = Upload(answer->leases(0)); !status.ok()) return status;
  held_ = Call();
  return took;
}

absl::Status DirectBoard::Upload(const v1::DesiredLease& lease) {
  v1::TrialResult result;
  result.set_outcome(v1::OUTCOME_COMPLETED);
  result.set_calls(100);
  const std::string payload = result.SerializeAsString();
  v1::UploadResultRequest request;
  request.set_board(name_);
  request.set_trial(lease.trial());
  request.set_attempt(lease.attempt());
  request.set_sha256(dispatch::Sha256(payload));
  request.set_total_bytes(payload.size());
  request.set_chunk(payload);
  auto [done, answer] = Expect<v1::UploadResultResponse>();
  dispatcher_.UploadResult(request, done);
  return answer.get().status();
}

}  // namespace crosscall::scrape
