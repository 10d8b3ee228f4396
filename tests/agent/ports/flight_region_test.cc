#include "agent/ports/flight_region.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <utility>

#include "gtest/gtest.h"

namespace crosscall::ports {
namespace {

class FlightRegionTest : public testing::Test {
 protected:
  void SetUp() override { memfd_ = memfd_create("flight", MFD_CLOEXEC | MFD_ALLOW_SEALING); }
  void TearDown() override { close(memfd_); }
  int memfd_ = -1;
};

TEST_F(FlightRegionTest, HeaderDescribesALayoutWithoutOverlap) {
  const absl::StatusOr<FlightRegion> region = FlightRegion::Create(memfd_, 3, 5, 128);
  ASSERT_TRUE(region.ok()) << region.status();
  const core::RegionHeader& header = region->header();
  EXPECT_EQ(header.magic, core::kRegionMagic);
  EXPECT_EQ(header.version, core::kRegionVersion);
  EXPECT_EQ(header.cpu_count, 3u);
  EXPECT_EQ(header.lock_count, 5u);
  EXPECT_EQ(header.ring_size, 128u);
  EXPECT_GE(header.locks_offset, sizeof(core::RegionHeader));
  EXPECT_EQ(header.cpus_offset, header.locks_offset + 5 * sizeof(core::LockState));
  EXPECT_EQ(header.rings_offset, header.cpus_offset + 3 * sizeof(core::CpuState));
  EXPECT_EQ(header.total_bytes, header.rings_offset + 3 * 128 * sizeof(core::Stamp));
  EXPECT_EQ(header.total_bytes, core::RegionBytes(3, 5, 128));
  EXPECT_NE(header.clock_mult, 0u);
  EXPECT_EQ(header.cpus_offset % core::kCacheLine, 0u);
  EXPECT_EQ(lseek(memfd_, 0, SEEK_END), static_cast<off_t>(header.total_bytes));
}

TEST_F(FlightRegionTest, AnotherMappingSeesWhatIsWritten) {
  const absl::StatusOr<FlightRegion> region = FlightRegion::Create(memfd_, 2, 1, 2);
  ASSERT_TRUE(region.ok()) << region.status();
  core::Poke(region->cpu(1).heartbeat, 42);
  region->ring(1)[1].index = 7;
  const core::u64 bytes = region->header().total_bytes;
  void* other = mmap(nullptr, bytes, PROT_READ, MAP_SHARED, memfd_, 0);
  ASSERT_NE(other, MAP_FAILED);
  const auto* base = static_cast<const char*>(other);
  const auto* header = static_cast<const core::RegionHeader*>(other);
  const auto* cpus = reinterpret_cast<const core::CpuState*>(base + header->cpus_offset);
  const auto* rings = reinterpret_cast<const core::Stamp*>(base + header->rings_offset);
  EXPECT_EQ(core::Peek(cpus[1].heartbeat), 42u);
  EXPECT_EQ(rings[3].index, 7u);
  munmap(other, bytes);
}

TEST_F(FlightRegionTest, AFileOfAnEarlierTrialIsWiped) {
  { core::Poke(FlightRegion::Create(memfd_, 2, 1, 2)->cpu(0).calls_started, 5); }
  const absl::StatusOr<FlightRegion> region = FlightRegion::Create(memfd_, 2, 1, 2);
  ASSERT_TRUE(region.ok()) << region.status();
  EXPECT_EQ(region->cpu(0).calls_started, 0u);
}

TEST_F(FlightRegionTest, MovingKeepsTheMapping) {
  absl::StatusOr<FlightRegion> made = FlightRegion::Create(memfd_, 2, 1, 2);
  ASSERT_TRUE(made.ok()) << made.status();
  FlightRegion moved = *std::move(made);
  core::Poke(moved.cpu(1).heartbeat, 1);
  const int second = memfd_create("second", MFD_CLOEXEC);
  absl::StatusOr<FlightRegion> target = FlightRegion::Create(second, 1, 1, 2);
  close(second);
  ASSERT_TRUE(target.ok()) << target.status();
  *target = std::move(moved);
  EXPECT_EQ(target->cpu_count(), 2u);
  EXPECT_EQ(core::Peek(target->cpu(1).heartbeat), 1u);
}

TEST_F(FlightRegionTest, CountsOutOfRangeAreInvalidArguments) {
  EXPECT_EQ(FlightRegion::Create(memfd_, 0, 1, 2).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(FlightRegion::Create(memfd_, 1025, 1, 2).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(FlightRegion::Create(memfd_, 1, 0, 2).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(FlightRegion::Create(memfd_, 1, 66, 2).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(FlightRegion::Create(memfd_, 1, 1, 3).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(FlightRegion::Create(memfd_, 1, 1, 0).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(FlightRegionTest, FilesThatCannotBeSizedAreFailedPreconditions) {
  EXPECT_EQ(FlightRegion::Create(-1, 1, 1, 2).status().code(), absl::StatusCode::kFailedPrecondition);
  ASSERT_EQ(fcntl(memfd_, F_ADD_SEALS, F_SEAL_GROW), 0);
  const absl::Status sealed = FlightRegion::Create(memfd_, 1, 1, 2).status();
  EXPECT_EQ(sealed.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(sealed.message().find("Operation not permitted"), absl::string_view::npos) << sealed;
}

}  // namespace
}  // namespace crosscall::ports
