#include "agent/explore/model_faults.h"

namespace crosscall::explore {
namespace {

void Add(const v1::Fault& fault, ModelFaults& faults) {
  using Kind = ModelFaults::IpiFault;
  switch (fault.kind()) {
    case v1::Fault::KIND_DROP_IPI:
      faults.ipis.push_back({Kind::kDrop, fault.cpu(), fault.nth()});
      break;
    case v1::Fault::KIND_DUP_IPI:
      faults.ipis.push_back({Kind::kDuplicate, fault.cpu(), fault.nth()});
      break;
    case v1::Fault::KIND_DELAY_IPI:
      faults.ipis.push_back({Kind::kDelay, fault.cpu(), fault.nth()});
      break;
    case v1::Fault::KIND_KICK_WINDOW:
      faults.kick_window = true;
      break;
    case v1::Fault::KIND_ALLOC_FAIL:
      faults.allocs.push_back({fault.cpu(), fault.nth()});
      break;
    case v1::Fault::KIND_MUTATE_MASK:
      faults.mutate_masks.push_back(fault.cpu());
      break;
    default:
      break;
  }
}

}  // namespace

ModelFaults ModelFaultsOf(const v1::Scenario& scenario) {
  ModelFaults faults;
  for (const v1::Fault& fault : scenario.faults()) Add(fault, faults);
  for (const v1::DeviceInterrupt& interrupt : scenario.interrupts()) {
    const bool in_window = interrupt.point() == v1::DeviceInterrupt::POINT_QUEUED_NOT_KICKED;
    if (in_window) faults.kick_window = true;  // the language: `at: queued-not-kicked` implies kick_window
    faults.devices.push_back({interrupt.cpu(), interrupt.times(), in_window});
  }
  return faults;
}

}  // namespace crosscall::explore
