#include "controller/scheduler/board_labels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace crosscall::scheduler {
namespace {

using ::testing::ElementsAre;

TEST(BoardLabelsTest, TheLabsWordTakesThePlaceOfTheAgents) {
  v1::BoardDescription description;
  description.add_labels("pool=fast");
  description.add_labels("arch=arm64");
  v1::BoardRecord record;
  record.add_labels("pool=slow");
  record.add_labels("site=berlin");
  EXPECT_THAT(EffectiveLabels(description, record), ElementsAre("arch=arm64", "pool=slow", "site=berlin"));
}

TEST(BoardLabelsTest, AnUpdateChangesWhatItNamesAndNothingElse) {
  v1::BoardRecord record;
  record.add_labels("owner=kim");
  record.add_labels("rack=3");
  record.set_notes("on the shelf");
  v1::UpdateBoardRequest request;
  request.add_set_labels("owner=lee");
  request.add_set_labels("a=b=c");
  request.add_remove_labels("rack");
  request.add_remove_labels("never-there");
  ASSERT_TRUE(ApplyUpdate(request, record).ok());
  EXPECT_THAT(record.labels(), ElementsAre("a=b=c", "owner=lee"));
  EXPECT_EQ(record.notes(), "on the shelf");
  EXPECT_FALSE(record.has_max_trial_time());
}

TEST(BoardLabelsTest, NotesMayBecomeEmptyAndALimitMayGo) {
  v1::BoardRecord record;
  record.set_notes("old");
  v1::UpdateBoardRequest request;
  request.set_notes("");
  request.mutable_max_trial_time()->set_seconds(5);
  ASSERT_TRUE(ApplyUpdate(request, record).ok());
  EXPECT_EQ(record.notes(), "");
  EXPECT_EQ(record.max_trial_time().seconds(), 5);
  request.mutable_max_trial_time()->Clear();
  ASSERT_TRUE(ApplyUpdate(request, record).ok());
  EXPECT_FALSE(record.has_max_trial_time());
}

TEST(BoardLabelsTest, TooManyLabelsChangeNothing) {
  v1::BoardRecord record;
  v1::UpdateBoardRequest request;
  for (int i = 0; i < kMaxLabLabels; ++i) request.add_set_labels(absl::StrCat("k", i, "=v"));
  ASSERT_TRUE(ApplyUpdate(request, record).ok());
  v1::UpdateBoardRequest more;
  more.add_set_labels("one=more");
  more.set_notes("never");
  EXPECT_EQ(ApplyUpdate(more, record).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(record.labels_size(), kMaxLabLabels);
  EXPECT_EQ(record.notes(), "");
}

}  // namespace
}  // namespace crosscall::scheduler
