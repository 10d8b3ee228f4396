// A running worker's three channels: frames over a socket, its output over a pipe, the flight region in a memfd.
//
// Never blocks but in Wait. Thread safety: none.
#ifndef AGENT_SUPERVISOR_WORKER_LINK_H_
#define AGENT_SUPERVISOR_WORKER_LINK_H_

#include <deque>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "agent/supervisor/child_process.h"
#include "agent/supervisor/file_descriptor.h"
#include "agent/supervisor/text_tail.h"
#include "agent/watchdog/region_reader.h"
#include "agent/worker/frames.h"
#include "crosscall/v1/trial.pb.h"
#include "crosscall/worker/v1/frame.pb.h"

namespace crosscall::supervisor {

class WorkerLink {
 public:
  // Starts the worker (see ChildProcess for codes) and queues its RunTrial frame.
  static absl::StatusOr<std::unique_ptr<WorkerLink>> Start(ChildOptions options, const v1::TrialSpec& spec);

  // Sends and takes what can be, after waiting for something to happen or `patience`. Not OK once the worker broke the
  // rules of the frames; what was wrong is the message.
  absl::Status Wait(absl::Duration patience);

  // Frames that arrived, the oldest first.
  bool has_frame() const { return !frames_.empty(); }
  worker::v1::WorkerFrame TakeFrame();
  // The worker has closed its end and everything it sent has been taken.
  bool ended() const { return ended_; }

  // Seals the region against shrinking and growing and maps it.
  absl::StatusOr<std::unique_ptr<watchdog::RegionReader>> OpenRegion();

  ChildProcess& process() { return process_; }
  const std::string& output() const { return output_.text(); }

 private:
  WorkerLink(ChildProcess process, FileDescriptor frames, FileDescriptor output, FileDescriptor region,
             std::string to_send);
  void SendPending();
  absl::Status TakeFrames();
  void TakeOutput();

  ChildProcess process_;
  FileDescriptor frame_fd_;
  FileDescriptor output_fd_;
  FileDescriptor region_fd_;
  std::string to_send_;
  worker::FrameAssembler assembler_;
  std::deque<worker::v1::WorkerFrame> frames_;
  TextTail output_;
  bool ended_ = false;
};

// Runs `worker_path --describe`. Codes as ChildProcess::Spawn; DEADLINE_EXCEEDED; FAILED_PRECONDITION with what the
// worker printed if it gives no description.
absl::StatusOr<worker::v1::Description> DescribeWorker(const std::string& worker_path, absl::Duration patience);

}  // namespace crosscall::supervisor

#endif  // AGENT_SUPERVISOR_WORKER_LINK_H_
