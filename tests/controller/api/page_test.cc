#include "controller/api/page.h"

#include <string>
#include <vector>

#include "crosscall/v1/sweep_service.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crosscall::api {
namespace {

using ::testing::ElementsAre;

constexpr PageLimits kLimits{.default_size = 50, .max_size = 500};

int Count(const v1::ListSweepsResponse& page) { return page.sweeps_size(); }

TEST(PageTest, SizesFollowTheRules) {
  EXPECT_EQ(*PageSize(0, kLimits), 50);
  EXPECT_EQ(*PageSize(7, kLimits), 7);
  EXPECT_EQ(*PageSize(501, kLimits), 500);
  EXPECT_EQ(PageSize(-1, kLimits).status().code(), absl::StatusCode::kInvalidArgument);
}

// A store of 100 sweeps, 100 bytes each at least.
absl::StatusOr<v1::ListSweepsResponse> ReadSweeps(const v1::ListSweepsRequest& request) {
  v1::ListSweepsResponse page;
  for (int i = 0; i < std::min(request.page_size(), 100); ++i) page.add_sweeps()->set_name(std::string(100, 'n'));
  return page;
}

TEST(PageTest, APageThatDoesNotFitIsReadAgainSmaller) {
  std::vector<int> sizes;
  v1::ListSweepsRequest request;
  request.set_page_size(500);
  const auto page = ReadFittingPage(
      request, 3'000,
      [&](const v1::ListSweepsRequest& asked) {
        sizes.push_back(asked.page_size());
        return ReadSweeps(asked);
      },
      Count);
  ASSERT_TRUE(page.ok());
  EXPECT_THAT(sizes, ElementsAre(500, 50, 25));
  EXPECT_EQ(page->sweeps_size(), 25);
}

TEST(PageTest, OneElementIsAPageHoweverLarge) {
  v1::ListSweepsRequest request;
  request.set_page_size(2);
  const auto page = ReadFittingPage(request, 10, ReadSweeps, Count);
  ASSERT_TRUE(page.ok());
  EXPECT_EQ(page->sweeps_size(), 1);
}

TEST(PageTest, AnErrorIsPassedOn) {
  const auto page = ReadFittingPage(
      v1::ListSweepsRequest(), 10,
      [](const v1::ListSweepsRequest&) -> absl::StatusOr<v1::ListSweepsResponse> { return absl::DataLossError("x"); },
      Count);
  EXPECT_EQ(page.status().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace crosscall::api
