#include "proto/shared/validate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace crosscall::shared {
namespace {

using testing::HasSubstr;

template <class Message>
using Cases = std::vector<std::pair<std::string, std::function<void(Message&)>>>;

// Each case spoils a good message; the error must contain the text it is listed under.
template <class Message>
void ExpectRefused(const Message& good, const Cases<Message>& cases) {
  ASSERT_TRUE(Validate(good).ok()) << Validate(good);
  for (const auto& [text, spoil] : cases) {
    Message bad = good;
    spoil(bad);
    const absl::Status status = Validate(bad);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(std::string(status.message()), HasSubstr(text));
  }
}

v1::TrialSpec GoodTrial() {
  v1::TrialSpec spec;
  spec.set_scenario("single-call");
  spec.set_implementation("call_lock/spin/mask_all");
  spec.set_call_limit(10);
  spec.mutable_deadline()->set_seconds(1);
  return spec;
}

TEST(ValidateTest, TrialSpecLimits) {
  ExpectRefused<v1::TrialSpec>(
      GoodTrial(),
      {
          {"scenario", [](auto& s) { s.set_scenario("Single"); }},
          {"scenario_text", [](auto& s) { s.set_scenario_text(std::string(70'000, 'x')); }},
          {"implementation: empty", [](auto& s) { s.clear_implementation(); }},
          {"CPU 3 is listed twice", [](auto& s) { s.add_cpus(3), s.add_cpus(3); }},
          {"CPU 9000", [](auto& s) { s.add_cpus(9000); }},
          {"deadline: 0 ns", [](auto& s) { s.clear_deadline(); }},
          {"deadline", [](auto& s) { s.mutable_deadline()->set_seconds(3601); }},
          {"deadline", [](auto& s) { s.mutable_deadline()->set_nanos(-1); }},
          {"call_limit and time_limit", [](auto& s) { s.clear_call_limit(); }},
          {"time_limit", [](auto& s) { s.mutable_time_limit()->set_nanos(1); }},
          {"arrival_rate_hz", [](auto& s) { s.set_arrival_rate_hz(-1); }},
          {"arrival_rate_hz", [](auto& s) { s.set_arrival_rate_hz(std::numeric_limits<double>::quiet_NaN()); }},
      });
}

v1::TrialSpec GoodExploration() {
  v1::TrialSpec spec;
  spec.set_scenario("single-call");
  spec.set_implementation("call_lock/spin/mask_all");
  spec.set_target_system(v1::TARGET_SYSTEM_EXPLORE);
  spec.mutable_time_limit()->set_seconds(60);
  return spec;
}

TEST(ValidateTest, ExplorationsHaveNothingOfMeasuring) {
  ExpectRefused<v1::TrialSpec>(
      GoodExploration(),
      {
          {"time_limit: not set", [](auto& s) { s.clear_time_limit(); }},
          {"cpus: given to an exploration", [](auto& s) { s.add_cpus(0); }},
          {"call_limit: given to an exploration", [](auto& s) { s.set_call_limit(1); }},
          {"deadline: given to an exploration", [](auto& s) { s.mutable_deadline()->set_seconds(1); }},
          {"arrival_rate_hz: given to an exploration", [](auto& s) { s.set_arrival_rate_hz(1); }},
          {"strict: given to an exploration", [](auto& s) { s.set_strict(true); }},
          {"max_states", [](auto& s) { s.mutable_explore()->set_max_states(2'000'000'000); }},
          {"memory", [](auto& s) { s.mutable_explore()->set_memory(static_cast<v1::MemoryModel>(7)); }},
          {"target_system: 9", [](auto& s) { s.set_target_system(static_cast<v1::TargetSystem>(9)); }},
      });
  v1::TrialSpec measured = GoodTrial();
  measured.mutable_explore();
  EXPECT_THAT(std::string(Validate(measured).message()), HasSubstr("explore: given to a measurement"));
}

TEST(ValidateTest, SweepThatOnlyExploresHasNothingOfMeasuring) {
  v1::SweepSpec good;
  good.add_scenarios()->set_id("single-call");
  good.add_implementations("*");
  good.add_target_systems(v1::TARGET_SYSTEM_EXPLORE);
  good.mutable_explore()->set_memory(v1::MEMORY_MODEL_WEAK);
  good.mutable_trial_time()->set_seconds(5);
  good.set_no_realtime(true);
  const Cases<v1::SweepSpec> of_measuring = {
      {"cpu_lists: given to an exploration", [](auto& s) { s.add_cpu_lists()->add_cpus(0); }},
      {"all_cpu_pairs", [](auto& s) { s.set_all_cpu_pairs(true); }},
      {"target_states", [](auto& s) { s.add_target_states(v1::TARGET_STATE_SPIN); }},
      {"arrival_rates_hz", [](auto& s) { s.add_arrival_rates_hz(1); }},
      {"repetitions", [](auto& s) { s.set_repetitions(2); }},
      {"call_limit", [](auto& s) { s.set_call_limit(10); }},
      {"trial_deadline", [](auto& s) { s.mutable_trial_deadline()->set_seconds(1); }},
      {"oversubscribe", [](auto& s) { s.set_oversubscribe(true); }},
      {"strict", [](auto& s) { s.set_strict(true); }},
  };
  ExpectRefused(good, of_measuring);
  ExpectRefused<v1::SweepSpec>(
      good, {{"target_systems: one is listed twice", [](auto& s) { s.add_target_systems(v1::TARGET_SYSTEM_EXPLORE); }},
             {"target_systems: 0", [](auto& s) { s.add_target_systems(v1::TARGET_SYSTEM_UNSPECIFIED); }},
             {"memory or max_states: given without", [](auto& s) { s.clear_target_systems(); }},
             {"max_states", [](auto& s) { s.mutable_explore()->set_max_states(1'000'000'001); }}});
  good.add_target_systems(v1::TARGET_SYSTEM_SIGNAL);
  for (const auto& [text, add] : of_measuring) {
    v1::SweepSpec both = good;
    add(both);
    EXPECT_TRUE(Validate(both).ok()) << text << ": " << Validate(both);
  }
}

TEST(ValidateTest, SweepSpecLimits) {
  v1::SweepSpec good;
  good.add_scenarios()->set_id("single-call");
  good.add_implementations("*");
  ExpectRefused<v1::SweepSpec>(
      good, {
                {"scenarios: none", [](auto& s) { s.clear_scenarios(); }},
                {"implementations: none", [](auto& s) { s.clear_implementations(); }},
                {"repetitions", [](auto& s) { s.set_repetitions(1'000'000); }},
                {"all_cpu_pairs", [](auto& s) { s.set_all_cpu_pairs(true), s.add_cpu_lists(); }},
                {"listed twice", [](auto& s) { s.add_cpu_lists()->add_cpus(1), s.mutable_cpu_lists(0)->add_cpus(1); }},
                {"trial_deadline", [](auto& s) { s.mutable_trial_deadline(); }},
                {"sweep_deadline", [](auto& s) { s.mutable_sweep_deadline(); }},
                {"boards/{board}", [](auto& s) { s.mutable_selector()->add_boards("b1"); }},
                {"target_states", [](auto& s) { s.mutable_target_states()->Resize(4, v1::TARGET_STATE_SPIN); }},
            });
  v1::CreateSweepRequest request;
  *request.mutable_spec() = good;
  ExpectRefused<v1::CreateSweepRequest>(request,
                                        {{"sweep_id", [](auto& r) { r.set_sweep_id("No"); }},
                                         {"request_id", [](auto& r) { r.set_request_id(std::string(65, 'x')); }}});
}

TEST(ValidateTest, ScheduleRequests) {
  v1::CreateScheduleRequest create;
  create.set_schedule_id("nightly");
  v1::SweepSpec& spec = *create.mutable_schedule()->mutable_spec();
  spec.add_scenarios()->set_id("ring");
  spec.add_implementations("*");
  ExpectRefused<v1::CreateScheduleRequest>(
      create, {{"schedule_id", [](auto& r) { r.clear_schedule_id(); }},
               {"schedule_id", [](auto& r) { r.set_schedule_id("schedules/nightly"); }},
               {"repetitions", [](auto& r) { r.mutable_schedule()->mutable_spec()->set_repetitions(1'000'000); }}});
  v1::PauseScheduleRequest pause;
  pause.set_name("schedules/nightly");
  ExpectRefused<v1::PauseScheduleRequest>(pause, {{"schedules/{schedule}", [](auto& r) { r.set_name("nightly"); }},
                                                  {"reason", [](auto& r) { r.set_reason(std::string(1025, 'x')); }}});
  v1::RunScheduleRequest run;
  run.set_name("schedules/nightly");
  ExpectRefused<v1::RunScheduleRequest>(run, {{"schedules/{schedule}", [](auto& r) { r.set_name("sweeps/s1"); }},
                                              {"request_id", [](auto& r) { r.set_request_id(std::string(65, 'x')); }}});
}

TEST(ValidateTest, SynchronizeLimits) {
  v1::SynchronizeRequest good;
  good.set_board("boards/b1");
  good.set_incarnation_id("i1");
  good.set_sequence(1);
  ExpectRefused<v1::SynchronizeRequest>(
      good, {
                {"boards/{board}", [](auto& r) { r.set_board("b1"); }},
                {"incarnation_id", [](auto& r) { r.clear_incarnation_id(); }},
                {"sequence", [](auto& r) { r.set_sequence(0); }},
                {"trials/{trial}", [](auto& r) { r.add_leases()->set_trial("x"); }},
                {"attempt", [](auto& r) { r.add_leases()->set_trial("sweeps/s/trials/t"); }},
                {"leases",
                 [](auto& r) {
                   for (int i = 0; i < 17; ++i) r.add_leases();
                 }},
                {"health", [](auto& r) { r.set_health(std::string(2000, 'x')); }},
            });
}

TEST(ValidateTest, UploadLimits) {
  v1::UploadResultRequest good;
  good.set_board("boards/b1");
  good.set_trial("sweeps/s/trials/t");
  good.set_attempt(1);
  good.set_sha256(std::string(32, 'x'));
  good.set_total_bytes(10);
  good.set_chunk("0123456789");
  ExpectRefused<v1::UploadResultRequest>(
      good,
      {
          {"attempt", [](auto& r) { r.set_attempt(0); }},
          {"sha256", [](auto& r) { r.set_sha256("x"); }},
          {"total_bytes", [](auto& r) { r.set_total_bytes(kMaxResultBytes + 1); }},
          {"offset", [](auto& r) { r.set_offset(1); }},
          {"offset", [](auto& r) { r.set_offset(~std::uint64_t{0}); }},
          {"chunk", [](auto& r) { r.set_chunk(std::string(kMaxChunkBytes + 1, 'x')), r.set_total_bytes(1 << 20); }},
      });
}

}  // namespace
}  // namespace crosscall::shared
