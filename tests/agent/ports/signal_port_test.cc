#include "agent/ports/signal_port.h"

#include <sched.h>
#include <csignal>

#include <cerrno>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "tests/agent/ports/machine.h"

namespace crosscall::ports {
namespace {

using core::CpuId;
using core::CpuSet;
using core::IrqModel;
using core::Peek;
using core::u32;
using core::u64;
using testing::HasSubstr;

// A signal set of another thread, as the kernel shows it to any observer.
bool StatusHasSignal(u64 thread_id, const std::string& field, int signal) {
  std::ifstream file(absl::StrCat("/proc/self/task/", thread_id, "/status"));
  for (std::string line; std::getline(file, line);) {
    if (line.rfind(field + ":", 0) != 0) continue;
    return (std::stoull(line.substr(field.size() + 1), nullptr, 16) >> (signal - 1) & 1) != 0;
  }
  ADD_FAILURE() << "no field " << field;
  return false;
}

bool BlockedHere(int signal) {
  sigset_t blocked;
  pthread_sigmask(SIG_BLOCK, nullptr, &blocked);
  return sigismember(&blocked, signal) == 1;
}

// One device interrupt from each of this CPU's kick gaps.
SignalPort::Options WithDevice(SignalPort::Options options, u32 index = 0) {
  options.faults.devices.push_back({0, index, 1000, DeviceInterrupt::Point::kQueuedNotKicked, 1});
  return options;
}

TEST(SignalPortTest, EachCpuIsAPinnedThreadThatSaysWhoItIs) {
  const SignalPort::Options options = Machine::Ordinary(2);
  Machine machine(options);
  machine.Run([&](CpuId cpu) {
    EXPECT_EQ(machine.port().Me(), cpu);
    EXPECT_EQ(static_cast<u32>(sched_getcpu()), options.board_cpus[cpu]);
    EXPECT_EQ(machine.port().board_cpu(cpu), options.board_cpus[cpu]);
    EXPECT_EQ(machine.port().state().board_cpu, options.board_cpus[cpu]);
    EXPECT_EQ(machine.port().state().thread_id, static_cast<u64>(gettid()));
    // All have met before any body runs.
    for (CpuId other = 0; other < 2; ++other) EXPECT_NE(Peek(machine.region().cpu(other).thread_id), 0u);
  });
  EXPECT_EQ(machine.region().header().ipi_signal, static_cast<u32>(kIpiSignal));
  EXPECT_EQ(machine.region().header().device_signal, static_cast<u32>(kDeviceSignal));
}

TEST(SignalPortTest, MaskedCpuIsNotInterruptedUntilItOpens) {
  Machine machine(Machine::Ordinary(2));
  std::atomic<u32> phase{0};
  machine.Run([&](CpuId me) {
    SignalPort& port = machine.port();
    if (me == 1) {
      port.MaskIrqs();
      EXPECT_EQ(port.state().irqs_masked, 1u);
      EXPECT_EQ(port.state().ipis_barred, 1u);
      phase = 1;
      machine.AwaitHere([&] { return phase == 2; });
      EXPECT_EQ(machine.entries(1), 0u);
      port.OpenIrqs();
      EXPECT_EQ(machine.entries(1), 1u);
      EXPECT_EQ(port.state().irqs_masked, 0u);
      EXPECT_EQ(port.state().ipis_barred, 0u);
      return;
    }
    machine.AwaitHere([&] { return phase == 1; });
    // Three kicks, one latch.
    for (int i = 0; i < 3; ++i) machine.SendTo(1);
    const u64 thread = machine.region().cpu(1).thread_id;
    EXPECT_TRUE(StatusHasSignal(thread, "SigPnd", kIpiSignal));
    EXPECT_TRUE(StatusHasSignal(thread, "SigBlk", kIpiSignal));
    phase = 2;
  });
  EXPECT_EQ(machine.region().cpu(1).kicks_received, 3u);
  EXPECT_EQ(machine.ipis, 1u);
}

TEST(SignalPortTest, IpiReachesAnOpenCpuThatComputes) {
  Machine machine(Machine::Ordinary(2));
  machine.Run([&](CpuId me) {
    if (me == 0) machine.SendTo(1);
    machine.AwaitHere([&] { return machine.ipis == 1; });
  });
  EXPECT_EQ(machine.entries(1), 1u);
  EXPECT_EQ(machine.entries(0), 0u);
  EXPECT_GE(machine.region().cpu(1).last_ipi_entry, machine.region().cpu(1).last_kick);
}

TEST(SignalPortTest, HandlerRunsWithInterruptsMasked) {
  for (const IrqModel model : {IrqModel::kMaskAll, IrqModel::kIpiOpen}) {
    Machine machine(Machine::Ordinary(1, model));
    machine.on_ipi = [&] {
      EXPECT_TRUE(machine.port().IrqsMasked());
      EXPECT_EQ(machine.port().state().irqs_masked, 1u);
      EXPECT_TRUE(BlockedHere(kDeviceSignal));
      EXPECT_EQ(BlockedHere(kIpiSignal), model == IrqModel::kMaskAll);
    };
    machine.Run([&](CpuId) {
      errno = 77;
      machine.SendTo(0);
      EXPECT_EQ(errno, 77);
      EXPECT_EQ(machine.ipis, 1u);
      EXPECT_FALSE(machine.port().IrqsMasked());
      EXPECT_FALSE(BlockedHere(kDeviceSignal));
    });
  }
}

TEST(SignalPortTest, UnderMaskAllAHandlerIsNotInterrupted) {
  Machine machine(Machine::Ordinary(1));
  u32 depth = 0;
  u32 deepest = 0;
  machine.on_ipi = [&] {
    deepest = std::max(deepest, ++depth);
    if (machine.ipis == 1) {
      machine.SendTo(0);
      EXPECT_EQ(machine.ipis, 1u);
    }
    --depth;
  };
  machine.Run([&](CpuId) { machine.SendTo(0); });
  EXPECT_EQ(machine.ipis, 2u);
  EXPECT_EQ(deepest, 1u);
}

TEST(SignalPortTest, UnderIpiOpenIpisNestIntoHandlersAndPassTheMask) {
  Machine machine(Machine::Ordinary(1, IrqModel::kIpiOpen));
  machine.on_ipi = [&] {
    if (machine.ipis > 2) return;
    const u32 before = machine.ipis;
    machine.SendTo(0);
    EXPECT_GT(machine.ipis, before);
  };
  machine.Run([&](CpuId) {
    machine.port().MaskIrqs();
    EXPECT_EQ(machine.port().state().ipis_barred, 0u);
    machine.SendTo(0);
    EXPECT_EQ(machine.ipis, 3u);
    EXPECT_TRUE(machine.port().IrqsMasked());
    EXPECT_TRUE(BlockedHere(kDeviceSignal));
  });
}

TEST(SignalPortTest, StormOfNestedIpisIsBoundedAndNoneIsLost) {
  Machine machine(Machine::Ordinary(1, IrqModel::kIpiOpen));
  constexpr u32 kStorm = 1000;
  u32 depth = 0;
  u32 deepest = 0;
  machine.on_ipi = [&] {
    deepest = std::max(deepest, ++depth);
    if (machine.ipis < kStorm) machine.SendTo(0);
    --depth;
  };
  machine.Run([&](CpuId) { machine.SendTo(0); });
  EXPECT_EQ(machine.ipis, kStorm);
  EXPECT_GT(deepest, 2u);
  EXPECT_LE(deepest, 64u);
}

TEST(SignalPortTest, ShortSectionDefersToTheOutermostEnd) {
  for (const IrqModel model : {IrqModel::kMaskAll, IrqModel::kIpiOpen}) {
    Machine machine(Machine::Ordinary(1, model));
    machine.on_ipi = [&] { EXPECT_EQ(BlockedHere(kIpiSignal), model == IrqModel::kMaskAll); };
    machine.Run([&](CpuId) {
      SignalPort& port = machine.port();
      const u32 outer = port.Bar();
      const u32 inner = port.Bar();
      EXPECT_EQ(port.state().ipis_barred, 1u);
      machine.SendTo(0);
      machine.SendTo(0);
      EXPECT_FALSE(BlockedHere(kIpiSignal));
      EXPECT_EQ(machine.ipis, 0u);
      port.Unbar(inner);
      EXPECT_EQ(machine.ipis, 0u);
      port.Unbar(outer);
      EXPECT_EQ(machine.ipis, 1u);
      EXPECT_EQ(port.state().ipis_barred, 0u);
      EXPECT_FALSE(BlockedHere(kIpiSignal));
    });
  }
}

TEST(SignalPortTest, WhatAShortSectionLatchedWaitsForTheMaskFlag) {
  Machine machine(Machine::Ordinary(1));
  machine.Run([&](CpuId) {
    SignalPort& port = machine.port();
    const u32 previous = port.Bar();
    machine.SendTo(0);
    port.MaskIrqs();
    port.Unbar(previous);
    EXPECT_EQ(machine.ipis, 0u);
    EXPECT_EQ(port.state().ipis_barred, 1u);
    port.OpenIrqs();
    EXPECT_EQ(machine.ipis, 1u);
  });
}

TEST(SignalPortTest, AckClearsTheLatchOfAShortSection) {
  Machine machine(Machine::Ordinary(1));
  machine.Run([&](CpuId) {
    SignalPort& port = machine.port();
    const u32 previous = port.Bar();
    machine.SendTo(0);
    port.Ack();
    port.Unbar(previous);
    EXPECT_EQ(machine.ipis, 0u);
  });
}

TEST(SignalPortTest, WindowLetsTheLatchedIpiInAndMasksAgain) {
  Machine machine(Machine::Ordinary(1));
  machine.Run([&](CpuId) {
    SignalPort& port = machine.port();
    port.Window();
    EXPECT_FALSE(port.IrqsMasked());
    port.MaskIrqs();
    machine.SendTo(0);
    EXPECT_EQ(machine.ipis, 0u);
    port.Window();
    EXPECT_EQ(machine.ipis, 1u);
    EXPECT_TRUE(port.IrqsMasked());
    machine.SendTo(0);
    EXPECT_EQ(machine.ipis, 1u);
    EXPECT_TRUE(BlockedHere(kIpiSignal));
  });
}

TEST(SignalPortTest, DeviceInterruptsAreBarredByTheFlagUnderBothModels) {
  for (const IrqModel model : {IrqModel::kMaskAll, IrqModel::kIpiOpen}) {
    Machine machine(WithDevice(Machine::Ordinary(1, model), 5));
    machine.on_device = [&](u32 index) {
      EXPECT_EQ(index, 5u);
      EXPECT_TRUE(machine.port().IrqsMasked());
    };
    machine.Run([&](CpuId) {
      SignalPort& port = machine.port();
      port.KickGap(CpuSet::Of(0));
      EXPECT_EQ(machine.devices, 1u);
      port.MaskIrqs();
      port.KickGap(CpuSet::Of(0));
      EXPECT_EQ(machine.devices, 1u);
      port.Window();
      EXPECT_EQ(machine.devices, 2u);
      port.KickGap(CpuSet::Of(0));
      port.OpenIrqs();
      EXPECT_EQ(machine.devices, 3u);
      const u32 previous = port.Bar();
      port.KickGap(CpuSet::Of(0));
      EXPECT_EQ(machine.devices, 3u);
      port.Unbar(previous);
      EXPECT_EQ(machine.devices, 4u);
    });
  }
}

TEST(SignalPortTest, UnderIpiOpenAnIpiInterruptsADeviceHandler) {
  Machine machine(WithDevice(Machine::Ordinary(1, IrqModel::kIpiOpen)));
  machine.on_device = [&](u32) {
    machine.SendTo(0);
    EXPECT_EQ(machine.ipis, 1u);
  };
  machine.Run([&](CpuId) { machine.port().KickGap(CpuSet::Of(0)); });
  EXPECT_EQ(machine.devices, 1u);
}

TEST(SignalPortTest, CpuWhoseBodyEndedMaskedStillTakesIpis) {
  Machine machine(Machine::Ordinary(2));
  machine.Run([&](CpuId me) {
    if (me == 1) {
      machine.port().MaskIrqs();
      return;
    }
    machine.SendTo(1);
    machine.AwaitHere([&] { return machine.ipis == 1; });
  });
  EXPECT_EQ(machine.entries(1), 1u);
}

TEST(SignalPortTest, FourCpusShareABoardCpuWithoutLivelock) {
  SignalPort::Options options = Machine::Ordinary(4);
  options.board_cpus.assign(4, options.board_cpus[0]);
  Machine machine(options);
  constexpr u32 kRounds = 200;
  std::atomic<u32> turn{0};
  HardwareSpinLock lock;
  u32 guarded = 0;
  machine.Run([&](CpuId me) {
    SignalPort& port = machine.port();
    for (u32 round = 0; round < kRounds; ++round) {
      machine.AwaitHere([&] { return turn == round * 4 + me; });
      machine.SendTo((me + 1) % 4);
      ++turn;
      const u32 previous = port.Bar();
      lock.lock();
      ++guarded;
      lock.unlock();
      port.Unbar(previous);
    }
  });
  EXPECT_EQ(guarded, 4 * kRounds);
  // A kick may merge with one not yet taken, but the last of each CPU is taken before it leaves.
  EXPECT_GE(machine.ipis, 4u);
  EXPECT_LE(machine.ipis, 4 * kRounds);
}

TEST(SignalPortTest, RefusedRealTimeIsRecordedAndTheTrialRuns) {
  SignalPort::Options options = Machine::Ordinary(1);
  options.realtime = true;
  options.realtime_calls = {[](int) { return EPERM; }, [] { return ENOMEM; }};
  Machine machine(options);
  bool ran = false;
  machine.Run([&](CpuId) { ran = true; });
  EXPECT_TRUE(ran);
  EXPECT_FALSE(machine.port().scheduling().realtime);
  EXPECT_FALSE(machine.port().scheduling().memory_locked);
  EXPECT_THAT(machine.port().SchedulingNote(), HasSubstr("SCHED_FIFO refused on CPU 0"));
}

TEST(SignalPortTest, RealTimeIsObtainedOrTheRefusalSaid) {
  SignalPort::Options options = Machine::Ordinary(2);
  options.realtime = true;
  Machine machine(options);
  std::array<int, 2> policies{};
  machine.Run([&](CpuId me) { policies[me] = sched_getscheduler(0); });
  const bool realtime = policies[0] == SCHED_FIFO && policies[1] == SCHED_FIFO;
  EXPECT_EQ(machine.port().scheduling().realtime, realtime);
  EXPECT_THAT(machine.port().SchedulingNote(), HasSubstr(realtime ? "SCHED_FIFO 50" : "refused"));
}

TEST(SignalPortTest, UnusableBoardCpuIsRefusedNamingTheUsable) {
  FlightRegion region = MakeRegion(1);
  SignalPort::Options options = Machine::Ordinary(1);
  options.board_cpus = {8191};
  const absl::Status status = SignalPort::Create(options, region).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("board CPU 8191"));
  EXPECT_THAT(std::string(status.message()), HasSubstr(FormatCpuList(UsableBoardCpus())));
}

TEST(SignalPortTest, OptionsThatDoNotFitTheRegionAreInvalid) {
  FlightRegion region = MakeRegion(3);
  EXPECT_EQ(SignalPort::Create(Machine::Ordinary(2), region).status().code(), absl::StatusCode::kInvalidArgument);
  SignalPort::Options faulty = Machine::Ordinary(3);
  faulty.faults.mutate_masks.push_back(3);
  EXPECT_EQ(SignalPort::Create(faulty, region).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(SignalPortTest, SecondPortCannotRunBesideTheFirst) {
  Machine first(Machine::Ordinary(1));
  Machine second(Machine::Ordinary(1));
  first.Run([&](CpuId) { EXPECT_EQ(second.port().Start([](CpuId) {}).code(), absl::StatusCode::kFailedPrecondition); });
}

TEST(SignalPortTest, DispositionsAreRestoredAtTheEnd) {
  struct sigaction before {};
  sigaction(kIpiSignal, nullptr, &before);
  Machine machine(Machine::Ordinary(1));
  machine.Run([](CpuId) {
    struct sigaction during {};
    sigaction(kIpiSignal, nullptr, &during);
    EXPECT_NE(during.sa_handler, SIG_DFL);
  });
  struct sigaction after {};
  sigaction(kIpiSignal, nullptr, &after);
  EXPECT_EQ(before.sa_handler, after.sa_handler);
}

TEST(SignalPortTest, StampsOfNestingHandlersAreAllKept) {
  constexpr u32 kStamps = 20'000;
  Machine machine(Machine::Ordinary(2), 1 << 17);
  machine.on_ipi = [&] {
    machine.port().StampStage(core::Stage::kIpiEntry, 0, 0, 0);
    machine.port().StampStage(core::Stage::kHandlerExit, 0, 0, 0);
  };
  std::atomic<bool> done{false};
  machine.Run([&](CpuId me) {
    if (me == 0) {
      while (!done) machine.SendTo(1);
      return;
    }
    // Long enough to be interrupted often: until both numbers are reached.
    for (u32 i = 0; i < kStamps || machine.ipis < 100; ++i) {
      if (machine.port().state().ring_head + 4096 > machine.region().ring_size()) break;
      machine.port().StampStage(core::Stage::kFnEntry, core::CallId(1, i), 0xffff, 3);
    }
    done = true;
  });
  const core::Stamp* ring = machine.region().ring(1);
  const u64 head = machine.region().cpu(1).ring_head;
  u64 own = 0;
  u64 handlers = 0;
  for (u64 i = 0; i < head; ++i) {
    ASSERT_EQ(ring[i].index, i);
    if (ring[i].stage == static_cast<core::u16>(core::Stage::kFnEntry)) {
      ASSERT_EQ(ring[i].call, core::CallId(1, own++));
      ASSERT_EQ(ring[i].peer, 0xffff);
      ASSERT_EQ(ring[i].detail, 3);
    } else {
      ++handlers;
    }
  }
  EXPECT_EQ(handlers, 2 * u64{machine.ipis});
  EXPECT_GT(own, 0u);
}

TEST(SignalPortTest, AStepStampedAgainHasTheTimeOfTheStampBefore) {
  Machine machine(Machine::Ordinary(1), 1 << 10);
  machine.Run([&](CpuId) {
    for (u64 i = 0; i < 100; ++i) {
      machine.port().StampStage(core::Stage::kClaim, core::CallId(0, i), 0, 0);
      machine.port().StampAgain(core::Stage::kPublish, core::CallId(0, i), 0, 0);
    }
  });
  const core::Stamp* ring = machine.region().ring(0);
  ASSERT_EQ(machine.region().cpu(0).ring_head, 200u);
  for (u64 i = 0; i < 200; i += 2) {
    EXPECT_EQ(ring[i].time, ring[i + 1].time);
    EXPECT_NE(ring[i].stage, ring[i + 1].stage);
    if (i > 0) {
      EXPECT_GT(ring[i].time, ring[i - 1].time);
    }
  }
}

}  // namespace
}  // namespace crosscall::ports
