#include "agent/worker/frames.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "proto/shared/durable_file.h"

namespace crosscall::worker {
namespace {

constexpr std::size_t kPrefixBytes = 4;

absl::Status OverLimit(std::size_t bytes) {
  return absl::ResourceExhaustedError(
      absl::StrCat("frame of ", bytes, " bytes; at most ", kMaxFrameBytes, " are allowed"));
}

std::size_t DecodeLength(const char* prefix) {
  std::uint32_t length = 0;
  for (std::size_t i = 0; i < kPrefixBytes; ++i) {
    length |= std::uint32_t{static_cast<unsigned char>(prefix[i])} << (8 * i);
  }
  return length;
}

// A pipe knows no send(2); a socket's write(2) may raise SIGPIPE.
ssize_t WriteSome(int fd, absl::string_view bytes) {
  const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (sent >= 0 || errno != ENOTSOCK) return sent;
  return write(fd, bytes.data(), bytes.size());
}

// Reads exactly `size` bytes unless the stream ends first; returns how many came.
absl::StatusOr<std::size_t> ReadFully(int fd, char* out, std::size_t size) {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got = read(fd, out + done, size - done);
    if (got == 0) break;
    if (got < 0) {
      if (errno == EINTR) continue;
      return shared::ErrnoStatus(errno, "read of a frame");
    }
    done += static_cast<std::size_t>(got);
  }
  return done;
}

}  // namespace

absl::StatusOr<std::string> EncodeFrame(const google::protobuf::MessageLite& message) {
  const std::size_t size = message.ByteSizeLong();
  if (size > kMaxFrameBytes) return OverLimit(size);
  std::string bytes;
  bytes.reserve(kPrefixBytes + size);
  for (std::size_t i = 0; i < kPrefixBytes; ++i) bytes.push_back(static_cast<char>((size >> (8 * i)) & 0xff));
  if (!message.AppendToString(&bytes)) return absl::InternalError("a frame's message could not be serialised");
  return bytes;
}

absl::Status DecodeFrame(absl::string_view payload, google::protobuf::MessageLite& message) {
  if (!message.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) {
    return absl::DataLossError(absl::StrCat("frame of ", payload.size(), " bytes is no ", message.GetTypeName(),
                                            "; are both from one build?"));
  }
  return absl::OkStatus();
}

absl::Status WriteFrame(int fd, const google::protobuf::MessageLite& message) {
  absl::StatusOr<std::string> frame = EncodeFrame(message);
  if (!frame.ok()) return frame.status();
  absl::string_view rest = *frame;
  while (!rest.empty()) {
    const ssize_t sent = WriteSome(fd, rest);
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno == EPIPE || errno == ECONNRESET) return absl::UnavailableError("the reader of the frames is gone");
      return shared::ErrnoStatus(errno, "write of a frame");
    }
    rest.remove_prefix(static_cast<std::size_t>(sent));
  }
  return absl::OkStatus();
}

absl::Status ReadFrame(int fd, google::protobuf::MessageLite& message) {
  char prefix[kPrefixBytes];
  absl::StatusOr<std::size_t> got = ReadFully(fd, prefix, sizeof(prefix));
  if (!got.ok()) return got.status();
  if (*got == 0) return absl::OutOfRangeError("the stream of frames has ended");
  if (*got < sizeof(prefix)) return absl::DataLossError("the stream ended within a frame's length");
  const std::size_t length = DecodeLength(prefix);
  if (length > kMaxFrameBytes) return OverLimit(length);
  std::string payload(length, '\0');
  got = ReadFully(fd, payload.data(), length);
  if (!got.ok()) return got.status();
  if (*got < length) {
    return absl::DataLossError(absl::StrCat("the stream ended after ", *got, " of a frame's ", length, " bytes"));
  }
  return DecodeFrame(payload, message);
}

absl::StatusOr<std::optional<std::string>> FrameAssembler::Next() {
  if (buffer_.size() < kPrefixBytes) return std::optional<std::string>();
  const std::size_t length = DecodeLength(buffer_.data());
  if (length > kMaxFrameBytes) return OverLimit(length);
  if (buffer_.size() < kPrefixBytes + length) return std::optional<std::string>();
  std::optional<std::string> payload(buffer_.substr(kPrefixBytes, length));
  buffer_.erase(0, kPrefixBytes + length);
  return payload;
}

}  // namespace crosscall::worker
