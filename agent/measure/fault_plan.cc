#include "agent/measure/fault_plan.h"

namespace crosscall::measure {
namespace {

ports::DescheduleFault::Point PointOf(v1::Fault::Point point) {
  switch (point) {
    case v1::Fault::POINT_HANDLER_ENTRY:
      return ports::DescheduleFault::Point::kHandlerEntry;
    case v1::Fault::POINT_QUEUED_NOT_KICKED:
      return ports::DescheduleFault::Point::kQueuedNotKicked;
    default:
      return ports::DescheduleFault::Point::kAnywhere;
  }
}

void Add(const v1::Fault& fault, ports::FaultPlan& plan) {
  using Kind = ports::IpiFault::Kind;
  switch (fault.kind()) {
    case v1::Fault::KIND_DROP_IPI:
      plan.ipis.push_back({.kind = Kind::kDrop, .cpu = fault.cpu(), .nth = fault.nth()});
      break;
    case v1::Fault::KIND_DUP_IPI:
      plan.ipis.push_back({.kind = Kind::kDuplicate, .cpu = fault.cpu(), .nth = fault.nth()});
      break;
    case v1::Fault::KIND_DELAY_IPI:
      plan.ipis.push_back(
          {.kind = Kind::kDelay, .cpu = fault.cpu(), .nth = fault.nth(), .delay_nanos = fault.duration_nanos()});
      break;
    case v1::Fault::KIND_KICK_WINDOW:
      plan.kick_window = true;
      break;
    case v1::Fault::KIND_DESCHEDULE:
      plan.deschedules.push_back({.cpu = fault.cpu(),
                                  .span_nanos = fault.duration_nanos(),
                                  .point = PointOf(fault.point()),
                                  .nth = fault.nth()});
      break;
    case v1::Fault::KIND_ALLOC_FAIL:
      plan.allocs.push_back({.cpu = fault.cpu(), .nth = fault.nth()});
      break;
    case v1::Fault::KIND_MUTATE_MASK:
      plan.mutate_masks.push_back(fault.cpu());
      break;
    default:
      break;
  }
}

}  // namespace

ports::FaultPlan FaultPlanOf(const v1::Scenario& scenario) {
  ports::FaultPlan plan;
  for (const v1::Fault& fault : scenario.faults()) Add(fault, plan);
  for (int i = 0; i < scenario.interrupts_size(); ++i) {
    const v1::DeviceInterrupt& interrupt = scenario.interrupts(i);
    const bool in_window = interrupt.point() == v1::DeviceInterrupt::POINT_QUEUED_NOT_KICKED;
    if (in_window) plan.kick_window = true;  // the language: `at: queued-not-kicked` implies kick_window
    plan.devices.push_back({.cpu = interrupt.cpu(),
                            .index = static_cast<core::u32>(i),
                            .times = interrupt.times(),
                            .point = in_window ? ports::DeviceInterrupt::Point::kQueuedNotKicked
                                               : ports::DeviceInterrupt::Point::kAnywhere});
  }
  return plan;
}

}  // namespace crosscall::measure
