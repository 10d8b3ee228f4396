// Livelocks in a graph of states: cycles without progress that a fair machine can stay on for ever.
//
// A strongly connected part of the ways without progress is one if every CPU that has an owed step in all its states
// moves in it: no CPU is left out for ever although it could always go on. Source: R. Tarjan, "Depth-first search and
// linear graph algorithms", 1972; fairness as in E. Emerson and C. Lei, "Modalities for model checking", 1987 (weak).
#ifndef AGENT_EXPLORE_LIVELOCK_H_
#define AGENT_EXPLORE_LIVELOCK_H_

#include "agent/explore/state_graph.h"

namespace crosscall::explore {

// A node of the livelock that is reached first, or kNoNode.
u32 FindLivelock(const StateGraph& graph);

}  // namespace crosscall::explore

#endif  // AGENT_EXPLORE_LIVELOCK_H_
