// One known-broken twin: the algorithm CROSSCALL_TWIN_ALGORITHM of CROSSCALL_TWIN_HEADER, over headers of which some are
// patched copies. Built once for each twin.
#include CROSSCALL_TWIN_HEADER

#include "agent/core/calls.h"
#include "agent/core/port.h"
#include "tests/agent/core/step_port.h"

#ifndef CROSSCALL_TWIN_HEADER_SEEN
#error "no patched header was found before the tree's: this would be the real implementation"
#endif

namespace crosscall::core {

// What a twin may ask of a machine beyond the port contract.
class TwinPort : public StepPort {
 public:
  using StepPort::StepPort;
  // Earlier stores before later ones. Nothing to do here: memory is sequentially consistent.
  void StoreBarrier() {}
};

template class Calls<TwinPort, CROSSCALL_TWIN_ALGORITHM>;

}  // namespace crosscall::core
