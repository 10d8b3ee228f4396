#include "tests/explore/cross_check/hang_proof.h"

#include <algorithm>
#include <tuple>

namespace crosscall::cross_check {
namespace {

using watchdog::CpuLook;
using watchdog::Look;

// All that grows or changes when a CPU gets on, or is made to. Not the frames: a policy's window comes and goes.
auto Position(const CpuLook& cpu) {
  return std::tie(cpu.site, cpu.wait_call, cpu.wait_cpus, cpu.wait_lock, cpu.calls_started, cpu.calls_returned,
                  cpu.kicks_sent, cpu.kicks_received, cpu.kicks_lost, cpu.ipi_entries, cpu.spurious_entries,
                  cpu.functions_run, cpu.requests_published, cpu.requests_taken, cpu.finished);
}

bool InterruptComes(const CpuLook& cpu, std::uint64_t interrupts) {
  return (cpu.thread.pending & ~cpu.thread.blocked & interrupts) != 0;
}

}  // namespace

bool AllWait(const Look& look) {
  return std::all_of(look.cpus.begin(), look.cpus.end(),
                     [](const CpuLook& cpu) { return cpu.site != core::Site::kNone; });
}

bool NothingMoved(const Look& before, const Look& now) {
  return std::equal(before.cpus.begin(), before.cpus.end(), now.cpus.begin(), now.cpus.end(),
                    [](const CpuLook& a, const CpuLook& b) { return Position(a) == Position(b); }) &&
         before.lock_holders == now.lock_holders;
}

bool HangProof::Add(const Look& look, bool others_sleep, absl::Duration now) {
  if (!AllWait(look)) {
    first_.reset();
    return false;
  }
  if (!first_ || !NothingMoved(*first_, look)) {
    first_ = look;
    since_ = now;
    return false;
  }
  if (!others_sleep || now - since_ < needs_.span) return false;
  for (std::size_t i = 0; i < look.cpus.size(); ++i) {
    if (look.cpus[i].heartbeat - first_->cpus[i].heartbeat < needs_.looks) return false;
    if (InterruptComes(look.cpus[i], needs_.interrupts)) return false;
  }
  second_ = look;
  gap_ = now - since_;
  return true;
}

}  // namespace crosscall::cross_check
