// Frames from a worker that may write rubbish: the frames found do not depend on the pieces in which the bytes came,
// and nothing but a status comes of rubbish. The first byte says how long the pieces are.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "agent/worker/frames.h"
#include "crosscall/worker/v1/frame.pb.h"
#include "proto/shared/check.h"

namespace {

using crosscall::worker::DecodeFrame;
using crosscall::worker::FrameAssembler;

// What came out, a broken stream as a last line of its own.
std::vector<std::string> Assembled(absl::string_view bytes, std::size_t piece) {
  FrameAssembler assembler;
  std::vector<std::string> frames;
  while (!bytes.empty()) {
    assembler.Append(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
    for (;;) {
      const auto next = assembler.Next();
      if (!next.ok()) {
        frames.emplace_back("the stream broke");
        return frames;
      }
      if (!next->has_value()) break;
      frames.push_back(**next);
    }
  }
  return frames;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const absl::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::vector<std::string> whole = Assembled(bytes, size);
  CROSSCALL_CHECK(Assembled(bytes, 1 + data[0] % 16) == whole, "pieces make no difference");
  for (const std::string& payload : whole) {
    crosscall::worker::v1::WorkerFrame frame;
    const absl::Status status = DecodeFrame(payload, frame);
    CROSSCALL_CHECK(status.ok() || status.code() == absl::StatusCode::kDataLoss, "rubbish is data lost");
  }
  return 0;
}
