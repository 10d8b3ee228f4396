#include "agent/supervisor/worker_link.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "proto/shared/check.h"
#include "proto/shared/durable_file.h"
#include "proto/shared/sanitize.h"

namespace crosscall::supervisor {
namespace {

constexpr std::size_t kOutputBytes = 8 * 1024;
// At most so much is taken at a time, so that a worker that writes without end cannot keep its watcher from watching.
constexpr int kReadsPerTurn = 64;
constexpr std::size_t kReadBytes = 64 * 1024;

struct Pipe {
  FileDescriptor reader;
  FileDescriptor writer;
};

absl::StatusOr<Pipe> MakePipe() {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0) return shared::ErrnoStatus(errno, "pipe for a worker's output");
  Pipe pipe{FileDescriptor(fds[0]), FileDescriptor(fds[1])};
  if (fcntl(fds[0], F_SETFL, O_NONBLOCK) != 0) return shared::ErrnoStatus(errno, "non-blocking pipe");
  return pipe;
}

absl::StatusOr<FileDescriptor> OpenNull() {
  FileDescriptor null(open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null.valid()) return shared::ErrnoStatus(errno, "open /dev/null");
  return null;
}

int Milliseconds(absl::Duration patience) {
  const absl::Duration rounded = absl::Ceil(std::max(patience, absl::ZeroDuration()), absl::Milliseconds(1));
  return static_cast<int>(std::min<std::int64_t>(absl::ToInt64Milliseconds(rounded), 1'000'000));
}

}  // namespace

WorkerLink::WorkerLink(ChildProcess process, FileDescriptor frames, FileDescriptor output, FileDescriptor region,
                       std::string to_send)
    : process_(std::move(process)),
      frame_fd_(std::move(frames)),
      output_fd_(std::move(output)),
      region_fd_(std::move(region)),
      to_send_(std::move(to_send)),
      output_(kOutputBytes) {}

