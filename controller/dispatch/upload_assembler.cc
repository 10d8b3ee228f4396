#include "controller/dispatch/upload_assembler.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/dispatch/retry_after.h"

namespace crosscall::dispatch {

absl::StatusOr<UploadAssembler::Step> UploadAssembler::Add(const v1::UploadResultRequest& request, absl::Duration now) {
  shared::MutexLock lock(mutex_);
  DropIdle(now);
  const Key key(request.board(), request.trial(), request.attempt());
  auto found = partials_.find(key);
  if (found != partials_.end() && found->second.sha256 != request.sha256()) {
    reserved_bytes_ -= found->second.total_bytes;
    partials_.erase(found);
    found = partials_.end();
  }
  if (found == partials_.end()) {
    // Its first chunk is still to come: nothing needs to be kept.
    if (request.offset() > 0) return Step{};
    if (reserved_bytes_ + request.total_bytes() > settings_.upload_memory_bytes) {
      return WithRetryAfter(absl::ResourceExhaustedError(
                                absl::StrCat("results of ", reserved_bytes_, " bytes are being received, allowed ",
                                             settings_.upload_memory_bytes, ": try again later")),
                            settings_.refusal_delay);
    }
    reserved_bytes_ += request.total_bytes();
    found = partials_.emplace(key, Partial{}).first;
    found->second.sha256 = request.sha256();
    found->second.total_bytes = request.total_bytes();
  }
  Partial& partial = found->second;
  if (partial.total_bytes != request.total_bytes()) {
    return absl::InvalidArgumentError(absl::StrCat("total_bytes: ", request.total_bytes(), ", earlier chunks said ",
                                                   partial.total_bytes, "; allowed: one total for one digest"));
  }
  partial.last_chunk = now;
  if (request.offset() == partial.payload.size()) partial.payload.append(request.chunk());
  Step step;
  step.received_bytes = partial.payload.size();
  if (step.received_bytes < partial.total_bytes) return step;
  step.complete.emplace();
  step.complete->board = request.board();
  step.complete->trial = request.trial();
  step.complete->attempt = request.attempt();
  step.complete->sha256 = std::move(partial.sha256);
  step.complete->payload = std::move(partial.payload);
  reserved_bytes_ -= partial.total_bytes;
  partials_.erase(found);
  return step;
}

void UploadAssembler::DropIdle(absl::Duration now) {
  for (auto it = partials_.begin(); it != partials_.end();) {
    if (now - it->second.last_chunk < settings_.upload_idle_limit) {
      ++it;
      continue;
    }
    reserved_bytes_ -= it->second.total_bytes;
    it = partials_.erase(it);
  }
}

std::size_t UploadAssembler::bytes() const {
  shared::MutexLock lock(mutex_);
  return reserved_bytes_;
}

}  // namespace crosscall::dispatch
