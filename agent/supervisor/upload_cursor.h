// One result on its way home: which chunk next, and what an answer means. Pure; not thread-safe.
//
// The first chunk also asks how much the controller already has, so an upload that broke off goes on where it stood.
#ifndef AGENT_SUPERVISOR_UPLOAD_CURSOR_H_
#define AGENT_SUPERVISOR_UPLOAD_CURSOR_H_

#include <cstdint>
#include <string>
#include <utility>

#include "agent/supervisor/sha256.h"
#include "crosscall/v1/board_service.pb.h"
#include "proto/shared/resource_name.h"
#include "proto/shared/validate.h"

namespace crosscall::supervisor {

class UploadCursor {
 public:
  enum class Step {
    kSendNext,   // ask NextChunk again, at once
    kDelivered,  // durable at the controller, as result or as evidence: the copy here may go
    kStuck,      // the controller has all bytes, or says so, and does not commit: try again later, from the start
  };

  UploadCursor(shared::AttemptKey key, std::string payload)
      : key_(std::move(key)), payload_(std::move(payload)), sha256_(Sha256(payload_)) {}

  v1::UploadResultRequest NextChunk(const std::string& board) const {
    v1::UploadResultRequest request;
    request.set_board(board);
    request.set_trial(key_.trial);
    request.set_attempt(key_.attempt);
    request.set_sha256(sha256_);
    request.set_offset(offset_);
    request.set_total_bytes(payload_.size());
    request.set_chunk(payload_.substr(offset_, shared::kMaxChunkBytes));
    return request;
  }

  Step OnAnswer(const v1::UploadResultResponse& answer) {
    if (answer.committed() || answer.superseded()) return Step::kDelivered;
    const bool moved = answer.received_bytes() != offset_ && answer.received_bytes() < payload_.size();
    offset_ = moved ? answer.received_bytes() : 0;
    return moved ? Step::kSendNext : Step::kStuck;
  }

  const shared::AttemptKey& key() const { return key_; }

 private:
  shared::AttemptKey key_;
  std::string payload_;
  std::string sha256_;
  std::uint64_t offset_ = 0;
};

}  // namespace crosscall::supervisor

#endif  // AGENT_SUPERVISOR_UPLOAD_CURSOR_H_
