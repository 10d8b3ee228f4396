// From the faults and device interrupts of a scenario to the plan that the signal port follows. Pure.
#ifndef AGENT_MEASURE_FAULT_PLAN_H_
#define AGENT_MEASURE_FAULT_PLAN_H_

#include "agent/ports/faults.h"
#include "crosscall/v1/scenario.pb.h"

namespace crosscall::measure {

// Device interrupts keep their place in the scenario as their index, which the interpreter's RunDevice takes.
ports::FaultPlan FaultPlanOf(const v1::Scenario& scenario);

}  // namespace crosscall::measure

#endif  // AGENT_MEASURE_FAULT_PLAN_H_
