#include "agent/measure/round_gate.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <thread>

#include "agent/measure/idler.h"

namespace crosscall::measure {
namespace {

TEST(RoundGateTest, LeaderSeesAllAndAllSeeTheLeader) {
  constexpr std::uint32_t kThreads = 3;
  constexpr int kRounds = 200;
  for (const v1::TargetState state : {v1::TARGET_STATE_SPIN, v1::TARGET_STATE_SLEEP, v1::TARGET_STATE_SYSCALL}) {
    const Idler idler(state, /*share_cpu=*/true);
    RoundGate gate(kThreads, idler);
    int done[kThreads] = {};  // not atomic: the gate orders them
    int led = 0;
    bool good = true;
    const auto body = [&](std::uint32_t me) {
      for (int round = 1; round <= kRounds; ++round) {
        done[me] = round;
        gate.Meet([&] {
          for (const int count : done) good = good && count == round;
          led = round;
        });
        if (led < round) ADD_FAILURE() << "went on before the leader had acted";
        gate.Meet([] {});
      }
    };
    std::thread second(body, 1);
    std::thread third(body, 2);
    body(0);
    second.join();
    third.join();
    EXPECT_TRUE(good);
    EXPECT_EQ(led, kRounds);
  }
}

TEST(IdlerTest, IdlesAtLeastAsLongAsAsked) {
  for (const v1::TargetState state : {v1::TARGET_STATE_SPIN, v1::TARGET_STATE_SLEEP, v1::TARGET_STATE_SYSCALL}) {
    const auto start = std::chrono::steady_clock::now();
    Idler(state, false).IdleFor(2'000'000);
    EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(2));
  }
}

}  // namespace
}  // namespace crosscall::measure
