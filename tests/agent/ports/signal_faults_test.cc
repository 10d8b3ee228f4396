// Faults and device interrupts, carried out by the signal port.

#include "tests/agent/ports/machine.h"

namespace crosscall::ports {
namespace {

using core::CpuId;
using core::CpuSet;
using core::u32;
using core::u64;

TEST(SignalFaultsTest, DroppedIpiIsCountedAsLostAndNeverTaken) {
  SignalPort::Options options = Machine::Ordinary(1);
  options.faults.ipis.push_back({IpiFault::Kind::kDrop, 0, 2, 0});
  Machine machine(options);
  machine.Run([&](CpuId) {
    for (int i = 0; i < 3; ++i) machine.SendTo(0);
    EXPECT_EQ(machine.ipis, 2u);
  });
  EXPECT_EQ(machine.region().cpu(0).kicks_received, 2u);
  EXPECT_EQ(machine.region().cpu(0).kicks_lost, 1u);
  EXPECT_NE(machine.region().cpu(0).last_kick, 0u);
}

TEST(SignalFaultsTest, DuplicatedIpiIsTakenTwice) {
  SignalPort::Options options = Machine::Ordinary(1);
  options.faults.ipis.push_back({IpiFault::Kind::kDuplicate, 0, 1, 0});
  Machine machine(options);
  machine.Run([&](CpuId) {
    machine.SendTo(0);
    machine.AwaitHere([&] { return machine.ipis == 2; });
  });
  EXPECT_EQ(machine.region().cpu(0).kicks_received, 2u);
}

TEST(SignalFaultsTest, DelayedIpiComesNotBeforeItsTime) {
  SignalPort::Options options = Machine::Ordinary(1);
  options.faults.ipis.push_back({IpiFault::Kind::kDelay, 0, 1, 3'000'000});
  Machine machine(options);
  machine.Run([&](CpuId) {
    const u64 sent = machine.port().Now();
    machine.SendTo(0);
    machine.AwaitHere([&] { return machine.ipis == 1; });
    // Due times are kept in whole microseconds.
    EXPECT_GE(machine.port().TicksToNanos(machine.port().state().last_ipi_entry - sent), 2'990'000u);
    machine.SendTo(0);
    EXPECT_EQ(machine.ipis, 2u);
  });
}

// The timer must get in although both CPUs spin above every ordinary thread.
TEST(SignalFaultsTest, DelayedIpiReachesARealTimeCpu) {
  SignalPort::Options options = Machine::Ordinary(2);
  options.realtime = true;
  options.faults.ipis.push_back({IpiFault::Kind::kDelay, 1, 1, 1'000'000});
  Machine machine(options);
  machine.Run([&](CpuId me) {
    if (me == 0) machine.SendTo(1);
    machine.AwaitHere([&] { return machine.ipis == 1; });
  });
  EXPECT_EQ(machine.entries(1), 1u);
}

// The destructor joins: nothing is sent to threads that are gone.
TEST(SignalFaultsTest, PortMayBeDestroyedWithInterruptsOnTheirWay) {
  SignalPort::Options options = Machine::Ordinary(1);
  options.faults.ipis.push_back({IpiFault::Kind::kDelay, 0, 0, 100'000});
  auto machine = std::make_unique<Machine>(options);
  Machine& running = *machine;  // The body outlives the pointer.
  std::atomic<bool> ran{false};
  ASSERT_TRUE(machine->port()
                  .Start([&](CpuId) {
                    running.SendTo(0);
                    ran = true;
                  })
                  .ok());
  machine.reset();
  EXPECT_TRUE(ran);
}

TEST(SignalFaultsTest, StallAtHandlerEntryStopsTheCpuBeforeItsHandler) {
  constexpr u64 kSpan = 5'000'000;
  SignalPort::Options options = Machine::Ordinary(1);
  options.faults.deschedules.push_back({0, kSpan, DescheduleFault::Point::kHandlerEntry, 0});
  Machine machine(options);
  machine.Run([&](CpuId) {
    const u64 sent = machine.port().Now();
    machine.SendTo(0);
    EXPECT_EQ(machine.ipis, 1u);
    EXPECT_GE(machine.port().TicksToNanos(machine.port().state().last_ipi_entry - sent), kSpan * 99 / 100);
  });
}

TEST(SignalFaultsTest, StallBetweenPublishAndKickLetsNoInterruptIn) {
  constexpr u64 kSpan = 5'000'000;
  SignalPort::Options options = Machine::Ordinary(2);
  options.faults.deschedules.push_back({0, kSpan, DescheduleFault::Point::kQueuedNotKicked, 0});
  Machine machine(options);
  std::atomic<u32> phase{0};
  u64 gap_start = 0;
  u64 gap_end = 0;
  machine.on_ipi = [&] {
    // Either before the stall began or after it ended, but not within.
    if (gap_start != 0) {
      EXPECT_GE(machine.port().TicksToNanos(machine.port().Now() - gap_start), kSpan * 99 / 100);
    }
  };
  machine.Run([&](CpuId me) {
    if (me == 0) {
      phase = 1;
      gap_start = machine.port().Now();
      machine.port().KickGap(CpuSet::Of(1));
      gap_end = machine.port().Now();
      machine.AwaitHere([&] { return machine.ipis == 1; });
    } else {
      machine.AwaitHere([&] { return phase == 1; });
      // Sent while the caller stops: it is a sleeping thread of this process then.
      const u64 start = machine.port().Now();
      while (machine.port().TicksToNanos(machine.port().Now() - start) < kSpan / 5) machine.port().Pause();
      machine.SendTo(0);
    }
  });
  EXPECT_GE(machine.port().TicksToNanos(gap_end - gap_start), kSpan * 99 / 100);
}

// "Anywhere" may also be before the body: on a busy machine the stall can be over when the CPU begins to look, so it is
// given several runs.
TEST(SignalFaultsTest, StallAnywhereStopsEvenAMaskedCpu) {
  constexpr u64 kSpan = 20'000'000;
  bool seen = false;
  for (u64 run = 0; run < 100 && !seen; ++run) {
    SignalPort::Options options = Machine::Ordinary(1);
    options.seed = run;
    options.faults.deschedules.push_back({0, kSpan, DescheduleFault::Point::kAnywhere, 0});
    Machine machine(options);
    machine.Run([&](CpuId) {
      machine.port().MaskIrqs();
      const u64 begin = machine.port().Now();
      for (u64 last = begin; !seen && machine.port().TicksToNanos(last - begin) < 2 * kSpan;) {
        const u64 now = machine.port().Now();
        seen = machine.port().TicksToNanos(now - last) >= kSpan * 99 / 100;
        last = now;
      }
    });
  }
  EXPECT_TRUE(seen) << "no hole of the stall's span in the CPU's time";
}

TEST(SignalFaultsTest, DeviceInterruptsComeAtRandomMomentsWithinTheirBudget) {
  SignalPort::Options options = Machine::Ordinary(2);
  options.faults.devices.push_back({1, 7, 20, DeviceInterrupt::Point::kAnywhere, 10'000});
  Machine machine(options);
  std::atomic<u32> on_cpu_1{0};
  machine.on_device = [&](u32 index) {
    EXPECT_EQ(index, 7u);
    EXPECT_TRUE(machine.port().IrqsMasked());
    if (machine.port().Me() == 1) ++on_cpu_1;
  };
  machine.Run([&](CpuId me) {
    if (me == 1) machine.AwaitHere([&] { return machine.devices >= 1; });
  });
  EXPECT_GE(machine.devices, 1u);
  EXPECT_LE(machine.devices, 20u);
  EXPECT_EQ(machine.devices, on_cpu_1);
}

TEST(SignalFaultsTest, AllocationFailsOnceOnTheNamedCpu) {
  SignalPort::Options options = Machine::Ordinary(1);
  options.faults.allocs.push_back({0, 2});
  Machine machine(options);
  machine.Run([&](CpuId) {
    EXPECT_FALSE(machine.port().AllocFails());
    EXPECT_TRUE(machine.port().AllocFails());
    EXPECT_FALSE(machine.port().AllocFails());
  });
}

TEST(SignalFaultsTest, MaskOfTheNamedCpuChanges) {
  SignalPort::Options options = Machine::Ordinary(1);
  options.faults.mutate_masks.push_back(0);
  Machine machine(options);
  machine.Run([&](CpuId) {
    CpuSet mask = CpuSet::Of(0);
    machine.port().MutateMask(mask);
    EXPECT_TRUE(mask.Empty());
  });
}

TEST(SignalFaultsTest, KickWindowTakesTimeAndWithoutItNoneIsAdded) {
  SignalPort::Options options = Machine::Ordinary(1);
  options.faults.kick_window = true;
  options.seed = 3;
  FaultInjector expected(options.faults, 1, 3);
  Machine machine(options);
  machine.Run([&](CpuId) {
    for (int i = 0; i < 100; ++i) {
      const u64 start = machine.port().Now();
      machine.port().KickGap(CpuSet::Of(0));
      const u64 nanos = machine.port().TicksToNanos(machine.port().Now() - start);
      EXPECT_GE(nanos + 1, expected.KickGapNanos(0));
    }
  });
}

}  // namespace
}  // namespace crosscall::ports
