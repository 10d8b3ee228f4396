// The litmus tests by which memory models are told apart, on the model itself. Places: x = 0, y = 1.
#include "agent/explore/weak_memory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/agent/explore/litmus.h"

namespace crosscall::explore::litmus {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsSupersetOf;
using testing::Not;
using testing::UnorderedElementsAre;

constexpr u32 kX = 0;
constexpr u32 kY = 1;
constexpr Order kRelaxed = Order::kRelaxed;
constexpr Order kAcquire = Order::kAcquire;
constexpr Order kRelease = Order::kRelease;
constexpr Order kAcqRel = Order::kAcqRel;
constexpr Order kSeqCst = Order::kSeqCst;

Seen Observe(const Program& program) {
  Machine machine(2, 2, program);
  const Seen all_paths = machine.Run(false);
  const Seen merged = machine.Run(true);
  EXPECT_EQ(all_paths.reads, merged.reads);
  EXPECT_EQ(all_paths.ends, merged.ends);
  EXPECT_EQ(all_paths.races, merged.races);
  return all_paths;
}

Program StoreBuffering(Order store, Order load) {
  return {{Store(kX, 1, store), Load(kY, load)}, {Store(kY, 1, store), Load(kX, load)}};
}

TEST(StoreBuffering, BothMayReadTheOldValueUnlessSequentiallyConsistent) {
  EXPECT_THAT(Observe(StoreBuffering(kRelaxed, kRelaxed)).reads,
              UnorderedElementsAre(Values{0, 0}, Values{0, 1}, Values{1, 0}, Values{1, 1}));
  EXPECT_THAT(Observe(StoreBuffering(kRelease, kAcquire)).reads, Contains(Values{0, 0}));
  EXPECT_THAT(Observe(StoreBuffering(kSeqCst, kSeqCst)).reads,
              UnorderedElementsAre(Values{0, 1}, Values{1, 0}, Values{1, 1}));
}

TEST(StoreBuffering, FullFencesForbidTheOldValueToOneOfBoth) {
  const Program both = {{Store(kX, 1, kRelaxed), FullFence(), Load(kY, kRelaxed)},
                        {Store(kY, 1, kRelaxed), FullFence(), Load(kX, kRelaxed)}};
  EXPECT_THAT(Observe(both).reads, UnorderedElementsAre(Values{0, 1}, Values{1, 0}, Values{1, 1}));
  const Program one = {{Store(kX, 1, kRelaxed), FullFence(), Load(kY, kRelaxed)},
                       {Store(kY, 1, kRelaxed), Load(kX, kRelaxed)}};
  EXPECT_THAT(Observe(one).reads, Contains(Values{0, 0})) << "a fence on one side orders nothing";
  const Program stores = {{Store(kX, 1, kRelaxed), StoreBarrier(), Load(kY, kRelaxed)},
                          {Store(kY, 1, kRelaxed), StoreBarrier(), Load(kX, kRelaxed)}};
  EXPECT_THAT(Observe(stores).reads, Contains(Values{0, 0})) << "a store barrier orders no load";
}

Program MessagePassing(Order store, Order load) {
  return {{Store(kX, 1, kRelaxed), Store(kY, 1, store)}, {Load(kY, load), IfRead(1), Load(kX, kRelaxed)}};
}

TEST(MessagePassing, DataMayBeStaleUnlessReleasedAndAcquired) {
  const Values stale = {1, 0};
  EXPECT_THAT(Observe(MessagePassing(kRelaxed, kRelaxed)).reads, UnorderedElementsAre(Values{0}, stale, Values{1, 1}));
  EXPECT_THAT(Observe(MessagePassing(kRelease, kRelaxed)).reads, Contains(stale));
  EXPECT_THAT(Observe(MessagePassing(kRelaxed, kAcquire)).reads, Contains(stale));
  EXPECT_THAT(Observe(MessagePassing(kRelease, kAcquire)).reads, UnorderedElementsAre(Values{0}, Values{1, 1}));
  EXPECT_THAT(Observe(MessagePassing(kSeqCst, kSeqCst)).reads, UnorderedElementsAre(Values{0}, Values{1, 1}));
}

TEST(MessagePassing, FencesOrderRelaxedAccesses) {
  const Values stale = {1, 0};
  const Thread writer = {Store(kX, 1, kRelaxed), FullFence(), Store(kY, 1, kRelaxed)};
  const Thread reader = {Load(kY, kRelaxed), IfRead(1), FullFence(), Load(kX, kRelaxed)};
  const Thread unfenced = {Load(kY, kRelaxed), IfRead(1), Load(kX, kRelaxed)};
  EXPECT_THAT(Observe({writer, reader}).reads, UnorderedElementsAre(Values{0}, Values{1, 1}));
  EXPECT_THAT(Observe({writer, unfenced}).reads, Contains(stale)) << "no fence between the loads";
  const Thread early = {FullFence(), Store(kX, 1, kRelaxed), Store(kY, 1, kRelaxed)};
  EXPECT_THAT(Observe({early, reader}).reads, Contains(stale)) << "a fence before both stores orders neither";
  const Thread barred = {Store(kX, 1, kRelaxed), StoreBarrier(), Store(kY, 1, kRelaxed)};
  EXPECT_THAT(Observe({barred, reader}).reads, Not(Contains(stale))) << "a store barrier orders stores";
}

TEST(LoadBuffering, IsNotModelled) {
  for (const Order order : {kRelaxed, kSeqCst}) {
    const Program program = {{Load(kX, order), Store(kY, 1, order)}, {Load(kY, order), Store(kX, 1, order)}};
    EXPECT_THAT(Observe(program).reads, UnorderedElementsAre(Values{0, 0}, Values{0, 1}, Values{1, 0}));
  }
}

TEST(Coherence, LaterReadsOfOneCpuSeeNothingOlder) {
  const Program program = {{Store(kX, 1, kRelaxed), Store(kX, 2, kRelaxed)}, {Load(kX, kRelaxed), Load(kX, kRelaxed)}};
  EXPECT_THAT(Observe(program).reads,
              UnorderedElementsAre(Values{0, 0}, Values{0, 1}, Values{0, 2}, Values{1, 1}, Values{1, 2}, Values{2, 2}));
}

TEST(Coherence, AllCpusAgreeOnTheOrderOfStores) {
  const Program program = {{Store(kX, 1, kRelaxed)},
                           {Store(kX, 2, kRelaxed)},
                           {Load(kX, kRelaxed), Load(kX, kRelaxed)},
                           {Load(kX, kRelaxed), Load(kX, kRelaxed)}};
  const Seen seen = Observe(program);
  EXPECT_THAT(seen.reads, IsSupersetOf({Values{1, 2, 1, 2}, Values{2, 1, 2, 1}, Values{1, 2, 0, 2}}));
  EXPECT_THAT(seen.reads, Not(Contains(Values{1, 2, 2, 1})));
  EXPECT_THAT(seen.reads, Not(Contains(Values{2, 1, 1, 2})));
}

TEST(Coherence, OneCpusStoresStayInOrder) {
  EXPECT_THAT(Observe({{Store(kX, 1, kRelaxed), Store(kX, 2, kRelaxed)}}).ends, ElementsAre(Values{2, 0}));
  const Program against = {{Store(kX, 1, kRelaxed), Store(kX, 2, kRelaxed)}, {Store(kX, 3, kRelaxed)}};
  EXPECT_THAT(Observe(against).ends, UnorderedElementsAre(Values{2, 0}, Values{3, 0}));
}

TEST(Coherence, AReadAfterTheOwnStoreSeesItOrALaterOne) {
  const Program program = {{Store(kX, 1, kRelaxed), Load(kX, kRelaxed)}, {Store(kX, 2, kRelaxed)}};
  const Seen seen = Observe(program);
  EXPECT_THAT(seen.reads, UnorderedElementsAre(Values{1}, Values{2}));
}

TEST(Coherence, AStoreComesAfterWhatItsCpuHasRead) {
  const Program program = {{Store(kX, 1, kRelaxed)}, {Load(kX, kRelaxed), IfRead(1), Store(kX, 2, kRelaxed)}};
  EXPECT_THAT(Observe(program).ends, UnorderedElementsAre(Values{1, 0}, Values{2, 0}));
}

Program IndependentReads(Order store, Order load) {
  return {
      {Store(kX, 1, store)}, {Store(kY, 1, store)}, {Load(kX, load), Load(kY, load)}, {Load(kY, load), Load(kX, load)}};
}

TEST(IndependentReads, ReadersMayDisagreeUnlessSequentiallyConsistent) {
  const Values disagree = {1, 0, 1, 0};
  EXPECT_THAT(Observe(IndependentReads(kRelaxed, kRelaxed)).reads, Contains(disagree));
  EXPECT_THAT(Observe(IndependentReads(kRelease, kAcquire)).reads, Contains(disagree));
  const Seen total = Observe(IndependentReads(kSeqCst, kSeqCst));
  EXPECT_THAT(total.reads, Not(Contains(disagree)));
  EXPECT_EQ(total.reads.size(), 15U) << "everything else is possible";
}

TEST(IndependentReads, FullFencesBetweenTheReadsMakeThemAgree) {
  Program program = IndependentReads(kRelaxed, kRelaxed);
  for (const CpuId reader : {2U, 3U}) program[reader].insert(program[reader].begin() + 1, FullFence());
  EXPECT_THAT(Observe(program).reads, Not(Contains(Values{1, 0, 1, 0})));
}

Program TwoTwoWrites(Order order) {
  return {{Store(kX, 1, order), Store(kY, 2, order)}, {Store(kY, 1, order), Store(kX, 2, order)}};
}

TEST(TwoTwoWrites, BothFirstStoresMayEndLastUnlessSequentiallyConsistent) {
  const Values weak = {1, 1};
  EXPECT_THAT(Observe(TwoTwoWrites(kRelaxed)).ends, Contains(weak));
  EXPECT_THAT(Observe(TwoTwoWrites(kRelease)).ends, Contains(weak));
  EXPECT_THAT(Observe(TwoTwoWrites(kSeqCst)).ends, UnorderedElementsAre(Values{1, 2}, Values{2, 1}, Values{2, 2}));
}

TEST(ReleaseSequence, GoesOnThroughReadModifyWritesOnly) {
  const Thread writer = {Store(kX, 1, kRelaxed), Store(kY, 1, kRelease)};
  const Thread reader = {Load(kY, kAcquire), IfRead(2), Load(kX, kRelaxed)};
  const Thread adds = {Add(kY, 1, kRelaxed)};
  const Seen through_update = Observe({writer, adds, reader});
  EXPECT_THAT(through_update.reads, Contains(Values{1, 2, 1}));
  EXPECT_THAT(through_update.reads, Not(Contains(Values{1, 2, 0})));
  const Thread stores = {Load(kY, kRelaxed), IfRead(1), Store(kY, 2, kRelaxed)};
  EXPECT_THAT(Observe({writer, stores, reader}).reads, Contains(Values{1, 2, 0})) << "a plain store begins anew";
}

TEST(ReadModifyWrite, NoTwoReadTheSameStore) {
  for (const Order order : {kRelaxed, kAcqRel, kSeqCst}) {
    const Seen seen = Observe({{Add(kX, 1, order)}, {Add(kX, 1, order)}, {Add(kX, 1, order)}});
    EXPECT_THAT(seen.ends, ElementsAre(Values{3, 0}));
    EXPECT_EQ(seen.reads.size(), 6U) << "0, 1, 2 in any order";
    for (const Values& reads : seen.reads) EXPECT_THAT(reads, testing::UnorderedElementsAre(0U, 1U, 2U));
  }
}

TEST(ReadModifyWrite, NoStoreGoesBetweenItsReadAndItsWrite) {
  const Program program = {{Add(kX, 1, kRelaxed)}, {Store(kX, 10, kRelaxed)}};
  const Seen seen = Observe(program);
  EXPECT_THAT(seen.ends, UnorderedElementsAre(Values{11, 0}, Values{10, 0}));
  EXPECT_THAT(seen.reads, UnorderedElementsAre(Values{0}, Values{10}));
}

TEST(CompareExchange, AFailureIsALoad) {
  const Program stale = {{Store(kX, 1, kRelaxed)}, {CompareExchange(kX, 7, 9, kSeqCst)}};
  const Seen seen = Observe(stale);
  EXPECT_THAT(seen.reads, UnorderedElementsAre(Values{0}, Values{1}));
  EXPECT_THAT(seen.ends, ElementsAre(Values{1, 0})) << "it writes nothing";
  const Program acquires = {{Store(kX, 1, kRelaxed), Store(kY, 1, kRelease)},
                            {CompareExchange(kY, 7, 9, kAcquire), IfRead(1), Load(kX, kRelaxed)}};
  EXPECT_THAT(Observe(acquires).reads, UnorderedElementsAre(Values{0}, Values{1, 1}));
  const Program relaxed = {{Store(kX, 1, kRelaxed), Store(kY, 1, kRelease)},
                           {CompareExchange(kY, 7, 9, kRelaxed), IfRead(1), Load(kX, kRelaxed)}};
  EXPECT_THAT(Observe(relaxed).reads, Contains(Values{1, 0}));
}

TEST(CompareExchange, OfTwoFromTheSameValueOneSucceeds) {
  const Seen seen = Observe({{CompareExchange(kX, 0, 1, kRelaxed)}, {CompareExchange(kX, 0, 2, kRelaxed)}});
  EXPECT_THAT(seen.reads, UnorderedElementsAre(Values{0, 1}, Values{2, 0}));
  EXPECT_THAT(seen.ends, UnorderedElementsAre(Values{1, 0}, Values{2, 0}));
}

Fingerprint PrintOf(const WeakMemory& memory) {
  Fingerprint print;
  memory.AddTo(print);
  return print;
}

WeakMemory TwoCpus() {
  WeakMemory memory(2);
  memory.AddAtomic(0);
  memory.AddAtomic(0);
  memory.AddPlain();
  memory.AddPlain();
  memory.Reset({0, 0});
  return memory;
}

TEST(CanonicalState, IndependentStoresInAnyOrderAreOneState) {
  WeakMemory one = TwoCpus();
  one.Store(0, kX, 1, kRelease, 0);
  one.Store(1, kY, 1, kRelease, 0);
  WeakMemory other = TwoCpus();
  other.Store(1, kY, 1, kRelease, 0);
  other.Store(0, kX, 1, kRelease, 0);
  EXPECT_EQ(PrintOf(one), PrintOf(other));
}

TEST(CanonicalState, StoresThatNobodyCanReadAnyMoreAreForgotten) {
  WeakMemory one = TwoCpus();
  one.Store(0, kX, 1, kRelaxed, 0);
  one.Load(1, kX, kRelaxed, 0);
  WeakMemory other = TwoCpus();
  other.Store(0, kX, 5, kRelaxed, 0);
  other.Store(0, kX, 1, kRelaxed, 0);
  EXPECT_NE(PrintOf(one), PrintOf(other)) << "the other CPU may still read 0 or 5";
  other.Load(1, kX, kRelaxed, 0);
  EXPECT_EQ(PrintOf(one), PrintOf(other));
}

TEST(CanonicalState, WhatAFutureDependsOnTellsStatesApart) {
  WeakMemory released = TwoCpus();
  released.WritePlain(0, 0);
  WeakMemory relaxed = released;
  released.Store(0, kX, 1, kRelease, 0);
  relaxed.Store(0, kX, 1, kRelaxed, 0);
  EXPECT_NE(PrintOf(released), PrintOf(relaxed)) << "the field's write is published by one of them";
  WeakMemory updated = TwoCpus();
  WeakMemory stored = TwoCpus();
  updated.BeginUpdate(0, kX, {AccessKind::kReadModifyWrite, kRelaxed, 0}, 0);
  updated.FinishUpdate(0, kX, 1, kRelaxed);
  stored.Store(0, kX, 1, kRelaxed, 0);
  EXPECT_NE(PrintOf(updated), PrintOf(stored)) << "a store may go before the second";
}

TEST(CanonicalState, ARenewedObjectIsAsAtFirst) {
  WeakMemory memory = TwoCpus();
  memory.Store(0, kX, 1, kRelaxed, 0);
  memory.Renew(kX);
  EXPECT_EQ(PrintOf(memory), PrintOf(TwoCpus()));
  EXPECT_EQ(memory.Outcomes(1, kX, {AccessKind::kLoad, kRelaxed, 0}), 1U);
}

TEST(CanonicalState, ResetIsTheFirstState) {
  WeakMemory memory = TwoCpus();
  memory.Store(0, kX, 1, kSeqCst, 0);
  memory.FullFence(1);
  memory.WritePlain(1, 0);
  memory.Release(1, 3);
  memory.Reset({0, 0});
  EXPECT_EQ(PrintOf(memory), PrintOf(TwoCpus()));
}

Instruction AnyInstruction(std::mt19937& random) {
  const u32 place = static_cast<u32>(random() % 2);
  const u64 value = 1 + random() % 2;
  const Order order = static_cast<Order>(random() % 5);
  const Order load = order == kRelease ? kRelaxed : order == kAcqRel ? kAcquire : order;
  const Order store = order == kAcquire ? kRelaxed : order == kAcqRel ? kRelease : order;
  switch (random() % 12) {
    case 0:
    case 1:
    case 2:
      return Load(place, load);
    case 3:
    case 4:
    case 5:
      return Store(place, value, store);
    case 6:
      return Add(place, value, order);
    case 7:
      return CompareExchange(place, 0, value, order);
    case 8:
      return random() % 2 == 0 ? FullFence() : StoreBarrier();
    case 9:
      return ReadPlain(place);
    case 10:
      return WritePlain(place);
    default:
      return random() % 2 == 0 ? Release(place) : Acquire(place);
  }
}

TEST(CanonicalState, EqualPrintsHaveEqualFuturesInRandomPrograms) {
  constexpr u32 kPrograms = 1500;
  std::mt19937 random(7);
  u64 with_races = 0;
  u64 visits_all = 0;
  u64 visits_merged = 0;
  for (u32 i = 0; i < kPrograms; ++i) {
    Program program(2 + i % 2);
    for (Thread& thread : program) {
      for (usize j = 0; j < (program.size() == 2 ? 4 : 2); ++j) thread.push_back(AnyInstruction(random));
    }
    Machine machine(2, 2, program);
    const Seen all_paths = machine.Run(false);
    visits_all += machine.visits();
    const u64 before = machine.visits();
    ASSERT_EQ(machine.Run(true), all_paths) << "program " << i;
    visits_merged += machine.visits() - before;
    with_races += all_paths.races ? 1 : 0;
  }
  EXPECT_LT(visits_merged * 2, visits_all) << "merging is what makes searches end";
  EXPECT_GT(with_races, kPrograms / 20);
  EXPECT_LT(with_races, kPrograms * 19 / 20);
}

}  // namespace
}  // namespace crosscall::explore::litmus
