#include "agent/supervisor/controller_client.h"

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "proto/shared/check.h"

namespace crosscall::supervisor {
namespace {

// Both ends must agree on pings, or the server ends the connection with `too_many_pings`.
constexpr int kKeepaliveMillis = 20'000;
constexpr int kKeepaliveTimeoutMillis = 10'000;
// gRPC's own reconnecting must not delay ours.
constexpr int kReconnectMillis = 200;
constexpr int kMaxMessageBytes = 4 * 1024 * 1024;

grpc::ChannelArguments Arguments() {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMillis);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMillis);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kReconnectMillis);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kReconnectMillis);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 10 * kReconnectMillis);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  // A connection of its own: channels with equal arguments would share one, if a process has several agents.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  return arguments;
}

std::chrono::system_clock::time_point DeadlineIn(absl::Duration limit) {
  return std::chrono::system_clock::now() +
         std::chrono::duration_cast<std::chrono::system_clock::duration>(absl::ToChronoNanoseconds(limit));
}

absl::Duration RetryAfter(const grpc::ClientContext& context) {
  const auto& trailers = context.GetServerTrailingMetadata();
  const auto found = trailers.find("retry-after-ms");
  if (found == trailers.end()) return absl::ZeroDuration();
  std::int64_t millis = 0;
  if (!absl::SimpleAtoi(absl::string_view(found->second.data(), found->second.size()), &millis) || millis < 0) {
    return absl::ZeroDuration();
  }
  return absl::Milliseconds(millis);
}

// gRPC's codes and absl's are the same numbers.
absl::Status ToAbsl(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

}  // namespace

template <class Request, class Response>
struct ControllerClient::Call {
  grpc::ClientContext context;
  Request request;
  Response response;
  std::function<void(const CallEnd&, const Response&)> done;
};

ControllerClient::ControllerClient(const std::string& address,
                                   const std::shared_ptr<grpc::ChannelCredentials>& credentials, Mailbox& mailbox)
    : address_(address), mailbox_(mailbox) {
  UseCredentials(credentials);
}

void ControllerClient::UseCredentials(const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
  stub_ = v1::BoardService::NewStub(grpc::CreateCustomChannel(address_, credentials, Arguments()));
}

ControllerClient::~ControllerClient() {
  if (synchronize_) synchronize_->context.TryCancel();
  if (upload_) upload_->context.TryCancel();
  // The ends are reported to the mailbox by closures that refer to this object.
  while (synchronize_ || upload_) {
    if (synchronize_) synchronize_->done = nullptr;
    if (upload_) upload_->done = nullptr;
    mailbox_.RunOne(absl::Seconds(1));
  }
}

void ControllerClient::Synchronize(const v1::SynchronizeRequest& request, absl::Duration limit, SynchronizeDone done) {
  CROSSCALL_CHECK(!synchronize_, "one Synchronize at a time");
  synchronize_ = std::make_unique<SynchronizeCall>();
  synchronize_->request = request;
  synchronize_->done = std::move(done);
  synchronize_->context.set_deadline(DeadlineIn(limit));
  SynchronizeCall& call = *synchronize_;
  stub_->async()->Synchronize(&call.context, &call.request, &call.response, [this](const grpc::Status& status) {
    mailbox_.Post([this, status] {
      const std::unique_ptr<SynchronizeCall> ended = std::move(synchronize_);
      if (ended->done) ended->done({ToAbsl(status), RetryAfter(ended->context)}, ended->response);
    });
  });
}

void ControllerClient::Upload(v1::UploadResultRequest request, absl::Duration limit, UploadDone done) {
  CROSSCALL_CHECK(!upload_, "one upload at a time");
  upload_ = std::make_unique<UploadCall>();
  upload_->request = std::move(request);
  upload_->done = std::move(done);
  upload_->context.set_deadline(DeadlineIn(limit));
  UploadCall& call = *upload_;
  stub_->async()->UploadResult(&call.context, &call.request, &call.response, [this](const grpc::Status& status) {
    mailbox_.Post([this, status] {
      const std::unique_ptr<UploadCall> ended = std::move(upload_);
      if (ended->done) ended->done({ToAbsl(status), RetryAfter(ended->context)}, ended->response);
    });
  });
}

void ControllerClient::CancelSynchronize() {
  if (synchronize_) synchronize_->context.TryCancel();
}

}  // namespace crosscall::supervisor
