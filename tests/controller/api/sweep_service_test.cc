#include "controller/api/sweep_service.h"

#include <future>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/controller/api/api_fixture.h"

namespace crosscall::api {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

class SweepServiceTest : public ApiFixture {
 protected:
  grpc::Status CreateFrom(const v1::CreateSweepRequest& request, v1::CreateSweepResponse* response = nullptr) const {
    grpc::ClientContext context;
    Bound(context);
    v1::CreateSweepResponse unused;
    return sweeps_->CreateSweep(&context, request, response == nullptr ? &unused : response);
  }
  grpc::Status Get(const std::string& name, v1::GetSweepResponse* response) const {
    grpc::ClientContext context;
    Bound(context);
    v1::GetSweepRequest request;
    request.set_name(name);
    return sweeps_->GetSweep(&context, request, response);
  }
  grpc::Status Cancel(const std::string& name, const std::string& reason) const {
    grpc::ClientContext context;
    Bound(context);
    v1::CancelSweepRequest request;
    request.set_name(name);
    request.set_reason(reason);
    v1::CancelSweepResponse response;
    return sweeps_->CancelSweep(&context, request, &response);
  }
  // Every state until the end of the stream.
  struct Watched {
    std::vector<v1::Sweep> states;
    grpc::Status status;
  };
  Watched Watch(const std::string& name) const {
    grpc::ClientContext context;
    Bound(context);
    v1::WatchSweepRequest request;
    request.set_name(name);
    const auto reader = sweeps_->WatchSweep(&context, request);
    Watched watched;
    v1::WatchSweepResponse response;
    while (reader->Read(&response)) watched.states.push_back(response.sweep());
    watched.status = reader->Finish();
    return watched;
  }
};

TEST_F(SweepServiceTest, ASweepIsThereOnceItWasCreated) {
  Register("b1");
  Create("s1");
  v1::GetSweepResponse response;
  const grpc::Status status = Get("sweeps/s1", &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.sweep().name(), "sweeps/s1");
  EXPECT_EQ(response.sweep().progress().total_count(), 1U);
}

TEST_F(SweepServiceTest, EveryRefusalKeepsItsCode) {
  v1::CreateSweepRequest no_board = SmallSweep("s1");
  EXPECT_EQ(CreateFrom(no_board).error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  Register("b1");
  v1::CreateSweepRequest unknown = SmallSweep("s1");
  unknown.mutable_spec()->set_implementations(0, "no_such/spin/mask_all");
  EXPECT_EQ(CreateFrom(unknown).error_code(), grpc::StatusCode::NOT_FOUND);
  v1::CreateSweepRequest empty = SmallSweep("s1");
  empty.mutable_spec()->clear_scenarios();
  EXPECT_EQ(CreateFrom(empty).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  v1::CreateSweepRequest huge = SmallSweep("s1");
  huge.mutable_spec()->set_repetitions(100'000);
  for (int i = 0; i < 2; ++i) huge.mutable_spec()->add_arrival_rates_hz(i + 1);
  const grpc::Status too_large = CreateFrom(huge);
  EXPECT_EQ(too_large.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(too_large.error_message(), HasSubstr("200000"));
  for (const char* code : {"FAILED_PRECONDITION", "NOT_FOUND"}) {
    EXPECT_EQ(Ended("SweepService/CreateSweep", code), 1U) << code;
  }
}

TEST_F(SweepServiceTest, TheSameRequestTwiceIsOneSweep) {
  Register("b1");
  v1::CreateSweepRequest request = SmallSweep("");
  request.set_request_id("once");
  v1::CreateSweepResponse first;
  v1::CreateSweepResponse second;
  ASSERT_TRUE(CreateFrom(request, &first).ok());
  ASSERT_TRUE(CreateFrom(request, &second).ok());
  EXPECT_EQ(first.sweep().name(), second.sweep().name());
}

TEST_F(SweepServiceTest, UnknownAndMalformedNamesAreToldApart) {
  v1::GetSweepResponse response;
  EXPECT_EQ(Get("sweeps/none", &response).error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(Get("none", &response).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Cancel("sweeps/none", "").error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(Cancel("none", "").error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Cancel("sweeps/none", std::string(2000, 'r')).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Watch("sweeps/none").status.error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(SweepServiceTest, ListsPageNewestFirst) {
  Register("b1");
  for (int i = 0; i < 3; ++i) Create(absl::StrCat("s", i));
  std::vector<std::string> names;
  v1::ListSweepsRequest request;
  request.set_page_size(2);
  do {
    grpc::ClientContext context;
    Bound(context);
    v1::ListSweepsResponse page;
    const grpc::Status status = sweeps_->ListSweeps(&context, request, &page);
    ASSERT_TRUE(status.ok()) << status.error_message();
    for (const v1::Sweep& sweep : page.sweeps()) names.push_back(sweep.name());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(names, testing::ElementsAre("sweeps/s2", "sweeps/s1", "sweeps/s0"));
  request.set_page_size(-1);
  grpc::ClientContext context;
  v1::ListSweepsResponse page;
  EXPECT_EQ(sweeps_->ListSweeps(&context, request, &page).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(SweepServiceTest, TrialsAreListed) {
  Register("b1");
  Create("s1");
  grpc::ClientContext context;
  Bound(context);
  v1::ListTrialsRequest request;
  request.set_parent("sweeps/s1");
  v1::ListTrialsResponse response;
  const grpc::Status status = sweeps_->ListTrials(&context, request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  ASSERT_THAT(response.trials(), SizeIs(1));
  EXPECT_EQ(response.trials(0).board(), "boards/b1");
}

TEST_F(SweepServiceTest, ATrialIsThereWithItsAttempts) {
  Register("b1");
  Create("s1");
  const v1::DesiredLease lease = TakeLease("b1");
  v1::GetTrialRequest request;
  request.set_name(lease.trial());
  v1::GetTrialResponse response;
  grpc::ClientContext known;
  Bound(known);
  const grpc::Status status = sweeps_->GetTrial(&known, request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.trial().name(), lease.trial());
  ASSERT_THAT(response.attempts(), SizeIs(1));
  EXPECT_EQ(response.attempts(0).attempt(), lease.attempt());
  request.set_name("sweeps/s1/trials/none");
  grpc::ClientContext unknown;
  Bound(unknown);
  EXPECT_EQ(sweeps_->GetTrial(&unknown, request, &response).error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(SweepServiceTest, AWatchShowsTheSweepAndItsEnd) {
  Register("b1");
  Create("s1");
  std::future<Watched> watching = std::async(std::launch::async, [&] { return Watch("sweeps/s1"); });
  const v1::DesiredLease lease = TakeLease("b1");
  v1::TrialResult result;
  result.set_outcome(v1::OUTCOME_CRASHED);
  result.set_reason("signal 11");
  EXPECT_TRUE(Upload("b1", lease, result).committed());
  const Watched watched = watching.get();
  EXPECT_TRUE(watched.status.ok()) << watched.status.error_message();
  ASSERT_FALSE(watched.states.empty());
  EXPECT_EQ(watched.states.back().state(), v1::Sweep::STATE_SUCCEEDED);
  EXPECT_EQ(watched.states.back().progress().crashed_count(), 1U);
}

TEST_F(SweepServiceTest, AWatchOfASweepThatHasEndedEndsAtOnce) {
  Register("b1");
  Create("s1");
  ASSERT_TRUE(Cancel("sweeps/s1", "no longer wanted").ok());
  const Watched watched = Watch("sweeps/s1");
  EXPECT_TRUE(watched.status.ok()) << watched.status.error_message();
  ASSERT_FALSE(watched.states.empty());
  EXPECT_EQ(watched.states.back().state(), v1::Sweep::STATE_CANCELLED);
}

TEST_F(SweepServiceTest, AWatcherThatGoesAwayHarmsNobody) {
  Register("b1");
  Create("s1");
  v1::WatchSweepRequest request;
  request.set_name("sweeps/s1");
  for (int round = 0; round < 50; ++round) {
    grpc::ClientContext context;
    const auto reader = sweeps_->WatchSweep(&context, request);
    v1::WatchSweepResponse response;
    if (round % 2 == 0) {
      EXPECT_TRUE(reader->Read(&response));
    }
    context.TryCancel();
    EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
  ASSERT_TRUE(Cancel("sweeps/s1", "").ok());
  EXPECT_EQ(Watch("sweeps/s1").states.back().state(), v1::Sweep::STATE_CANCELLED);
}

TEST_F(SweepServiceTest, AStoppingControllerEndsWatchesWithUnavailable) {
  Register("b1");
  Create("s1");
  grpc::ClientContext context;
  Bound(context);
  v1::WatchSweepRequest request;
  request.set_name("sweeps/s1");
  const auto reader = sweeps_->WatchSweep(&context, request);
  v1::WatchSweepResponse response;
  ASSERT_TRUE(reader->Read(&response));
  dispatcher_->Stop();
  while (reader->Read(&response)) continue;
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

}  // namespace
}  // namespace crosscall::api
