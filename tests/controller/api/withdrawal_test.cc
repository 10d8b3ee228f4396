#include "controller/api/withdrawal.h"

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crosscall::api {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class WithdrawalTest : public ::testing::Test {
 protected:
  std::vector<std::uint64_t> withdrawn_;
  Withdrawal withdrawal_{[this](std::uint64_t ticket) { withdrawn_.push_back(ticket); }};
};

TEST_F(WithdrawalTest, ATicketThatIsHereIsTakenBackAtOnce) {
  withdrawal_.Assign(7);
  EXPECT_THAT(withdrawn_, IsEmpty());
  withdrawal_.Withdraw();
  EXPECT_THAT(withdrawn_, ElementsAre(7));
}

TEST_F(WithdrawalTest, ATicketThatComesLateIsTakenBackWhenItComes) {
  withdrawal_.Withdraw();
  EXPECT_THAT(withdrawn_, IsEmpty());
  withdrawal_.Assign(7);
  EXPECT_THAT(withdrawn_, ElementsAre(7));
}

TEST_F(WithdrawalTest, TakingBackTwiceDoesItOnce) {
  withdrawal_.Withdraw();
  withdrawal_.Withdraw();
  withdrawal_.Assign(7);
  withdrawal_.Withdraw();
  EXPECT_THAT(withdrawn_, ElementsAre(7));
}

TEST(WithdrawalRaceTest, WhoeverComesSecondTakesItBackExactlyOnce) {
  for (int round = 0; round < 200; ++round) {
    std::atomic<int> withdrawn{0};
    Withdrawal withdrawal([&](std::uint64_t) { ++withdrawn; });
    std::thread client([&] { withdrawal.Withdraw(); });
    withdrawal.Assign(1);
    client.join();
    ASSERT_EQ(withdrawn, 1);
  }
}

}  // namespace
}  // namespace crosscall::api
