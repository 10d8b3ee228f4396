#include "agent/supervisor/agent_protocol.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/supervisor/spans.h"
#include "proto/shared/validate.h"

namespace crosscall::supervisor {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

const shared::AttemptKey kKey{"sweeps/s/trials/t1", 1};
const shared::AttemptKey kOther{"sweeps/s/trials/t2", 1};

absl::Duration At(int seconds) { return absl::Seconds(seconds); }

class AgentProtocolTest : public ::testing::Test {
 protected:
  AgentProtocolTest() : protocol_({"boards/b1", "incarnation", "boot", {}}) {}

  v1::SynchronizeResponse Desire(const std::vector<shared::AttemptKey>& keys, absl::Duration time_left = At(180)) {
    v1::SynchronizeResponse answer;
    *answer.mutable_hold_duration() = ToProto(At(5));
    for (const shared::AttemptKey& key : keys) {
      v1::DesiredLease& lease = *answer.add_leases();
      lease.set_trial(key.trial);
      lease.set_attempt(key.attempt);
      *lease.mutable_time_left() = ToProto(time_left);
    }
    return answer;
  }
  AgentActions Answer(const v1::SynchronizeResponse& answer, int sent = 0, int now = 0) {
    protocol_.Report(stock_, At(sent));
    return protocol_.OnAnswer(answer, stock_, At(sent), At(now));
  }

