// Frames between an agent and its worker: a little-endian u32 length, then that many bytes of one protobuf message.
//
// Neither side trusts the other's bytes: a length over kMaxFrameBytes and bytes that do not parse are statuses.
// Thread safety: none; one reader and one writer of a file descriptor at a time.
#ifndef AGENT_WORKER_FRAMES_H_
#define AGENT_WORKER_FRAMES_H_

#include <cstddef>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message_lite.h"

namespace crosscall::worker {

inline constexpr std::size_t kMaxFrameBytes = 20 * 1024 * 1024;
// Where a worker finds its end of the frame socket and the memory of the flight region.
inline constexpr int kFrameFd = 3;
inline constexpr int kRegionFd = 4;

// The bytes of one frame. RESOURCE_EXHAUSTED if the message is over the limit.
absl::StatusOr<std::string> EncodeFrame(const google::protobuf::MessageLite& message);

// Parses one frame's payload. DATA_LOSS if it is not such a message.
absl::Status DecodeFrame(absl::string_view payload, google::protobuf::MessageLite& message);

// Writes one frame to a socket or pipe, blocking. Never raises SIGPIPE on a socket. Codes: RESOURCE_EXHAUSTED (over the
// limit), UNAVAILABLE (the reader is gone), or what errno says.
absl::Status WriteFrame(int fd, const google::protobuf::MessageLite& message);

// Reads one frame, blocking. Codes: OUT_OF_RANGE (clean end before a frame began), DATA_LOSS (ended within a frame, or
// rubbish), RESOURCE_EXHAUSTED (length over the limit), or what errno says.
absl::Status ReadFrame(int fd, google::protobuf::MessageLite& message);

// Puts frames together from whatever pieces a non-blocking read brought.
//
// Invariant: holds at most one unfinished frame's bytes plus what the last Append brought.
class FrameAssembler {
 public:
  void Append(absl::string_view bytes) { buffer_.append(bytes.data(), bytes.size()); }

  // The next complete payload; nullopt if more bytes are needed. RESOURCE_EXHAUSTED once a length is over the limit;
  // the stream is then unusable.
  absl::StatusOr<std::optional<std::string>> Next();

  // Bytes of a frame that has begun and not ended.
  std::size_t pending_bytes() const { return buffer_.size(); }

 private:
  std::string buffer_;
};

}  // namespace crosscall::worker

#endif  // AGENT_WORKER_FRAMES_H_
