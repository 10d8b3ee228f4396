#include "agent/supervisor/hang_inquiry.h"

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <utility>

#include "agent/watchdog/thread_reader.h"

namespace crosscall::supervisor {
namespace {

const char kProc[] = "/proc";

}  // namespace

HangInquiry::HangInquiry(std::unique_ptr<watchdog::RegionReader> region, pid_t worker,
                         const watchdog::ProgressTracker::Limits& limits, std::vector<std::string> lock_names,
                         absl::Duration now)
    : region_(std::move(region)), worker_(worker), deadline_(limits.deadline), tracker_(limits, now) {
  evidence_.deadline = limits.deadline;
  evidence_.lock_names = std::move(lock_names);
}

void HangInquiry::Observe(absl::Duration now) {
  const watchdog::TrialPulse pulse = region_->Pulse();
  finished_ = pulse.finished;
  // Reading /proc costs more than the pulse, and only matters once something stands.
  const bool suspicious = tracker_.HalfWay(now);
  tracker_.Update(pulse, suspicious && watchdog::ProcessStopped(kProc, worker_), now);
  if (!tracker_.HalfWay(now)) {
    evidence_.half_way.reset();
  } else if (!evidence_.half_way) {
    evidence_.half_way = TakeLook();
    half_way_at_ = now;
  }
}

std::vector<std::uint32_t> HangInquiry::BoardCpus() const {
  std::vector<std::uint32_t> cpus;
  for (const watchdog::CpuLook& cpu : region_->Snapshot().cpus) cpus.push_back(cpu.board_cpu);
  return cpus;
}

void HangInquiry::Begin(absl::Duration now) {
  begun_at_ = now;
  evidence_.overdue = tracker_.OverdueAt(now);
  evidence_.waited = tracker_.WaitsAt(now);
  evidence_.detection = tracker_.Detection(now);
  evidence_.since_half_way = evidence_.half_way ? now - half_way_at_ : absl::ZeroDuration();
  evidence_.first = TakeLook();
  evidence_.timeline = region_->Timeline(watchdog::kTimelineStamps);
  evidence_.clock = region_->Clock();
}

bool HangInquiry::LookAgain(absl::Duration now) {
  evidence_.second = TakeLook();
  evidence_.gap = now - begun_at_;
  const std::optional<std::uint32_t> target = watchdog::WantsProbe(evidence_);
  if (!target || !Probe(*target)) return false;
  evidence_.probed_cpu = target;
  return true;
}

void HangInquiry::LookAtProbe() { evidence_.probed = TakeLook(); }

watchdog::Look HangInquiry::TakeLook() const {
  watchdog::Look look = region_->Snapshot();
  watchdog::ReadThreads(kProc, worker_, look);
  return look;
}

// The kernel refuses a thread that is not of this process, so the worker's numbers can only harm the worker.
bool HangInquiry::Probe(std::uint32_t cpu) const {
  const auto signal_number = static_cast<int>(evidence_.second.ipi_signal);
  const auto thread = static_cast<pid_t>(evidence_.second.cpus[cpu].thread_id);
  return syscall(SYS_tgkill, worker_, thread, signal_number) == 0;
}

}  // namespace crosscall::supervisor
