#include "agent/core/wait.h"

#include <gtest/gtest.h>

namespace crosscall::core {
namespace {

// What a wait needs of a machine: one CPU, masked or not, that counts its pauses and windows.
class WaitingPort {
 public:
  CpuId Me() const { return 0; }
  bool IrqsMasked() const { return masked; }
  void Window() { ++windows; }
  void Pause() { ++pauses; }
  u64 Now() const { return 0; }
  CpuState& state() { return state_; }

  bool masked = true;
  u32 windows = 0;
  u32 pauses = 0;

 private:
  CpuState state_ = {};
};

// A queue that looks as if it held something, from which each drain takes `takes` requests.
struct Queue {
  bool holds;
  u32 takes;
  u32 drains = 0;

  OwnQueue Own() {
    return OwnQueue{this, [](void* self) { return static_cast<Queue*>(self)->holds; },
                    [](void* self, Site) {
                      Queue& queue = *static_cast<Queue*>(self);
                      ++queue.drains;
                      return queue.takes;
                    }};
  }
};

struct Looked {
  u32 drains, pauses, windows;
  bool operator==(const Looked&) const = default;
};

Looked RelaxOnce(WaitPolicy policy, Site site, bool masked, Queue queue) {
  WaitingPort port;
  port.masked = masked;
  Account<WaitingPort> account(port);
  Wait<WaitingPort> wait(port, account, policy, 1, queue.Own());
  wait.Relax(site);
  EXPECT_EQ(port.state().heartbeat, 1U);
  EXPECT_EQ(port.state().frame_count, 0U);
  return Looked{queue.drains, port.pauses, port.windows};
}

constexpr Queue kFull{true, 3};
constexpr Queue kFruitless{true, 0};
constexpr Queue kEmpty{false, 0};

TEST(WaitTest, PollThatTookSomethingLooksAgainAtOnce) {
  EXPECT_EQ(RelaxOnce(WaitPolicy::kPollCompletion, Site::kCompletion, true, kFull), (Looked{1, 0, 0}));
  for (const Site site : {Site::kLock, Site::kOwn, Site::kClaim, Site::kCompletion}) {
    EXPECT_EQ(RelaxOnce(WaitPolicy::kPollEverywhere, site, true, kFull), (Looked{1, 0, 0}));
  }
}

TEST(WaitTest, PollThatTookNothingPauses) {
  EXPECT_EQ(RelaxOnce(WaitPolicy::kPollCompletion, Site::kCompletion, true, kFruitless), (Looked{1, 1, 0}));
  EXPECT_EQ(RelaxOnce(WaitPolicy::kPollEverywhere, Site::kLock, true, kFruitless), (Looked{1, 1, 0}));
}

TEST(WaitTest, EmptyQueueIsNotDrained) {
  EXPECT_EQ(RelaxOnce(WaitPolicy::kPollEverywhere, Site::kCompletion, true, kEmpty), (Looked{0, 1, 0}));
}

TEST(WaitTest, OpenInterruptsMakeEveryPolicySpin) {
  for (u32 policy = 0; policy <= static_cast<u32>(WaitPolicy::kFailFast); ++policy) {
    for (const Site site : {Site::kLock, Site::kOwn, Site::kClaim, Site::kCompletion, Site::kBarrier}) {
      EXPECT_EQ(RelaxOnce(static_cast<WaitPolicy>(policy), site, false, kFull), (Looked{0, 1, 0}));
    }
  }
}

TEST(WaitTest, PoliciesActOnlyAtTheirSites) {
  EXPECT_EQ(RelaxOnce(WaitPolicy::kPollCompletion, Site::kLock, true, kFull), (Looked{0, 1, 0}));
  EXPECT_EQ(RelaxOnce(WaitPolicy::kPollEverywhere, Site::kBarrier, true, kFull), (Looked{0, 1, 0}));
  EXPECT_EQ(RelaxOnce(WaitPolicy::kOpenWindow, Site::kOwn, true, kFull), (Looked{0, 1, 1}));
  EXPECT_EQ(RelaxOnce(WaitPolicy::kOpenWindow, Site::kClaim, true, kFull), (Looked{0, 1, 1}));
  EXPECT_EQ(RelaxOnce(WaitPolicy::kOpenWindow, Site::kCompletion, true, kFull), (Looked{0, 1, 0}));
  EXPECT_EQ(RelaxOnce(WaitPolicy::kFailFast, Site::kOwn, true, kFull), (Looked{0, 1, 0}));
}

}  // namespace
}  // namespace crosscall::core
