#include "agent/watchdog/region_reader.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <functional>
#include <random>
#include <string>

namespace crosscall::watchdog {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::uint32_t kCpus = 3;
constexpr std::uint32_t kLocks = 2;
constexpr std::uint32_t kRing = 8;

// A sealed memfd with a sane region, writable by the test through its own mapping.
class RegionTest : public ::testing::Test {
 protected:
  void SetUp() override {
    bytes_ = core::RegionBytes(kCpus, kLocks, kRing);
    fd_ = memfd_create("test-region", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    ASSERT_GE(fd_, 0);
    ASSERT_EQ(ftruncate(fd_, static_cast<off_t>(bytes_)), 0);
    base_ = static_cast<std::byte*>(mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0));
    ASSERT_NE(base_, MAP_FAILED);
    core::RegionHeader& header = *Header();
    header.version = core::kRegionVersion;
    header.cpu_count = kCpus;
    header.lock_count = kLocks;
    header.ring_size = kRing;
    header.locks_offset = 4096;
    header.cpus_offset = header.locks_offset + kLocks * sizeof(core::LockState);
    header.rings_offset = header.cpus_offset + kCpus * sizeof(core::CpuState);
    header.total_bytes = bytes_;
    header.magic = core::kRegionMagic;
  }
  void TearDown() override {
    munmap(base_, bytes_);
    close(fd_);
  }
  core::RegionHeader* Header() { return reinterpret_cast<core::RegionHeader*>(base_); }
  core::CpuState& Cpu(std::uint32_t cpu) {
    return reinterpret_cast<core::CpuState*>(base_ + Header()->cpus_offset)[cpu];
  }
  core::LockState& Lock(std::uint32_t lock) {
    return reinterpret_cast<core::LockState*>(base_ + Header()->locks_offset)[lock];
  }
  void Stamp(std::uint32_t cpu, std::uint64_t time) {
    const std::uint64_t head = Cpu(cpu).ring_head++;
    auto* ring = reinterpret_cast<core::Stamp*>(base_ + Header()->rings_offset) + cpu * kRing;
    ring[head % kRing] = {time, core::CallId(cpu, head), 1, 0, 0, 0, head};
  }
  void Seal() { ASSERT_EQ(fcntl(fd_, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW), 0); }
  absl::StatusOr<std::unique_ptr<RegionReader>> Open() {
    Seal();
    return RegionReader::Open(fd_);
  }
  // Everything a watcher reads; the values do not matter.
  static void ReadAll(const RegionReader& reader) {
    reader.Pulse();
    reader.Snapshot();
    reader.Timeline(256);
    reader.Clock().Nanos(12345);
  }

