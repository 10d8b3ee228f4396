#include "agent/explore/state_graph.h"

#include <algorithm>

namespace crosscall::explore {

void StateGraph::Plant(const Fingerprint& print) {
  nodes_.push_back(Node{.parent = kNoNode, .way = 0, .steps = 0, .owed = 0, .expanded = false, .depth = 0});
  of_print_.emplace(print, kRoot);
}

StateGraph::Arrival StateGraph::Reach(u32 from, absl::Span<const Choice> way, const Fingerprint& print) {
  const u32 depth = nodes_[from].depth + static_cast<u32>(way.size());
  const auto [place, is_new] = of_print_.emplace(print, size());
  const u32 node = place->second;
  if (is_new) {
    nodes_.push_back(Node{});
  } else if (nodes_[node].expanded || nodes_[node].depth <= depth) {
    return Arrival{node, false, false};
  }
  nodes_[node] = Node{.parent = from,
                      .way = static_cast<u32>(steps_.size()),
                      .steps = static_cast<u16>(way.size()),
                      .owed = nodes_[node].owed,
                      .expanded = false,
                      .depth = depth};
  steps_.insert(steps_.end(), way.begin(), way.end());
  return Arrival{node, is_new, !is_new};
}

Schedule StateGraph::WayTo(u32 node) const {
  Schedule backwards;
  for (; node != kNoNode; node = nodes_[node].parent) {
    for (u32 i = nodes_[node].steps; i > 0; --i) backwards.push_back(steps_[nodes_[node].way + i - 1]);
  }
  std::reverse(backwards.begin(), backwards.end());
  return backwards;
}

usize StateGraph::bytes() const {
  return nodes_.capacity() * sizeof(Node) + steps_.capacity() * sizeof(Choice) +
         idle_ways_.capacity() * sizeof(IdleWay) + of_print_.capacity() * (sizeof(std::pair<Fingerprint, u32>) + 1);
}

}  // namespace crosscall::explore
