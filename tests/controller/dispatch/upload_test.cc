// Results on their way in: chunks, digests, duplicates, strangers, and a store that fails.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/escaping.h"
#include "controller/dispatch/retry_after.h"
#include "controller/dispatch/upload_assembler.h"
#include "controller/dispatch/upload_counts.h"
#include "tests/controller/dispatch/rig.h"

namespace crosscall::dispatch {
namespace {

using ::testing::HasSubstr;

v1::UploadResultRequest Chunk(const std::string& payload, std::size_t offset, std::size_t size) {
  v1::UploadResultRequest request;
  request.set_board("boards/a");
  request.set_trial("sweeps/s1/trials/t000000");
  request.set_attempt(1);
  request.set_sha256(Sha256(payload));
  request.set_total_bytes(payload.size());
  request.set_offset(offset);
  request.set_chunk(payload.substr(offset, size));
  return request;
}

class AssemblerTest : public ::testing::Test {
 protected:
  AssemblerTest() : assembler_(settings_) { settings_.upload_memory_bytes = 100; }
  absl::StatusOr<UploadAssembler::Step> Add(const v1::UploadResultRequest& request) {
    return assembler_.Add(request, now_);
  }
  Settings settings_;
  UploadAssembler assembler_;
  absl::Duration now_ = absl::Seconds(1);
};

TEST_F(AssemblerTest, PutsChunksTogetherInOrder) {
  const std::string payload = "0123456789";
  EXPECT_EQ(Add(Chunk(payload, 0, 4))->received_bytes, 4u);
  EXPECT_EQ(assembler_.bytes(), 10u);
  const auto last = Add(Chunk(payload, 4, 6));
  ASSERT_TRUE(last->complete.has_value());
  EXPECT_EQ(last->complete->payload, payload);
  EXPECT_EQ(last->complete->sha256, Sha256(payload));
  EXPECT_EQ(assembler_.bytes(), 0u);
}

TEST_F(AssemblerTest, RepeatedAndSkippedChunksOnlySayWhereToGoOn) {
  const std::string payload = "0123456789";
  EXPECT_EQ(Add(Chunk(payload, 4, 4))->received_bytes, 0u);
  EXPECT_EQ(Add(Chunk(payload, 0, 4))->received_bytes, 4u);
  EXPECT_EQ(Add(Chunk(payload, 0, 4))->received_bytes, 4u);
  EXPECT_EQ(Add(Chunk(payload, 8, 2))->received_bytes, 4u);
}

TEST_F(AssemblerTest, AnotherDigestStartsAnew) {
  EXPECT_EQ(Add(Chunk("0123456789", 0, 4))->received_bytes, 4u);
  EXPECT_EQ(Add(Chunk("abcdefghij", 0, 3))->received_bytes, 3u);
  EXPECT_EQ(Add(Chunk("abcdefghij", 3, 7))->complete->payload, "abcdefghij");
}

TEST_F(AssemblerTest, AnotherTotalIsRefused) {
  v1::UploadResultRequest request = Chunk("0123456789", 0, 4);
  ASSERT_TRUE(Add(request).ok());
  request.set_total_bytes(11);
  EXPECT_EQ(Add(request).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(AssemblerTest, MemoryIsBoundedAndIdleUploadsAreDropped) {
  const std::string large(60, 'x');
  ASSERT_TRUE(Add(Chunk(large, 0, 1)).ok());
  v1::UploadResultRequest other = Chunk(large, 0, 1);
  other.set_attempt(2);
  const auto refused = Add(other);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(RetryAfter(refused.status()).has_value());
  now_ += absl::Seconds(60);
  EXPECT_TRUE(Add(other).ok());
  EXPECT_EQ(assembler_.bytes(), 60u);
}

TEST_F(AssemblerTest, AnEmptyPayloadIsCompleteAtOnce) { EXPECT_TRUE(Add(Chunk("", 0, 0))->complete.has_value()); }

TEST(CheckTest, RefusesWhatIsNotAWholeResult) {
  CheckedResult result;
  result.trial = "sweeps/s1/trials/t1";
  result.attempt = 1;
  const auto code = [&result](const std::string& payload) {
    CheckedResult copy = result;
    copy.payload = payload;
    copy.sha256 = Sha256(payload);
    return Check(copy).status().code();
  };
  EXPECT_EQ(code(Payload(v1::OUTCOME_COMPLETED)), absl::StatusCode::kOk);
  EXPECT_EQ(code("\xff rubbish"), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(""), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(Payload(v1::OUTCOME_LOST)), absl::StatusCode::kInvalidArgument);
  v1::TrialResult damaged;
  damaged.set_outcome(v1::OUTCOME_COMPLETED);
  damaged.mutable_latency()->set_layout(1);
  damaged.mutable_latency()->set_count(5);
  EXPECT_EQ(code(damaged.SerializeAsString()), absl::StatusCode::kInvalidArgument);
  result.payload = Payload(v1::OUTCOME_COMPLETED);
  result.sha256 = std::string(32, 'x');
  EXPECT_THAT(std::string(Check(result).status().message()), HasSubstr("SHA-256"));
}

TEST(CheckTest, CleaningChangesWhatIsStoredButNotWhatIsAcknowledged) {
  CheckedResult result;
  result.payload = Payload(v1::OUTCOME_HUNG, "long and dirty");
  result.sha256 = Sha256(result.payload);
  const auto checked = Check(result, [](v1::TrialResult& parsed) { parsed.set_reason("x"); });
  ASSERT_TRUE(checked.ok());
  EXPECT_EQ(checked->sent_bytes, result.payload.size());
  EXPECT_EQ(checked->sha256, result.sha256);
  EXPECT_EQ(checked->payload, Payload(v1::OUTCOME_HUNG, "x"));
  EXPECT_EQ(checked->reason, "x");
}

TEST(CheckTest, Sha256IsTheKnownOne) {
  // FIPS 180-2, appendix B.1.
  EXPECT_EQ(absl::BytesToHexString(Sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

class UploadTest : public ::testing::Test {
 protected:
  UploadTest() : agent_(rig_, "boards/a") {
    agent_.Call();
    agent_.Obey();
    rig_.Create(1);
    EXPECT_TRUE(agent_.GetLease());
    key_ = agent_.Finish(v1::OUTCOME_COMPLETED);
    payload_ = agent_.spool[key_];
  }
  Rig rig_;
  FakeAgent agent_;
  std::pair<std::string, std::uint32_t> key_;
  std::string payload_;
};

TEST_F(UploadTest, TheSameResultTwiceIsAcknowledgedTwiceAndStoredOnce) {
  for (int i = 0; i < 2; ++i) {
    const auto answer = agent_.Upload(key_, payload_);
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_TRUE(answer->committed());
    EXPECT_FALSE(answer->superseded());
    EXPECT_EQ(answer->received_bytes(), payload_.size());
  }
  EXPECT_EQ(rig_.Results("sweeps/s1", true).size(), 1u);
  EXPECT_EQ(rig_.snapshot()->counts.at(kResultsReceived), 1u);
  EXPECT_EQ(rig_.snapshot()->counts.at(RejectedCount(kDuplicate)), 1u);
}

TEST_F(UploadTest, WhatIsRefusedIsCountedByReasonThroughARestart) {
  FakeAgent other(rig_, "boards/b");
  other.Call();
  EXPECT_FALSE(other.Upload(key_, payload_).ok());
  EXPECT_FALSE(agent_.Upload({"sweeps/s1/trials/none", 1}, payload_).ok());
  EXPECT_FALSE(agent_.Upload({key_.first, 2}, payload_).ok());
  ASSERT_TRUE(rig_.Run(Engine::CountRejected(kDamaged)).ok());
  for (int round = 0; round < 2; ++round) {
    const std::map<std::string, std::uint64_t> counts = rig_.snapshot()->counts;
    EXPECT_EQ(counts.at(kResultsReceived), 0u);
    EXPECT_EQ(counts.at(RejectedCount(kForeign)), 1u);
    EXPECT_EQ(counts.at(RejectedCount(kUnknown)), 2u);
    EXPECT_EQ(counts.at(RejectedCount(kDamaged)), 1u);
    rig_.Restart();
  }
}

TEST_F(UploadTest, TheSameResultTwiceInOneBatchIsStoredOnce) {
  CheckedResult result;
  result.board = "boards/a";
  result.trial = key_.first;
  result.attempt = key_.second;
  result.payload = payload_;
  result.sha256 = Sha256(payload_);
  int committed = 0;
  const auto done = [&committed](absl::StatusOr<v1::UploadResultResponse> answer) {
    committed += answer.ok() && answer->committed() && !answer->superseded() ? 1 : 0;
  };
  ASSERT_TRUE(rig_.Run({Engine::AcceptResult(*Check(result), done), Engine::AcceptResult(*Check(result), done)}).ok());
  EXPECT_EQ(committed, 2);
  EXPECT_EQ(rig_.Results("sweeps/s1", true).size(), 1u);
}

TEST_F(UploadTest, AnotherResultForTheSameAttemptIsEvidence) {
  ASSERT_TRUE(agent_.Upload(key_, payload_).ok());
  const std::string other = Payload(v1::OUTCOME_HUNG);
  for (int i = 0; i < 2; ++i) {
    const auto answer = agent_.Upload(key_, other);
    ASSERT_TRUE(answer.ok());
    EXPECT_TRUE(answer->committed() && answer->superseded());
  }
  EXPECT_EQ(rig_.Trials("sweeps/s1")[0].outcome(), v1::OUTCOME_COMPLETED);
  EXPECT_EQ(rig_.Results("sweeps/s1", true).size(), 2u);
  EXPECT_EQ(rig_.store().ListHangs({})->hangs_size(), 0);
}

TEST_F(UploadTest, StrangersAndUnknownTrialsAreRefused) {
  FakeAgent other(rig_, "boards/b");
  other.Call();
  EXPECT_EQ(other.Upload(key_, payload_).status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(agent_.Upload({"sweeps/s1/trials/none", 1}, payload_).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(agent_.Upload({key_.first, 2}, payload_).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(rig_.Trials("sweeps/s1")[0].state(), v1::Trial::STATE_RUNNING);
}

TEST_F(UploadTest, AResultThatComesBeforeAnyReportIsTheLeasesOwn) {
  // The lease was answered, and never listed in a report before its result came.
  ASSERT_TRUE(agent_.Upload(key_, payload_).ok());
  EXPECT_EQ(rig_.Results("sweeps/s1")[0].attempt().lease_state(), "completed");
}

TEST_F(UploadTest, NothingIsAcknowledgedThatTheStoreDoesNotHave) {
  agent_.Call();
  ASSERT_FALSE(agent_.answered());
  for (const char* where : {"begin", "write", "commit"}) {
    rig_.fault_at = where;
    rig_.fault = absl::ResourceExhaustedError("disk full");
    EXPECT_EQ(agent_.Upload(key_, payload_).status().code(), absl::StatusCode::kResourceExhausted);
    EXPECT_EQ(rig_.Create(PairSweep(1)).status().code(), absl::StatusCode::kResourceExhausted);
    rig_.fault = absl::OkStatus();
    EXPECT_EQ(rig_.Trials("sweeps/s1")[0].state(), v1::Trial::STATE_RUNNING);
    EXPECT_EQ(rig_.store().ListSweeps({})->sweeps_size(), 1);
  }
  // The held call was told too, and the next one finds the lease where it was.
  ASSERT_TRUE(agent_.answered());
  EXPECT_EQ(agent_.answer().status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(rig_.snapshot()->store_failure_count, 6u);
  agent_.Call();
  ASSERT_TRUE(agent_.answered());
  EXPECT_TRUE(agent_.answer()->unchanged());
  agent_.UploadAll();
  EXPECT_EQ(rig_.Sweep("sweeps/s1").state(), v1::Sweep::STATE_SUCCEEDED);
  EXPECT_EQ(rig_.Board("boards/a").outcomes.at(v1::OUTCOME_COMPLETED).count, 1u);
}

TEST_F(UploadTest, AGrantThatCouldNotBeStoredIsNotGiven) {
  agent_.UploadAll();
  rig_.Create(1);
  rig_.fault = absl::UnavailableError("disk");
  agent_.Call();
  ASSERT_TRUE(agent_.answered());
  EXPECT_EQ(agent_.answer().status().code(), absl::StatusCode::kUnavailable);
  rig_.fault = absl::OkStatus();
  EXPECT_EQ(rig_.Trials("sweeps/s2")[0].state(), v1::Trial::STATE_PENDING);
  EXPECT_EQ(rig_.Trials("sweeps/s2")[0].attempt_count(), 0u);
  ASSERT_TRUE(agent_.GetLease());
  EXPECT_EQ(agent_.leases[0].attempt(), 1u);
}

TEST_F(UploadTest, WatchersAreToldWhenTheStoreFails) {
  absl::optional<absl::Status> end;
  ASSERT_TRUE(rig_.Run(Engine::WatchSweep(9, "sweeps/s1",
                                          [&end](absl::StatusOr<v1::Sweep> sweep, bool last) {
                                            if (last) end = sweep.status();
                                          }))
                  .ok());
  EXPECT_FALSE(end.has_value());
  rig_.fault = absl::UnavailableError("disk");
  agent_.Upload(key_, payload_).IgnoreError();
  ASSERT_TRUE(end.has_value());
  EXPECT_EQ(end->code(), absl::StatusCode::kUnavailable);
}

TEST_F(UploadTest, WhatIsOverdueIsNotTriedFasterThanTheDiskCanFail) {
  agent_.Cut();
  rig_.Advance(absl::Seconds(20));
  rig_.fault = absl::UnavailableError("disk");
  rig_.clock().Set(rig_.clock().Monotonic() + absl::Hours(30));
  ASSERT_FALSE(rig_.Run(std::vector<Engine::Event>()).ok());
  EXPECT_EQ(rig_.engine().NextDeadline(), rig_.clock().Monotonic() + absl::Seconds(1));
}

}  // namespace
}  // namespace crosscall::dispatch