  AgentProtocol protocol_;
  AgentStock stock_;
};

TEST_F(AgentProtocolTest, FirstReportIsValidAndDescribesTheBoard) {
  const v1::SynchronizeRequest report = protocol_.Report(stock_, At(0));
  EXPECT_TRUE(shared::Validate(report).ok()) << shared::Validate(report);
  EXPECT_EQ(report.sequence(), 1u);
  EXPECT_TRUE(report.has_description());
}

TEST_F(AgentProtocolTest, DescriptionIsSentAgainOnlyWhenAskedFor) {
  Answer({});
  EXPECT_FALSE(protocol_.Report(stock_, At(1)).has_description());
  v1::SynchronizeResponse answer;
  answer.set_full_state_required(true);
  Answer(answer);
  const v1::SynchronizeRequest report = protocol_.Report(stock_, At(2));
  EXPECT_TRUE(report.has_description());
  EXPECT_EQ(report.sequence(), 4u);
}

TEST_F(AgentProtocolTest, DescriptionIsRepeatedWhileNoAnswerCame) {
  protocol_.Report(stock_, At(0));
  EXPECT_TRUE(protocol_.Report(stock_, At(1)).has_description());
}

TEST_F(AgentProtocolTest, AnswerAppliedTwiceStartsOnce) {
  EXPECT_THAT(Answer(Desire({kKey})).starts, SizeIs(1));
  const AgentActions again = Answer(Desire({kKey}));
  EXPECT_THAT(again.starts, IsEmpty());
  EXPECT_THAT(again.stops, IsEmpty());
}

TEST_F(AgentProtocolTest, LeaseThatIsNotDesiredIsStoppedAndDropped) {
  Answer(Desire({kKey}));
  const AgentActions actions = Answer(Desire({kOther}));
  ASSERT_THAT(actions.stops, SizeIs(1));
  EXPECT_EQ(actions.stops[0].trial, kKey.trial);
  ASSERT_THAT(actions.starts, SizeIs(1));
  EXPECT_FALSE(protocol_.Holds(kKey));
}

TEST_F(AgentProtocolTest, UnchangedMeansNoNewsNotNoLeases) {
  Answer(Desire({kKey}));
  v1::SynchronizeResponse unchanged;
  unchanged.set_unchanged(true);
  EXPECT_THAT(Answer(unchanged).stops, IsEmpty());
  EXPECT_TRUE(protocol_.Holds(kKey));
}

TEST_F(AgentProtocolTest, TimeLeftCountsFromWhenTheCallWasSent) {
  Answer(Desire({kKey}, At(10)), 100, 105);
  EXPECT_EQ(protocol_.NextLapse(), At(110));
  EXPECT_THAT(protocol_.OnTime(At(109)).stops, IsEmpty());
  EXPECT_THAT(protocol_.OnTime(At(110)).stops, SizeIs(1));
  EXPECT_FALSE(protocol_.Holds(kKey));
  EXPECT_EQ(protocol_.NextLapse(), absl::InfiniteDuration());
}

TEST_F(AgentProtocolTest, UnchangedAnswerRenews) {
  Answer(Desire({kKey}, At(10)), 0, 0);
  v1::SynchronizeResponse unchanged;
  unchanged.set_unchanged(true);
  *unchanged.mutable_renewed_time_left() = ToProto(At(10));
  Answer(unchanged, 5, 9);
  EXPECT_EQ(protocol_.NextLapse(), At(15));
}

TEST_F(AgentProtocolTest, LeaseThatLapsedOnItsWayIsNotStarted) {
  EXPECT_THAT(Answer(Desire({kKey}, At(10)), 0, 11).starts, IsEmpty());
  EXPECT_FALSE(protocol_.Holds(kKey));
}

TEST_F(AgentProtocolTest, SpooledLeaseIsNotRunAgain) {
  stock_.spooled = {kKey};
  EXPECT_THAT(Answer(Desire({kKey})).starts, IsEmpty());
  EXPECT_EQ(protocol_.Report(stock_, At(1)).leases(0).state(), v1::HeldLease::STATE_SPOOLED);
}

TEST_F(AgentProtocolTest, ChangeOfStateOutdatesTheReportAndProgressDoesNot) {
  Answer(Desire({kKey}));
  protocol_.Report(stock_, At(1));
  EXPECT_FALSE(protocol_.Outdated(stock_));
  protocol_.OnProgress(kKey, 1000, At(1));
  EXPECT_FALSE(protocol_.Outdated(stock_));
  protocol_.OnRunning(kKey);
  EXPECT_TRUE(protocol_.Outdated(stock_));
  const v1::SynchronizeRequest report = protocol_.Report(stock_, At(3));
  EXPECT_EQ(report.leases(0).completed_calls(), 1000u);
  EXPECT_EQ(report.leases(0).progress_age().seconds(), 2);
  EXPECT_FALSE(protocol_.Outdated(stock_));
  protocol_.OnSpooled(kKey);
  EXPECT_TRUE(protocol_.Outdated(stock_));
  protocol_.Report(stock_, At(4));
  stock_.health = "disk full";
  EXPECT_TRUE(protocol_.Outdated(stock_));
}

TEST_F(AgentProtocolTest, StartErrorIsReportedUntilTheLeaseIsTakenBack) {
  Answer(Desire({kKey}));
  protocol_.OnStartError(kKey, "no worker");
  const v1::SynchronizeRequest report = protocol_.Report(stock_, At(1));
  EXPECT_EQ(report.leases(0).state(), v1::HeldLease::STATE_FAILED);
  EXPECT_EQ(report.leases(0).start_error(), "no worker");
  EXPECT_THAT(Answer(Desire({kKey})).starts, IsEmpty());
  EXPECT_THAT(Answer(Desire({})).stops, IsEmpty());
  EXPECT_EQ(protocol_.lease_count(), 0u);
}

TEST_F(AgentProtocolTest, EventsOfDroppedLeasesAreIgnored) {
  protocol_.OnRunning(kKey);
  protocol_.OnSpooled(kKey);
  protocol_.OnStartError(kKey, "late");
  protocol_.OnProgress(kKey, 1, At(0));
  EXPECT_EQ(protocol_.lease_count(), 0u);
}

TEST_F(AgentProtocolTest, ReportsAreValidHoweverManyLeasesAreDesired) {
  std::vector<shared::AttemptKey> keys;
  for (int i = 0; i < 40; ++i) keys.push_back({"sweeps/s/trials/t" + std::to_string(i), 1});
  stock_.spooled = keys;
  stock_.spooled.resize(100, kOther);
  Answer(Desire(keys));
  const v1::SynchronizeRequest report = protocol_.Report(stock_, At(1));
  EXPECT_TRUE(shared::Validate(report).ok()) << shared::Validate(report);
  EXPECT_EQ(report.spooled_count(), 100u);
  EXPECT_EQ(report.spool_size(), 64);
}

}  // namespace
}  // namespace crosscall::supervisor
