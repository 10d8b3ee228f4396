#include "controller/metrics/exporter.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/controller/metrics/exposition_reader.h"
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
  Exporter NewExporter(const std::shared_ptr<const dispatch::Snapshot>& snapshot) const {
    Sources sources;
    sources.snapshot = [snapshot] { return snapshot; };
    sources.requests = [] {
      return std::vector<RequestCount>{{"SweepService/GetSweep", "OK", 3}, {"SweepService/GetSweep", "NOT_FOUND", 1}};
    };
    sources.agent_certificates = [] { return CertificateEnds{{"b1", kNow + absl::Hours(1)}}; };
    return Exporter(sources, clock_, options_);
  }
  std::string Controller(const std::shared_ptr<const dispatch::Snapshot>& snapshot) const {
    return NewExporter(snapshot).ControllerPage();
  }
  std::string Results(const std::shared_ptr<const dispatch::Snapshot>& snapshot) const {
    return NewExporter(snapshot).ResultsPage();
  }
  std::vector<std::string> Lines(const std::shared_ptr<const dispatch::Snapshot>& snapshot) const {
    return absl::StrSplit(Results(snapshot), '\n');
  }

  FixedClock clock_;
  ExporterOptions options_{.build = {"0.1.0", "abc", "1.51"}, .detail = {}};
};

