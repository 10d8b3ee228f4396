#include "agent/explore/livelock.h"

#include <algorithm>
#include <vector>

namespace crosscall::explore {
namespace {

// The ways without progress by the node they leave.
class Ways {
 public:
  explicit Ways(const StateGraph& graph) : first_(graph.size() + 1, 0), ways_(graph.idle_ways().size()) {
    for (const StateGraph::IdleWay& way : graph.idle_ways()) ++first_[way.from + 1];
    for (usize i = 1; i < first_.size(); ++i) first_[i] += first_[i - 1];
    std::vector<u32> next = first_;
    for (const StateGraph::IdleWay& way : graph.idle_ways()) ways_[next[way.from]++] = way;
  }
  u32 first(u32 node) const { return first_[node]; }
  u32 end(u32 node) const { return first_[node + 1]; }
  const StateGraph::IdleWay& operator[](u32 index) const { return ways_[index]; }

 private:
  std::vector<u32> first_;
  std::vector<StateGraph::IdleWay> ways_;
};

class Components {
 public:
  Components(const StateGraph& graph, const Ways& ways)
      : ways_(ways), order_(graph.size(), 0), low_(graph.size(), 0), component_(graph.size(), kNone) {
    for (u32 node = 0; node < graph.size(); ++node) {
      if (order_[node] == 0) Visit(node);
    }
  }
  u32 of(u32 node) const { return component_[node]; }
  u32 count() const { return count_; }

 private:
  static constexpr u32 kNone = ~u32{0};

  // Tarjan's, with a stack of its own: state graphs are deep.
  void Visit(u32 root) {
    struct Frame {
      u32 node;
      u32 next;
    };
    std::vector<Frame> frames{{root, ways_.first(root)}};
    Open(root);
    while (!frames.empty()) {
      Frame& frame = frames.back();
      if (frame.next < ways_.end(frame.node)) {
        const u32 to = ways_[frame.next++].to;
        if (order_[to] == 0) {
          Open(to);
          frames.push_back({to, ways_.first(to)});
        } else if (component_[to] == kNone) {
          low_[frame.node] = std::min(low_[frame.node], order_[to]);
        }
        continue;
      }
      const u32 node = frame.node;
      frames.pop_back();
      if (!frames.empty()) low_[frames.back().node] = std::min(low_[frames.back().node], low_[node]);
      if (low_[node] == order_[node]) Close(node);
    }
  }
  void Open(u32 node) {
    order_[node] = low_[node] = ++clock_;
    open_.push_back(node);
  }
  void Close(u32 root) {
    for (u32 node = kNone; node != root;) {
      node = open_.back();
      open_.pop_back();
      component_[node] = count_;
    }
    ++count_;
  }

  const Ways& ways_;
  std::vector<u32> order_;
  std::vector<u32> low_;
  std::vector<u32> component_;
  std::vector<u32> open_;
  u32 clock_ = 0;
  u32 count_ = 0;
};

}  // namespace

u32 FindLivelock(const StateGraph& graph) {
  const Ways ways(graph);
  const Components components(graph, ways);
  struct Sum {
    u8 moved = 0;
    u8 always_owed = 0xff;
    bool cyclic = false;
    u32 first = StateGraph::kNoNode;
  };
  std::vector<Sum> sums(components.count());
  for (u32 node = 0; node < graph.size(); ++node) {
    Sum& sum = sums[components.of(node)];
    sum.always_owed &= graph.owed(node);
    if (sum.first == StateGraph::kNoNode || graph.depth(node) < graph.depth(sum.first)) sum.first = node;
  }
  for (const StateGraph::IdleWay& way : graph.idle_ways()) {
    if (components.of(way.from) != components.of(way.to)) continue;
    sums[components.of(way.from)].moved |= way.moved;
    sums[components.of(way.from)].cyclic = true;
  }
  u32 found = StateGraph::kNoNode;
  for (const Sum& sum : sums) {
    if (!sum.cyclic || (sum.always_owed & ~sum.moved) != 0) continue;
    if (found == StateGraph::kNoNode || graph.depth(sum.first) < graph.depth(found)) found = sum.first;
  }
  return found;
}

}  // namespace crosscall::explore
