#include "controller/metrics/exporter.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/controller/metrics/promtool.h"
#include "tests/controller/metrics/snapshots.h"

namespace crosscall::metrics {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class FixedClock final : public shared::Clock {
 public:
  absl::Duration Monotonic() const override { return absl::Seconds(5); }
  absl::Time Wall() const override { return now; }
  absl::Time now = kNow;
};

class ExporterTest : public ::testing::Test {
 protected:
  std::string Text(const std::shared_ptr<const dispatch::Snapshot>& snapshot) const {
    const Exporter exporter([snapshot] { return snapshot; },
                            [] {
                              return std::vector<RequestCount>{{"SweepService/GetSweep", "OK", 3},
                                                               {"SweepService/GetSweep", "NOT_FOUND", 1}};
                            },
                            clock_, options_);
    return exporter.Text();
  }
  std::vector<std::string> Lines(const std::shared_ptr<const dispatch::Snapshot>& snapshot) const {
    return absl::StrSplit(Text(snapshot), '\n');
  }

  FixedClock clock_;
  ExporterOptions options_{.build = {"0.1.0", "abc", "1.51"}, .detail = {}, .series_limit = 150'000, .proc = "/proc"};
};

TEST_F(ExporterTest, AnEmptyLabIsAcceptedByPrometheus) {
  const std::string text = Text(Lab({}));
  EXPECT_TRUE(PromtoolAccepts(text)) << text;
  EXPECT_THAT(text, HasSubstr("crosscall_boards_registered 0\n"));
  EXPECT_THAT(text, HasSubstr("crosscall_build_info{version=\"0.1.0\",revision=\"abc\",grpc_version=\"1.51\"} 1\n"));
  EXPECT_THAT(
      text,
      HasSubstr("crosscall_grpc_requests_total{grpc_method=\"SweepService/GetSweep\",grpc_code=\"NOT_FOUND\"} 1\n"));
}

TEST_F(ExporterTest, AScheduleIsOverdueByTheTimeOfTheScrape) {
  const auto snapshot = Lab({});
  snapshot->overdue_grace = absl::Minutes(5);
  dispatch::ScheduleView nightly;
  nightly.name = "schedules/nightly";
  nightly.window = absl::Hours(6);
  nightly.next = kNow;
  snapshot->schedules.push_back(std::make_shared<const dispatch::ScheduleView>(nightly));
  nightly.name = "schedules/paused";
  nightly.next = absl::InfiniteFuture();
  snapshot->schedules.push_back(std::make_shared<const dispatch::ScheduleView>(nightly));
  EXPECT_THAT(Lines(snapshot), Contains("crosscall_schedule_overdue{schedule=\"nightly\"} 0"));
  clock_.now = kNow + absl::Minutes(5) + absl::Seconds(1);
  const std::string text = Text(snapshot);
  EXPECT_TRUE(PromtoolAccepts(text)) << text;
  EXPECT_THAT(text, HasSubstr("crosscall_schedule_overdue{schedule=\"nightly\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("crosscall_schedule_overdue{schedule=\"paused\"} 0\n"));
}

TEST_F(ExporterTest, ALabWithHistoryIsAcceptedByPrometheus) {
  dispatch::BoardView board = IdleBoard("b1");
  board.outcomes[v1::OUTCOME_COMPLETED] = {7, kNow - absl::Seconds(60)};
  board.outcomes[v1::OUTCOME_HUNG] = {2, kNow - absl::Seconds(90)};
  board.outcomes[v1::OUTCOME_LOST] = {1, kNow - absl::Seconds(300)};
  board.hangs[kSpin] = {2, kNow - absl::Seconds(90)};
  board.latencies.push_back(Latency("ping-pong", kPoll));
  const auto snapshot = Lab({board, IdleBoard("b2")});
  snapshot->dispatch_latency.counts[2] = 3;
  snapshot->dispatch_latency.counts.back() = 1;
  snapshot->dispatch_latency.sum_seconds = 20.5;
  const std::string text = Text(snapshot);
  EXPECT_TRUE(PromtoolAccepts(text)) << text;

  const std::vector<std::string> lines = absl::StrSplit(text, '\n');
  EXPECT_THAT(lines, Contains("crosscall_board_up{board=\"b1\"} 1"));
  EXPECT_THAT(lines, Contains("crosscall_agents_connected 2"));
  EXPECT_THAT(lines, Contains("crosscall_results_received_total 9"));
  EXPECT_THAT(lines, Contains("crosscall_board_trials_total{board=\"b1\",outcome=\"completed\"} 7"));
  EXPECT_THAT(lines, Contains("crosscall_board_trials_total{board=\"b1\",outcome=\"crashed\"} 0"));
  EXPECT_THAT(lines,
              Contains(absl::StrCat("crosscall_board_hangs_total{board=\"b1\",implementation=\"", kSpin, "\"} 2")));
  EXPECT_THAT(lines, Contains("crosscall_board_last_trial_timestamp_seconds{board=\"b1\"} 1699999940"));
  EXPECT_THAT(lines, Contains("crosscall_board_last_hang_timestamp_seconds{board=\"b1\"} 1699999910"));
  EXPECT_THAT(lines,
              Contains(absl::StrCat("crosscall_last_trial_latency_seconds{board=\"b1\",implementation=\"", kPoll,
                                    "\",scenario=\"ping-pong\",target_system=\"signal\",stat=\"p50\"} 1.5e-06")));
  EXPECT_THAT(lines, Contains("crosscall_dispatch_latency_seconds_bucket{le=\"+Inf\"} 4"));
  EXPECT_THAT(lines, Contains("crosscall_dispatch_latency_seconds_bucket{le=\"10\"} 3"));
  EXPECT_THAT(lines, Contains("crosscall_dispatch_latency_seconds_sum 20.5"));
}

TEST_F(ExporterTest, EveryCounterOfANewBoardIsThereAsZero) {
  const std::vector<std::string> lines = Lines(Lab({IdleBoard("b1")}));
  for (const char* outcome : {"completed", "hung", "crashed", "refused", "invalid"}) {
    EXPECT_THAT(lines,
                Contains(absl::StrCat("crosscall_board_trials_total{board=\"b1\",outcome=\"", outcome, "\"} 0")));
  }
  for (const char* implementation : {kSpin, kPoll, "other"}) {
    EXPECT_THAT(lines, Contains(absl::StrCat("crosscall_board_hangs_total{board=\"b1\",implementation=\"",
                                             implementation, "\"} 0")));
  }
}

TEST_F(ExporterTest, MomentsThatNeverWereAreAbsent) {
  const std::vector<std::string> lines = Lines(Lab({IdleBoard("b1")}));
  EXPECT_THAT(lines, Not(Contains(StartsWith("crosscall_board_last_hang_timestamp_seconds{"))));
  EXPECT_THAT(lines, Not(Contains(StartsWith("crosscall_board_last_trial_timestamp_seconds{"))));
  EXPECT_THAT(lines, Contains("crosscall_board_last_seen_timestamp_seconds{board=\"b1\"} 1700000000"));
}

TEST_F(ExporterTest, WhatIsNotTrackedCountsAsOtherAndHasNoLatency) {
  options_.detail.tracked_implementations = {kPoll};
  dispatch::BoardView board = IdleBoard("b1");
  board.hangs[kSpin] = {2, kNow};
  board.hangs["no/longer/offered"] = {3, kNow};
  board.latencies.push_back(Latency("ring", kSpin));
  const std::vector<std::string> lines = Lines(Lab({board}));
  EXPECT_THAT(lines, Contains("crosscall_board_hangs_total{board=\"b1\",implementation=\"other\"} 5"));
  EXPECT_THAT(lines,
              Contains(absl::StrCat("crosscall_board_hangs_total{board=\"b1\",implementation=\"", kPoll, "\"} 0")));
  EXPECT_THAT(lines, Not(Contains(HasSubstr(kSpin))));
}

TEST_F(ExporterTest, ABoardThatIsOfflineStaysAndOneThatIsGoneEnds) {
  dispatch::BoardView offline = IdleBoard("offline");
  offline.board.set_online(false);
  dispatch::BoardView gone = IdleBoard("gone");
  gone.board.mutable_last_seen_time()->set_seconds(absl::ToUnixSeconds(kNow - absl::Hours(24 * 15)));
  const std::vector<std::string> lines = Lines(Lab({gone, offline}));
  EXPECT_THAT(lines, Contains("crosscall_board_up{board=\"offline\"} 0"));
  EXPECT_THAT(lines, Not(Contains(HasSubstr("board=\"gone\""))));
}

TEST_F(ExporterTest, AQuarantinedBoardSaysSo) {
  dispatch::BoardView board = IdleBoard("b1");
  board.board.set_state(v1::Board::STATE_QUARANTINED);
  EXPECT_THAT(Lines(Lab({board})), Contains("crosscall_board_quarantined{board=\"b1\"} 1"));
}

TEST_F(ExporterTest, BeyondTheLimitLatenciesGoFirstAndAreCounted) {
  dispatch::BoardView board = IdleBoard("b1");
  for (int i = 0; i < 100; ++i) board.latencies.push_back(Latency(absl::StrCat("scenario-", i), kPoll));
  options_.series_limit = 200;
  const std::string text = Text(Lab({board}));
  EXPECT_TRUE(PromtoolAccepts(text)) << text;
  const std::vector<std::string> lines = absl::StrSplit(text, '\n');
  EXPECT_THAT(lines, Contains("crosscall_exporter_series{endpoint=\"/metrics\"} 200"));
  EXPECT_THAT(lines, Contains("crosscall_exporter_series_limit{endpoint=\"/metrics\"} 200"));
  EXPECT_THAT(lines, Not(Contains("crosscall_exporter_dropped_series{endpoint=\"/metrics\"} 0")));
  EXPECT_THAT(lines, Contains("crosscall_board_up{board=\"b1\"} 1"));
  const auto series = std::count_if(lines.begin(), lines.end(), [](const std::string& line) {
    return !line.empty() && line[0] != '#' && line.rfind("crosscall_exporter_", 0) != 0;
  });
  EXPECT_EQ(series, 200);
}

TEST_F(ExporterTest, TheProcessIsDescribedAndItsAbsenceHidesNothingElse) {
  EXPECT_THAT(Text(Lab({})), HasSubstr("\nprocess_resident_memory_bytes "));
  options_.proc = "/nonexistent";
  const std::string text = Text(Lab({IdleBoard("b1")}));
  EXPECT_THAT(text, Not(HasSubstr("process_")));
  EXPECT_THAT(text, HasSubstr("crosscall_board_up{board=\"b1\"} 1\n"));
}

}  // namespace
}  // namespace crosscall::metrics
