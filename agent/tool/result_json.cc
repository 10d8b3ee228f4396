#include "agent/tool/result_json.h"

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "proto/shared/hang_text.h"
#include "proto/shared/histogram.h"
#include "proto/shared/histogram_proto.h"
#include "proto/shared/json.h"

namespace crosscall::tool {
namespace {

// A damaged histogram has no quantiles: null says so.
void WriteLatency(const v1::Histogram& proto, shared::Json& json) {
  const absl::StatusOr<shared::Histogram> histogram = shared::FromProto(proto);
  if (!histogram.ok()) {
    json.Null();
    return;
  }
  json.BeginObject();
  json.Key("count").Number(histogram->count());
  json.Key("min").Number(histogram->min());
  json.Key("p50").Number(histogram->Quantile(0.5));
  json.Key("p90").Number(histogram->Quantile(0.9));
  json.Key("p99").Number(histogram->Quantile(0.99));
  json.Key("p999").Number(histogram->Quantile(0.999));
  json.Key("max").Number(histogram->max());
  json.Key("mean").Number(histogram->mean());
  json.EndObject();
}

void WriteStages(const v1::TrialResult& result, shared::Json& json) {
  json.BeginObject();
  for (const v1::StageInterval& stage : result.stages()) {
    json.Key(absl::StrCat(stage.from(), "-", stage.to()));
    const absl::StatusOr<shared::Histogram> histogram = shared::FromProto(stage.histogram());
    if (!histogram.ok()) {
      json.Null();
      continue;
    }
    json.BeginObject();
    json.Key("p50").Number(histogram->Quantile(0.5));
    json.Key("p99").Number(histogram->Quantile(0.99));
    json.EndObject();
  }
  json.EndObject();
}

// One CPU as a number, several as a list, none as null.
void WriteWaitedFor(const v1::HangWait& wait, shared::Json& json) {
  if (wait.for_cpus_size() == 1) {
    json.Number(wait.for_cpus(0));
  } else if (wait.for_cpus().empty()) {
    json.Null();
  } else {
    json.BeginArray();
    for (const std::uint32_t cpu : wait.for_cpus()) json.Number(cpu);
    json.EndArray();
  }
}

void WriteHang(const v1::HangReport& hang, shared::Json& json) {
  json.BeginObject();
  json.Key("class").String(shared::HangClassName(hang.hang_class()));
  json.Key("cycle").BeginArray();
  for (const std::uint32_t cpu : hang.cycle()) json.Number(cpu);
  json.EndArray();
  json.Key("waits").BeginArray();
  for (const v1::HangWait& wait : hang.waits()) {
    json.BeginObject();
    json.Key("cpu").Number(wait.cpu());
    json.Key("site").String(shared::WaitSiteName(wait.site()));
    json.Key("for");
    WriteWaitedFor(wait, json);
    if (!wait.lock().empty()) json.Key("lock").String(wait.lock());
    json.EndObject();
  }
  json.EndArray();
  json.Key("late").Bool(hang.late());
  json.Key("timeline").BeginArray();
  for (const v1::HangStamp& stamp : hang.timeline()) {
    json.BeginObject();
    json.Key("cpu").Number(stamp.cpu());
    json.Key("stage").String(stamp.stage());
    json.Key("at_ns").Number(stamp.at_nanos());
    json.Key("caller").Number(stamp.caller());
    json.Key("call").Number(stamp.call_sequence());
    json.Key("peer").Number(stamp.peer());
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
}

void WriteEnvironment(const v1::Environment& environment, shared::Json& json) {
  json.BeginObject();
  json.Key("kernel").String(environment.kernel());
  json.Key("sched").String(environment.scheduling());
  json.Key("sched_note").String(environment.scheduling_note());
  json.Key("target_state").String(environment.target_state());
  json.Key("cpu_model").String(environment.cpu_model());
  json.Key("hypervisor").String(environment.hypervisor());
  json.Key("clock_source").String(environment.clock_source());
  json.Key("cpuidle").String(environment.cpuidle());
  json.Key("governor").String(environment.governor());
  json.Key("isolated_cpus").String(environment.isolated_cpus());
  json.Key("load").String(environment.load());
  json.Key("version").String(environment.version());
  json.EndObject();
}

void WriteCpus(const v1::TrialSpec& spec, const v1::TrialResult& result, shared::Json& json) {
  json.BeginArray();
  // Where it ran; before it ran, where it was to.
  if (result.environment().board_cpus().empty()) {
    for (const std::uint32_t cpu : spec.cpus()) json.Number(cpu);
  } else {
    for (const std::uint32_t cpu : result.environment().board_cpus()) json.Number(cpu);
  }
  json.EndArray();
}

}  // namespace

absl::string_view OutcomeName(v1::Outcome outcome) {
  switch (outcome) {
    case v1::OUTCOME_COMPLETED:
      return "completed";
    case v1::OUTCOME_HUNG:
      return "hung";
    case v1::OUTCOME_CRASHED:
      return "crashed";
    case v1::OUTCOME_REFUSED:
      return "refused";
    case v1::OUTCOME_INVALID:
      return "invalid";
    case v1::OUTCOME_LOST:
      return "lost";
    case v1::OUTCOME_WEDGED:
      return "wedged";
    default:
      return "unknown";
  }
}

std::string ResultLine(const v1::TrialSpec& spec, const v1::TrialResult& result) {
  shared::Json json;
  json.BeginObject();
  json.Key("scenario").String(spec.scenario());
  json.Key("implementation").String(spec.implementation());
  json.Key("target_system").String("signal");
  json.Key("outcome").String(OutcomeName(result.outcome()));
  json.Key("cpus");
  WriteCpus(spec, result, json);
  json.Key("seed").Number(spec.seed());
  json.Key("calls").Number(result.calls());
  json.Key("seconds").Real(static_cast<double>(result.elapsed_nanos()) / 1e9);
  json.Key("latency_ns");
  if (result.has_latency()) {
    WriteLatency(result.latency(), json);
  } else {
    json.Null();
  }
  json.Key("stages_ns");
  WriteStages(result, json);
  json.Key("overhead_ns").Number(result.overhead().empty_call_nanos());
  json.Key("routes").BeginObject();
  for (const v1::RouteCount& route : result.routes()) json.Key(route.route()).Number(route.count());
  json.EndObject();
  json.Key("ipis").BeginObject();
  json.Key("expected").Number(result.ipis().expected());
  json.Key("seen").Number(result.ipis().seen());
  json.EndObject();
  json.Key("invalid_reason").String(result.outcome() == v1::OUTCOME_COMPLETED ? "" : result.reason());
  json.Key("hang");
  if (result.has_hang()) {
    WriteHang(result.hang(), json);
  } else {
    json.Null();
  }
  json.Key("environment");
  WriteEnvironment(result.environment(), json);
  json.EndObject();
  return json.Take();
}

}  // namespace crosscall::tool
