#include "agent/supervisor/trial_process.h"

#include <optional>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/supervisor/trial_watch.h"
#include "agent/supervisor/watch_priority.h"
#include "agent/supervisor/worker_link.h"
#include "proto/shared/log.h"
#include "proto/shared/validate.h"

namespace crosscall::supervisor {
namespace {

// After its result a worker only has to exit.
constexpr absl::Duration kExitPatience = absl::Seconds(5);
constexpr absl::Duration kKillPatience = absl::Seconds(10);

ChildOptions ChildOptionsFor(const TrialOptions& options) {
  ChildOptions child;
  child.path = options.worker_path;
  child.arguments = options.worker_arguments;
  child.cpus = options.cpus;
#if !defined(__SANITIZE_ADDRESS__)
  // AddressSanitizer reserves terabytes of address space.
  child.memory_limit_bytes = options.memory_limit_bytes;
#endif
  return child;
}

// Why the watcher has no real-time priority; empty if it has it.
std::string Raise(const TrialOptions& options, const v1::TrialSpec& spec) {
  // A search spins on no CPU of its own: any priority can watch it.
  if (spec.target_system() == v1::TARGET_SYSTEM_EXPLORE) return "";
  if (!options.realtime_watcher) return "the watcher was told to take no real-time priority";
  return std::string(RaiseWatcher().message());
}

absl::StatusOr<v1::TrialResult> RunOnThisThread(const TrialOptions& options, const v1::TrialSpec& spec,
                                                const Cancellation& cancellation, const ProgressCallback& progress) {
  absl::StatusOr<std::unique_ptr<WorkerLink>> link = WorkerLink::Start(ChildOptionsFor(options), spec);
  if (!link.ok()) return link.status();
  // After the start: the worker must inherit neither the priority nor the affinity of its watcher.
  TrialWatch watch(options, spec, cancellation, progress, **link, Raise(options, spec));
  absl::StatusOr<v1::TrialResult> result = watch.Run();
  ChildProcess& process = (*link)->process();
  if (watch.delivered()) process.ReapWithin(kExitPatience);
  if (!process.KillAndReap(kKillPatience) && result.ok()) {
    result->set_reason(
        absl::StrCat(result->reason(), " [worker process ", process.pid(), " does not die: the kernel holds it]"));
  }
  return result;
}

}  // namespace

absl::StatusOr<v1::TrialResult> TrialProcess::Run(const TrialOptions& options, const v1::TrialSpec& spec,
                                                  const Cancellation& cancellation, const ProgressCallback& progress) {
  if (absl::Status status = shared::Validate(spec); !status.ok()) return status;
  // A thread of its own: priority, affinity and the worker's tie to its parent thread end with it.
  std::optional<absl::StatusOr<v1::TrialResult>> result;
  std::thread watcher([&] { result = RunOnThisThread(options, spec, cancellation, progress); });
  watcher.join();
  return *std::move(result);
}

}  // namespace crosscall::supervisor
