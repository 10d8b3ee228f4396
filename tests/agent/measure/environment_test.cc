// The environment and the kernel's counters, read from a made-up /proc and /sys.
#include "agent/measure/environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "agent/measure/interrupts.h"

namespace crosscall::measure {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class FakeRoot : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string folder = ::testing::TempDir() + "environment-test-XXXXXX";
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    root_ = folder;
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  void Write(const std::string& path, const std::string& content) {
    const std::filesystem::path file = root_ + path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << content;
  }

  std::string root_;
};

using EnvironmentTest = FakeRoot;

TEST_F(EnvironmentTest, ReadsWhatTheMachineTells) {
  const std::string cpu = "/sys/devices/system/cpu";
  Write("/proc/sys/kernel/osrelease", "6.1.0-rt5\n");
  Write("/proc/sys/kernel/version", "#1 SMP PREEMPT_RT\n");
  Write("/proc/sys/kernel/sched_rt_runtime_us", "950000\n");
  Write("/proc/cmdline", "isolcpus=2-3 quiet\n");
  Write("/proc/loadavg", "0.10 0.20 0.30 1/100 4242\n");
  Write("/proc/cpuinfo",
        "processor\t: 0\nmodel name\t: Made-up CPU\nmicrocode\t: 0xab\nflags\t\t: fpu hypervisor tsc\n");
  Write("/sys/devices/system/clocksource/clocksource0/current_clocksource", "tsc\n");
  Write(cpu + "/cpuidle/current_driver", "haltpoll\n");
  Write(cpu + "/cpuidle/current_governor_ro", "menu\n");
  Write(cpu + "/cpu2/cpuidle/state0/name", "POLL\n");
  Write(cpu + "/cpu2/cpuidle/state0/disable", "0\n");
  Write(cpu + "/cpu2/cpuidle/state1/name", "C6\n");
  Write(cpu + "/cpu2/cpuidle/state1/disable", "1\n");
  Write(cpu + "/cpu2/cpufreq/scaling_governor", "performance\n");
  Write(cpu + "/cpu2/node1/cpulist", "2-3\n");
  Write(cpu + "/smt/control", "off\n");
  Write(cpu + "/isolated", "2-3\n");
  Write(cpu + "/nohz_full", "(null)\n");
  Write(cpu + "/vulnerabilities/meltdown", "Not affected\n");
  Write(cpu + "/vulnerabilities/retbleed", "Mitigation: IBRS\n");
  Write("/sys/kernel/realtime", "1\n");

  const v1::Environment environment = ReadEnvironment(root_, {2, 7});
  EXPECT_EQ(environment.kernel(), "6.1.0-rt5 #1 SMP PREEMPT_RT");
  EXPECT_EQ(environment.command_line(), "isolcpus=2-3 quiet");
  EXPECT_EQ(environment.clock_source(), "tsc");
  EXPECT_EQ(environment.cpuidle(), "driver haltpoll, governor menu");
  EXPECT_EQ(environment.idle_states(), "POLL on, C6 off");
  EXPECT_EQ(environment.governor(), "performance");
  EXPECT_EQ(environment.smt(), "off");
  EXPECT_EQ(environment.isolated_cpus(), "isolated 2-3");
  EXPECT_THAT(environment.realtime_limits(), HasSubstr("sched_rt_runtime_us 950000"));
  EXPECT_EQ(environment.load(), "0.10 0.20 0.30 1/100 4242");
  EXPECT_EQ(environment.microcode(), "0xab");
  EXPECT_EQ(environment.cpu_model(), "Made-up CPU");
  EXPECT_EQ(environment.hypervisor(), "hypervisor flag set");
  EXPECT_EQ(environment.mitigations(), "realtime kernel 1, retbleed: Mitigation: IBRS");
  EXPECT_THAT(environment.board_cpus(), ElementsAre(2, 7));
  EXPECT_THAT(environment.numa_nodes(), ElementsAre(1, -1));
  EXPECT_THAT(environment.version(), Not(IsEmpty()));
  EXPECT_THAT(environment.build(), HasSubstr("optimised"));
  EXPECT_THAT(environment.libc(), HasSubstr("glibc"));
}

TEST_F(EnvironmentTest, WhatCannotBeReadStaysEmpty) {
  const v1::Environment environment = ReadEnvironment(root_, {0});
  EXPECT_EQ(environment.kernel(), "");
  EXPECT_EQ(environment.clock_source(), "");
  EXPECT_EQ(environment.cpuidle(), "");
  EXPECT_EQ(environment.governor(), "");
  EXPECT_EQ(environment.isolated_cpus(), "");
  EXPECT_EQ(environment.load(), "");
  EXPECT_EQ(environment.cpu_model(), "");
  EXPECT_EQ(environment.hypervisor(), "");
  EXPECT_EQ(environment.mitigations(), "");
  EXPECT_EQ(environment.idle_states(), "");
  EXPECT_THAT(environment.numa_nodes(), ElementsAre(-1));
  EXPECT_EQ(ReadThrottleEvents(root_, {0}), 0u);
}

