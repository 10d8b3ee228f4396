#include "agent/measure/session.h"

#include <algorithm>
#include <set>

#include "proto/shared/check.h"

namespace crosscall::measure {
namespace {

using core::Peek;
using core::Poke;

// Each pair of CPUs gets so many bounces, or as many as fit the time: a thousand CPUs are done in two seconds.
constexpr std::uint32_t kSkewBounces = 500;
constexpr std::uint64_t kSkewMaxNanos = 2'000'000;

std::uint64_t TimeLimitTicks(const v1::TrialSpec& spec, const ports::SignalPort& port) {
  if (!spec.has_time_limit()) return 0;
  const auto nanos = static_cast<std::uint64_t>(spec.time_limit().seconds()) * 1'000'000'000 +
                     static_cast<std::uint64_t>(spec.time_limit().nanos());
  return std::max<std::uint64_t>(1, port.NanosToTicks(nanos));
}

// One scenario CPU of each board CPU but that of CPU 0: clocks belong to board CPUs.
std::vector<bool> CpusToProbe(const std::vector<std::uint32_t>& board_cpus) {
  std::set<std::uint32_t> seen;
  std::vector<bool> probed;
  probed.reserve(board_cpus.size());
  for (const std::uint32_t cpu : board_cpus) probed.push_back(seen.insert(cpu).second);
  probed[0] = false;
  return probed;
}

}  // namespace

Session::Session(const TrialPlan& plan, const SessionOptions& options, ports::FlightRegion& region,
                 ports::SignalPort& port, Machine& machine, TrialEnvironment& environment, const Idler& idler)
    : plan_(plan),
      options_(options),
      region_(region),
      port_(port),
      machine_(machine),
      environment_(environment),
      idler_(idler),
      scale_(region.header().clock_mult),
      time_limit_ticks_(TimeLimitTicks(plan.spec, port)),
      recorder_({.cpu_count = region.cpu_count(), .ring_size = region.ring_size(), .scale = scale_}),
      cpus_(region.cpu_count()),
      probed_(CpusToProbe(plan.board_cpus)),
      probes_(std::make_unique<SkewProbe[]>(region.cpu_count())),
      park_(region.cpu_count(), sleeper_),
      round_(static_cast<std::uint32_t>(plan.active.size()), idler),
      stamps_per_round_(region.ring_size()) {}

void Session::Body(core::CpuId cpu) {
  Calibrate(cpu);
  park_.Meet([this] { StartTrial(); });
  const ThreadUsage before = ReadThreadUsage();
  const bool active = std::binary_search(plan_.active.begin(), plan_.active.end(), cpu);
  while (!stop_) {
    environment_.pacer(cpu).Resume(port_.Now());
    RunBatch(cpu, active);
    environment_.pacer(cpu).Pause(port_.Now());
    if (ReadCurrentCpu() != plan_.board_cpus[cpu]) ++cpus_[cpu].migrations;
    park_.Meet([this] { EndBatch(); });
  }
  cpus_[cpu].usage = ReadThreadUsage() - before;
  Poke(port_.state().finished, 1);
  park_.Meet([this] { Poke(region_.header().trial_finished, port_.Now()); });
}

void Session::Calibrate(core::CpuId cpu) {
  if (cpu == 0) {
    costs_.clock_read_nanos = scale_.ToNanos(ClockReadTicks([this] { return port_.Now(); }));
    costs_.empty_call_nanos = scale_.ToNanos(EmptyCallTicks([this] { return DryRun(); }));
    MeasureSkew();
  } else if (probed_[cpu]) {
    sleeper_.WaitWhile(cpus_[cpu].probe_turn, 0);
    probes_[cpu].Answer([this] { return port_.Now(); });
  }
}

// The caller's stamps of a call to one target, of no call.
std::uint64_t Session::DryRun() {
  using core::Stage;
  const std::uint64_t first = Peek(port_.state().ring_head);
  for (const Stage stage : {Stage::kEnter, Stage::kClaim, Stage::kPublish, Stage::kKick, Stage::kKicked,
                            Stage::kObserved, Stage::kReturn}) {
    port_.StampStage(stage, 0, core::kNoCpu, 0);
  }
  const std::uint64_t last = Peek(port_.state().ring_head) - 1;
  const core::Stamp* ring = region_.ring(port_.Me());
  const std::uint64_t mask = region_.ring_size() - 1;
  return Peek(ring[last & mask].time) - Peek(ring[first & mask].time);
}

void Session::MeasureSkew() {
  SkewBound bound;
  for (core::CpuId cpu = 1; cpu < region_.cpu_count(); ++cpu) {
    if (!probed_[cpu]) continue;
    sleeper_.Change(cpus_[cpu].probe_turn, 1);
    bound.Add(probes_[cpu].Ask([this] { return port_.Now(); }, kSkewBounces, scale_.ToTicks(kSkewMaxNanos)));
  }
  costs_.clock_skew_nanos = scale_.ToNanos(bound.Worst());
}

void Session::StartTrial() {
  recorder_.SetCosts(costs_.empty_call_nanos, costs_.clock_skew_nanos);
  recorder_.SkipTo(Rings());
  status_ = options_.on_ready();
  if (!status_.ok()) {
    stop_ = true;
    return;
  }
  kernel_before_ = ReadKernelCounters(options_.root);
  PlanBatch();
  Poke(region_.header().trial_started, port_.Now());
  batch_start_ = port_.Now();
}

void Session::RunBatch(core::CpuId cpu, bool active) {
  if (active) {
    RunActiveRounds(cpu);
    return;
  }
  idler_.WaitWhile(batch_, batch_at_start_);
  // Nothing to run, but calls that this CPU's functions made may be outstanding.
  cpus_[cpu].counts += machine_.RunRound();
}

void Session::RunActiveRounds(core::CpuId cpu) {
  const bool alone = plan_.active.size() == 1;
  do {
    cpus_[cpu].counts += machine_.RunRound();
    if (alone) {
      EndRound();
    } else {
      round_.Meet([this] { EndRound(); });
    }
  } while (!batch_over_);
}

void Session::EndRound() {
  const std::uint64_t now = port_.Now();
  const bool late = time_limit_ticks_ != 0 && elapsed_ticks_ + (now - batch_start_) >= time_limit_ticks_;
  if (--rounds_left_ != 0 && !late) return;
  batch_end_ = now;
  batch_over_ = true;
  idler_.Change(batch_, batch_at_start_ + 1);
}

void Session::EndBatch() {
  AwaitQuiet();
  elapsed_ticks_ += batch_end_ - batch_start_;
  total_ = scenario::RoundCounts{};
  for (const Cpu& cpu : cpus_) total_ += cpu.counts;
  // Before the join, which takes its time and is not part of the trial.
  if (!WantsMore()) kernel_after_ = ReadKernelCounters(options_.root);
  JoinStamps();
  stop_ = !WantsMore();
  if (stop_) return;
  PlanBatch();
  batch_start_ = port_.Now();
}

// A batch has ended when every CPU is parked and every request is served: handlers may still be at their last steps,
// and calls that functions made may be on their way.
void Session::AwaitQuiet() {
  if (Quiet()) return;
  core::CpuState& state = port_.state();
  Poke(state.wait_call, 0);
  Poke(state.wait_for, core::kNoCpu);
  Poke(state.wait_since, port_.Now());
  Poke(state.site, static_cast<std::uint64_t>(core::Site::kBarrier));
  while (!Quiet()) {
    Poke(state.heartbeat, Peek(state.heartbeat) + 1);
    port_.Pause();
  }
  Poke(state.site, static_cast<std::uint64_t>(core::Site::kNone));
}

bool Session::Quiet() const {
  std::uint64_t published[2] = {0, 0};
  // Twice: a request served between the looks at two CPUs may have led to another one.
  for (std::uint64_t& sum : published) {
    for (core::CpuId cpu = 0; cpu < region_.cpu_count(); ++cpu) {
      const core::CpuState& state = region_.cpu(cpu);
      const std::uint64_t requests = Peek(state.requests_published);
      sum += requests;
      if (Peek(state.requests_taken) != requests || Peek(state.frame_count) != 0) return false;
    }
  }
  return published[0] == published[1];
}

bool Session::WantsMore() const {
  const std::uint64_t limit = plan_.spec.call_limit();
  if (recorder_.lost_stamps() != 0) return false;  // the next round would not fit either
  if (limit != 0 && total_.calls >= limit) return false;
  if (time_limit_ticks_ != 0) return elapsed_ticks_ < time_limit_ticks_;
  return total_.calls != 0;  // a scenario without calls would never come to an end
}

void Session::PlanBatch() {
  const std::uint64_t limit = plan_.spec.call_limit();
  const std::uint64_t wanted = limit > total_.calls ? limit - total_.calls : 0;
  rounds_of_batch_ = RoundsOfBatch(region_.ring_size(), stamps_per_round_, wanted, calls_per_round_);
  rounds_left_ = rounds_of_batch_;
  // Relaxed: all others are parked, and ordered by the gate.
  batch_at_start_ = batch_.load(std::memory_order_relaxed);
  batch_over_ = false;
}

void Session::JoinStamps() {
  std::vector<const Pacer*> paced;
  for (core::CpuId cpu = 0; cpu < region_.cpu_count(); ++cpu) {
    if (environment_.pacer(cpu).paced()) paced.push_back(&environment_.pacer(cpu));
  }
  recorder_.Join(Rings(), paced);
  for (core::CpuId cpu = 0; cpu < region_.cpu_count(); ++cpu) environment_.pacer(cpu).Clear();
  const std::uint64_t rounds = rounds_of_batch_ - rounds_left_;
  const std::uint64_t stamps = (recorder_.largest_share() + rounds - 1) / rounds;
  // The first batch is a single round, so this is never the initial guess.
  stamps_per_round_ = calls_per_round_ == 0 ? stamps : std::max(stamps_per_round_, stamps);
  calls_per_round_ = std::max<std::uint64_t>(1, recorder_.calls_of_batch() / rounds);
}

std::uint64_t Session::lost_starts() const {
  std::uint64_t lost = 0;
  for (core::CpuId cpu = 0; cpu < region_.cpu_count(); ++cpu) lost += environment_.pacer(cpu).lost();
  return lost;
}

std::vector<StampRing> Session::Rings() const {
  std::vector<StampRing> rings(region_.cpu_count());
  for (core::CpuId cpu = 0; cpu < region_.cpu_count(); ++cpu) {
    // Acquire: the stamps below the head were written before it.
    rings[cpu] = {region_.ring(cpu), __atomic_load_n(&region_.cpu(cpu).ring_head, __ATOMIC_ACQUIRE)};
  }
  return rings;
}

}  // namespace crosscall::measure
