// A small machine for tests of the signal port: region, port, and counting handlers.
#ifndef TESTS_AGENT_PORTS_MACHINE_H_
#define TESTS_AGENT_PORTS_MACHINE_H_

#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "agent/ports/board_cpus.h"
#include "agent/ports/signal_port.h"
#include "gtest/gtest.h"

namespace crosscall::ports {

inline FlightRegion MakeRegion(core::u32 cpus, core::u32 ring_size = 64) {
  const int memfd = memfd_create("flight", MFD_CLOEXEC);
  absl::StatusOr<FlightRegion> region = FlightRegion::Create(memfd, cpus, 2, ring_size);
  close(memfd);
  EXPECT_TRUE(region.ok()) << region.status();
  return *std::move(region);
}

class Machine {
 public:
  // Ordinary scheduling; scenario CPUs spread over the usable board CPUs, which they share if there are too few.
  static SignalPort::Options Ordinary(core::u32 cpus, core::IrqModel irq_model = core::IrqModel::kMaskAll) {
    const std::vector<core::u32> usable = UsableBoardCpus();
    SignalPort::Options options;
    options.irq_model = irq_model;
    for (core::u32 i = 0; i < cpus; ++i) options.board_cpus.push_back(usable[i % usable.size()]);
    options.realtime = false;
    options.oversubscribe = true;
    return options;
  }

  explicit Machine(const SignalPort::Options& options, core::u32 ring_size = 64)
      : region_(MakeRegion(static_cast<core::u32>(options.board_cpus.size()), ring_size)) {
    absl::StatusOr<std::unique_ptr<SignalPort>> port = SignalPort::Create(options, region_);
    EXPECT_TRUE(port.ok()) << port.status();
    port_ = *std::move(port);
    port_->SetHandlers(&Machine::Ipi, &Machine::Device, this);
  }

  // Runs `body` on every CPU to its end.
  void Run(std::function<void(core::CpuId)> body) {
    const absl::Status status = port_->Start(std::move(body));
    ASSERT_TRUE(status.ok()) << status;
    port_->Join();
  }

  template <class Condition>
  void AwaitHere(Condition&& condition) {
    while (!condition()) port_->Pause();
  }
  void SendTo(core::CpuId target) { port_->SendIpis(core::CpuSet::Of(target)); }
  core::u64 entries(core::CpuId cpu) { return core::Peek(region_.cpu(cpu).ipi_entries); }

  SignalPort& port() { return *port_; }
  FlightRegion& region() { return region_; }

  // Run inside the handlers, after the counting.
  std::function<void()> on_ipi = [] {};
  std::function<void(core::u32)> on_device = [](core::u32) {};
  std::atomic<core::u32> ipis{0};
  std::atomic<core::u32> devices{0};

 private:
  static void Ipi(void* context) {
    auto& self = *static_cast<Machine*>(context);
    ++self.ipis;
    self.on_ipi();
  }
  static void Device(void* context, core::u32 index) {
    auto& self = *static_cast<Machine*>(context);
    ++self.devices;
    self.on_device(index);
  }

  FlightRegion region_;
  std::unique_ptr<SignalPort> port_;
};

}  // namespace crosscall::ports

#endif  // TESTS_AGENT_PORTS_MACHINE_H_