TEST_F(EnvironmentTest, DeviceTreesNameModelAndHypervisor) {
  Write("/proc/cpuinfo", "processor\t: 0\nCPU part\t: 0xd08\n");
  Write("/proc/device-tree/model", std::string("Made-up Board Rev 1\0", 20));
  Write("/proc/device-tree/hypervisor/compatible", std::string("xen,xen-4.17\0xen,xen\0", 21));
  const v1::Environment environment = ReadEnvironment(root_, {0});
  EXPECT_EQ(environment.cpu_model(), "Made-up Board Rev 1");
  EXPECT_EQ(environment.hypervisor(), "xen,xen-4.17");
}

TEST_F(EnvironmentTest, ThrottleEventsAreSummedOverTheCpusUsed) {
  for (const char* const cpu : {"cpu0", "cpu1", "cpu2"}) {
    const std::string folder = std::string("/sys/devices/system/cpu/") + cpu + "/thermal_throttle/";
    Write(folder + "core_throttle_count", "3\n");
    Write(folder + "package_throttle_count", "4\n");
  }
  EXPECT_EQ(ReadThrottleEvents(root_, {0, 2}), 14u);
}

TEST(EnvironmentOfThisMachineTest, ReadsTheKernelItRunsOn) {
  EXPECT_THAT(ReadEnvironment("", {0}).kernel(), Not(IsEmpty()));
}

constexpr char kX86Interrupts[] =
    "            CPU0       CPU2\n"
    "   0:         44          0   IO-APIC   2-edge      timer\n"
    " RES:       7378       6501   Rescheduling interrupts\n"
    " CAL:      44882      32111   Function call interrupts\n"
    " TLB:       5361       3346   TLB shootdowns\n"
    " ERR:          0\n";

TEST(InterruptsTest, X86RowsAreFoundUnderTheCpusThatTheHeaderNames) {
  const InterruptTable table = ParseInterrupts(kX86Interrupts);
  ASSERT_EQ(table.size(), 3u);
  EXPECT_EQ(table.at("RES").at(0), 7378u);
  EXPECT_EQ(table.at("RES").at(2), 6501u);
  EXPECT_EQ(table.at("CAL").at(2), 32111u);
  EXPECT_EQ(table.at("TLB").at(0), 5361u);
  EXPECT_EQ(table.at("RES").count(1), 0u);
}

TEST(InterruptsTest, ArmRowsAreAllIpis) {
  const InterruptTable table = ParseInterrupts(
      "           CPU0       CPU1\n"
      " 11:       1234       5678     GICv3  27 Level     arch_timer\n"
      "IPI0:      1000       2000       Rescheduling interrupts\n"
      "IPI1:        30         40       Function call interrupts\n"
      "Err:          0\n");
  ASSERT_EQ(table.size(), 2u);
  EXPECT_EQ(table.at("IPI0").at(1), 2000u);
  EXPECT_EQ(table.at("IPI1").at(0), 30u);
}

TEST(InterruptsTest, RubbishIsNoRow) {
  EXPECT_TRUE(ParseInterrupts("").empty());
  EXPECT_TRUE(ParseInterrupts("RES: 1 2\n").empty());
  EXPECT_TRUE(ParseInterrupts("CPU0 CPU1\nRES 1 2 x\nCAL: 1\n").empty());
}

TEST(InterruptsTest, StealIsTheEighthColumnOfEachCpu) {
  const auto steal = ParseSteal(
      "cpu  1 2 3 4 5 6 7 80 9 10\n"
      "cpu0 1 2 3 4 5 6 7 50 9 10\n"
      "cpu3 1 2 3 4 5 6 7 30 9 10\n"
      "intr 1 2 3 4 5 6 7 8 9\n",
      100);
  ASSERT_EQ(steal.size(), 2u);
  EXPECT_EQ(steal.at(0), 500'000'000u);
  EXPECT_EQ(steal.at(3), 300'000'000u);
}

TEST(InterruptsTest, GrowthIsTakenFromTheCpusUsed) {
  KernelCounters before;
  before.interrupts = ParseInterrupts(kX86Interrupts);
  before.steal_nanos = {{0, 10}, {2, 100}};
  KernelCounters after = before;
  after.interrupts["RES"][2] += 1000;
  after.interrupts["CAL"][2] += 7;
  after.interrupts["TLB"][2] += 500;
  after.interrupts["RES"][0] += 50;
  after.steal_nanos = {{0, 30}, {2, 90}};
  const std::vector<v1::InterruptRow> rows = InterruptRows(before, after, {2});
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_TRUE(HasSignalRows(rows, 2));
  EXPECT_FALSE(HasSignalRows(rows, 0));
  EXPECT_EQ(SignalInterrupts(rows, 2), 1007u);        // shootdowns are none of ours
  EXPECT_EQ(StealNanos(before, after, {0, 2}), 20u);  // one went back by a tick
}

TEST(InterruptsTest, ThisMachineCountsSomething) {
  const KernelCounters counters = ReadKernelCounters("");
  EXPECT_FALSE(counters.steal_nanos.empty());
}

}  // namespace
}  // namespace crosscall::measure
