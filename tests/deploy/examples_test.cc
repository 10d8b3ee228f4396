// Every file in deploy/examples is what its comment says: a sweep that the command line tool accepts, or a scenario.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <string>

#include "controller/cli/scenario_source.h"
#include "controller/cli/sweep_yaml.h"
#include "proto/shared/validate.h"

namespace crosscall::cli {
namespace {

const std::string kExamples = CROSSCALL_DEPLOY "/examples";

absl::StatusOr<v1::SweepSpec> Parse(const std::string& file) {
  const std::string path = kExamples + "/" + file;
  absl::StatusOr<std::string> text = ReadUserFile(path);
  if (!text.ok()) return text.status();
  return ParseSweep(*text, path, ReadUserFile);
}

TEST(ExamplesTest, EveryFileIsASweepOrAScenarioThatASweepUses) {
  std::set<std::string> sweeps;
  std::set<std::string> scenario_files;
  for (const auto& entry : std::filesystem::directory_iterator(kExamples)) {
    const std::string name = entry.path().filename();
    const absl::StatusOr<std::string> text = ReadUserFile(entry.path());
    ASSERT_TRUE(text.ok()) << text.status();
    if (ScenarioFromText(*text, name).ok()) {
      scenario_files.insert(name);
      continue;
    }
    const absl::StatusOr<v1::SweepSpec> spec = Parse(name);
    EXPECT_TRUE(spec.ok()) << spec.status();
    if (!spec.ok()) continue;
    EXPECT_TRUE(shared::Validate(*spec).ok()) << name << ": " << shared::Validate(*spec);
    sweeps.insert(name);
  }
  EXPECT_THAT(sweeps, testing::IsSupersetOf({"first-light.yaml", "latency.yaml", "lab-pairs.yaml", "explore.yaml"}));
  EXPECT_THAT(scenario_files, testing::ElementsAre("flush-under-lock.yaml"));
}

TEST(ExamplesTest, FirstLightShowsEachWayOut) {
  const absl::StatusOr<v1::SweepSpec> spec = Parse("first-light.yaml");
  ASSERT_TRUE(spec.ok()) << spec.status();
  EXPECT_EQ(spec->scenarios(0).id(), "mutual-masked");
  EXPECT_THAT(spec->implementations(),
              testing::IsSupersetOf({"generic_2008/spin/mask_all", "call_lock/spin/mask_all",
                                     "generic_2008/poll_completion/mask_all", "call_lock/open_window/mask_all",
                                     "generic_2008/spin/ipi_open", "generic_2008/fail_fast/mask_all"}));
  EXPECT_EQ(spec->trial_deadline().seconds(), 1);
}

TEST(ExamplesTest, ExploreAsksForVerdictsOnly) {
  const absl::StatusOr<v1::SweepSpec> spec = Parse("explore.yaml");
  ASSERT_TRUE(spec.ok()) << spec.status();
  EXPECT_THAT(spec->target_systems(), testing::ElementsAre(v1::TARGET_SYSTEM_EXPLORE));
  EXPECT_EQ(spec->explore().memory(), v1::MEMORY_MODEL_WEAK);
  EXPECT_EQ(spec->trial_time().seconds(), 60);
}

TEST(ExamplesTest, OwnScenarioTravelsWithItsSweep) {
  const absl::StatusOr<v1::SweepSpec> spec = Parse("own-scenario.yaml");
  ASSERT_TRUE(spec.ok()) << spec.status();
  EXPECT_EQ(spec->scenarios(0).id(), "flush-under-lock");
  EXPECT_EQ(spec->scenarios(0).cpu_count(), 2U);
  EXPECT_THAT(spec->scenarios(0).text(), testing::HasSubstr("unlock_irqrestore L"));
}

}  // namespace
}  // namespace crosscall::cli
