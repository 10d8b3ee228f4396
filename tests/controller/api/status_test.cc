#include "controller/api/status.h"

#include <string>

#include "controller/dispatch/retry_after.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crosscall::api {
namespace {

using ::testing::EndsWith;
using ::testing::SizeIs;

TEST(StatusTest, EveryCodeCrossesTheWireAndBackAsItself) {
  for (int code = 1; code <= 16; ++code) {
    const absl::Status status(static_cast<absl::StatusCode>(code), "what, where and what to do");
    const grpc::Status sent = ToGrpc(status);
    EXPECT_EQ(static_cast<int>(sent.error_code()), code);
    EXPECT_EQ(sent.error_message(), "what, where and what to do");
    EXPECT_EQ(FromGrpc(sent), status);
  }
  EXPECT_TRUE(ToGrpc(absl::OkStatus()).ok());
  EXPECT_TRUE(FromGrpc(grpc::Status::OK).ok());
}

TEST(StatusTest, TheNumbersOfBothLibrariesMeanTheSame) {
  EXPECT_EQ(ToGrpc(absl::InvalidArgumentError("")).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(ToGrpc(absl::NotFoundError("")).error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(ToGrpc(absl::FailedPreconditionError("")).error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(ToGrpc(absl::AbortedError("")).error_code(), grpc::StatusCode::ABORTED);
  EXPECT_EQ(ToGrpc(absl::ResourceExhaustedError("")).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(ToGrpc(absl::UnavailableError("")).error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(ToGrpc(absl::PermissionDeniedError("")).error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(ToGrpc(absl::DataLossError("")).error_code(), grpc::StatusCode::DATA_LOSS);
}

TEST(StatusTest, ALongMessageIsCutSoThatItsCodeSurvivesTheTrailers) {
  const grpc::Status sent = ToGrpc(absl::NotFoundError(std::string(100'000, 'x')));
  EXPECT_EQ(sent.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(sent.error_message(), SizeIs(kMaxStatusMessageBytes));
  EXPECT_THAT(sent.error_message(), EndsWith(" [...]"));
}

TEST(StatusTest, OnlyWhatPassesByWaitingHasADelay) {
  EXPECT_TRUE(RetryDelay(absl::UnavailableError("")).has_value());
  EXPECT_TRUE(RetryDelay(absl::ResourceExhaustedError("")).has_value());
  EXPECT_FALSE(RetryDelay(absl::OkStatus()).has_value());
  EXPECT_FALSE(RetryDelay(absl::InvalidArgumentError("")).has_value());
  EXPECT_FALSE(RetryDelay(absl::AbortedError("")).has_value());
}

TEST(StatusTest, TheDelayThatAStatusCarriesWins) {
  const absl::Status status = dispatch::WithRetryAfter(absl::UnavailableError("busy"), absl::Milliseconds(1234));
  EXPECT_EQ(RetryDelay(status), absl::Milliseconds(1234));
}

}  // namespace
}  // namespace crosscall::api
