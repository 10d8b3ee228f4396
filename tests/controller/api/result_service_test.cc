#include "controller/api/result_service.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/controller/api/api_fixture.h"

namespace crosscall::api {
namespace {

using ::testing::SizeIs;

class ResultServiceTest : public ApiFixture {
 protected:
  // One HUNG attempt of `sweeps/s1` on `boards/b1`; its name.
  std::string StoreAHang(const std::string& summary) {
    Register("b1");
    Create("s1");
    const v1::DesiredLease lease = TakeLease("b1");
    v1::TrialResult result;
    result.set_outcome(v1::OUTCOME_HUNG);
    result.set_reason("calls stopped");
    result.mutable_hang()->set_hang_class(v1::HANG_CLASS_MASKED_TARGET);
    result.mutable_hang()->set_summary(summary);
    EXPECT_TRUE(Upload("b1", lease, result).committed());
    return lease.trial() + "/attempts/1";
  }
  grpc::Status List(const std::string& parent, v1::ListResultsResponse* response) const {
    grpc::ClientContext context;
    Bound(context);
    v1::ListResultsRequest request;
    request.set_parent(parent);
    return results_->ListResults(&context, request, response);
  }
  grpc::Status Get(const std::string& name, v1::GetResultResponse* response) const {
    grpc::ClientContext context;
    Bound(context);
    v1::GetResultRequest request;
    request.set_name(name);
    return results_->GetResult(&context, request, response);
  }
};

TEST_F(ResultServiceTest, AResultIsFoundByNameAndInLists) {
  const std::string name = StoreAHang("CPU 0 waits for CPU 1");
  v1::GetResultResponse one;
  grpc::Status status = Get(name, &one);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(one.result().payload().hang().summary(), "CPU 0 waits for CPU 1");
  v1::ListResultsResponse list;
  status = List("sweeps/s1", &list);
  ASSERT_TRUE(status.ok()) << status.error_message();
  ASSERT_THAT(list.results(), SizeIs(1));
  EXPECT_EQ(list.results(0).name(), name);
  ASSERT_TRUE(List("", &list).ok());
  EXPECT_THAT(list.results(), SizeIs(1));
}

TEST_F(ResultServiceTest, HangsAreListedWithTheirReport) {
  const std::string name = StoreAHang("CPU 0 waits for CPU 1");
  grpc::ClientContext context;
  Bound(context);
  v1::ListHangsRequest request;
  request.set_parent("sweeps/s1");
  v1::ListHangsResponse response;
  const grpc::Status status = results_->ListHangs(&context, request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  ASSERT_THAT(response.hangs(), SizeIs(1));
  EXPECT_EQ(response.hangs(0).name(), name);
  EXPECT_EQ(response.hangs(0).board(), "boards/b1");
  EXPECT_EQ(response.hangs(0).report().hang_class(), v1::HANG_CLASS_MASKED_TARGET);
}

TEST_F(ResultServiceTest, WhatABoardWroteIsCleanedBeforeItIsStored) {
  const std::string name = StoreAHang(std::string("a\0b\x7F", 4));
  v1::GetResultResponse response;
  ASSERT_TRUE(Get(name, &response).ok());
  EXPECT_EQ(response.result().payload().hang().summary(), "a b ");
}

TEST_F(ResultServiceTest, UnknownAndMalformedNamesAreToldApart) {
  v1::GetResultResponse one;
  EXPECT_EQ(Get("sweeps/s/trials/t/attempts/1", &one).error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(Get("sweeps/s/trials/t", &one).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  v1::ListResultsResponse list;
  EXPECT_EQ(List("sweeps/none", &list).error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(List("none", &list).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(ResultServiceTest, BadPagesAreRefused) {
  grpc::ClientContext results_context;
  v1::ListResultsRequest results;
  results.set_page_size(-1);
  v1::ListResultsResponse results_response;
  EXPECT_EQ(results_->ListResults(&results_context, results, &results_response).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  grpc::ClientContext hangs_context;
  v1::ListHangsRequest hangs;
  hangs.set_page_token("invented");
  v1::ListHangsResponse hangs_response;
  EXPECT_EQ(results_->ListHangs(&hangs_context, hangs, &hangs_response).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
}

}  // namespace
}  // namespace crosscall::api
