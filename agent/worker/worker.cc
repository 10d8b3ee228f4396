#include "agent/worker/worker.h"

#include <fcntl.h>

#include <cerrno>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "agent/measure/trial.h"
#include "agent/measure/trial_plan.h"
#include "agent/scenario/catalogue.h"
#include "agent/scenario/parse.h"
#include "agent/worker/exploration.h"
#include "agent/worker/frames.h"
#include "crosscall/worker/v1/frame.pb.h"
#include "proto/shared/check.h"
#include "proto/shared/log.h"

namespace crosscall::worker {
namespace {

constexpr char kComponent[] = "worker";

bool IsOpen(int fd) { return fcntl(fd, F_GETFD) != -1 || errno != EBADF; }

absl::Status SendReady(int frame_fd, const measure::TrialReady& ready) {
  v1::WorkerFrame frame;
  frame.mutable_ready()->set_cpu_count(ready.cpu_count);
  frame.mutable_ready()->set_region_bytes(ready.region_bytes);
  for (const std::string& lock : ready.locks) frame.mutable_ready()->add_locks(lock);
  return WriteFrame(frame_fd, frame);
}

absl::Status SendSearching(int frame_fd) {
  v1::WorkerFrame frame;
  frame.mutable_searching();
  return WriteFrame(frame_fd, frame);
}

absl::StatusOr<crosscall::v1::TrialResult> Run(const crosscall::v1::TrialSpec& spec, int frame_fd, int region_fd) {
  if (spec.target_system() == crosscall::v1::TARGET_SYSTEM_EXPLORE) {
    return RunExploration(spec, [frame_fd] { return SendSearching(frame_fd); });
  }
  measure::TrialHooks hooks;
  hooks.on_ready = [frame_fd](const measure::TrialReady& ready) { return SendReady(frame_fd, ready); };
  return measure::RunTrial(spec, region_fd, hooks);
}

int AgentGone(const absl::Status& status) {
  shared::LogError(kComponent, absl::StrCat("cannot answer the agent: ", status.message()));
  return kExitAgentGone;
}

}  // namespace

int RunWorker(int frame_fd, int region_fd) {
  if (!IsOpen(frame_fd) || !IsOpen(region_fd)) {
    shared::LogError(kComponent, absl::StrCat("file descriptors ", frame_fd, " (frames) and ", region_fd,
                                              " (flight region) must be open; workers are started by crosscall-agent "
                                              "or crosscall, not by hand"));
    return kExitBadUse;
  }
  v1::RunTrial request;
  if (absl::Status status = ReadFrame(frame_fd, request); !status.ok()) {
    shared::LogError(kComponent, absl::StrCat("expected one RunTrial frame: ", status.message()));
    return kExitBadFrame;
  }
  absl::StatusOr<crosscall::v1::TrialResult> result = Run(request.spec(), frame_fd, region_fd);
  if (!result.ok()) return AgentGone(result.status());
  v1::WorkerFrame answer;
  answer.mutable_result()->Swap(&*result);
  if (absl::Status status = WriteFrame(frame_fd, answer); !status.ok()) return AgentGone(status);
  return kExitDone;
}

int DescribeWorker(int output_fd) {
  v1::WorkerFrame frame;
  v1::Description& description = *frame.mutable_description();
  description.set_version(CROSSCALL_VERSION);
  description.add_target_systems(crosscall::v1::TARGET_SYSTEM_SIGNAL);
  description.add_target_systems(crosscall::v1::TARGET_SYSTEM_EXPLORE);
  for (const std::string& name : measure::ImplementationNames()) description.add_implementations(name);
  for (const scenario::CatalogueEntry& entry : scenario::Catalogue()) {
    const absl::StatusOr<crosscall::v1::Scenario> parsed = scenario::ParseScenario(entry.yaml, entry.id);
    CROSSCALL_CHECK(parsed.ok(), parsed.status().message());
    crosscall::v1::ScenarioInfo& info = *description.add_scenarios();
    info.set_id(entry.id);
    info.set_about(entry.about);
    info.set_cpu_count(parsed->cpu_count());
  }
  if (absl::Status status = WriteFrame(output_fd, frame); !status.ok()) return AgentGone(status);
  return kExitDone;
}

}  // namespace crosscall::worker
