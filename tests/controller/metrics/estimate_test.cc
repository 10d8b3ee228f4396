#include "controller/metrics/estimate.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/controller/metrics/exposition_reader.h"
#include "tests/controller/metrics/snapshots.h"

namespace crosscall::metrics {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class FixedClock final : public shared::Clock {
 public:
  absl::Duration Monotonic() const override { return absl::Seconds(5); }
  absl::Time Wall() const override { return kNow; }
};

TEST(EstimateTest, EqualsWhatIsExportedOfALabWhereAllHasHappened) {
  const FixedClock clock;
  for (const LabSize& size : {LabSize{.boards = 3, .models = 2, .implementations = 2, .pairs = 2},
                              LabSize{.boards = 7, .models = 7, .implementations = 1, .pairs = 1},
                              LabSize{.boards = 10, .models = 3, .implementations = 5, .pairs = 4}}) {
    const FullLab lab = MakeFullLab(size);
    for (const Level level : kLevels) {
      SCOPED_TRACE(LevelName(level));
      ExporterOptions options{.build = {}, .detail = lab.detail};
      options.detail.level = level;
      const std::string text = Exporter(lab.AllSources(), clock, options).ResultsPage();
      EXPECT_EQ(SeriesOfResults(size, level), CountSeries(text));
      const auto families = ReadExposition(text);
      for (const Metric* metric : Catalogue()) {
        if (metric->page != Page::kResults || !metric->IsAt(level)) continue;
        EXPECT_EQ(SeriesOf(*metric, size, level), families.at(metric->name).series) << metric->name;
      }
    }
  }
}

TEST(EstimateTest, SaysWhichLevelDoesNotFit) {
  const LabSize size = {.boards = 2000, .models = 20, .implementations = 10, .pairs = 4};
  const std::string text = EstimateText(size, 150'000);
  EXPECT_THAT(text, HasSubstr("2000 boards of 20 models"));
  EXPECT_THAT(text, HasSubstr("Level full does not fit"));
  EXPECT_THAT(text, Not(HasSubstr("Level board does not fit")));
}

}  // namespace
}  // namespace crosscall::metrics