absl::StatusOr<std::unique_ptr<WorkerLink>> WorkerLink::Start(ChildOptions options, const v1::TrialSpec& spec) {
  worker::v1::RunTrial run;
  *run.mutable_spec() = spec;
  absl::StatusOr<std::string> frame = worker::EncodeFrame(run);
  if (!frame.ok()) return frame.status();
  int sockets[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0) {
    return shared::ErrnoStatus(errno, "socketpair for a worker");
  }
  FileDescriptor ours(sockets[0]);
  FileDescriptor theirs(sockets[1]);
  if (fcntl(ours.get(), F_SETFL, O_NONBLOCK) != 0) return shared::ErrnoStatus(errno, "non-blocking socket");
  FileDescriptor region(memfd_create("crosscall-flight-region", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!region.valid()) return shared::ErrnoStatus(errno, "memfd_create for the flight region");
  absl::StatusOr<Pipe> output = MakePipe();
  if (!output.ok()) return output.status();
  absl::StatusOr<FileDescriptor> null = OpenNull();
  if (!null.ok()) return null.status();
  options.descriptors = {{null->get(), 0},
                         {output->writer.get(), 1},
                         {output->writer.get(), 2},
                         {theirs.get(), worker::kFrameFd},
                         {region.get(), worker::kRegionFd}};
  absl::StatusOr<ChildProcess> process = ChildProcess::Spawn(options);
  if (!process.ok()) return process.status();
  return absl::WrapUnique(new WorkerLink(std::move(*process), std::move(ours), std::move(output->reader),
                                         std::move(region), std::move(*frame)));
}

absl::Status WorkerLink::Wait(absl::Duration patience) {
  std::array<pollfd, 2> fds = {};
  // A negative descriptor is ignored by poll: once a channel has ended it would else be ready for ever.
  fds[0] = {ended_ ? -1 : frame_fd_.get(), static_cast<short>(to_send_.empty() ? POLLIN : POLLIN | POLLOUT), 0};
  fds[1] = {output_fd_.get(), POLLIN, 0};
  if (poll(fds.data(), fds.size(), Milliseconds(patience)) < 0 && errno != EINTR) {
    return shared::ErrnoStatus(errno, "poll of a worker");
  }
  if (output_fd_.valid()) TakeOutput();
  if (ended_) return absl::OkStatus();
  SendPending();
  return TakeFrames();
}

worker::v1::WorkerFrame WorkerLink::TakeFrame() {
  CROSSCALL_CHECK(!frames_.empty(), "no frame has arrived");
  worker::v1::WorkerFrame frame = std::move(frames_.front());
  frames_.pop_front();
  return frame;
}

void WorkerLink::SendPending() {
  while (!to_send_.empty()) {
    const ssize_t sent = send(frame_fd_.get(), to_send_.data(), to_send_.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno == EAGAIN) return;
    // A worker that closed its end shows as the end of its frames.
    if (sent < 0) to_send_.clear();
    if (sent > 0) to_send_.erase(0, static_cast<std::size_t>(sent));
  }
}

absl::Status WorkerLink::TakeFrames() {
  std::string buffer(kReadBytes, '\0');
  for (int turn = 0; turn < kReadsPerTurn; ++turn) {
    const ssize_t got = read(frame_fd_.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return absl::OkStatus();
    if (got <= 0) {
      ended_ = true;
      if (assembler_.pending_bytes() > 0) {
        return absl::DataLossError(
            absl::StrCat("its last frame broke off after ", assembler_.pending_bytes(), " bytes"));
      }
      return absl::OkStatus();
    }
    assembler_.Append({buffer.data(), static_cast<std::size_t>(got)});
    for (;;) {
      absl::StatusOr<std::optional<std::string>> payload = assembler_.Next();
      if (!payload.ok()) return payload.status();
      if (!payload->has_value()) break;
      worker::v1::WorkerFrame frame;
      if (absl::Status status = worker::DecodeFrame(**payload, frame); !status.ok()) return status;
      frames_.push_back(std::move(frame));
    }
  }
  return absl::OkStatus();
}

void WorkerLink::TakeOutput() {
  std::array<char, 4096> buffer;
  for (int turn = 0; turn < kReadsPerTurn; ++turn) {
    const ssize_t got = read(output_fd_.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
      output_fd_.Reset();
      return;
    }
    output_.Append({buffer.data(), static_cast<std::size_t>(got)});
  }
}

absl::StatusOr<std::unique_ptr<watchdog::RegionReader>> WorkerLink::OpenRegion() {
  if (fcntl(region_fd_.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) != 0) {
    return shared::ErrnoStatus(errno, "sealing the flight region");
  }
  return watchdog::RegionReader::Open(region_fd_.get());
}

absl::StatusOr<worker::v1::Description> DescribeWorker(const std::string& worker_path, absl::Duration patience) {
  absl::StatusOr<Pipe> output = MakePipe();
  if (!output.ok()) return output.status();
  absl::StatusOr<FileDescriptor> null = OpenNull();
  if (!null.ok()) return null.status();
  ChildOptions options;
  options.path = worker_path;
  options.arguments = {"--describe"};
  options.descriptors = {{null->get(), 0}, {output->writer.get(), 1}, {null->get(), 2}};
  absl::StatusOr<ChildProcess> process = ChildProcess::Spawn(options);
  if (!process.ok()) return process.status();
  output->writer.Reset();
  worker::FrameAssembler assembler;
  std::string buffer(kReadBytes, '\0');
  const absl::Time end = absl::Now() + patience;
  const auto refuse = [&](absl::string_view why) {
    return absl::FailedPreconditionError(absl::StrCat(worker_path, " --describe ", why, "; is it a crosscall-worker?"));
  };
  for (;;) {
    pollfd fd = {output->reader.get(), POLLIN, 0};
    poll(&fd, 1, Milliseconds(end - absl::Now()));
    const ssize_t got = read(output->reader.get(), buffer.data(), buffer.size());
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
      if (absl::Now() < end) continue;
      return absl::DeadlineExceededError(
          absl::StrCat(worker_path, " --describe did not answer within ", absl::FormatDuration(patience)));
    }
    if (got <= 0) return refuse("ended without a description");
    assembler.Append({buffer.data(), static_cast<std::size_t>(got)});
    absl::StatusOr<std::optional<std::string>> payload = assembler.Next();
    if (!payload.ok()) return refuse(absl::StrCat("wrote no frame: ", payload.status().message()));
    if (!payload->has_value()) continue;
    worker::v1::WorkerFrame frame;
    if (!worker::DecodeFrame(**payload, frame).ok() || !frame.has_description()) return refuse("wrote another frame");
    return frame.description();
  }
}

}  // namespace crosscall::supervisor
