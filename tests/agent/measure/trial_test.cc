// Whole trials on the real signal port: pinned threads of this machine, ordinary scheduling, few calls.
#include "agent/measure/trial.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "agent/core/stage.h"
#include "agent/ports/board_cpus.h"
#include "proto/shared/histogram_proto.h"

namespace crosscall::measure {
namespace {

using ::testing::HasSubstr;

// A memfd for one trial.
class Region {
 public:
  Region() : fd_(memfd_create("trial-test", MFD_CLOEXEC)) { EXPECT_GE(fd_, 0); }
  ~Region() { close(fd_); }
  Region(const Region&) = delete;
  Region& operator=(const Region&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

v1::TrialSpec SpecOf(const std::string& scenario, const std::string& implementation) {
  v1::TrialSpec spec;
  spec.set_scenario(scenario);
  spec.set_implementation(implementation);
  spec.set_call_limit(300);
  spec.set_seed(7);
  spec.mutable_deadline()->set_seconds(60);
  spec.set_no_realtime(true);
  return spec;
}

v1::TrialResult Run(const v1::TrialSpec& spec, const TrialHooks& hooks = {}) {
  const Region region;
  const absl::StatusOr<v1::TrialResult> result = RunTrial(spec, region.fd(), hooks);
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? *result : v1::TrialResult();
}

// Other load on this machine may make a trial invalid, which is what invalid is for; some attempt gets through.
v1::TrialResult RunUntilCompleted(const v1::TrialSpec& spec) {
  v1::TrialResult result;
  for (int attempt = 0; attempt < 20; ++attempt) {
    result = Run(spec);
    if (result.outcome() != v1::OUTCOME_INVALID || !absl::StartsWith(result.reason(), "disturbed")) break;
  }
  return result;
}

bool HasTwoCpus() { return ports::UsableBoardCpus().size() >= 2; }

std::uint64_t RouteTargets(const v1::TrialResult& result) {
  std::uint64_t sum = 0;
  for (const v1::RouteCount& route : result.routes()) sum += route.count();
  return sum;
}

const v1::StageInterval* FindStage(const v1::TrialResult& result, const std::string& from, const std::string& to) {
  for (const v1::StageInterval& stage : result.stages()) {
    if (stage.from() == from && stage.to() == to) return &stage;
  }
  return nullptr;
}

TEST(TrialTest, SingleCallsCompleteAndAddUp) {
  if (!HasTwoCpus()) GTEST_SKIP() << "needs two CPUs";
  const v1::TrialResult result = RunUntilCompleted(SpecOf("single-call", "per_target/spin/mask_all"));
  ASSERT_EQ(result.outcome(), v1::OUTCOME_COMPLETED) << result.reason();
  EXPECT_GE(result.calls(), 300u);
  EXPECT_EQ(result.refused_calls(), 0u);
  EXPECT_EQ(result.violations(), 0u);
  EXPECT_EQ(result.latency().count(), result.calls());
  EXPECT_EQ(RouteTargets(result), result.calls());
  EXPECT_GT(result.latency().max_nanos(), 0u);
  EXPECT_GT(result.elapsed_nanos(), 0u);
  EXPECT_GE(result.ipis().seen(), result.ipis().expected() * 95 / 100);
  EXPECT_GT(result.ipis().expected(), 0u);
  ASSERT_EQ(result.pairs_size(), 1);
  EXPECT_EQ(result.pairs(0).source(), 0u);
  EXPECT_EQ(result.pairs(0).target(), 1u);
  EXPECT_NE(FindStage(result, "kick", "ipi_entry"), nullptr);
  EXPECT_NE(FindStage(result, "fn_entry", "fn_exit"), nullptr);
}

TEST(TrialTest, EveryImplementationCompletesSingleCalls) {
  if (!HasTwoCpus()) GTEST_SKIP() << "needs two CPUs";
  for (const char* const algorithm : {"call_lock", "generic_2008", "percpu_record", "per_target", "mailbox_grid"}) {
    for (const char* const rest : {"/spin/mask_all", "/poll_everywhere/ipi_open"}) {
      const v1::TrialResult result = RunUntilCompleted(SpecOf("single-call", absl::StrCat(algorithm, rest)));
      EXPECT_EQ(result.outcome(), v1::OUTCOME_COMPLETED) << algorithm << rest << ": " << result.reason();
      EXPECT_EQ(result.latency().count(), result.calls()) << algorithm << rest;
      EXPECT_EQ(RouteTargets(result), result.calls()) << algorithm << rest;
    }
  }
}

}  // namespace
}  // namespace crosscall::measure
