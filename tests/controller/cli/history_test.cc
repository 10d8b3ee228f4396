#include "controller/cli/history.h"

#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proto/shared/histogram_proto.h"
#include "proto/shared/proto_time.h"
#include "tests/controller/cli/cli_fixture.h"

namespace crosscall::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kSpin[] = "generic_2008/spin/mask_all";
const absl::Time kBegin = absl::FromUnixSeconds(1'700'000'000);

v1::Result ResultAt(absl::Time time, v1::Outcome outcome, const std::string& scenario = "ping-pong") {
  v1::Result result;
  result.set_name("sweeps/s/trials/t/attempts/1");
  result.mutable_trial()->set_board("boards/b1");
  result.mutable_trial()->mutable_spec()->set_scenario(scenario);
  result.mutable_trial()->mutable_spec()->set_implementation(kSpin);
  result.mutable_trial()->mutable_spec()->set_target_system(v1::TARGET_SYSTEM_SIGNAL);
  *result.mutable_commit_time() = shared::TimestampOf(time);
  result.mutable_payload()->set_outcome(outcome);
  if (outcome == v1::OUTCOME_COMPLETED) {
    shared::Histogram latency;
    latency.Record(1'500);
    *result.mutable_payload()->mutable_latency() = shared::ToProto(latency);
  }
  return result;
}

std::string Text(History& history, absl::Duration span) {
  std::ostringstream out;
  history.Write(out, kBegin, kBegin + span);
  return out.str();
}

TEST(HistoryTest, CountersBeginAtZeroAndGoOnInTheOrderOfTime) {
  History history({.detail = {}, .labels = {}, .step = absl::Minutes(1)}, {});
  history.Add(ResultAt(kBegin + absl::Seconds(90), v1::OUTCOME_COMPLETED));
  history.Add(ResultAt(kBegin + absl::Seconds(30), v1::OUTCOME_HUNG));
  EXPECT_EQ(history.first(), kBegin + absl::Seconds(30));
  const std::string text = Text(history, absl::Minutes(2));
  const std::string hung = "crosscall_board_trials_total{board=\"b1\",outcome=\"hung\"} ";
  EXPECT_THAT(text, HasSubstr(absl::StrCat(hung, "0 1700000000.000\n", hung, "1 1700000060.000\n", hung,
                                           "1 1700000120.000\n")));
  EXPECT_THAT(text, HasSubstr("outcome=\"completed\"} 0 1700000060.000\n"));
  EXPECT_THAT(text, HasSubstr("outcome=\"completed\"} 1 1700000120.000\n"));
  EXPECT_THAT(text, HasSubstr("outcome=\"refused\"} 0 1700000120.000\n"));
  EXPECT_THAT(text, HasSubstr("# TYPE crosscall_board_trials counter\n"));
  EXPECT_THAT(text, HasSubstr("# TYPE crosscall_call_latency_seconds histogram\n"));
  EXPECT_THAT(text, testing::EndsWith("# EOF\n"));
  // A moment that was not yet has no value.
  EXPECT_THAT(text, Not(HasSubstr("crosscall_board_last_trial_timestamp_seconds{board=\"b1\"} 1700000030 1700000000")));
}

TEST(HistoryTest, TracksAsTheControllerDoes) {
  HistoryOptions options;
  options.step = absl::Minutes(1);
  options.detail.pairs = {{.scenario = "ping-pong"}};
  options.detail.implementations = {"other/spin/mask_all"};
  History history(options, {});
  history.Add(ResultAt(kBegin, v1::OUTCOME_HUNG));
  history.Add(ResultAt(kBegin, v1::OUTCOME_COMPLETED));
  const std::string text = Text(history, absl::ZeroDuration());
  EXPECT_THAT(text, HasSubstr("crosscall_board_hangs_total{board=\"b1\",implementation=\"other\"} 1 "));
  EXPECT_THAT(text, Not(HasSubstr("latency_seconds")));
}

TEST(HistoryTest, WhatRetentionLeftStillHasItsQuantiles) {
  v1::Result result = ResultAt(kBegin, v1::OUTCOME_COMPLETED);
  result.mutable_payload()->clear_latency();
  result.mutable_removal()->set_p50_nanos(1'000);
  result.mutable_removal()->set_p99_nanos(2'000);
  result.mutable_removal()->set_max_nanos(3'000);
  History history({}, {});
  history.Add(result);
  EXPECT_THAT(Text(history, absl::ZeroDuration()), HasSubstr("stat=\"max\"} 3.0000000000000001e-06 "));
}

TEST(HistoryTest, EvidenceAndLostAttemptsSayNothing) {
  v1::Result evidence = ResultAt(kBegin, v1::OUTCOME_COMPLETED);
  evidence.set_evidence(true);
  History history({}, {});
  history.Add(evidence);
  history.Add(ResultAt(kBegin, v1::OUTCOME_LOST));
  v1::Result none = ResultAt(kBegin, v1::OUTCOME_COMPLETED);
  none.clear_payload();
  history.Add(none);
  EXPECT_EQ(Text(history, absl::Hours(1)), "# EOF\n");
}

class ExportTest : public CliTest {};

TEST_F(ExportTest, WritesAllResultsWithTheLabelsOfAScrape) {
  controller_.results = {ResultAt(kBegin, v1::OUTCOME_HUNG)};
  EXPECT_EQ(RunOnController({"export", "--until", "2023-11-14T22:45:00Z", "--label", "job=crosscall-results"}), 0)
      << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("outcome=\"hung\",job=\"crosscall-results\"} 0 1699999200.000\n"));
  EXPECT_THAT(out_.str(), HasSubstr("outcome=\"hung\",job=\"crosscall-results\"} 1 1700000100.000\n"));
}

TEST_F(ExportTest, BadUseSaysWhatIsWrong) {
  for (const auto& [flag, value] : std::vector<std::pair<std::string, std::string>>{{"--from", "yesterday"},
                                                                                    {"--until", "1"},
                                                                                    {"--step", "0s"},
                                                                                    {"--step", "often"},
                                                                                    {"--level", "deep"},
                                                                                    {"--track-pair", "A B"},
                                                                                    {"--label", "job"}}) {
    EXPECT_EQ(RunOnController({"export", flag, value}), 2) << flag << " " << value;
    EXPECT_THAT(err_.str(), HasSubstr(value)) << flag;
  }
}

}  // namespace
}  // namespace crosscall::cli
