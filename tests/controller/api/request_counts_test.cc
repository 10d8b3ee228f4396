#include "controller/api/request_counts.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crosscall::api {
namespace {

std::uint64_t Ended(const RequestCounts& counts, const std::string& method, const std::string& code) {
  for (const RequestCounts::Count& count : counts.Read()) {
    if (count.method == method && count.code == code) return count.ended;
  }
  return 0;
}

TEST(RequestCountsTest, EveryMethodExistsAsZeroFromTheStart) {
  const RequestCounts counts;
  int methods = 0;
  for (const RequestCounts::Count& count : counts.Read()) {
    EXPECT_EQ(count.code, "OK");
    EXPECT_EQ(count.ended, 0U);
    ++methods;
  }
  // Eleven of BoardService, eight of SweepService, three of ResultService, eight of ScheduleService, four of
  // AdminService, two of EnrolService, and `other`.
  EXPECT_EQ(methods, 37);
}

TEST(RequestCountsTest, CallsCountByMethodAndCode) {
  RequestCounts counts;
  counts.Add("/crosscall.v1.SweepService/GetSweep", grpc::StatusCode::OK);
  counts.Add("/crosscall.v1.SweepService/GetSweep", grpc::StatusCode::NOT_FOUND);
  counts.Add("/crosscall.v1.SweepService/GetSweep", grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(Ended(counts, "SweepService/GetSweep", "OK"), 1U);
  EXPECT_EQ(Ended(counts, "SweepService/GetSweep", "NOT_FOUND"), 2U);
  EXPECT_EQ(Ended(counts, "SweepService/ListSweeps", "OK"), 0U);
}

TEST(RequestCountsTest, WhatAStrangerInventsIsOneSeries) {
  RequestCounts counts;
  const std::size_t before = counts.Read().size();
  for (int i = 0; i < 100; ++i) counts.Add(absl::StrCat("/evil/method", i), grpc::StatusCode::OK);
  counts.Add("/crosscall.v1.SweepService/Zzz", grpc::StatusCode::OK);
  counts.Add("SweepService/GetSweep", grpc::StatusCode::OK);
  counts.Add("/crosscall.v1.other", grpc::StatusCode::OK);
  EXPECT_EQ(counts.Read().size(), before);
  EXPECT_EQ(Ended(counts, "other", "OK"), 103U);
}

TEST(RequestCountsTest, ACodeOutsideTheCanonicalOnesCountsAsUnknown) {
  RequestCounts counts;
  counts.Add("/crosscall.v1.SweepService/GetSweep", static_cast<grpc::StatusCode>(99));
  EXPECT_EQ(Ended(counts, "SweepService/GetSweep", "UNKNOWN"), 1U);
}

}  // namespace
}  // namespace crosscall::api
