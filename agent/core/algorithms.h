// All algorithms, for code that picks one at run time with VisitAlgorithm.
#ifndef AGENT_CORE_ALGORITHMS_H_
#define AGENT_CORE_ALGORITHMS_H_

#include "agent/core/call_lock.h"
#include "agent/core/calls.h"
#include "agent/core/generic_2008.h"
#include "agent/core/implementation.h"
#include "agent/core/mailbox_grid.h"
#include "agent/core/per_target.h"
#include "agent/core/percpu_record.h"
#include "agent/core/rendezvous.h"
#include "agent/core/server_loop.h"

#endif  // AGENT_CORE_ALGORITHMS_H_
