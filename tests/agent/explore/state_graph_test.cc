#include "agent/explore/state_graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace crosscall::explore {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr Choice kA{.cpu = 0, .move = Move::kStep, .variant = 0};
constexpr Choice kB{.cpu = 1, .move = Move::kTakeIpi, .variant = 0};
constexpr Choice kC{.cpu = 1, .move = Move::kStep, .variant = 2};

Fingerprint Print(u32 name) { return Fingerprint{name, name + 1}; }

TEST(StateGraph, ANodeIsReachedByTheStepsOfAllItsAncestors) {
  StateGraph graph;
  graph.Plant(Print(0));
  EXPECT_THAT(graph.WayTo(StateGraph::kRoot), IsEmpty());
  const auto first = graph.Reach(StateGraph::kRoot, std::vector<Choice>{kA, kB}, Print(1));
  EXPECT_TRUE(first.is_new);
  const auto second = graph.Reach(first.node, std::vector<Choice>{kC}, Print(2));
  EXPECT_TRUE(second.is_new);
  EXPECT_THAT(graph.WayTo(second.node), ElementsAre(kA, kB, kC));
  EXPECT_EQ(graph.depth(second.node), 3U);
  EXPECT_EQ(graph.size(), 3U);
}

TEST(StateGraph, AShorterWayReplacesALongerOneUntilTheNodeIsExpanded) {
  StateGraph graph;
  graph.Plant(Print(0));
  const u32 node = graph.Reach(StateGraph::kRoot, std::vector<Choice>{kA, kA, kA}, Print(1)).node;
  const auto shorter = graph.Reach(StateGraph::kRoot, std::vector<Choice>{kB}, Print(1));
  EXPECT_EQ(shorter.node, node);
  EXPECT_FALSE(shorter.is_new);
  EXPECT_TRUE(shorter.is_shorter);
  EXPECT_THAT(graph.WayTo(node), ElementsAre(kB));
  const auto longer = graph.Reach(StateGraph::kRoot, std::vector<Choice>{kC, kC}, Print(1));
  EXPECT_FALSE(longer.is_new || longer.is_shorter);
  EXPECT_THAT(graph.WayTo(node), ElementsAre(kB));
  graph.SetExpanded(node);
  EXPECT_FALSE(graph.Reach(StateGraph::kRoot, std::vector<Choice>{}, Print(1)).is_shorter);
}

TEST(StateGraph, FingerprintsThatShareOneHalfAreDifferentStates) {
  StateGraph graph;
  graph.Plant(Fingerprint{1, 1});
  EXPECT_TRUE(graph.Reach(StateGraph::kRoot, std::vector<Choice>{kA}, Fingerprint{1, 2}).is_new);
  EXPECT_TRUE(graph.Reach(StateGraph::kRoot, std::vector<Choice>{kA}, Fingerprint{2, 1}).is_new);
}

TEST(StateGraph, SaysWhatItTakes) {
  StateGraph graph;
  graph.Plant(Print(0));
  for (u32 i = 1; i < 1000; ++i) graph.Reach(i - 1, std::vector<Choice>{kA, kB}, Print(i));
  EXPECT_GE(graph.bytes(), 1000 * (sizeof(Fingerprint) + 2 * sizeof(Choice)));
  EXPECT_LE(graph.bytes(), usize{1000} * 500);
}

}  // namespace
}  // namespace crosscall::explore
