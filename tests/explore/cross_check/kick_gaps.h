// Device interrupts that a scenario has between publish and kick, at any of a CPU's passages through that gap: the
// explorer tries each. The port's own fault injector spends them at the first passages.
#ifndef TESTS_EXPLORE_CROSS_CHECK_KICK_GAPS_H_
#define TESTS_EXPLORE_CROSS_CHECK_KICK_GAPS_H_

#include <atomic>
#include <deque>

#include "agent/ports/faults.h"
#include "agent/ports/signal_cpu.h"
#include "tests/explore/cross_check/delays.h"

namespace crosscall::cross_check {

class KickGaps {
 public:
  // Takes the devices of the gap out of the plan.
  KickGaps(ports::FaultPlan& plan, u64 seed);

  // The calling CPU, one of a signal port, passes a gap: interrupts it if the time has come.
  void AtKickGap() {
    if (devices_.empty()) return;
    ports::SignalCpu& me = *ports::SignalCpu::Here();
    if (const u64 bits = DevicesAt(me.id()); bits != 0) me.RaiseDevices(bits);
  }
  // That CPU passes a gap: which devices interrupt there, as bits of their indexes. Each does at about every other
  // passage until its budget is spent. On the CPU's thread and in its handlers; async-signal-safe.
  u64 DevicesAt(CpuId me);

 private:
  struct Device {
    Device(const ports::DeviceInterrupt& device, u64 seed) : interrupt(device), left(device.times), random(seed) {}

    ports::DeviceInterrupt interrupt;
    // A handler that falls in between may pass a gap itself: neither may spend what the other has spent.
    std::atomic<u64> left;
    std::atomic<u64> random;
  };

  static bool Strikes(Device& device);

  std::deque<Device> devices_;
};

}  // namespace crosscall::cross_check

#endif  // TESTS_EXPLORE_CROSS_CHECK_KICK_GAPS_H_
