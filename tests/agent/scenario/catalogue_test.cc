#include "agent/scenario/catalogue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "agent/scenario/compile.h"
#include "agent/scenario/parse.h"

namespace crosscall::scenario {
namespace {

using ::testing::HasSubstr;
using ::testing::IsSupersetOf;

std::vector<std::string> Ids() {
  std::vector<std::string> ids;
  for (const CatalogueEntry& entry : Catalogue()) ids.push_back(entry.id);
  return ids;
}

TEST(CatalogueTest, HoldsTheScenariosThatTheProjectPromises) {
  EXPECT_THAT(Ids(), IsSupersetOf({"single-call",
                                   "ping-pong",
                                   "ring",
                                   "mesh",
                                   "broadcast",
                                   "mask-sizes",
                                   "nowait-burst",
                                   "async-busy",
                                   "self-call",
                                   "masked-caller",
                                   "mutual-masked",
                                   "target-masked",
                                   "caller-holds-lock",
                                   "nested",
                                   "storm-with-devices",
                                   "offline-during-calls",
                                   "ring-masked",
                                   "ring-one-open",
                                   "lock-masked-caller",
                                   "function-takes-lock"}));
  EXPECT_TRUE(
      std::is_sorted(Catalogue().begin(), Catalogue().end(), [](const auto& a, const auto& b) { return a.id < b.id; }));
}

TEST(CatalogueTest, EveryEntrySaysInOneSentenceWhyItExists) {
  for (const CatalogueEntry& entry : Catalogue()) {
    EXPECT_GT(entry.about.size(), 40u) << entry.id;
    EXPECT_TRUE(absl::EndsWith(entry.about, ".")) << entry.id;
    EXPECT_EQ(std::count(entry.about.begin(), entry.about.end(), '.'), 1) << entry.id;
  }
}

TEST(CatalogueTest, FindNamesWhatExists) {
  const auto found = FindScenario("mutual-masked");
  ASSERT_TRUE(found.ok());
  EXPECT_EQ((*found)->id, "mutual-masked");
  const auto missing = FindScenario("no-such");
  EXPECT_EQ(missing.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(missing.status().message()),
              HasSubstr("no built-in scenario 'no-such'; there are: async-busy,"));
}

TEST(CatalogueTest, EveryParameterHasARoleInItsText) {
  for (const CatalogueEntry& entry : Catalogue()) {
    const auto scenario = ParseScenario(entry.yaml, entry.id);
    ASSERT_TRUE(scenario.ok()) << scenario.status();
    for (const v1::Parameter& parameter : scenario->parameters()) {
      EXPECT_TRUE(absl::StrContains(entry.yaml, absl::StrCat("$", parameter.id()))) << entry.id;
    }
  }
}

bool SameOps(const ScenarioView& a, const ScenarioView& b) {
  return a.op_count == b.op_count && std::memcmp(a.ops, b.ops, a.op_count * sizeof(Op)) == 0;
}

TEST(CatalogueTest, EveryEntryCompilesAlikeAfterARoundTripOverTheWire) {
  for (const CatalogueEntry& entry : Catalogue()) {
    const auto scenario = ParseScenario(entry.yaml, entry.id);
    ASSERT_TRUE(scenario.ok()) << scenario.status();
    v1::Scenario received;
    ASSERT_TRUE(received.ParseFromString(scenario->SerializeAsString()));
    const auto here = Compile(*scenario);
    const auto there = Compile(received);
    ASSERT_TRUE(here.ok()) << here.status();
    ASSERT_TRUE(there.ok()) << there.status();
    EXPECT_TRUE(SameOps(here->view(), there->view())) << entry.id;
  }
}

// One random edit: a byte changed, removed, doubled, or a piece of another entry put in.
void Mutate(std::string& text, std::mt19937_64& random) {
  constexpr absl::string_view kAlphabet = "[]{}:,-&*!|>'\"#%@`$\n\t 019azLABirq\x01\xff";
  const auto any = [&](std::size_t bound) { return static_cast<std::size_t>(random() % bound); };
  const std::size_t at = any(text.size() + 1);
  switch (any(4)) {
    case 0:
      if (at < text.size()) text[at] = kAlphabet[any(kAlphabet.size())];
      break;
    case 1:
      text.erase(at, any(6));
      break;
    case 2:
      text.insert(at, text.substr(any(text.size() + 1), any(40)));
      break;
    default: {
      const absl::string_view other = Catalogue()[any(Catalogue().size())].yaml;
      text.insert(at, std::string(other.substr(any(other.size()), any(40))));
    }
  }
}

TEST(CatalogueTest, MutatedTextsAreRefusedWithAPositionOrCompile) {
  std::mt19937_64 random(20080610);
  int refused = 0;
  int accepted = 0;
  for (int i = 0; i < 4000; ++i) {
    std::string text(Catalogue()[i % Catalogue().size()].yaml);
    for (std::uint64_t edits = 1 + random() % 4; edits > 0; --edits) Mutate(text, random);
    const auto scenario = ParseScenario(text, "m.yaml");
    if (scenario.ok()) {
      ++accepted;
      ASSERT_TRUE(Compile(*scenario).ok()) << text;
      continue;
    }
    ++refused;
    ASSERT_EQ(scenario.status().code(), absl::StatusCode::kInvalidArgument) << text;
    const std::string message(scenario.status().message());
    ASSERT_TRUE(absl::StartsWith(message, "m.yaml:")) << message;
    ASSERT_THAT(message, HasSubstr(": found "));
    ASSERT_THAT(message, HasSubstr("; allowed "));
  }
  // Both happen, else the edits are too wild or too tame to mean anything.
  EXPECT_GT(refused, 400);
  EXPECT_GT(accepted, 400);
}

}  // namespace
}  // namespace crosscall::scenario
