#include "controller/cli/watch.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include "controller/cli/client.h"

namespace crosscall::cli {

bool HasEnded(v1::Sweep::State state) {
  return state == v1::Sweep::STATE_SUCCEEDED || state == v1::Sweep::STATE_FAILED || state == v1::Sweep::STATE_CANCELLED;
}

namespace {

// True for the ends of a stream after which the sweep may still go on: a cut, our own limit, or an end without a final
// state.
bool Resumable(grpc::StatusCode code) {
  return code == grpc::StatusCode::OK || code == grpc::StatusCode::UNAVAILABLE ||
         code == grpc::StatusCode::DEADLINE_EXCEEDED || code == grpc::StatusCode::CANCELLED;
}

struct StreamEnd {
  grpc::Status status;
  bool heard = false;  // at least one state came
  bool final = false;  // `sweep` is the final state
  v1::Sweep sweep;
};

// Reads one stream to its end, or to the final state.
StreamEnd ReadStream(const WatchSeams& seams, const WatchSettings& settings, const v1::WatchSweepRequest& request,
                     const WatchListener& listener) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + absl::ToChronoMicroseconds(settings.stream_limit));
  const Interrupt::Listener cancel_on_interrupt(seams.interrupt, [&context] { context.TryCancel(); });
  const std::unique_ptr<grpc::ClientReaderInterface<v1::WatchSweepResponse>> stream =
      seams.stub.WatchSweep(&context, request);
  StreamEnd end;
  v1::WatchSweepResponse response;
  while (!end.final && stream->Read(&response)) {
    end.heard = true;
    end.sweep = response.sweep();
    end.final = HasEnded(end.sweep.state());
    listener.on_state(end.sweep);
  }
  // Nothing follows the final state that is worth waiting for.
  if (end.final) context.TryCancel();
  end.status = stream->Finish();
  return end;
}

}  // namespace

absl::StatusOr<v1::Sweep> FollowSweep(const WatchSeams& seams, const WatchSettings& settings, const std::string& name,
                                      const WatchListener& listener) {
  v1::WatchSweepRequest request;
  request.set_name(name);
  absl::Duration pause = settings.first_pause;
  absl::Duration last_heard = seams.clock.Monotonic();
  while (true) {
    StreamEnd end = ReadStream(seams, settings, request, listener);
    if (end.final) return std::move(end.sweep);
    if (seams.interrupt.raised()) return absl::CancelledError("interrupted");
    if (!Resumable(end.status.error_code())) return FromGrpc(end.status, seams.address);
    if (end.heard) {
      pause = settings.first_pause;
      last_heard = seams.clock.Monotonic();
    }
    if (seams.clock.Monotonic() - last_heard > settings.patience) {
      return FromGrpc(grpc::Status(grpc::StatusCode::UNAVAILABLE, end.status.error_message()), seams.address);
    }
    if (end.heard && end.status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED) continue;
    listener.on_cut(end.status.error_message());
    seams.pause(pause);
    if (seams.interrupt.raised()) return absl::CancelledError("interrupted");
    pause = std::min(pause * 2, settings.longest_pause);
  }
}

}  // namespace crosscall::cli
