#include "controller/api/board_service.h"

#include <future>
#include <string>

#include "absl/strings/str_cat.h"
#include "controller/api/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/controller/api/api_fixture.h"

namespace crosscall::api {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

class BoardServiceTest : public ApiFixture {
 protected:
  grpc::Status List(const v1::ListBoardsRequest& request, v1::ListBoardsResponse* response) const {
    grpc::ClientContext context;
    Bound(context);
    return boards_->ListBoards(&context, request, response);
  }
  grpc::Status Get(const std::string& name, v1::GetBoardResponse* response) const {
    grpc::ClientContext context;
    Bound(context);
    v1::GetBoardRequest request;
    request.set_name(name);
    return boards_->GetBoard(&context, request, response);
  }
};

TEST_F(BoardServiceTest, ABoardIsKnownOnceItsAgentHasCalled) {
  Register("b1");
  v1::GetBoardResponse response;
  const grpc::Status status = Get("boards/b1", &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.board().name(), "boards/b1");
  EXPECT_EQ(response.board().state(), v1::Board::STATE_ACTIVE);
  EXPECT_TRUE(response.board().online());
  EXPECT_EQ(response.board().description().model(), "model of b1");
}

TEST_F(BoardServiceTest, UnknownAndMalformedNamesAreToldApart) {
  v1::GetBoardResponse response;
  EXPECT_EQ(Get("boards/nobody", &response).error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(Get("nobody", &response).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Get("boards/UPPER", &response).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Ended("BoardService/GetBoard", "NOT_FOUND"), 1U);
  EXPECT_EQ(Ended("BoardService/GetBoard", "INVALID_ARGUMENT"), 2U);
}

TEST_F(BoardServiceTest, ListsPageByNameWithoutGapsOrRepeats) {
  for (int i = 0; i < 5; ++i) Register(absl::StrCat("b", i));
  std::vector<std::string> names;
  v1::ListBoardsRequest request;
  request.set_page_size(2);
  do {
    v1::ListBoardsResponse page;
    const grpc::Status status = List(request, &page);
    ASSERT_TRUE(status.ok()) << status.error_message();
    EXPECT_LE(page.boards_size(), 2);
    for (const v1::Board& board : page.boards()) names.push_back(board.name());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(names, testing::ElementsAre("boards/b0", "boards/b1", "boards/b2", "boards/b3", "boards/b4"));
}

TEST_F(BoardServiceTest, ABadPageIsRefused) {
  v1::ListBoardsRequest negative;
  negative.set_page_size(-1);
  v1::ListBoardsResponse response;
  EXPECT_EQ(List(negative, &response).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  v1::ListBoardsRequest invented;
  invented.set_page_token("invented");
  EXPECT_EQ(List(invented, &response).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(BoardServiceTest, OrdersAreCarriedOutAndKeptWithReasonAndGiver) {
  Register("b1");
  v1::DrainBoardRequest drain;
  drain.set_name("boards/b1");
  drain.set_reason("new\nfan");
  v1::DrainBoardResponse drained;
  grpc::ClientContext drain_context;
  Bound(drain_context);
  ASSERT_TRUE(boards_->DrainBoard(&drain_context, drain, &drained).ok());
  EXPECT_EQ(drained.board().state_reason(), "new fan");
  EXPECT_THAT(drained.board().record().state_by(), HasSubstr("127.0.0.1"));
  v1::GetBoardResponse response;
  // An event is stored a moment before the state it tells of is shown.
  ASSERT_TRUE(
      Await([&] { return Get("boards/b1", &response).ok() && response.board().state() == v1::Board::STATE_DRAINED; }));
  ASSERT_EQ(response.events_size(), 4);
  EXPECT_EQ(response.events(0).kind(), "drained");
  EXPECT_EQ(response.events(1).kind(), "draining");
  EXPECT_THAT(response.events(1).detail(), HasSubstr("new fan; by "));
  v1::QuarantineBoardRequest quarantine;
  quarantine.set_name("boards/b1");
  v1::QuarantineBoardResponse quarantined;
  grpc::ClientContext without_reason;
  EXPECT_EQ(boards_->QuarantineBoard(&without_reason, quarantine, &quarantined).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  quarantine.set_reason("smells");
  grpc::ClientContext not_allowed;
  EXPECT_EQ(boards_->QuarantineBoard(&not_allowed, quarantine, &quarantined).error_code(),
            grpc::StatusCode::FAILED_PRECONDITION);
  v1::ReleaseBoardRequest release;
  release.set_name("boards/b1");
  v1::ReleaseBoardResponse released;
  grpc::ClientContext release_context;
  ASSERT_TRUE(boards_->ReleaseBoard(&release_context, release, &released).ok());
  EXPECT_EQ(released.board().state(), v1::Board::STATE_CHECKING);
}

TEST_F(BoardServiceTest, WhatTheLabSaysIsKept) {
  Register("b1");
  v1::UpdateBoardRequest update;
  update.set_name("boards/b1");
  update.add_set_labels("site=berlin");
  update.set_notes("third shelf\nleft");
  v1::UpdateBoardResponse updated;
  grpc::ClientContext context;
  ASSERT_TRUE(boards_->UpdateBoard(&context, update, &updated).ok());
  EXPECT_THAT(updated.board().labels(), testing::Contains("site=berlin"));
  EXPECT_EQ(updated.board().record().notes(), "third shelf\nleft");
  update.add_set_labels("no label");
  grpc::ClientContext again;
  EXPECT_EQ(boards_->UpdateBoard(&again, update, &updated).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(BoardServiceTest, PowerIsRefusedWithTheReason) {
  Register("b1");
  v1::SetBoardPowerRequest set;
  set.set_name("boards/b1");
  set.mutable_power()->add_argv("relay");
  v1::SetBoardPowerResponse done;
  grpc::ClientContext relative;
  EXPECT_EQ(boards_->SetBoardPower(&relative, set, &done).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  // A controller that runs no commands takes none.
  set.mutable_power()->set_argv(0, "/bin/true");
  grpc::ClientContext nowhere;
  EXPECT_EQ(boards_->SetBoardPower(&nowhere, set, &done).error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  v1::SwitchBoardPowerRequest power;
  power.set_name("boards/b1");
  v1::SwitchBoardPowerResponse switched;
  grpc::ClientContext wordless;
  EXPECT_EQ(boards_->SwitchBoardPower(&wordless, power, &switched).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  power.set_action(v1::SwitchBoardPowerRequest::ACTION_STATUS);
  grpc::ClientContext without;
  const grpc::Status status = boards_->SwitchBoardPower(&without, power, &switched);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(status.error_message(), testing::HasSubstr("has no power command"));
}

TEST_F(BoardServiceTest, RetiredBoardsAreListedOnlyIfAskedFor) {
  for (const char* id : {"b1", "b2", "b3"}) Register(id);
  v1::RetireBoardRequest retire;
  retire.set_name("boards/b3");
  v1::RetireBoardResponse retired;
  grpc::ClientContext context;
  ASSERT_TRUE(boards_->RetireBoard(&context, retire, &retired).ok());
  EXPECT_EQ(retired.board().state(), v1::Board::STATE_RETIRED);
  v1::ListBoardsRequest request;
  request.set_page_size(2);
  v1::ListBoardsResponse page;
  // No page is left over for what is not shown.
  ASSERT_TRUE(Await([&] {
    page.Clear();
    return List(request, &page).ok() && page.next_page_token().empty();
  }));
  EXPECT_THAT(page.boards(), SizeIs(2));
  request.set_show_retired(true);
  request.set_page_size(10);
  page.Clear();
  ASSERT_TRUE(List(request, &page).ok());
  EXPECT_THAT(page.boards(), SizeIs(3));
}

TEST_F(BoardServiceTest, ARequestThatBreaksARuleIsRefusedByItsField) {
  v1::SynchronizeRequest request = NextRequest("b1");
  request.set_sequence(0);
  const grpc::Status status = Synchronize(request);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("sequence"));
}

TEST_F(BoardServiceTest, AFencedIncarnationIsAborted) {
  Register("b1");
  v1::SynchronizeRequest other = NextRequest("b1");
  other.set_incarnation_id("another");
  other.set_sequence(1);
  ASSERT_TRUE(Synchronize(other).ok());
  EXPECT_EQ(Synchronize(NextRequest("b1")).error_code(), grpc::StatusCode::ABORTED);
}

TEST_F(BoardServiceTest, AHeldCallIsAnsweredWhenWorkComes) {
  Register("b1");
  std::future<v1::DesiredLease> lease = std::async(std::launch::async, [&] { return TakeLease("b1"); });
  ASSERT_TRUE(Await([&] { return dispatcher_->snapshot()->held_call_count == 1; }));
  Create("s1");
  const v1::DesiredLease granted = lease.get();
  EXPECT_THAT(granted.trial(), testing::StartsWith("sweeps/s1/trials/"));
  EXPECT_EQ(granted.attempt(), 1U);
  EXPECT_EQ(granted.spec().scenario(), "ping-pong");
}

TEST_F(BoardServiceTest, ACancelledHeldCallIsWithdrawnAndTheNextOneWorks) {
  Register("b1");
  for (int round = 0; round < 5; ++round) {
    grpc::ClientContext context;
    const v1::SynchronizeRequest request = NextRequest("b1");
    std::future<grpc::Status> held = std::async(std::launch::async, [&] {
      v1::SynchronizeResponse response;
      return boards_->Synchronize(&context, request, &response);
    });
    ASSERT_TRUE(Await([&] { return dispatcher_->snapshot()->held_call_count == 1; }));
    context.TryCancel();
    EXPECT_EQ(held.get().error_code(), grpc::StatusCode::CANCELLED);
    ASSERT_TRUE(Await([&] { return dispatcher_->snapshot()->held_call_count == 0; }));
  }
  EXPECT_TRUE(Await([&] { return Ended("BoardService/Synchronize", "CANCELLED") == 5; }));
  Create("s1");
  EXPECT_THAT(TakeLease("b1").trial(), testing::StartsWith("sweeps/s1/trials/"));
}

TEST_F(BoardServiceTest, CallsThatAreCancelledAtAnyMomentHarmNobody) {
  Register("b1");
  for (int round = 0; round < 100; ++round) {
    grpc::ClientContext context;
    const v1::SynchronizeRequest request = NextRequest("b1");
    std::thread canceller([&] { context.TryCancel(); });
    v1::SynchronizeResponse response;
    const grpc::Status status = boards_->Synchronize(&context, request, &response);
    canceller.join();
    // A call after one that never arrived is a gap in the sequence, which is answered at once.
    EXPECT_THAT(status.error_code(), testing::AnyOf(grpc::StatusCode::CANCELLED, grpc::StatusCode::OK));
  }
  EXPECT_TRUE(Await([&] { return dispatcher_->snapshot()->held_call_count == 0; }));
  Create("s1");
  EXPECT_FALSE(TakeLease("b1").trial().empty());
}

TEST_F(BoardServiceTest, AStoppingControllerEndsHeldCallsWithADelay) {
  Register("b1");
  grpc::ClientContext context;
  Bound(context);
  const v1::SynchronizeRequest request = NextRequest("b1");
  std::future<grpc::Status> held = std::async(std::launch::async, [&] {
    v1::SynchronizeResponse response;
    return boards_->Synchronize(&context, request, &response);
  });
  ASSERT_TRUE(Await([&] { return dispatcher_->snapshot()->held_call_count == 1; }));
  dispatcher_->Stop();
  EXPECT_EQ(held.get().error_code(), grpc::StatusCode::UNAVAILABLE);
  const auto& trailers = context.GetServerTrailingMetadata();
  const auto delay = trailers.find(kRetryAfterMillisKey);
  ASSERT_NE(delay, trailers.end());
  EXPECT_THAT(std::string(delay->second.begin(), delay->second.end()), testing::MatchesRegex("[1-9][0-9]*"));
}

TEST_F(BoardServiceTest, AResultIsStoredOnceHoweverOftenItIsSent) {
  Register("b1");
  Create("s1");
  const v1::DesiredLease lease = TakeLease("b1");
  v1::TrialResult result;
  result.set_outcome(v1::OUTCOME_CRASHED);
  result.set_reason("signal 11");
  result.set_worker_log(std::string(8000, 'l'));
  EXPECT_TRUE(Upload("b1", lease, result).committed());
  const v1::UploadResultResponse again = Upload("b1", lease, result);
  EXPECT_TRUE(again.committed());
  EXPECT_FALSE(again.superseded());
  const auto crashed = [&]() -> std::uint64_t {
    const auto view = dispatcher_->snapshot()->FindBoard("boards/b1");
    const auto tally = view->outcomes.find(v1::OUTCOME_CRASHED);
    return tally == view->outcomes.end() ? 0 : tally->second.count;
  };
  EXPECT_TRUE(Await([&] { return crashed() == 1; }));
}

TEST_F(BoardServiceTest, AResultForAnotherBoardsTrialIsDenied) {
  Register("b1");
  Create("s1");
  const v1::DesiredLease lease = TakeLease("b1");
  Register("b2");
  v1::TrialResult result;
  result.set_outcome(v1::OUTCOME_CRASHED);
  const v1::UploadResultRequest request = WholeUpload("b2", lease, result);
  grpc::ClientContext context;
  Bound(context);
  v1::UploadResultResponse response;
  EXPECT_EQ(boards_->UploadResult(&context, request, &response).error_code(), grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(BoardServiceTest, AnUploadThatBreaksARuleIsRefused) {
  v1::UploadResultRequest request;
  request.set_board("boards/b1");
  request.set_trial("sweeps/s1/trials/t1");
  request.set_attempt(1);
  request.set_sha256("short");
  grpc::ClientContext context;
  Bound(context);
  v1::UploadResultResponse response;
  EXPECT_EQ(boards_->UploadResult(&context, request, &response).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

}  // namespace
}  // namespace crosscall::api
