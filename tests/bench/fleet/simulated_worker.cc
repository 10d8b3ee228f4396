#include "tests/bench/fleet/simulated_worker.h"

#include <cstdint>

#include "crosscall/v1/result.pb.h"
#include "proto/shared/histogram.h"
#include "proto/shared/histogram_proto.h"
#include "proto/shared/release.h"

namespace crosscall::fleet {
namespace {

// A few hundred buckets each: what cross-calls of some microseconds spread over.
v1::Histogram Spread(std::uint64_t lowest_nanos, std::uint64_t calls) {
  shared::Histogram histogram;
  for (std::uint64_t call = 0; call < calls; ++call) histogram.Record(lowest_nanos + call * 7919 % 4000);
  return shared::ToProto(histogram);
}

v1::TrialResult MakeResult() {
  constexpr std::uint64_t kCalls = 1000;
  v1::TrialResult result;
  result.set_outcome(v1::OUTCOME_COMPLETED);
  result.set_calls(kCalls);
  *result.mutable_latency() = Spread(3000, kCalls);
  for (const auto& [from, to] : {std::pair("kicked", "ipi_entry"), std::pair("ipi_entry", "complete")}) {
    v1::StageInterval& stage = *result.add_stages();
    stage.set_from(from);
    stage.set_to(to);
    *stage.mutable_histogram() = Spread(1000, kCalls);
  }
  return result;
}

}  // namespace

v1::BoardDescription SimulatedDescription() {
  v1::BoardDescription description;
  description.set_agent_version("simulated");
  description.set_release(shared::Release());
  description.set_architecture("x86_64");
  description.set_kernel("6.1.0");
  description.add_cpus(0);
  description.add_cpus(1);
  description.add_implementations(kImplementation);
  v1::ScenarioInfo& scenario = *description.add_scenarios();
  scenario.set_id(kScenario);
  scenario.set_cpu_count(2);
  return description;
}

std::string SimulatedResult(absl::Duration elapsed) {
  static const v1::TrialResult& kResult = *new v1::TrialResult(MakeResult());
  v1::TrialResult result = kResult;
  result.set_elapsed_nanos(static_cast<std::uint64_t>(absl::ToInt64Nanoseconds(elapsed)));
  return result.SerializeAsString();
}

}  // namespace crosscall::fleet
