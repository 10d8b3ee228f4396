#include "controller/report/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "controller/report/page.h"
#include "tests/controller/report/sample_sweeps.h"

namespace crosscall::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const absl::Time kNow = absl::FromUnixSeconds(1'798'873'200);

std::string Made(Source& source, const std::string& sweep, const std::string& baseline = "",
                 const Limits& limits = {}) {
  absl::StatusOr<std::string> page = MakeReport(source, sweep, baseline, kNow, limits);
  EXPECT_TRUE(page.ok()) << page.status();
  if (!page.ok()) return "";
  // The data alone.
  const std::size_t begin = page->find("id=\"data\">") + 10;
  return page->substr(begin, page->find("</script>", begin) - begin);
}

TEST(PageTest, DataCannotEndItsElement) {
  const std::string page = MakePage("{\"a\":\"</script><!--<script>&amp;\"}");
  EXPECT_THAT(page, HasSubstr("\"\\u003c/script\\u003e\\u003c!--\\u003cscript\\u003e\\u0026amp;\""));
  EXPECT_THAT(page, Not(HasSubstr("/*DATA*/")));
}

TEST(PageTest, LoadsNothing) {
  const std::string page = MakePage("{}");
  EXPECT_THAT(page, HasSubstr("default-src 'none'; script-src 'sha256-"));
  EXPECT_THAT(page, Not(HasSubstr(" src=\"")));
  EXPECT_THAT(page, Not(HasSubstr("@import")));
}

TEST(ReportTest, HasTheSweepAndItsBaseline) {
  SampleSource source;
  source.Add(NightSweep("nightly-2", 1.4));
  source.Add(NightSweep("nightly-1", 1));
  source.SetBoards(SampleBoards());
  const std::string data = Made(source, "sweeps/nightly-2", "sweeps/nightly-1");
  EXPECT_THAT(data, HasSubstr("\"made\":\"2027-01-02 07:00:00Z\""));
  EXPECT_THAT(data, HasSubstr("\"sweep\":{\"name\":\"sweeps/nightly-2\",\"state\":\"succeeded\""));
  EXPECT_THAT(data, HasSubstr("\"baseline\":{\"name\":\"sweeps/nightly-1\""));
  EXPECT_THAT(data, HasSubstr("\"name\":\"rack2-c\",\"listed\":false"));
  EXPECT_THAT(data, HasSubstr("\"trouble_counts\":{\"invalid\":2,\"lost\":10,\"refused\":1}"));
}

TEST(ReportTest, BadChoicesAreSaid) {
  SampleSource source;
  source.Add(OtherSweep());
  EXPECT_EQ(MakeReport(source, "sweeps/other", "sweeps/other", kNow).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(MakeReport(source, "sweeps/none", "", kNow).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(MakeReport(source, "sweeps/other", "sweeps/none", kNow).status().code(), absl::StatusCode::kNotFound);
}

TEST(ReportTest, ADamagedResultIsNamedAndNoPageIsMade) {
  SampleSweep sample = OtherSweep();
  sample.results[1].mutable_payload()->mutable_latency()->set_count(1);
  SampleSource source;
  source.Add(sample);
  const absl::Status status = MakeReport(source, "sweeps/other", "", kNow).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(status.message(), HasSubstr("sweeps/other/trials/t1/attempts/1"));
}

TEST(ReportTest, WhatDoesNotFitIsLeftOutAndSaid) {
  SampleSource source;
  source.Add(NightSweep("nightly-1", 1));
  const std::string data = Made(source, "sweeps/nightly-1", "", {5, 40});
  EXPECT_THAT(data, HasSubstr("Curves and stages are there for the 5 slowest of"));
  EXPECT_THAT(data, HasSubstr("2 more heat maps"));
  EXPECT_THAT(data, HasSubstr("\"heatmaps\":[]"));
  EXPECT_THAT(Made(source, "sweeps/nightly-1"), HasSubstr("\"left_out\":[]"));
}

TEST(ReportTest, AWideBoardIsPutTogetherByNode) {
  SampleSource source;
  source.Add(WideSweep());
  const std::string data = Made(source, "sweeps/wide");
  EXPECT_THAT(data, HasSubstr("\"cpus\":1024,\"block\":16,\"rows\":[{\"label\":\"0-15\",\"node\":0}"));
  EXPECT_THAT(data, HasSubstr("{\"label\":\"1008-1023\",\"node\":7}]"));
}

}  // namespace
}  // namespace crosscall::report
