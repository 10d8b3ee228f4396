// Machines of the signal port for the contract battery.
#ifndef TESTS_CONTRACT_SIGNAL_MACHINE_H_
#define TESTS_CONTRACT_SIGNAL_MACHINE_H_

#include <sys/mman.h>
#include <unistd.h>

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "agent/ports/board_cpus.h"
#include "agent/ports/signal_port.h"
#include "proto/shared/check.h"
#include "tests/contract/machine.h"

namespace crosscall::contract {

// Ordinary scheduling; scenario CPUs spread over the usable board CPUs and share them if there are too few.
class SignalMachine {
 public:
  using PortType = ports::SignalPort;
  static constexpr core::u32 kRounds = 60;

  explicit SignalMachine(const MachineOptions& options) : region_(MakeRegion(options.cpus)) {
    auto port = ports::SignalPort::Create(Options(options), region_);
    CROSSCALL_CHECK(port.ok(), port.status().ToString());
    port_ = *std::move(port);
  }

  ports::SignalPort& port() { return *port_; }
  // A machine that hangs is ended by the test's time-out: threads cannot be told that they are stuck.
  bool Run(void (*on_ipi)(void*), void* context, const std::function<void(core::CpuId)>& body) {
    port_->SetHandlers(
        on_ipi, [](void*, core::u32) {}, context);
    const absl::Status status = port_->Start(body);
    CROSSCALL_CHECK(status.ok(), status.ToString());
    port_->Join();
    return true;
  }

 private:
  static ports::FlightRegion MakeRegion(core::u32 cpus) {
    const int memfd = memfd_create("flight", MFD_CLOEXEC);
    auto region = ports::FlightRegion::Create(memfd, cpus, 2, 64);
    close(memfd);
    CROSSCALL_CHECK(region.ok(), region.status().ToString());
    return *std::move(region);
  }

  static ports::SignalPort::Options Options(const MachineOptions& options) {
    // More failures than any case of the battery allocates records.
    constexpr core::u64 kFailures = 200;
    const std::vector<core::u32> usable = ports::UsableBoardCpus();
    ports::SignalPort::Options out;
    out.irq_model = options.irq_model;
    out.realtime = false;
    out.oversubscribe = true;
    out.seed = options.seed;
    for (core::CpuId cpu = 0; cpu < options.cpus; ++cpu) {
      out.board_cpus.push_back(usable[cpu % usable.size()]);
      if (options.duplicate_ipis) out.faults.ipis.push_back({ports::IpiFault::Kind::kDuplicate, cpu, 0, 0});
      for (core::u64 i = 1; options.fail_allocs_every != 0 && i <= kFailures; ++i) {
        out.faults.allocs.push_back({cpu, i * options.fail_allocs_every});
      }
    }
    return out;
  }

  ports::FlightRegion region_;
  std::unique_ptr<ports::SignalPort> port_;
};
static_assert(Machine<SignalMachine>);

}  // namespace crosscall::contract

#endif  // TESTS_CONTRACT_SIGNAL_MACHINE_H_
