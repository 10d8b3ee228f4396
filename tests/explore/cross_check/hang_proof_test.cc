#include "tests/explore/cross_check/hang_proof.h"

#include <gtest/gtest.h>

namespace crosscall::cross_check {
namespace {

using watchdog::CpuLook;
using watchdog::Look;

constexpr std::uint64_t kIpi = 1 << 9;
constexpr HangProof::Needs kNeeds{.looks = 10, .span = absl::Milliseconds(5), .interrupts = kIpi};
constexpr absl::Duration kStart = absl::Seconds(1);
constexpr absl::Duration kLater = absl::Seconds(2);

// Two CPUs that wait for each other's part of a call, masked, with their IPIs pending.
Look Mutual() {
  Look look;
  look.cpus.resize(2);
  for (std::uint32_t id = 0; id < 2; ++id) {
    CpuLook& cpu = look.cpus[id];
    cpu.site = core::Site::kCompletion;
    cpu.wait_cpus = {1 - id};
    cpu.heartbeat = 100;
    cpu.thread.pending = kIpi;
    cpu.thread.blocked = kIpi;
  }
  return look;
}
Look LookedOn(Look look) {
  for (CpuLook& cpu : look.cpus) cpu.heartbeat += kNeeds.looks;
  return look;
}

TEST(HangProof, WaitsThatLookInVainAreProof) {
  HangProof proof(kNeeds);
  EXPECT_FALSE(proof.Add(Mutual(), true, kStart));
  EXPECT_TRUE(proof.Add(LookedOn(Mutual()), true, kLater));
  EXPECT_EQ(proof.gap(), kLater - kStart);
  EXPECT_EQ(proof.first().cpus[0].heartbeat, 100U);
  EXPECT_EQ(proof.second().cpus[0].heartbeat, 110U);
}

TEST(HangProof, ACpuThatGotNoProcessorProvesNothing) {
  HangProof proof(kNeeds);
  Look later = LookedOn(Mutual());
  later.cpus[1].heartbeat = 101;
  EXPECT_FALSE(proof.Add(Mutual(), true, kStart));
  EXPECT_FALSE(proof.Add(later, true, kLater));
}

TEST(HangProof, ACpuAtNoWaitProvesNothing) {
  HangProof proof(kNeeds);
  Look works = Mutual();
  works.cpus[0].site = core::Site::kNone;
  EXPECT_FALSE(proof.Add(works, true, kStart));
  EXPECT_FALSE(proof.Add(LookedOn(works), true, kLater));
}

TEST(HangProof, AnInterruptThatTheMaskLetsInProvesNothing) {
  HangProof proof(kNeeds);
  Look open = Mutual();
  open.cpus[1].thread.blocked = 0;
  EXPECT_FALSE(proof.Add(open, true, kStart));
  EXPECT_FALSE(proof.Add(LookedOn(open), true, kLater));
}

TEST(HangProof, AThreadThatMayStillSendProvesNothing) {
  HangProof proof(kNeeds);
  EXPECT_FALSE(proof.Add(Mutual(), true, kStart));
  EXPECT_FALSE(proof.Add(LookedOn(Mutual()), false, kLater));
}

TEST(HangProof, TooShortASpanProvesNothing) {
  HangProof proof(kNeeds);
  EXPECT_FALSE(proof.Add(Mutual(), true, kStart));
  EXPECT_FALSE(proof.Add(LookedOn(Mutual()), true, kStart + absl::Milliseconds(4)));
}

TEST(HangProof, AnyMoveBeginsAnew) {
  Look moved = LookedOn(Mutual());
  moved.cpus[0].requests_taken = 1;
  HangProof proof(kNeeds);
  EXPECT_FALSE(proof.Add(Mutual(), true, kStart));
  EXPECT_FALSE(proof.Add(moved, true, kLater));
  EXPECT_TRUE(proof.Add(LookedOn(moved), true, kLater + absl::Seconds(1)));
  EXPECT_EQ(proof.gap(), absl::Seconds(1));
}

TEST(HangProof, ALockThatChangedHandsIsAMove) {
  Look before = Mutual();
  before.lock_holders = {0U};
  Look now = Mutual();
  now.lock_holders = {1U};
  EXPECT_FALSE(NothingMoved(before, now));
}

}  // namespace
}  // namespace crosscall::cross_check
