// Operations in the words of the scenario language, for people who read traces. Thread safety: pure.
#ifndef AGENT_SCENARIO_OPERATION_TEXT_H_
#define AGENT_SCENARIO_OPERATION_TEXT_H_

#include <string>

#include "agent/scenario/compile.h"

namespace crosscall::scenario {

// "call 1 f wait". Sets are written as lists and ranges: "1,3-5".
std::string OperationText(const CompiledScenario& scenario, core::u32 op_index);

std::string CpuSetText(const core::CpuSet& cpus);

}  // namespace crosscall::scenario

#endif  // AGENT_SCENARIO_OPERATION_TEXT_H_
