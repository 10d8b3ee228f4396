// The process's dispositions of the three signals that stand for interrupts. They exist once a process, hence so does a
// running signal port.
#ifndef AGENT_PORTS_SIGNAL_HANDLERS_H_
#define AGENT_PORTS_SIGNAL_HANDLERS_H_

#include <csignal>

#include <array>
#include <memory>

#include "absl/status/statusor.h"
#include "agent/core/types.h"
#include "agent/ports/signal_cpu.h"

namespace crosscall::ports {

// Installed for the lifetime of the object; then what was there before is back. Thread safety: none needed, one owner.
class SignalHandlers {
 public:
  // FAILED_PRECONDITION while another object exists.
  static absl::StatusOr<std::unique_ptr<SignalHandlers>> Install(core::IrqModel irq_model);
  ~SignalHandlers();
  SignalHandlers(const SignalHandlers&) = delete;
  SignalHandlers& operator=(const SignalHandlers&) = delete;

 private:
  explicit SignalHandlers(core::IrqModel irq_model);

  static constexpr std::array<int, 3> kSignals{kIpiSignal, kDeviceSignal, kStallSignal};
  std::array<struct sigaction, 3> former_{};
};

}  // namespace crosscall::ports

#endif  // AGENT_PORTS_SIGNAL_HANDLERS_H_
