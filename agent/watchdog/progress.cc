#include "agent/watchdog/progress.h"

#include <algorithm>

namespace crosscall::watchdog {

std::uint64_t TrialPulse::CompletedCalls() const {
  std::uint64_t calls = 0;
  for (const CpuPulse& cpu : cpus) calls += cpu.calls_returned;
  return calls;
}

bool ProgressTracker::WaitsForCpu(core::Site site) {
  return site == core::Site::kOwn || site == core::Site::kClaim || site == core::Site::kCompletion;
}

bool ProgressTracker::SameWait(const CpuPulse& a, const CpuPulse& b) {
  return a.site == b.site && a.wait_call == b.wait_call && a.calls_started == b.calls_started &&
         a.calls_returned == b.calls_returned;
}

// A heartbeat also counts fruitless retries, so it means progress only outside of waits.
bool ProgressTracker::Moved(const CpuPulse& before, const CpuPulse& now) {
  CpuPulse a = before;
  CpuPulse b = now;
  const bool waits = a.site != core::Site::kNone && b.site != core::Site::kNone;
  if (waits || b.finished) a.heartbeat = b.heartbeat = 0;
  return a != b;
}

void ProgressTracker::Update(const TrialPulse& pulse, bool stopped, absl::Duration now) {
  stopped_ = stopped;
  if (cpus_.size() != pulse.cpus.size()) {
    cpus_.assign(pulse.cpus.size(), Tracked{CpuPulse{}, now, now});
  }
  for (std::size_t i = 0; i < cpus_.size(); ++i) {
    Tracked& tracked = cpus_[i];
    const CpuPulse& seen = pulse.cpus[i];
    if (seen.outermost_call != tracked.pulse.outermost_call) tracked.call_since = now;
    if (!SameWait(seen, tracked.pulse)) tracked.wait_since = now;
    if (Moved(tracked.pulse, seen)) last_move_ = now;
    tracked.pulse = seen;
  }
  const std::uint64_t calls = pulse.CompletedCalls();
  if (calls != completed_calls_) last_call_ = now;
  completed_calls_ = calls;
}

absl::Duration ProgressTracker::Waited(const Tracked& tracked, absl::Duration now) const {
  absl::Duration waited = absl::ZeroDuration();
  if (tracked.pulse.finished) return waited;
  if (tracked.pulse.outermost_call != 0) waited = now - tracked.call_since;
  if (WaitsForCpu(tracked.pulse.site)) waited = std::max(waited, now - tracked.wait_since);
  return waited;
}

absl::Duration ProgressTracker::OldestWait(absl::Duration now) const {
  absl::Duration oldest = now - last_move_;
  for (const Tracked& tracked : cpus_) oldest = std::max(oldest, Waited(tracked, now));
  return oldest;
}

std::vector<Overdue> ProgressTracker::OverdueAt(absl::Duration now) const {
  std::vector<Overdue> overdue;
  for (std::size_t i = 0; i < cpus_.size(); ++i) {
    const absl::Duration waited = Waited(cpus_[i], now);
    if (waited >= limits_.deadline) overdue.push_back({static_cast<std::uint32_t>(i), waited});
  }
  std::stable_sort(overdue.begin(), overdue.end(),
                   [](const Overdue& a, const Overdue& b) { return a.waited > b.waited; });
  return overdue;
}

std::vector<absl::Duration> ProgressTracker::WaitsAt(absl::Duration now) const {
  std::vector<absl::Duration> waits;
  for (const Tracked& tracked : cpus_) {
    waits.push_back(tracked.pulse.site == core::Site::kNone ? absl::ZeroDuration() : now - tracked.wait_since);
  }
  return waits;
}

absl::Duration ProgressTracker::StandstillLimit() const {
  if (stopped_) return limits_.deadline;
  for (const Tracked& tracked : cpus_) {
    if (tracked.pulse.finished) continue;
    if (tracked.pulse.site != core::Site::kNone || tracked.pulse.outermost_call != 0) return limits_.deadline;
  }
  return std::max(limits_.deadline, limits_.idle_limit);
}

bool ProgressTracker::StandsStill(absl::Duration now) const { return now - last_move_ >= StandstillLimit(); }

absl::Duration ProgressTracker::Detection(absl::Duration now) const {
  const std::vector<Overdue> overdue = OverdueAt(now);
  if (!overdue.empty()) return overdue.front().waited - limits_.deadline;
  return std::max(absl::ZeroDuration(), now - last_move_ - StandstillLimit());
}

}  // namespace crosscall::watchdog
