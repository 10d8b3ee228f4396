// Writing, reading and paging.
#include "controller/store/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <thread>

#include "tests/controller/store/rows.h"

namespace crosscall::store {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class StoreTest : public ::testing::Test {
 protected:
  StoreTest() : store_(OpenStore(folder_.path())) {
    auto tx = store_->Begin();
    tx->PutBoard(BoardA());
    EXPECT_TRUE(tx->Commit().ok());
  }

  void Write(const std::function<void(Transaction&)>& write) {
    auto tx = store_->Begin();
    write(*tx);
    const absl::Status status = tx->Commit();
    ASSERT_TRUE(status.ok()) << status;
  }

  // Runs SQL beside the store, as a careless administrator would.
  std::string Meddle(const char* sql) {
    sqlite3* database = nullptr;
    EXPECT_EQ(sqlite3_open((folder_.path() + "/crosscall.db").c_str(), &database), SQLITE_OK);
    char* error = nullptr;
    sqlite3_exec(database, sql, nullptr, nullptr, &error);
    const std::string said = error == nullptr ? "" : error;
    sqlite3_free(error);
    sqlite3_close(database);
    return said;
  }

  TestFolder folder_;
  std::unique_ptr<Store> store_;
};

TEST_F(StoreTest, ASweepIsReadAsItWasWritten) {
  SweepRow row = SweepNumber(1);
  row.request_id = "r";
  Write([&](Transaction& tx) { tx.InsertSweep(row); });
  EXPECT_EQ(store_->GetSweep("sweeps/s1")->SerializeAsString(), row.sweep.SerializeAsString());
  row.sweep.set_state(v1::Sweep::STATE_SUCCEEDED);
  row.sweep.set_state_reason("why");
  row.sweep.mutable_progress()->set_hung_count(3);
  row.sweep.set_coverage(0.5);
  *row.sweep.mutable_start_time() = shared::TimestampOf(At(3));
  *row.sweep.mutable_end_time() = shared::TimestampOf(At(4));
  Write([&](Transaction& tx) { tx.UpdateSweep(row); });
  EXPECT_EQ(store_->GetSweep("sweeps/s1")->SerializeAsString(), row.sweep.SerializeAsString());
  EXPECT_EQ((*store_->FindSweepByRequest("r"))->number, 1);
  EXPECT_FALSE(store_->FindSweepByRequest("").value().has_value());
}

TEST_F(StoreTest, UnknownNamesAreNotFoundAndMalformedOnesInvalid) {
  EXPECT_EQ(store_->GetSweep("sweeps/none").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(store_->GetSweep("none").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(store_->GetResult("sweeps/s1/trials/t0/attempts/1").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(store_->GetResult("sweeps/s1/trials/t0").status().code(), absl::StatusCode::kInvalidArgument);
  v1::ListTrialsRequest trials;
  trials.set_parent("sweeps/none");
  EXPECT_EQ(store_->ListTrials(trials).status().code(), absl::StatusCode::kNotFound);
  v1::ListResultsRequest results;
  results.set_parent("sweeps/none");
  EXPECT_EQ(store_->ListResults(results).status().code(), absl::StatusCode::kNotFound);
  v1::ListHangsRequest hangs;
  hangs.set_parent("sweeps/none");
  EXPECT_EQ(store_->ListHangs(hangs).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(StoreTest, SweepsPageNewestFirst) {
  Write([](Transaction& tx) {
    for (std::int64_t i = 1; i <= 5; ++i) tx.InsertSweep(SweepNumber(i));
  });
  v1::ListSweepsRequest request;
  request.set_page_size(2);
  std::vector<std::string> names;
  int pages = 0;
  do {
    const auto page = store_->ListSweeps(request);
    ASSERT_TRUE(page.ok()) << page.status();
    for (const v1::Sweep& sweep : page->sweeps()) names.push_back(sweep.name());
    request.set_page_token(page->next_page_token());
    ++pages;
  } while (!request.page_token().empty());
  EXPECT_THAT(names, ElementsAre("sweeps/s5", "sweeps/s4", "sweeps/s3", "sweeps/s2", "sweeps/s1"));
  EXPECT_EQ(pages, 3);
}

TEST_F(StoreTest, TrialsPageInRunOrder) {
  Write([](Transaction& tx) {
    AddSweep(tx, 1, 3, 1);
    AddSweep(tx, 2, 5, 4);
  });
  v1::ListTrialsRequest request;
  request.set_parent("sweeps/s2");
  request.set_page_size(2);
  std::vector<std::uint32_t> orders;
  do {
    const auto page = store_->ListTrials(request);
    ASSERT_TRUE(page.ok()) << page.status();
    for (const v1::Trial& trial : page->trials()) {
      EXPECT_THAT(trial.name(), HasSubstr("sweeps/s2/"));
      orders.push_back(trial.order());
    }
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(orders, ElementsAre(0, 1, 2, 3, 4));
}

TEST_F(StoreTest, PageSizesFollowTheProtos) {
  Write([](Transaction& tx) { AddSweep(tx, 1, 1001, 1); });
  v1::ListTrialsRequest request;
  request.set_parent("sweeps/s1");
  EXPECT_EQ(store_->ListTrials(request)->trials_size(), 100);
  request.set_page_size(5000);
  EXPECT_EQ(store_->ListTrials(request)->trials_size(), 1000);
  request.set_page_size(-1);
  EXPECT_EQ(store_->ListTrials(request).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(StoreTest, ATokenFitsOnlyTheListThatGaveIt) {
  Write([](Transaction& tx) {
    AddSweep(tx, 1, 3, 1);
    AddSweep(tx, 2, 3, 4);
  });
  v1::ListTrialsRequest request;
  request.set_parent("sweeps/s1");
  request.set_page_size(1);
  request.set_page_token(store_->ListTrials(request)->next_page_token());
  EXPECT_TRUE(store_->ListTrials(request).ok());
  request.set_parent("sweeps/s2");
  EXPECT_EQ(store_->ListTrials(request).status().code(), absl::StatusCode::kInvalidArgument);
  request.set_page_token("rubbish");
  EXPECT_EQ(store_->ListTrials(request).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(StoreTest, ResultsListAttemptsWithAndWithoutPayload) {
  Write([](Transaction& tx) {
    AddSweep(tx, 1, 2, 1);
    AddSweep(tx, 2, 1, 3);
    AttemptRow lost = AttemptOf(1, 1);
    lost.lease_state = "expired";
    lost.outcome = v1::OUTCOME_LOST;
    lost.cause = "UNKNOWN";
    lost.end_time = At(9);
    tx.InsertAttempt(lost);
    tx.InsertResult(ResultOf(1, 1, v1::OUTCOME_COMPLETED, true, 'e'));
    tx.InsertAttempt(AttemptOf(1, 2));
    tx.InsertResult(ResultOf(1, 2, v1::OUTCOME_COMPLETED));
    tx.InsertAttempt(AttemptOf(3, 1));
  });
  v1::ListResultsRequest request;
  request.set_parent("sweeps/s1");
  const auto own = store_->ListResults(request);
  ASSERT_TRUE(own.ok()) << own.status();
  ASSERT_EQ(own->results_size(), 2);
  EXPECT_EQ(own->results(0).name(), "sweeps/s1/trials/t000000/attempts/1");
  EXPECT_FALSE(own->results(0).has_payload());
  EXPECT_EQ(own->results(0).attempt().outcome(), v1::OUTCOME_LOST);
  EXPECT_EQ(own->results(0).attempt().lease_state(), "expired");
  EXPECT_EQ(own->results(1).payload().outcome(), v1::OUTCOME_COMPLETED);
  request.set_include_evidence(true);
  request.set_page_size(1);
  std::vector<bool> evidence;
  do {
    const auto page = store_->ListResults(request);
    ASSERT_TRUE(page.ok()) << page.status();
    ASSERT_EQ(page->results_size(), 1);
    evidence.push_back(page->results(0).evidence());
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(evidence, ElementsAre(false, true, false));
  request.Clear();
  EXPECT_EQ(store_->ListResults(request)->results_size(), 3);
  const auto one = store_->GetResult("sweeps/s1/trials/t000000/attempts/1");
  ASSERT_TRUE(one.ok());
  EXPECT_FALSE(one->result().has_payload());
  ASSERT_EQ(one->evidence_size(), 1);
  EXPECT_TRUE(one->evidence(0).evidence());
}

TEST_F(StoreTest, ASweepWithoutAttemptsHasNoResults) {
  Write([](Transaction& tx) {
    AddSweep(tx, 1, 1, 1);
    AddSweep(tx, 2, 1, 2);
    tx.InsertSweep(SweepNumber(3));
    tx.InsertAttempt(AttemptOf(2, 1));
  });
  v1::ListResultsRequest request;
  for (const char* name : {"sweeps/s1", "sweeps/s3"}) {
    request.set_parent(name);
    EXPECT_EQ(store_->ListResults(request)->results_size(), 0) << name;
  }
}

TEST_F(StoreTest, PagesOfLargePayloadsEndEarly) {
  Write([](Transaction& tx) {
    AddSweep(tx, 1, 5, 1);
    for (std::int64_t trial = 1; trial <= 5; ++trial) {
      tx.InsertAttempt(AttemptOf(trial, 1));
      tx.InsertResult(ResultOf(trial, 1, v1::OUTCOME_HUNG, false, 'd', std::size_t{2} << 20));
    }
  });
  v1::ListResultsRequest request;
  std::size_t seen = 0;
  do {
    const auto page = store_->ListResults(request);
    ASSERT_TRUE(page.ok()) << page.status();
    EXPECT_LE(page->results_size(), 2);
    seen += static_cast<std::size_t>(page->results_size());
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  EXPECT_EQ(seen, 5u);
}

TEST_F(StoreTest, HangsAreIndexedNewestFirst) {
  Write([](Transaction& tx) {
    AddSweep(tx, 1, 3, 1);
    AddSweep(tx, 2, 1, 4);
    for (std::int64_t trial = 1; trial <= 4; ++trial) {
      tx.InsertAttempt(AttemptOf(trial, 1));
      tx.InsertResult(ResultOf(trial, 1, trial == 2 ? v1::OUTCOME_COMPLETED : v1::OUTCOME_HUNG));
    }
    tx.InsertResult(ResultOf(1, 1, v1::OUTCOME_HUNG, true, 'e'));
  });
  v1::ListHangsRequest request;
  request.set_page_size(2);
  std::vector<std::string> names;
  do {
    const auto page = store_->ListHangs(request);
    ASSERT_TRUE(page.ok()) << page.status();
    for (const v1::Hang& hang : page->hangs()) {
      names.push_back(hang.name());
      EXPECT_EQ(hang.report().name(), hang.name());
      EXPECT_EQ(hang.report().summary(), "0 waits for 1");
      EXPECT_EQ(hang.board(), "boards/a");
      EXPECT_EQ(hang.spec().scenario(), "pair");
    }
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(names, ElementsAre("sweeps/s2/trials/t000000/attempts/1", "sweeps/s1/trials/t000002/attempts/1",
                                 "sweeps/s1/trials/t000000/attempts/1"));
  request.Clear();
  request.set_parent("sweeps/s2");
  EXPECT_EQ(store_->ListHangs(request)->hangs_size(), 1);
}

TEST_F(StoreTest, AHangNamesTheNewestFindingOfTheSamePointWhenItIsRead) {
  const auto finding = [&] {
    return store_->GetResult("sweeps/s1/trials/t000000/attempts/1")->result().payload().hang();
  };
  const auto parameter = [](TrialRow& row, const char* id, std::int64_t value) {
    v1::Parameter& added = *row.trial.mutable_spec()->add_parameters();
    added.set_id(id);
    added.set_value(value);
  };
  Write([&](Transaction& tx) {
    tx.InsertSweep(SweepNumber(1));
    TrialRow hung = TrialOf(1, 0, 1);
    parameter(hung, "n", 1);
    parameter(hung, "dst", 0);
    tx.InsertTrial(hung);
    tx.InsertAttempt(AttemptOf(1, 1));
    tx.InsertResult(ResultOf(1, 1, v1::OUTCOME_HUNG));
  });
  EXPECT_FALSE(finding().has_known_finding());
  // Adds exploration `id` of the same point, changed by `change`.
  const auto explore = [&](std::int64_t id, v1::Exploration::Verdict verdict,
                           const std::function<void(TrialRow&)>& change) {
    Write([&](Transaction& tx) {
      TrialRow row = TrialOf(1, static_cast<std::uint32_t>(id - 1), id);
      row.trial.mutable_spec()->set_target_system(v1::TARGET_SYSTEM_EXPLORE);
      parameter(row, "dst", 0);
      parameter(row, "n", 1);
      change(row);
      tx.InsertTrial(row);
      tx.InsertAttempt(AttemptOf(id, 1));
      tx.InsertResult(ExplorationOf(id, verdict));
    });
  };
  const auto nothing = [](TrialRow&) {};
  constexpr auto kDeadlock = v1::Exploration::VERDICT_DEADLOCK;
  explore(2, v1::Exploration::VERDICT_COMPLETES, nothing);
  explore(3, kDeadlock, [](TrialRow& row) { row.trial.mutable_spec()->set_implementation("call_lock/spin/ipi_open"); });
  explore(4, kDeadlock, [](TrialRow& row) { row.trial.mutable_spec()->set_scenario_text("scenario: pair"); });
  explore(5, kDeadlock, [](TrialRow& row) { row.trial.mutable_spec()->mutable_parameters(1)->set_value(2); });
  explore(6, kDeadlock, [](TrialRow& row) { row.trial.mutable_spec()->mutable_parameters()->RemoveLast(); });
  explore(7, kDeadlock, [](TrialRow& row) { row.trial.mutable_spec()->set_target_system(v1::TARGET_SYSTEM_SIGNAL); });
  EXPECT_FALSE(finding().has_known_finding());
  explore(8, v1::Exploration::VERDICT_LIVELOCK, nothing);
  EXPECT_EQ(finding().known_finding().name(), "sweeps/s1/trials/t000007/attempts/1");
  explore(9, kDeadlock, nothing);
  EXPECT_EQ(finding().known_finding().name(), "sweeps/s1/trials/t000008/attempts/1");
  EXPECT_EQ(finding().known_finding().exploration().verdict(), kDeadlock);
  EXPECT_EQ(finding().known_finding().exploration().trace(0).op(), "found by 9");
}

TEST_F(StoreTest, ResultsAndEventsCannotBeChanged) {
  Write([](Transaction& tx) {
    AddSweep(tx, 1, 1, 1);
    tx.InsertAttempt(AttemptOf(1, 1));
    tx.InsertResult(ResultOf(1, 1, v1::OUTCOME_COMPLETED));
    tx.AddEvent({.time = At(1), .subject = "sweeps/s1", .kind = "created", .detail = ""});
  });
  EXPECT_THAT(Meddle("UPDATE results SET outcome = 2"), HasSubstr("immutable"));
  EXPECT_THAT(Meddle("DELETE FROM results"), HasSubstr("immutable"));
  EXPECT_THAT(Meddle("UPDATE events SET kind = 'x'"), HasSubstr("append-only"));
  EXPECT_EQ(store_->GetResult("sweeps/s1/trials/t000000/attempts/1")->result().payload().outcome(),
            v1::OUTCOME_COMPLETED);
}

TEST_F(StoreTest, AnAttemptHasOneOwnResultAndOneOutcome) {
  Write([](Transaction& tx) {
    AddSweep(tx, 1, 1, 1);
    AttemptRow attempt = AttemptOf(1, 1);
    attempt.outcome = v1::OUTCOME_HUNG;
    tx.InsertAttempt(attempt);
    tx.InsertResult(ResultOf(1, 1, v1::OUTCOME_HUNG));
  });
  auto tx = store_->Begin();
  tx->InsertResult(ResultOf(1, 1, v1::OUTCOME_COMPLETED, false, 'e'));
  EXPECT_EQ(tx->Commit().code(), absl::StatusCode::kFailedPrecondition);
  tx.reset();
  tx = store_->Begin();
  AttemptRow changed = AttemptOf(1, 1);
  changed.outcome = v1::OUTCOME_COMPLETED;
  tx->UpdateAttempt(changed);
  EXPECT_THAT(std::string(tx->Commit().message()), HasSubstr("written once"));
}

TEST_F(StoreTest, ATransactionWithoutCommitLeavesNothing) {
  {
    auto tx = store_->Begin();
    tx->InsertSweep(SweepNumber(1));
    // The dispatcher's own reads see it, users do not.
    EXPECT_TRUE(store_->FindSweep("sweeps/s1")->has_value());
    EXPECT_EQ(store_->GetSweep("sweeps/s1").status().code(), absl::StatusCode::kNotFound);
  }
  EXPECT_FALSE(store_->FindSweep("sweeps/s1")->has_value());
}

TEST_F(StoreTest, AfterAnErrorTheRestOfTheTransactionIsNotWritten) {
  auto tx = store_->Begin();
  tx->InsertSweep(SweepNumber(1));
  tx->InsertSweep(SweepNumber(1));
  tx->InsertSweep(SweepNumber(2));
  EXPECT_EQ(tx->Commit().code(), absl::StatusCode::kFailedPrecondition);
  tx.reset();
  EXPECT_FALSE(store_->FindSweep("sweeps/s1")->has_value());
  EXPECT_FALSE(store_->FindSweep("sweeps/s2")->has_value());
}

TEST_F(StoreTest, UpdatingWhatIsNotThereIsAnError) {
  auto tx = store_->Begin();
  tx->UpdateSweep(SweepNumber(9));
  EXPECT_EQ(tx->Commit().code(), absl::StatusCode::kInternal);
}

TEST_F(StoreTest, SessionsAreClosedByTheNextOne) {
  Write([](Transaction& tx) {
    tx.OpenSession("boards/a", "one", "boot", At(1));
    tx.OpenSession("boards/a", "two", "boot", At(2));
  });
  EXPECT_TRUE(*store_->IsClosedSession("boards/a", "one"));
  EXPECT_FALSE(*store_->IsClosedSession("boards/a", "two"));
  EXPECT_FALSE(*store_->IsClosedSession("boards/a", "three"));
}

TEST_F(StoreTest, LiveStateHasOnlyWhatHasNotEnded) {
  Write([](Transaction& tx) {
    AddSweep(tx, 1, 2, 1);
    AddSweep(tx, 2, 2, 3);
    SweepRow ended = SweepNumber(1);
    ended.sweep.set_state(v1::Sweep::STATE_CANCELLED);
    *ended.sweep.mutable_end_time() = shared::TimestampOf(At(5));
    tx.UpdateSweep(ended);
    AttemptRow done = AttemptOf(3, 1);
    done.end_time = At(4);
    tx.InsertAttempt(done);
    tx.InsertAttempt(AttemptOf(3, 2));
    tx.AddTally({"boards/a", "x", v1::OUTCOME_LOST, 1, At(1)});
    tx.AddTally({"boards/a", "x", v1::OUTCOME_LOST, 1, At(2)});
    LatencyRow latency;
    latency.board = "boards/a";
    latency.scenario = "pair";
    latency.implementation = "x";
    latency.summary.p50_nanos = 1;
    tx.PutLatency(latency);
    latency.summary.p50_nanos = 2;
    tx.PutLatency(latency);
  });
  const auto live = store_->LoadLive();
  ASSERT_TRUE(live.ok()) << live.status();
  ASSERT_EQ(live->boards.size(), 1u);
  EXPECT_EQ(live->boards[0].description.cpus_size(), 1);
  ASSERT_EQ(live->sweeps.size(), 1u);
  EXPECT_EQ(live->sweeps[0].number, 2);
  EXPECT_EQ(live->trials.size(), 2u);
  ASSERT_EQ(live->attempts.size(), 1u);
  EXPECT_EQ(live->attempts[0].attempt, 2u);
  ASSERT_EQ(live->tallies.size(), 1u);
  EXPECT_EQ(live->tallies[0].count, 2u);
  EXPECT_EQ(live->tallies[0].last_time, At(2));
  ASSERT_EQ(live->latencies.size(), 1u);
  EXPECT_EQ(live->latencies[0].summary.p50_nanos, 2u);
  EXPECT_EQ(live->last_sweep_number, 2);
  EXPECT_EQ(live->last_trial_id, 4);
}

TEST_F(StoreTest, ABoardKeepsItsRecord) {
  Write([](Transaction& tx) {
    BoardRow row = BoardA();
    row.state = v1::Board::STATE_DRAINED;
    row.state_reason = "moved";
    row.record.add_labels("site=berlin");
    row.record.set_check_sweep("sweeps/check-1");
    *row.record.mutable_check_time() = shared::TimestampOf(At(7));
    tx.PutBoard(row);
  });
  const auto live = store_->LoadLive();
  ASSERT_TRUE(live.ok()) << live.status();
  const BoardRow& row = live->boards.at(0);
  EXPECT_EQ(row.state, v1::Board::STATE_DRAINED);
  EXPECT_EQ(row.state_reason, "moved");
  EXPECT_EQ(row.record.labels(0), "site=berlin");
  EXPECT_EQ(row.record.check_sweep(), "sweeps/check-1");
  EXPECT_EQ(row.record.check_time().seconds(), shared::TimestampOf(At(7)).seconds());
}

TEST_F(StoreTest, EventsOfABoardComeNewestFirstAndNotAll) {
  Write([](Transaction& tx) {
    for (int i = 0; i < 30; ++i) tx.AddEvent({At(i), "boards/a", absl::StrCat("kind", i), "why"});
    tx.AddEvent({At(99), "boards/b", "other", ""});
  });
  const auto events = store_->BoardEvents("boards/a", 20);
  ASSERT_TRUE(events.ok()) << events.status();
  ASSERT_EQ(events->size(), 20u);
  EXPECT_EQ(events->front().kind(), "kind29");
  EXPECT_EQ(events->front().detail(), "why");
  EXPECT_EQ(events->back().kind(), "kind10");
  EXPECT_TRUE(store_->BoardEvents("boards/nobody", 20)->empty());
}

TEST_F(StoreTest, ReadersRunBesideTheWriter) {
  Write([](Transaction& tx) { AddSweep(tx, 1, 50, 1); });
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([this] {
      v1::ListTrialsRequest request;
      request.set_parent("sweeps/s1");
      for (int round = 0; round < 100; ++round) EXPECT_EQ(store_->ListTrials(request)->trials_size(), 50);
    });
  }
  for (std::int64_t i = 2; i < 50; ++i) Write([i](Transaction& tx) { AddSweep(tx, i, 5, i * 100); });
  for (std::thread& reader : readers) reader.join();
  EXPECT_GT(store_->SizeBytes(), 0u);
}

}  // namespace
}  // namespace crosscall::store
