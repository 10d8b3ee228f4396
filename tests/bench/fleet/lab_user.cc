#include "tests/bench/fleet/lab_user.h"

#include <grpcpp/grpcpp.h>

#include <chrono>

#include "absl/strings/str_cat.h"
#include "agent/supervisor/spans.h"
#include "proto/shared/clock.h"
#include "proto/shared/resource_name.h"
#include "tests/bench/fleet/simulated_worker.h"

namespace crosscall::fleet {
namespace {

constexpr std::chrono::seconds kPatience{300};

void Bound(grpc::ClientContext& context) {
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  // After a restart of the controller the connection has yet to come back.
  context.set_wait_for_ready(true);
}

absl::Status ToAbsl(const grpc::Status& status, const std::string& call) {
  if (status.ok()) return absl::OkStatus();
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()),
                      absl::StrCat(call, ": ", status.error_message()));
}

}  // namespace

LabUser::LabUser(const std::string& controller) {
  const std::shared_ptr<grpc::Channel> channel = grpc::CreateChannel(controller, grpc::InsecureChannelCredentials());
  // Connecting is no part of any figure; if it fails, the first call says so.
  static_cast<void>(channel->WaitForConnected(std::chrono::system_clock::now() + kPatience));
  sweeps_ = v1::SweepService::NewStub(channel);
}

absl::StatusOr<Asked> LabUser::Ask(const Wish& wish) {
  v1::CreateSweepRequest request;
  request.set_sweep_id(absl::StrCat("wish-", ++asked_count_));
  v1::SweepSpec& spec = *request.mutable_spec();
  spec.add_scenarios()->set_id(kScenario);
  spec.add_implementations(kImplementation);
  spec.set_repetitions(wish.repetitions);
  if (wish.trial_time > absl::ZeroDuration()) {
    *spec.mutable_trial_time() = supervisor::ToProto(wish.trial_time);
  } else {
    spec.set_call_limit(1);
  }
  for (const std::string& board : wish.boards) spec.mutable_selector()->add_boards(board);
  grpc::ClientContext context;
  Bound(context);
  v1::CreateSweepResponse response;
  const Asked asked = {.sweep = shared::SweepName(request.sweep_id()), .sent = shared::SystemClock().Monotonic()};
  if (absl::Status status = ToAbsl(sweeps_->CreateSweep(&context, request, &response), "CreateSweep"); !status.ok()) {
    return status;
  }
  return asked;
}

absl::Status LabUser::Cancel(const std::string& sweep) {
  v1::CancelSweepRequest request;
  request.set_name(sweep);
  grpc::ClientContext context;
  Bound(context);
  v1::CancelSweepResponse response;
  return ToAbsl(sweeps_->CancelSweep(&context, request, &response), "CancelSweep");
}

absl::StatusOr<v1::Sweep> LabUser::AwaitEnd(const std::string& sweep) {
  v1::WatchSweepRequest request;
  request.set_name(sweep);
  grpc::ClientContext context;
  Bound(context);
  const std::unique_ptr<grpc::ClientReader<v1::WatchSweepResponse>> reader = sweeps_->WatchSweep(&context, request);
  v1::WatchSweepResponse newest;
  while (reader->Read(&newest)) {
  }
  if (absl::Status status = ToAbsl(reader->Finish(), "WatchSweep"); !status.ok()) return status;
  return newest.sweep();
}

}  // namespace crosscall::fleet