TEST_F(ExporterTest, AnEmptyLabIsAcceptedByPrometheus) {
  const std::string text = Controller(Lab({}));
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
  EXPECT_THAT(Controller(snapshot), HasSubstr("crosscall_schedule_overdue{schedule=\"nightly\"} 0\n"));
  clock_.now = kNow + absl::Minutes(5) + absl::Seconds(1);
  const std::string text = Controller(snapshot);
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
  board.board.mutable_record()->set_wedge_count(3);
  board.board.mutable_record()->set_power_cycle_count(5);
  board.board.mutable_record()->set_power_cycle_failure_count(2);
  board.board.mutable_record()->mutable_last_wedge_time()->set_seconds(1'699'999'000);
  board.clock_offset = -absl::Milliseconds(1500);
  const auto snapshot = Lab({board, IdleBoard("b2")});
  snapshot->dispatch_latency.counts[2] = 3;
  snapshot->dispatch_latency.counts.back() = 1;
  snapshot->dispatch_latency.sum_seconds = 20.5;
  snapshot->counts = {{"results_received", 9}, {"results_rejected/damaged", 4}};
  std::string text = Controller(snapshot);
  EXPECT_TRUE(PromtoolAccepts(text)) << text;
  std::vector<std::string> lines = absl::StrSplit(text, '\n');
  EXPECT_THAT(lines, Contains("crosscall_agents_connected 2"));
  EXPECT_THAT(lines, Contains("crosscall_results_received_total 9"));
  EXPECT_THAT(lines, Contains("crosscall_results_rejected_total{reason=\"damaged\"} 4"));
  EXPECT_THAT(lines, Contains("crosscall_results_rejected_total{reason=\"duplicate\"} 0"));
  EXPECT_THAT(lines, Contains("crosscall_power_cycles_total 5"));
  EXPECT_THAT(lines, Contains("crosscall_power_cycle_failures_total 2"));
  EXPECT_THAT(lines, Contains("crosscall_dispatch_latency_seconds_bucket{le=\"+Inf\"} 4"));
  EXPECT_THAT(lines, Contains("crosscall_dispatch_latency_seconds_bucket{le=\"10\"} 3"));
  EXPECT_THAT(lines, Contains("crosscall_dispatch_latency_seconds_sum 20.5"));

  text = Results(snapshot);
  EXPECT_TRUE(PromtoolAccepts(text)) << text;
  lines = absl::StrSplit(text, '\n');
  EXPECT_THAT(lines, Contains("crosscall_board_up{board=\"b1\"} 1"));
  EXPECT_THAT(lines, Contains("crosscall_board_wedges_total{board=\"b1\"} 3"));
  EXPECT_THAT(lines, Contains("crosscall_board_wedges_total{board=\"b2\"} 0"));
  EXPECT_THAT(lines, Contains("crosscall_board_last_wedge_timestamp_seconds{board=\"b1\"} 1699999000"));
  EXPECT_THAT(lines, Contains("crosscall_board_clock_offset_seconds{board=\"b1\"} -1.5"));
  EXPECT_THAT(lines, Contains("crosscall_board_certificate_not_after_timestamp_seconds{board=\"b1\"} 1700003600"));
  EXPECT_THAT(lines, Contains("crosscall_board_trials_total{board=\"b1\",outcome=\"completed\"} 7"));
  EXPECT_THAT(lines, Contains("crosscall_board_trials_total{board=\"b1\",outcome=\"crashed\"} 0"));
  EXPECT_THAT(lines,
              Contains(absl::StrCat("crosscall_board_hangs_total{board=\"b1\",implementation=\"", kSpin, "\"} 2")));
  EXPECT_THAT(lines, Contains("crosscall_board_last_trial_timestamp_seconds{board=\"b1\"} 1699999940"));
  EXPECT_THAT(lines, Contains("crosscall_board_last_hang_timestamp_seconds{board=\"b1\"} 1699999910"));
  EXPECT_THAT(lines,
              Contains(absl::StrCat("crosscall_last_trial_latency_seconds{board=\"b1\",implementation=\"", kPoll,
                                    "\",scenario=\"ping-pong\",target_system=\"signal\",stat=\"p50\"} 1.5e-06")));
}

TEST_F(ExporterTest, EveryCounterOfANewBoardIsThereAsZero) {
  const std::vector<std::string> lines = Lines(Lab({IdleBoard("b1")}));
  for (const char* outcome : {"completed", "hung", "crashed", "wedged", "refused", "invalid"}) {
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
  EXPECT_THAT(lines, Not(Contains(StartsWith("crosscall_board_last_wedge_timestamp_seconds{"))));
  EXPECT_THAT(lines, Not(Contains(StartsWith("crosscall_board_clock_offset_seconds{"))));
  EXPECT_THAT(lines, Contains("crosscall_board_last_seen_timestamp_seconds{board=\"b1\"} 1700000000"));
}

TEST_F(ExporterTest, WhatIsNotTrackedCountsAsOtherAndHasNoLatency) {
  options_.detail.implementations = {kPoll};
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

TEST_F(ExporterTest, HangsOfTheFleetAreThoseOfAllBoardsAlsoOfOnesThatAreGone) {
  options_.detail.level = Level::kFleet;
  options_.detail.implementations = {kPoll};
  dispatch::BoardView here = IdleBoard("here");
  here.hangs[kPoll] = {2, kNow};
  dispatch::BoardView gone = IdleBoard("gone");
  gone.board.mutable_last_seen_time()->set_seconds(absl::ToUnixSeconds(kNow - absl::Hours(24 * 15)));
  gone.hangs[kPoll] = {3, kNow};
  gone.hangs[kSpin] = {4, kNow};
  const std::vector<std::string> lines = Lines(Lab({gone, here}));
  EXPECT_THAT(lines, Contains(absl::StrCat("crosscall_board_hangs_total{implementation=\"", kPoll, "\"} 5")));
  EXPECT_THAT(lines, Contains("crosscall_board_hangs_total{implementation=\"other\"} 4"));
}

TEST_F(ExporterTest, ACallHistogramIsCumulative) {
  const auto snapshot = Lab({});
  auto calls = std::make_shared<dispatch::CallLatencies>();
  calls->model = "model x";
  calls->scenario = "ring";
  calls->by_implementation[kPoll].counts[0] = 2;
  calls->by_implementation[kPoll].counts[3] = 5;
  calls->by_implementation[kPoll].counts.back() = 1;
  calls->by_implementation[kPoll].sum_seconds = 0.5;
  snapshot->call_latencies.push_back(calls);
  const std::string labels =
      absl::StrCat("{model=\"model x\",implementation=\"", kPoll, "\",scenario=\"ring\",target_system=\"signal\"");
  const std::string text = Results(snapshot);
  EXPECT_TRUE(PromtoolAccepts(text)) << text;
  EXPECT_THAT(text, HasSubstr(absl::StrCat("_bucket", labels, ",le=\"2e-07\"} 2\n")));
  EXPECT_THAT(text, HasSubstr(absl::StrCat("_bucket", labels, ",le=\"1e-06\"} 2\n")));
  EXPECT_THAT(text, HasSubstr(absl::StrCat("_bucket", labels, ",le=\"2e-06\"} 7\n")));
  EXPECT_THAT(text, HasSubstr(absl::StrCat("_bucket", labels, ",le=\"0.1\"} 7\n")));
  EXPECT_THAT(text, HasSubstr(absl::StrCat("_bucket", labels, ",le=\"+Inf\"} 8\n")));
  EXPECT_THAT(text, HasSubstr(absl::StrCat("_sum", labels, "} 0.5\n")));
}

TEST_F(ExporterTest, AProbeIsOneBoardInFull) {
  options_.detail.level = Level::kFleet;
  dispatch::BoardView board = IdleBoard("b1");
  board.latencies.push_back(Latency("ping-pong", kPoll));
  dispatch::BoardView gone = IdleBoard("gone");
  gone.board.mutable_last_seen_time()->set_seconds(absl::ToUnixSeconds(kNow - absl::Hours(24 * 15)));
  const Exporter exporter = NewExporter(Lab({board, IdleBoard("b2"), gone}));
  const absl::StatusOr<std::string> page = exporter.BoardPage("b1");
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_TRUE(PromtoolAccepts(*page)) << *page;
  EXPECT_THAT(*page, HasSubstr("stat=\"p999\"} 0.0003\n"));
  EXPECT_THAT(*page, HasSubstr("crosscall_exporter_dropped_series{endpoint=\"/probe\"} 0\n"));
  EXPECT_THAT(*page, Not(HasSubstr("b2")));
  for (const char* missing : {"gone", "b3", "", "boards/b1"}) {
    EXPECT_EQ(exporter.BoardPage(missing).status().code(), absl::StatusCode::kNotFound) << missing;
  }
}

TEST_F(ExporterTest, BeyondTheLimitLatenciesGoFirstAndAreCounted) {
  dispatch::BoardView board = IdleBoard("b1");
  for (int i = 0; i < 100; ++i) board.latencies.push_back(Latency(absl::StrCat("scenario-", i), kPoll));
  options_.series_limit = 200;
  const std::string text = Results(Lab({board}));
  EXPECT_TRUE(PromtoolAccepts(text)) << text;
  const std::vector<std::string> lines = absl::StrSplit(text, '\n');
  EXPECT_THAT(lines, Contains("crosscall_exporter_series{endpoint=\"/metrics/results\"} 200"));
  EXPECT_THAT(lines, Contains("crosscall_exporter_series_limit{endpoint=\"/metrics/results\"} 200"));
  options_.series_limit = 150'000;
  const std::size_t all = CountSeries(Results(Lab({board})));
  EXPECT_THAT(lines,
              Contains(absl::StrCat("crosscall_exporter_dropped_series{endpoint=\"/metrics/results\"} ", all - 200)));
  EXPECT_THAT(lines, Contains("crosscall_board_up{board=\"b1\"} 1"));
  EXPECT_EQ(CountSeries(text), 200U);
}

TEST_F(ExporterTest, TheProcessIsDescribedAndItsAbsenceHidesNothingElse) {
  EXPECT_THAT(Controller(Lab({})), HasSubstr("\nprocess_resident_memory_bytes "));
  options_.proc = "/nonexistent";
  const std::string text = Controller(Lab({IdleBoard("b1")}));
  EXPECT_THAT(text, Not(HasSubstr("process_")));
  EXPECT_THAT(text, HasSubstr("crosscall_boards_registered 1\n"));
}

}  // namespace
}  // namespace crosscall::metrics
