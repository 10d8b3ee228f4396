// Orders about boards: names, reasons, labels, limits.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "proto/shared/validate.h"

namespace crosscall::shared {
namespace {

using ::testing::HasSubstr;

v1::UpdateBoardRequest WithLabel(const std::string& label) {
  v1::UpdateBoardRequest request;
  request.set_name("boards/a");
  request.add_set_labels(label);
  return request;
}

TEST(ValidateBoardTest, LabelsThatAreLabelsPass) {
  for (const char* label : {"site=berlin", "a=1", "9.x_y-z=A/b:c=d", "rack=3"}) {
    EXPECT_TRUE(Validate(WithLabel(label)).ok()) << label;
  }
}

TEST(ValidateBoardTest, WhatCouldBreakAScrapeOrAListIsNoLabel) {
  const std::string wrong[] = {"",
                               "site",
                               "=x",
                               "site=",
                               "Site=x",
                               "-a=x",
                               "a b=x",
                               "a=x y",
                               "a=x,y",
                               "a=\"x\"",
                               "a=x\\",
                               "a=x\n",
                               "a={b}'",
                               "\xc3\xa4=x",
                               "a=\xc3\xa4",
                               std::string(64, 'k') + "=x",
                               "a=" + std::string(129, 'v')};
  for (const std::string& label : wrong) {
    const absl::Status status = Validate(WithLabel(label));
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << label;
    EXPECT_THAT(std::string(status.message()), HasSubstr("allowed: ")) << label;
  }
}

TEST(ValidateBoardTest, UpdatesHaveLimits) {
  v1::UpdateBoardRequest request = WithLabel("a=b");
  request.set_name("a");
  EXPECT_FALSE(Validate(request).ok());
  request = WithLabel("a=b");
  request.add_remove_labels("a=b");
  EXPECT_THAT(std::string(Validate(request).message()), HasSubstr("remove_labels"));
  request = WithLabel("a=b");
  request.set_notes(std::string(4097, 'x'));
  EXPECT_THAT(std::string(Validate(request).message()), HasSubstr("notes (bytes): 4097"));
  request = WithLabel("a=b");
  for (int i = 0; i < 64; ++i) request.add_remove_labels("k");
  EXPECT_THAT(std::string(Validate(request).message()), HasSubstr("labels (how many): 65"));
}

TEST(ValidateBoardTest, ATrialTimeIsNoneOrBetweenOneMillisecondAndADay) {
  v1::UpdateBoardRequest request = WithLabel("a=b");
  request.mutable_max_trial_time();
  EXPECT_TRUE(Validate(request).ok());
  request.mutable_max_trial_time()->set_nanos(999'999);
  EXPECT_FALSE(Validate(request).ok());
  request.mutable_max_trial_time()->set_nanos(1'000'000);
  EXPECT_TRUE(Validate(request).ok());
  request.mutable_max_trial_time()->set_nanos(-1);
  EXPECT_FALSE(Validate(request).ok());
  request.mutable_max_trial_time()->set_nanos(0);
  request.mutable_max_trial_time()->set_seconds(24 * 3600 + 1);
  EXPECT_THAT(std::string(Validate(request).message()), HasSubstr("max_trial_time"));
}

TEST(ValidateBoardTest, AQuarantineNeedsAReason) {
  v1::QuarantineBoardRequest request;
  request.set_name("boards/a");
  EXPECT_THAT(std::string(Validate(request).message()), HasSubstr("reason: none"));
  request.set_reason("smells");
  EXPECT_TRUE(Validate(request).ok());
  request.set_reason(std::string(1025, 'x'));
  EXPECT_THAT(std::string(Validate(request).message()), HasSubstr("reason (bytes): 1025"));
}

template <class Request>
void ExpectNameAndReasonChecked() {
  Request request;
  request.set_name("boards/a");
  EXPECT_TRUE(Validate(request).ok());
  request.set_reason(std::string(1025, 'x'));
  EXPECT_FALSE(Validate(request).ok());
  request.clear_reason();
  request.set_name("boards/A");
  EXPECT_FALSE(Validate(request).ok());
}

TEST(ValidateBoardTest, TheOtherOrdersMayHaveOne) {
  ExpectNameAndReasonChecked<v1::DrainBoardRequest>();
  ExpectNameAndReasonChecked<v1::ReleaseBoardRequest>();
  ExpectNameAndReasonChecked<v1::RetireBoardRequest>();
}

v1::SetBoardPowerRequest SwitchedBy(const std::vector<std::string>& argv) {
  v1::SetBoardPowerRequest request;
  request.set_name("boards/a7");
  for (const std::string& word : argv) request.mutable_power()->add_argv(word);
  return request;
}

TEST(ValidateBoardTest, APowerCommandIsAnAbsolutePathAndBoundedArguments) {
  EXPECT_TRUE(Validate(SwitchedBy({"/opt/relay", "", "; reboot"})).ok());
  v1::SetBoardPowerRequest none;
  none.set_name("boards/a7");
  EXPECT_TRUE(Validate(none).ok());
  none.mutable_power();
  EXPECT_FALSE(Validate(none).ok());
  EXPECT_FALSE(Validate(SwitchedBy({"relay"})).ok());
  EXPECT_FALSE(Validate(SwitchedBy({"../relay"})).ok());
  EXPECT_FALSE(Validate(SwitchedBy({"/opt/relay", std::string(1025, 'x')})).ok());
  EXPECT_FALSE(Validate(SwitchedBy({"/opt/relay", std::string("a\0b", 3)})).ok());
  EXPECT_TRUE(Validate(SwitchedBy(std::vector<std::string>(32, "/x"))).ok());
  EXPECT_FALSE(Validate(SwitchedBy(std::vector<std::string>(33, "/x"))).ok());
}

TEST(ValidateBoardTest, LimitsOfAPowerCommandHaveTheirBounds) {
  v1::SetBoardPowerRequest request = SwitchedBy({"/opt/relay"});
  request.mutable_power()->mutable_time_limit()->set_seconds(601);
  EXPECT_FALSE(Validate(request).ok());
  request.mutable_power()->mutable_time_limit()->set_seconds(600);
  EXPECT_TRUE(Validate(request).ok());
  request.mutable_power()->mutable_boot_limit()->set_seconds(0);
  EXPECT_FALSE(Validate(request).ok());
}

TEST(ValidateBoardTest, PowerIsSwitchedByOneOfTheKnownWords) {
  v1::SwitchBoardPowerRequest request;
  request.set_name("boards/a7");
  EXPECT_FALSE(Validate(request).ok());
  request.set_action(v1::SwitchBoardPowerRequest::ACTION_CYCLE);
  EXPECT_TRUE(Validate(request).ok());
  request.set_action(static_cast<v1::SwitchBoardPowerRequest::Action>(99));
  EXPECT_FALSE(Validate(request).ok());
}

}  // namespace
}  // namespace crosscall::shared
