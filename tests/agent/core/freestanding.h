// Core, built as a kernel module would build it.
#ifndef TESTS_AGENT_CORE_FREESTANDING_H_
#define TESTS_AGENT_CORE_FREESTANDING_H_

#include "agent/core/implementation.h"

namespace crosscall::core {

// Makes a few calls on a machine of one CPU; how often the called function ran: 2.
u32 FreestandingRuns(AlgorithmKind algorithm);

}  // namespace crosscall::core

#endif  // TESTS_AGENT_CORE_FREESTANDING_H_
