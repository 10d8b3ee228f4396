// Livelocks in hand-made graphs. A node is named by a small number, its depth is the length of the way to it.
#include "agent/explore/livelock.h"

#include <gtest/gtest.h>

#include <vector>

namespace crosscall::explore {
namespace {

constexpr u8 kCpu0 = 1;
constexpr u8 kCpu1 = 2;

Fingerprint Print(u32 name) { return Fingerprint{name, name}; }

// Nodes 0 to count - 1 in a row, each one step from the one before; both CPUs are owed a step in each.
StateGraph Row(u32 count, u8 owed = kCpu0 | kCpu1) {
  StateGraph graph;
  graph.Plant(Print(0));
  graph.SetOwed(0, owed);
  const std::vector<Choice> step = {Choice{}};
  for (u32 i = 1; i < count; ++i) graph.SetOwed(graph.Reach(i - 1, step, Print(i)).node, owed);
  return graph;
}

TEST(Livelock, NoneInAGraphWithoutCycles) {
  EXPECT_EQ(FindLivelock(Row(1)), StateGraph::kNoNode);
  StateGraph graph = Row(4);
  graph.AddIdleWay(0, 1, kCpu0);
  graph.AddIdleWay(1, 3, kCpu1);
  graph.AddIdleWay(0, 3, kCpu1);
  EXPECT_EQ(FindLivelock(graph), StateGraph::kNoNode);
}

TEST(Livelock, AFairCycleIsOneAndIsFoundAtItsFirstNode) {
  StateGraph graph = Row(4);
  graph.AddIdleWay(3, 1, kCpu0);
  graph.AddIdleWay(1, 2, kCpu0);
  graph.AddIdleWay(2, 3, kCpu1);
  EXPECT_EQ(FindLivelock(graph), 1U);
}

TEST(Livelock, AWayToItselfIsACycle) {
  StateGraph graph = Row(2);
  graph.AddIdleWay(1, 1, kCpu0 | kCpu1);
  EXPECT_EQ(FindLivelock(graph), 1U);
}

TEST(Livelock, ACycleThatLeavesOutACpuWhichCouldAlwaysGoOnIsNone) {
  StateGraph graph = Row(3);
  graph.AddIdleWay(1, 2, kCpu0);
  graph.AddIdleWay(2, 1, kCpu0);
  EXPECT_EQ(FindLivelock(graph), StateGraph::kNoNode);
}

TEST(Livelock, ACpuThatCannotAlwaysGoOnMayBeLeftOut) {
  StateGraph graph = Row(3);
  graph.AddIdleWay(1, 2, kCpu0);
  graph.AddIdleWay(2, 1, kCpu0);
  graph.SetOwed(2, kCpu0);
  EXPECT_EQ(FindLivelock(graph), 1U);
}

TEST(Livelock, ACpuThatIsOwedNothingMayBeLeftOut) {
  StateGraph graph = Row(3, kCpu0);
  graph.AddIdleWay(1, 2, kCpu0);
  graph.AddIdleWay(2, 1, kCpu0);
  EXPECT_EQ(FindLivelock(graph), 1U);
}

TEST(Livelock, ProgressAnywhereOnTheCycleBreaksIt) {
  StateGraph graph = Row(4);
  graph.AddIdleWay(1, 2, kCpu0 | kCpu1);
  graph.AddIdleWay(2, 3, kCpu0 | kCpu1);  // the way from 3 to 1 makes progress, so it is no idle way
  EXPECT_EQ(FindLivelock(graph), StateGraph::kNoNode);
}

TEST(Livelock, CyclesThatShareANodeAreFairTogether) {
  StateGraph graph = Row(3);
  graph.AddIdleWay(0, 1, kCpu0);
  graph.AddIdleWay(1, 0, kCpu0);
  EXPECT_EQ(FindLivelock(graph), StateGraph::kNoNode);
  graph.AddIdleWay(0, 2, kCpu1);
  graph.AddIdleWay(2, 0, kCpu1);
  EXPECT_EQ(FindLivelock(graph), 0U);
}

TEST(Livelock, AnUnfairCycleBeforeAFairOneHidesNothing) {
  StateGraph graph = Row(6);
  graph.AddIdleWay(0, 1, kCpu0);
  graph.AddIdleWay(1, 0, kCpu0);
  graph.AddIdleWay(1, 3, kCpu1);
  graph.AddIdleWay(3, 4, kCpu0);
  graph.AddIdleWay(4, 3, kCpu1);
  EXPECT_EQ(FindLivelock(graph), 3U);
}

TEST(Livelock, TheOneReachedFirstIsNamed) {
  StateGraph graph = Row(6);
  for (const u32 node : {4U, 2U, 5U}) graph.AddIdleWay(node, node, kCpu0 | kCpu1);
  EXPECT_EQ(FindLivelock(graph), 2U);
}

TEST(Livelock, DeepGraphsTakeNoDeepStack) {
  constexpr u32 kNodes = 300'000;
  StateGraph graph = Row(kNodes);
  for (u32 i = 1; i < kNodes; ++i) graph.AddIdleWay(i - 1, i, kCpu0);
  EXPECT_EQ(FindLivelock(graph), StateGraph::kNoNode);
  graph.AddIdleWay(kNodes - 1, 0, kCpu1);
  EXPECT_EQ(FindLivelock(graph), 0U);
}

}  // namespace
}  // namespace crosscall::explore
