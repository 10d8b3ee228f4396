#include "agent/measure/batch_size.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/status/statusor.h"
#include "agent/scenario/catalogue.h"
#include "agent/scenario/parse.h"

namespace crosscall::measure {
namespace {

v1::Scenario Parse(const std::string& text) {
  const absl::StatusOr<v1::Scenario> parsed = scenario::ParseScenario(text, "test");
  EXPECT_TRUE(parsed.ok()) << parsed.status();
  return parsed.ok() ? *parsed : v1::Scenario();
}

TEST(BatchSizeTest, EstimateGrowsWithRepeatsAndTargets) {
  const std::string head = "scenario: s\nabout: test\n";
  const auto one = EstimateStampsPerRound(Parse(head + "programs:\n  0: [call 1 noop wait]\n"));
  const auto hundred =
      EstimateStampsPerRound(Parse(head + "programs:\n  0: [{repeat: 100, do: [call 1 noop wait]}]\n"));
  const auto many = EstimateStampsPerRound(Parse(head + "cpus: 11\nprograms:\n  0: [call others noop wait]\n"));
  EXPECT_GT(one, 0u);
  EXPECT_EQ(hundred, 100 * one);
  EXPECT_GT(many, one);
}

TEST(BatchSizeTest, EstimateFollowsFunctionsThatCall) {
  const std::string head = "scenario: s\nabout: test\n";
  const auto plain = EstimateStampsPerRound(Parse(head + "programs:\n  0: [call 1 noop wait]\n"));
  const auto nested =
      EstimateStampsPerRound(Parse(head + "functions:\n  f: [call 0 noop wait]\nprograms:\n  0: [call 1 f wait]\n"));
  EXPECT_GT(nested, plain);
}

TEST(BatchSizeTest, EndlessCallsSaturate) {
  const auto stamps = EstimateStampsPerRound(
      Parse("scenario: s\nabout: test\nfunctions:\n  f: [call 1 g nowait]\n  g: [call 0 f nowait]\n"
            "programs:\n  0: [call 1 g wait]\n"));
  EXPECT_EQ(stamps, std::uint64_t{1} << 32);
}

TEST(BatchSizeTest, EveryBuiltInScenarioFitsTwoRoundsInItsRing) {
  for (const scenario::CatalogueEntry& entry : scenario::Catalogue()) {
    const v1::Scenario scenario = Parse(std::string(entry.yaml));
    const std::uint64_t stamps = EstimateStampsPerRound(scenario);
    EXPECT_GE(RingSizeFor(scenario.cpu_count(), stamps), 2 * stamps) << entry.id;
  }
}

TEST(BatchSizeTest, RingIsAPowerOfTwoWithinItsMemory) {
  for (const std::uint32_t cpus : {1u, 2u, 3u, 64u, 1024u}) {
    for (const std::uint64_t stamps : {std::uint64_t{0}, std::uint64_t{1000}, std::uint64_t{1} << 32}) {
      const std::uint32_t ring = RingSizeFor(cpus, stamps);
      EXPECT_EQ(ring & (ring - 1), 0u);
      EXPECT_GE(ring, 1024u);
      EXPECT_LE(std::uint64_t{ring} * cpus * 32, std::uint64_t{128} << 20);
    }
  }
}

TEST(BatchSizeTest, BatchLeavesHalfTheRingFreeAndNeverOvershootsTheCallsByMoreThanARound) {
  EXPECT_EQ(RoundsOfBatch(1024, 10, 0, 1), 51u);
  EXPECT_EQ(RoundsOfBatch(1024, 100'000, 0, 1), 1u);
  EXPECT_EQ(RoundsOfBatch(1024, 10, 25, 10), 3u);
  EXPECT_EQ(RoundsOfBatch(1024, 10, 25, 0), 51u);
}

}  // namespace
}  // namespace crosscall::measure
