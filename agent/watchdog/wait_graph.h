// Who waits for whom in one look, and where following the waits ends: in a cycle, or at a CPU that does not wait.
//
// Pure. An edge *binds* if the awaited CPU cannot do its part before its own wait ends: it holds the lock, has not
// reached the barrier, or the request lies in its queue (or in its running function) while it bars IPIs or is inside a
// called function. A CPU that waits with IPIs open serves others meanwhile: edges to it do not bind.
#ifndef AGENT_WATCHDOG_WAIT_GRAPH_H_
#define AGENT_WATCHDOG_WAIT_GRAPH_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "agent/core/types.h"
#include "agent/watchdog/evidence.h"

namespace crosscall::watchdog {

struct WaitEdge {
  std::uint32_t from = 0;
  std::uint32_t to = 0;
  core::Site site = core::Site::kNone;

  bool OnCall() const { return site == core::Site::kCompletion || site == core::Site::kClaim; }
  bool OnLock() const { return site == core::Site::kLock || site == core::Site::kOwn; }
};

// Innermost function frame of a CPU, or null.
const FrameLook* RunningFunction(const CpuLook& cpu);
// A function that `caller` called is on the CPU's stack.
bool RunsFunctionOf(const CpuLook& cpu, std::uint32_t caller);
bool InHandler(const CpuLook& cpu);

// Whom a CPU waits for, ascending; empty if it does not wait or nobody is to blame (a free lock).
std::vector<WaitEdge> EdgesFrom(const Look& look, std::uint32_t cpu);
bool Binds(const Look& look, const WaitEdge& edge);

struct WaitWalk {
  std::vector<WaitEdge> path;           // binding edges, each begins where the one before ends
  std::optional<std::size_t> cycle_at;  // path[cycle_at ...] is a cycle
  std::uint32_t end(std::uint32_t start) const { return path.empty() ? start : path.back().to; }
};

// Follows binding edges from `start`. Finds a cycle if any can be reached, the lowest CPU numbers first; else the walk
// that takes the first edge everywhere.
WaitWalk FollowWaits(const Look& look, std::uint32_t start);

}  // namespace crosscall::watchdog

#endif  // AGENT_WATCHDOG_WAIT_GRAPH_H_
