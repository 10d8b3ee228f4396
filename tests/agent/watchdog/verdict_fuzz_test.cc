// The verdict is total: whatever a worker wrote, there is one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "agent/watchdog/verdict.h"
#include "tests/agent/watchdog/synthetic_hang.h"

namespace crosscall::watchdog {
namespace {

// A CPU in any state that a region reader could hand over.
CpuLook RandomCpu(std::mt19937_64& random, std::uint32_t cpus, std::uint32_t locks) {
  const auto up_to = [&](std::uint64_t limit) { return random() % limit; };
  CpuLook look;
  look.site = static_cast<core::Site>(up_to(6));
  look.irqs_masked = up_to(2) != 0;
  look.ipis_barred = up_to(2) != 0;
  if (look.site == core::Site::kLock || look.site == core::Site::kOwn) {
    look.wait_lock = static_cast<std::uint32_t>(up_to(locks));
  }
  for (std::uint64_t i = up_to(3); i > 0; --i) look.wait_cpus.push_back(static_cast<std::uint32_t>(up_to(cpus)));
  for (std::uint64_t i = up_to(4); i > 0; --i) {
    look.frames.push_back({static_cast<core::FrameKind>(up_to(7)), static_cast<core::CallPhase>(up_to(6)),
                           static_cast<std::uint32_t>(up_to(70'000)), random()});
  }
  look.requests_published = up_to(4);
  look.requests_taken = up_to(4);
  look.last_kick = up_to(3);
  look.last_ipi_entry = up_to(3);
  look.finished = up_to(4) == 0;
  look.thread.exists = up_to(8) != 0;
  look.thread.state = "RRRSDTZ"[up_to(7)];
  look.thread.ran_nanos = up_to(2) * 1'000'000'000;
  look.thread.pending = up_to(2) * kIpiBit;
  return look;
}

TEST(Verdict, AnyEvidenceYieldsAVerdict) {
  constexpr std::uint32_t kCpus = 4;
  std::mt19937_64 random(7);
  for (int round = 0; round < 5000; ++round) {
    SyntheticHang hang(kCpus, 2);
    for (Look* look : {&hang.evidence().first, &hang.evidence().second}) {
      for (CpuLook& cpu : look->cpus) cpu = RandomCpu(random, kCpus, 3);
      for (auto& holder : look->lock_holders) {
        if (random() % 2 == 0) holder = static_cast<std::uint32_t>(random() % kCpus);
      }
    }
    if (random() % 2 == 0) hang.evidence().second = hang.evidence().first;
    if (random() % 4 != 0) hang.Overdue(static_cast<std::uint32_t>(random() % kCpus));
    if (const auto target = WantsProbe(hang.evidence())) {
      hang.evidence().probed = hang.evidence().second;
      hang.evidence().probed_cpu = target;
    }
    const Verdict verdict = Judge(hang.evidence());
    EXPECT_NE(verdict.starved, verdict.report.hang_class() != v1::HANG_CLASS_UNSPECIFIED);
    EXPECT_EQ(verdict.starved, verdict.report.summary().empty());
  }
}

}  // namespace
}  // namespace crosscall::watchdog
