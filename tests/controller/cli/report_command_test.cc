#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>

#include "proto/shared/durable_file.h"
#include "tests/controller/cli/cli_fixture.h"
#include "tests/controller/cli/sample_results.h"

namespace crosscall::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kSpin[] = "generic_2008/spin/mask_all";
constexpr std::size_t kLimit = 16 << 20;

class ReportTest : public CliTest {
 public:
  ReportTest() : folder_(testing::TempDir() + "/crosscall-report-XXXXXX") {
    EXPECT_NE(mkdtemp(folder_.data()), nullptr);
    controller_.sweep.set_name("sweeps/s");
    const v1::Trial trial = FinishedTrial("t1", "ping-pong", kSpin, v1::OUTCOME_COMPLETED);
    controller_.trials = {trial};
    controller_.results = {ResultOf(trial, {1000, 1200, 9000})};
    file_ = folder_ + "/report.html";
  }
  ~ReportTest() override { std::filesystem::remove_all(folder_); }

  std::string folder_;
  std::string file_;
};

TEST_F(ReportTest, WritesOnePageAndSaysWhere) {
  EXPECT_EQ(RunOnController({"report", "s", "-o", file_}), 0) << err_.str();
  const absl::StatusOr<std::string> page = shared::ReadFile(file_, kLimit);
  ASSERT_TRUE(page.ok());
  EXPECT_THAT(*page, StartsWith("<!doctype html>"));
  EXPECT_THAT(*page, HasSubstr("\"name\":\"sweeps/s\""));
  EXPECT_THAT(*page, HasSubstr(kSpin));
  EXPECT_EQ(out_.str(), "");
  EXPECT_THAT(err_.str(), StartsWith(file_ + ": "));
  EXPECT_EQ(RunOnController({"report", "s", "-o", "-"}), 0);
  EXPECT_THAT(out_.str(), StartsWith("<!doctype html>"));
}

TEST_F(ReportTest, AFullDiskLeavesTheOldReport) {
  ASSERT_TRUE(shared::WriteDurably(file_, "old").ok());
  // A file-size limit makes write(2) fail half-way, as a full disk does.
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  signal(SIGXFSZ, SIG_IGN);
  const rlimit small{65'536, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const int code = RunOnController({"report", "s", "-o", file_});
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_NE(code, 0);
  EXPECT_THAT(err_.str(), HasSubstr(file_));
  EXPECT_EQ(*shared::ReadFile(file_, kLimit), "old");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1) << "partial file left behind";
}

TEST_F(ReportTest, BadUseIsSaidBeforeAnythingIsWritten) {
  EXPECT_EQ(RunOnController({"report", "s"}), 2);
  EXPECT_EQ(RunOnController({"report", "s", "-o", file_, "--json"}), 2);
  EXPECT_EQ(RunOnController({"report", "s", "-o", file_, "--baseline", "s"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("itself"));
  EXPECT_EQ(RunOnController({"report", "NO SUCH", "-o", file_}), 2);
  EXPECT_FALSE(std::filesystem::exists(file_));
}

TEST_F(ReportTest, PlotDrawsLatencyByPercentileBelowTheTable) {
  const v1::Trial other = FinishedTrial("t2", "ping-pong", "per_target/spin/mask_all", v1::OUTCOME_COMPLETED);
  controller_.trials.push_back(other);
  controller_.results.push_back(ResultOf(other, {500, 500, 500}));
  v1::PairLatency& pair = *controller_.results[0].mutable_payload()->add_pairs();
  pair.set_target(1);
  *pair.mutable_histogram() = HistogramOf({1'000});
  EXPECT_EQ(RunOnController({"results", "s", "--plot"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("\nping-pong, b1: latency by percentile\n"));
  EXPECT_THAT(out_.str(), HasSubstr("  a generic_2008/spin/mask_all  p50 1.21 us, p99 9.00 us, max 9.00 us\n"
                                    "  b per_target/spin/mask_all  p50 500 ns, p99 500 ns, max 500 ns\n"));
  EXPECT_THAT(out_.str(), HasSubstr("p50 of calls from row CPU to column CPU"));
  EXPECT_EQ(RunOnController({"results", "s", "--plot", "--csv"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("--plot"));
  EXPECT_EQ(RunOnController({"results", "s", "--plot", "--full"}), 2);
}

}  // namespace
}  // namespace crosscall::cli