  std::size_t bytes_ = 0;
  int fd_ = -1;
  std::byte* base_ = nullptr;
};

TEST_F(RegionTest, SnapshotShowsWhatACpuWrote) {
  Cpu(1).site = static_cast<std::uint64_t>(core::Site::kCompletion);
  Cpu(1).wait_for = 2;
  Cpu(1).frame_count = 1;
  Cpu(1).frames[0] = {core::CallId(1, 9), 1 | (4 << 8) | (2 << 16)};
  Lock(1).holder = 3;
  const auto reader = Open();
  ASSERT_TRUE(reader.ok()) << reader.status();
  const Look look = (*reader)->Snapshot();
  EXPECT_EQ(look.cpus[1].site, core::Site::kCompletion);
  EXPECT_THAT(look.cpus[1].wait_cpus, ElementsAre(2));
  ASSERT_EQ(look.cpus[1].frames.size(), 1u);
  EXPECT_EQ(look.cpus[1].frames[0].phase, core::CallPhase::kKicked);
  EXPECT_EQ(look.cpus[1].frames[0].target, 2u);
  EXPECT_EQ(look.lock_holders[1], 2u);
  EXPECT_EQ(look.lock_holders[0], std::nullopt);
  EXPECT_EQ((*reader)->Pulse().cpus[1].outermost_call, core::CallId(1, 9));
}

TEST_F(RegionTest, SeveralAwaitedCpusComeFromTheMask) {
  Cpu(0).site = static_cast<std::uint64_t>(core::Site::kCompletion);
  Cpu(0).wait_for = core::kNoCpu;
  Cpu(0).wait_mask[0] = 0b110;
  Cpu(0).wait_mask[5] = ~std::uint64_t{0};  // CPUs that do not exist
  const auto reader = Open();
  ASSERT_TRUE(reader.ok());
  EXPECT_THAT((*reader)->Snapshot().cpus[0].wait_cpus, ElementsAre(1, 2));
}

TEST_F(RegionTest, TimelineMergesTheNewestStampsByTime) {
  for (std::uint64_t i = 0; i < 20; ++i) Stamp(0, 100 + 10 * i);
  Stamp(1, 255);
  const auto reader = Open();
  ASSERT_TRUE(reader.ok());
  const std::vector<StampLook> stamps = (*reader)->Timeline(4);
  ASSERT_EQ(stamps.size(), 4u);
  EXPECT_EQ(stamps[0].stamp.time, 260u);
  EXPECT_EQ((*reader)->Timeline(256).size(), kRing + 1);
  EXPECT_EQ((*reader)->Timeline(256)[4].stamp.time, 255u);
}

TEST_F(RegionTest, StampsFromBeforeTheTimedPartAreLeftOut) {
  for (std::uint64_t i = 0; i < 5; ++i) Stamp(0, 100 + i);
  Header()->trial_started = 103;
  const auto reader = Open();
  ASSERT_TRUE(reader.ok());
  ASSERT_EQ((*reader)->Timeline(256).size(), 2u);
  EXPECT_EQ((*reader)->Timeline(256)[0].stamp.time, 103u);
}

TEST_F(RegionTest, OverwrittenStampsAreLeftOut) {
  for (std::uint64_t i = 0; i < 5; ++i) Stamp(0, i + 1);
  reinterpret_cast<core::Stamp*>(base_ + Header()->rings_offset)[2].index = 10;
  const auto reader = Open();
  ASSERT_TRUE(reader.ok());
  EXPECT_EQ((*reader)->Timeline(256).size(), 4u);
}

TEST_F(RegionTest, UnsealedMemoryIsRefused) {
  EXPECT_EQ(RegionReader::Open(fd_).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(RegionTest, HostileHeadersAreRefusedWithWhatWasFound) {
  const core::RegionHeader sane = *Header();
  Seal();
  const std::vector<std::pair<const char*, std::function<void(core::RegionHeader&)>>> attacks = {
      {"magic", [](auto& header) { header.magic = 1; }},
      {"version", [](auto& header) { header.version = 99; }},
      {"number of CPUs", [](auto& header) { header.cpu_count = 0; }},
      {"number of CPUs", [](auto& header) { header.cpu_count = 0xffffffff; }},
      {"CPU states outside", [](auto& header) { header.cpu_count = 1024; }},
      {"lock count", [](auto& header) { header.lock_count = 0; }},
      {"lock count", [](auto& header) { header.lock_count = 0x7fffffff; }},
      {"ring size", [](auto& header) { header.ring_size = 0; }},
      {"ring size", [](auto& header) { header.ring_size = 12; }},
      {"rings outside", [](auto& header) { header.ring_size = 0x80000000; }},
      {"misaligned", [](auto& header) { header.cpus_offset += 4; }},
      {"locks outside", [](auto& header) { header.locks_offset = ~std::uint64_t{0} - 63; }},
      {"CPU states outside", [](auto& header) { header.cpus_offset = ~std::uint64_t{0} - 63; }},
      {"rings outside", [](auto& header) { header.rings_offset = std::uint64_t{1} << 62; }},
  };
  for (const auto& [found, attack] : attacks) {
    *Header() = sane;
    attack(*Header());
    const auto reader = RegionReader::Open(fd_);
    EXPECT_EQ(reader.status().code(), absl::StatusCode::kInvalidArgument) << found;
    EXPECT_THAT(std::string(reader.status().message()), HasSubstr(found));
  }
}

TEST_F(RegionTest, HeaderRewrittenAfterOpenChangesNothing) {
  const auto reader = Open();
  ASSERT_TRUE(reader.ok());
  Header()->cpu_count = 1024;
  Header()->rings_offset = ~std::uint64_t{0};
  Header()->cpus_offset = std::uint64_t{1} << 40;
  ReadAll(**reader);
  EXPECT_EQ((*reader)->Snapshot().cpus.size(), kCpus);
}

TEST_F(RegionTest, RandomBytesInEveryStateAreRead) {
  const auto reader = Open();
  ASSERT_TRUE(reader.ok());
  std::mt19937_64 random(20260101);
  for (int round = 0; round < 200; ++round) {
    for (std::size_t at = sizeof(core::RegionHeader); at + 8 <= bytes_; at += 8) {
      const std::uint64_t word = round % 2 == 0 ? random() : random() % 8;
      std::memcpy(base_ + at, &word, sizeof(word));
    }
    ReadAll(**reader);
    for (const CpuLook& cpu : (*reader)->Snapshot().cpus) {
      for (const std::uint32_t awaited : cpu.wait_cpus) EXPECT_LT(awaited, kCpus);
      EXPECT_LT(cpu.wait_lock.value_or(0), kLocks);
      EXPECT_LE(cpu.frames.size(), core::kMaxFrames);
    }
  }
}

TEST(RegionReader, FilesThatAreNoRegionAreRefused) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{7}, sizeof(core::RegionHeader)}) {
    const int fd = memfd_create("test-rubbish", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    ASSERT_GE(fd, 0);
    ASSERT_EQ(ftruncate(fd, static_cast<off_t>(size)), 0);
    ASSERT_EQ(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW), 0);
    EXPECT_EQ(RegionReader::Open(fd).status().code(), absl::StatusCode::kInvalidArgument) << size;
    close(fd);
  }
}

TEST(ClockScale, HostileFactorsSaturate) {
  EXPECT_EQ((ClockScale{0, ~std::uint64_t{0}}).Nanos(~std::uint64_t{0}), ~std::uint64_t{0});
  EXPECT_EQ((ClockScale{100, std::uint64_t{1} << 32}).Nanos(50), 0u);
}

}  // namespace
}  // namespace crosscall::watchdog
