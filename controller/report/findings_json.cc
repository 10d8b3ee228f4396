#include <algorithm>

#include "absl/strings/strip.h"
#include "controller/cli/units.h"
#include "controller/report/findings.h"
#include "proto/shared/exploration_text.h"
#include "proto/shared/hang_text.h"

namespace crosscall::report {
namespace {

constexpr int kMostStamps = 96;
constexpr int kMostSteps = 200;

template <class Numbers>
void WriteNumbers(const Numbers& numbers, shared::Json& json) {
  json.BeginArray();
  for (const auto number : numbers) json.Number(number);
  json.EndArray();
}

template <class Texts>
void WriteTexts(const Texts& texts, shared::Json& json) {
  json.BeginArray();
  for (const std::string& text : texts) json.String(text);
  json.EndArray();
}

void WriteWaits(const v1::HangReport& report, shared::Json& json) {
  json.Key("waits").BeginArray();
  for (const v1::HangWait& wait : report.waits()) {
    json.BeginObject().Key("cpu").Number(wait.cpu()).Key("site").String(shared::WaitSiteName(wait.site()));
    json.Key("for");
    WriteNumbers(wait.for_cpus(), json);
    json.Key("lock").String(wait.lock()).Key("waited").Number(wait.waited_nanos());
    json.Key("call").Number(wait.call_sequence()).EndObject();
  }
  json.EndArray();
}

void WriteCpus(const v1::HangReport& report, shared::Json& json) {
  json.Key("cpus").BeginArray();
  for (const v1::HangCpu& cpu : report.cpus()) {
    json.BeginObject().Key("cpu").Number(cpu.cpu()).Key("board_cpu").Number(cpu.board_cpu());
    json.Key("masked").Bool(cpu.irqs_masked()).Key("pending").Bool(cpu.ipi_pending());
    json.Key("queued").Number(cpu.queued_requests()).Key("state").String(cpu.thread_state()).Key("frames");
    WriteTexts(cpu.frames(), json);
    json.Key("locks");
    WriteTexts(cpu.held_locks(), json);
    json.EndObject();
  }
  json.EndArray();
}

void WriteStamps(const v1::HangReport& report, shared::Json& json) {
  json.Key("stamps").BeginArray();
  for (int i = std::max(0, report.timeline_size() - kMostStamps); i < report.timeline_size(); ++i) {
    const v1::HangStamp& stamp = report.timeline(i);
    json.BeginObject().Key("cpu").Number(stamp.cpu()).Key("stage").String(stamp.stage());
    json.Key("at").Number(stamp.at_nanos()).Key("caller").Number(stamp.caller());
    json.Key("call").Number(stamp.call_sequence()).Key("peer").Number(stamp.peer()).EndObject();
  }
  json.EndArray().Key("stamp_total").Number(static_cast<std::uint64_t>(report.timeline_size()));
}

void WriteSteps(const v1::Diagnosis& diagnosis, shared::Json& json) {
  json.Key("steps").BeginArray();
  for (const v1::PowerStep& step : diagnosis.steps()) {
    json.BeginObject().Key("time").String(cli::FormatInstant(step.time())).Key("word").String(step.word());
    json.Key("result").String(step.result()).EndObject();
  }
  json.EndArray();
}

}  // namespace

void Findings::WriteHang(const HangKind& kind, shared::Json& json) {
  const v1::TrialResult& payload = kind.first.payload();
  const v1::HangReport& report = payload.hang();
  const bool wedged = kind.first.attempt().outcome() == v1::OUTCOME_WEDGED || payload.outcome() == v1::OUTCOME_WEDGED;
  json.BeginObject().Key("attempt").String(kind.first.name()).Key("board").String(kind.key.board);
  json.Key("scenario").String(kind.key.scenario).Key("implementation").String(kind.key.implementation);
  json.Key("time").String(cli::FormatInstant(kind.first.commit_time()));
  json.Key("class").String(wedged ? "board wedged" : shared::HangClassName(report.hang_class()));
  json.Key("summary").String(report.summary().empty() ? payload.reason() : report.summary());
  json.Key("late").Bool(report.late()).Key("probe").String(report.probe()).Key("count").Number(kind.count);
  json.Key("boards");
  WriteTexts(kind.boards, json);
  json.Key("cycle");
  WriteNumbers(report.cycle(), json);
  WriteWaits(report, json);
  WriteCpus(report, json);
  WriteStamps(report, json);
  json.Key("reasoning");
  WriteTexts(report.reasoning(), json);
  WriteSteps(payload.diagnosis(), json);
  json.EndObject();
}

void Findings::WriteExploration(const Explored& explored, shared::Json& json) {
  const v1::Exploration& exploration = explored.exploration;
  json.BeginObject().Key("attempt").String(explored.attempt).Key("scenario").String(explored.key.scenario);
  json.Key("implementation").String(explored.key.implementation).Key("parameters").String(explored.key.parameters);
  json.Key("verdict").String(shared::VerdictName(exploration.verdict()));
  json.Key("memory").String(shared::MemoryModelName(exploration.memory()));
  json.Key("states").Number(exploration.states()).Key("executions").Number(exploration.executions());
  json.Key("elapsed").Number(exploration.elapsed_nanos()).Key("reason").String(exploration.reason());
  json.Key("trace").BeginArray();
  for (int i = std::max(0, exploration.trace_size() - kMostSteps); i < exploration.trace_size(); ++i) {
    const v1::ExplorationStep& step = exploration.trace(i);
    json.BeginObject().Key("cpu").Number(step.cpu()).Key("op").String(step.op()).Key("stage").String(step.stage());
    json.EndObject();
  }
  json.EndArray().Key("trace_total").Number(static_cast<std::uint64_t>(exploration.trace_size()));
  json.Key("waits").BeginArray();
  for (const v1::ExplorationWait& wait : exploration.waits()) {
    json.BeginObject().Key("cpu").Number(wait.cpu()).Key("waits_for").String(wait.waits_for());
    json.Key("masked").Bool(wait.masked()).Key("pending").Bool(wait.ipi_pending()).EndObject();
  }
  json.EndArray().EndObject();
}

void Findings::Write(shared::Json& json) const {
  json.Key("hangs").BeginArray();
  for (const auto& [fingerprint, kind] : hangs_) WriteHang(kind, json);
  json.EndArray().Key("explorations").BeginArray();
  for (const Explored& explored : explorations_) WriteExploration(explored, json);
  json.EndArray().Key("troubles").BeginArray();
  for (const Trouble& trouble : troubles_) {
    json.BeginObject().Key("attempt").String(trouble.attempt).Key("board").String(trouble.key.board);
    json.Key("scenario").String(trouble.key.scenario).Key("implementation").String(trouble.key.implementation);
    json.Key("outcome").String(trouble.outcome).Key("reason").String(trouble.reason);
    json.Key("decides").Bool(trouble.decides).EndObject();
  }
  json.EndArray().Key("trouble_counts").BeginObject();
  for (const auto& [outcome, count] : trouble_counts_) json.Key(outcome).Number(count);
  json.EndObject();
}

}  // namespace crosscall::report
