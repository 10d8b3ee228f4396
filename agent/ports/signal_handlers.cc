#include "agent/ports/signal_handlers.h"

#include <atomic>
#include <cerrno>

namespace crosscall::ports {
namespace {

std::atomic<bool> installed{false};

// A thread that is no CPU ignores the signals: one of its process may have been probed by mistake.
void HandleSignal(int signal) {
  const int interrupted_errno = errno;
  if (SignalCpu* cpu = SignalCpu::Here(); cpu != nullptr) {
    if (signal == kStallSignal) {
      cpu->OnStallSignal();
    } else {
      cpu->OnSignal(signal == kIpiSignal ? kIpi : kDevice);
    }
  }
  errno = interrupted_errno;
}

// What the kernel bars while the handler runs; see the table in signal_cpu.h.
struct sigaction DispositionOf(int signal, core::IrqModel irq_model) {
  struct sigaction action {};
  action.sa_handler = &HandleSignal;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  if (signal == kStallSignal) {
    sigfillset(&action.sa_mask);
    return action;
  }
  sigaddset(&action.sa_mask, kDeviceSignal);
  if (irq_model == core::IrqModel::kMaskAll) {
    sigaddset(&action.sa_mask, kIpiSignal);
  } else if (signal == kIpiSignal) {
    action.sa_flags |= SA_NODEFER;
  }
  return action;
}

}  // namespace

absl::StatusOr<std::unique_ptr<SignalHandlers>> SignalHandlers::Install(core::IrqModel irq_model) {
  if (installed.exchange(true)) {
    return absl::FailedPreconditionError("a signal port runs already in this process; end it before starting another");
  }
  return std::unique_ptr<SignalHandlers>(new SignalHandlers(irq_model));
}

SignalHandlers::SignalHandlers(core::IrqModel irq_model) {
  for (core::usize i = 0; i < kSignals.size(); ++i) {
    const struct sigaction action = DispositionOf(kSignals[i], irq_model);
    sigaction(kSignals[i], &action, &former_[i]);
  }
}

SignalHandlers::~SignalHandlers() {
  for (core::usize i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &former_[i], nullptr);
  installed = false;
}

}  // namespace crosscall::ports
