#include "tests/explore/cross_check/kick_gaps.h"
#include "proto/shared/random.h"

#include <vector>

namespace crosscall::cross_check {

KickGaps::KickGaps(ports::FaultPlan& plan, u64 seed) {
  const auto in_gap = [](const ports::DeviceInterrupt& device) {
    return device.point == ports::DeviceInterrupt::Point::kQueuedNotKicked;
  };
  for (const ports::DeviceInterrupt& device : plan.devices) {
    u64 random = seed ^ (static_cast<u64>(device.index) << 40);
    if (in_gap(device)) devices_.emplace_back(device, shared::NextRandom(random));
  }
  std::erase_if(plan.devices, in_gap);
}

u64 KickGaps::DevicesAt(CpuId me) {
  u64 bits = 0;
  for (Device& device : devices_) {
    if (device.interrupt.cpu == me && Strikes(device)) bits |= u64{1} << device.interrupt.index;
  }
  return bits;
}

bool KickGaps::Strikes(Device& device) {
  // Relaxed, all: only this CPU and its handlers use them.
  u64 random = device.random.load(std::memory_order_relaxed);
  const u64 drawn = shared::NextRandom(random);
  device.random.store(random, std::memory_order_relaxed);
  u64 left = device.left.load(std::memory_order_relaxed);
  return drawn % 2 == 0 && left != 0 && device.left.compare_exchange_strong(left, left - 1, std::memory_order_relaxed);
}

}  // namespace crosscall::cross_check
