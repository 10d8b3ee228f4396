// The states a search has met, how each was reached first, and the steps between them that made no progress.
//
// A node is a state with more than one step to take; the steps that led to it from its parent without a choice are kept
// as one way. Depths count single steps. Thread safety: one search, one thread.
#ifndef AGENT_EXPLORE_STATE_GRAPH_H_
#define AGENT_EXPLORE_STATE_GRAPH_H_

#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/types/span.h"
#include "agent/explore/choice.h"
#include "agent/explore/fingerprint.h"

namespace crosscall::explore {

class StateGraph {
 public:
  static constexpr u32 kRoot = 0;
  static constexpr u32 kNoNode = ~u32{0};

  // A way between two nodes that completes no operation, starts or ends no function and returns from no call.
  struct IdleWay {
    u32 from;
    u32 to;
    u8 moved;  // bit c: CPU c took a step on it
  };
  struct Arrival {
    u32 node;
    bool is_new;
    bool is_shorter;  // the node was known, and this way to it is shorter
  };

  // The first state. Before anything else.
  void Plant(const Fingerprint& print);
  // `way` leads from `from` to the state of that fingerprint.
  Arrival Reach(u32 from, absl::Span<const Choice> way, const Fingerprint& print);
  void AddIdleWay(u32 from, u32 to, u8 moved) { idle_ways_.push_back(IdleWay{from, to, moved}); }
  // CPUs that have a step in that state which is owed, and not just possible.
  void SetOwed(u32 node, u8 cpus) { nodes_[node].owed = cpus; }

  u32 depth(u32 node) const { return nodes_[node].depth; }
  u32 parent(u32 node) const { return nodes_[node].parent; }
  u8 owed(u32 node) const { return nodes_[node].owed; }
  bool expanded(u32 node) const { return nodes_[node].expanded; }
  void SetExpanded(u32 node) { nodes_[node].expanded = true; }
  u32 size() const { return static_cast<u32>(nodes_.size()); }
  const std::vector<IdleWay>& idle_ways() const { return idle_ways_; }
  // The steps from its parent. Good until the next Reach.
  absl::Span<const Choice> LastWay(u32 node) const { return {&steps_[nodes_[node].way], nodes_[node].steps}; }
  // All steps from the first state to that node.
  Schedule WayTo(u32 node) const;
  // What the graph takes in memory.
  usize bytes() const;

 private:
  struct Node {
    u32 parent;
    u32 way;  // where its steps begin in steps_
    u16 steps;
    u8 owed;
    bool expanded;
    u32 depth;
  };
  struct Hash {
    usize operator()(const Fingerprint& print) const { return print.low; }
  };

  std::vector<Node> nodes_;
  std::vector<Choice> steps_;
  std::vector<IdleWay> idle_ways_;
  absl::flat_hash_map<Fingerprint, u32, Hash> of_print_;
};

}  // namespace crosscall::explore

#endif  // AGENT_EXPLORE_STATE_GRAPH_H_
