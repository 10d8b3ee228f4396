// Data races on plain fields: found where no order is given, and nowhere else. The atomic x = 0 carries the orders.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/agent/explore/litmus.h"

namespace crosscall::explore::litmus {
namespace {

constexpr u32 kX = 0;
constexpr Order kRelaxed = Order::kRelaxed;
constexpr Order kAcquire = Order::kAcquire;
constexpr Order kRelease = Order::kRelease;

bool Races(const Program& program) {
  Machine machine(2, 2, program);
  const Seen all_paths = machine.Run(false);
  EXPECT_EQ(all_paths, machine.Run(true));
  return all_paths.races;
}

TEST(DataRace, IsFoundWithoutAnOrder) {
  EXPECT_TRUE(Races({{WritePlain(0)}, {ReadPlain(0)}}));
  EXPECT_TRUE(Races({{WritePlain(0)}, {WritePlain(0)}}));
  EXPECT_TRUE(Races({{ReadPlain(0)}, {WritePlain(0)}}));
}

TEST(DataRace, IsNoneBetweenReadsOfDifferentFieldsOrOfOneCpu) {
  EXPECT_FALSE(Races({{ReadPlain(0)}, {ReadPlain(0)}, {ReadPlain(0)}}));
  EXPECT_FALSE(Races({{WritePlain(0)}, {WritePlain(1)}}));
  EXPECT_FALSE(Races({{WritePlain(0), ReadPlain(0), WritePlain(0)}, {}}));
}

TEST(DataRace, IsRuledOutByReleaseAndAcquireTogether) {
  const auto race = [](Order store, Order load) {
    return Races({{WritePlain(0), Store(kX, 1, store)}, {Load(kX, load), IfRead(1), ReadPlain(0)}});
  };
  EXPECT_FALSE(race(kRelease, kAcquire));
  EXPECT_FALSE(race(Order::kSeqCst, Order::kSeqCst));
  EXPECT_TRUE(race(kRelaxed, kAcquire));
  EXPECT_TRUE(race(kRelease, kRelaxed));
  EXPECT_TRUE(Races({{WritePlain(0), Store(kX, 1, kRelease)}, {Load(kX, kAcquire), ReadPlain(0)}}))
      << "the load may return what was there before";
}

TEST(DataRace, IsRuledOutByFencesAroundRelaxedAccesses) {
  const Thread writer = {WritePlain(0), FullFence(), Store(kX, 1, kRelaxed)};
  EXPECT_FALSE(Races({writer, {Load(kX, kRelaxed), IfRead(1), FullFence(), ReadPlain(0)}}));
  EXPECT_TRUE(Races({writer, {FullFence(), Load(kX, kRelaxed), IfRead(1), ReadPlain(0)}}));
}

TEST(DataRace, IsFoundForWhatComesAfterTheRelease) {
  const Thread reader = {Load(kX, kAcquire), IfRead(1), ReadPlain(0)};
  EXPECT_TRUE(Races({{WritePlain(0), Store(kX, 1, kRelease), WritePlain(0)}, reader}));
  EXPECT_TRUE(Races({{Store(kX, 1, kRelease), WritePlain(0)}, reader})) << "no plain access before the release";
  EXPECT_TRUE(Races({{Store(kX, 2, kRelease), Store(kX, 1, kRelease), WritePlain(0)}, reader}));
  EXPECT_TRUE(Races({{FullFence(), Store(kX, 1, kRelaxed), WritePlain(0)},
                     {Load(kX, kRelaxed), IfRead(1), FullFence(), ReadPlain(0)}}));
}

TEST(DataRace, IsFoundForAWriteAfterReadsThatItDoesNotFollow) {
  EXPECT_TRUE(Races({{ReadPlain(0), Store(kX, 1, kRelaxed)}, {Load(kX, kAcquire), IfRead(1), WritePlain(0)}}));
  EXPECT_FALSE(Races({{ReadPlain(0), Store(kX, 1, kRelease)}, {Load(kX, kAcquire), IfRead(1), WritePlain(0)}}));
  EXPECT_TRUE(Races({{Store(kX, 1, kRelease), ReadPlain(0)}, {Load(kX, kAcquire), IfRead(1), WritePlain(0)}}));
}

TEST(DataRace, IsRuledOutThroughAThirdCpu) {
  const Thread first = {WritePlain(0), Store(0, 1, kRelease)};
  const Thread second = {Load(0, kAcquire), IfRead(1), Store(1, 1, kRelease)};
  const Thread third = {Load(1, kAcquire), IfRead(1), WritePlain(0)};
  EXPECT_FALSE(Races({first, second, third}));
  const Thread relaxed = {Load(0, kRelaxed), IfRead(1), Store(1, 1, kRelease)};
  EXPECT_TRUE(Races({first, relaxed, third}));
}

TEST(StoreBarrier, OrdersWritesAndNotReads) {
  const Thread next = {Load(kX, kAcquire), IfRead(1), WritePlain(0)};
  EXPECT_FALSE(Races({{WritePlain(0), StoreBarrier(), Store(kX, 1, kRelaxed)}, next}));
  EXPECT_TRUE(Races({{ReadPlain(0), StoreBarrier(), Store(kX, 1, kRelaxed)}, next}));
  EXPECT_FALSE(Races({{ReadPlain(0), FullFence(), Store(kX, 1, kRelaxed)}, next}));
}

TEST(Handover, OrdersWhatWasReleasedIntoItBefore) {
  // The atomic only says that the handover has been made; being relaxed it orders nothing itself.
  const Thread taker = {Load(kX, kRelaxed), IfRead(1), Acquire(0), WritePlain(0)};
  EXPECT_FALSE(Races({{WritePlain(0), Release(0), Store(kX, 1, kRelaxed)}, taker}));
  EXPECT_FALSE(Races({{ReadPlain(0), Release(0), Store(kX, 1, kRelaxed)}, taker}));
  EXPECT_TRUE(Races({{Release(0), WritePlain(0), Store(kX, 1, kRelaxed)}, taker}));
  EXPECT_TRUE(Races({{WritePlain(0), Release(1), Store(kX, 1, kRelaxed)}, taker})) << "another handover";
}

TEST(Handover, CarriesNothingOnceEmptied) {
  WeakMemory memory(2);
  memory.AddPlain();
  memory.Reset({});
  EXPECT_TRUE(memory.WritePlain(0, 0));
  memory.Release(0, 5);
  memory.Empty(5);
  memory.Acquire(1, 5);
  EXPECT_FALSE(memory.ReadPlain(1, 0));
}

TEST(Handover, AddsToWhatLiesThere) {
  WeakMemory memory(3);
  memory.AddPlain();
  memory.AddPlain();
  memory.Reset({});
  EXPECT_TRUE(memory.WritePlain(0, 0));
  memory.Release(0, 1);
  EXPECT_TRUE(memory.WritePlain(1, 1));
  memory.Release(1, 1);
  memory.Acquire(2, 1);
  EXPECT_TRUE(memory.ReadPlain(2, 0));
  EXPECT_TRUE(memory.ReadPlain(2, 1));
}

TEST(PlainField, ARenewedOneIsKnownToAll) {
  WeakMemory memory(2);
  memory.AddPlain();
  memory.Reset({});
  EXPECT_TRUE(memory.WritePlain(0, 0));
  memory.RenewPlain(0);
  EXPECT_TRUE(memory.WritePlain(1, 0));
}

}  // namespace
}  // namespace crosscall::explore::litmus
