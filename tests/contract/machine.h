// What the contract battery needs of a port under test: an adapter that makes machines of it.
#ifndef TESTS_CONTRACT_MACHINE_H_
#define TESTS_CONTRACT_MACHINE_H_

#include <functional>

#include "agent/core/port.h"
#include "agent/core/types.h"

namespace crosscall::contract {

struct MachineOptions {
  core::u32 cpus = 2;
  core::IrqModel irq_model = core::IrqModel::kMaskAll;
  core::u64 seed = 1;
  // Faults. A port that cannot inject one ignores it; the battery expects that calls complete either way.
  bool duplicate_ipis = false;
  core::u32 fail_allocs_every = 0;  // every nth record is refused; 0: none
};

// One machine, used for one Run:
//   M(options)
//   port()                            usable before, during and after Run
//   Run(on_ipi, context, body)        runs body(cpu) on every CPU at once with interrupts open, on_ipi(context) as the
//                                     IPI handler; returns once all bodies have. False if they cannot any more, if the
//                                     port can tell: the battery then reports the case as failed
//   M::kRounds                        how often to repeat what is left to chance: as many as take some milliseconds
template <class M>
concept Machine = core::Port<typename M::PortType> &&
    requires(M& machine, void (*on_ipi)(void*), void* context, const std::function<void(core::CpuId)>& body) {
  M(MachineOptions());
  { machine.port() } -> core::SameAs<typename M::PortType&>;
  { machine.Run(on_ipi, context, body) } -> core::SameAs<bool>;
  { M::kRounds } -> core::SameAs<const core::u32&>;
};

}  // namespace crosscall::contract

#endif  // TESTS_CONTRACT_MACHINE_H_
