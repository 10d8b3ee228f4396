#include "controller/report/point_rows.h"

#include <string>
#include <unordered_map>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "controller/cli/units.h"
#include "proto/shared/exploration_text.h"

namespace crosscall::report {
namespace {

constexpr const char* kTextFields[] = {"scenario", "implementation", "system",     "board",
                                       "cpus",     "target_state",   "parameters", "notes"};

// Each text once.
class Strings {
 public:
  std::uint64_t IndexOf(const std::string& text) {
    const auto [found, is_new] = index_.try_emplace(text, texts_.size());
    if (is_new) texts_.push_back(text);
    return found->second;
  }
  const std::vector<std::string>& texts() const { return texts_; }

 private:
  std::unordered_map<std::string, std::uint64_t> index_;
  std::vector<std::string> texts_;
};

// One row after the other; the first one names the fields.
class RowWriter {
 public:
  RowWriter(shared::Json& json, Strings& strings) : json_(json), strings_(strings) {}

  void Begin() { json_.BeginArray(); }
  void End() {
    json_.EndArray();
    named_ = true;
  }
  void Text(const char* field, const std::string& text) { Name(field).Number(strings_.IndexOf(text)); }
  void Number(const char* field, std::uint64_t number) { Name(field).Number(number); }
  void Real(const char* field, double number) { Name(field).Real(number); }
  void NumberIf(bool known, const char* field, std::uint64_t number) {
    shared::Json& json = Name(field);
    known ? json.Number(number) : json.Null();
  }
  const std::vector<std::string>& fields() const { return fields_; }

 private:
  shared::Json& Name(const char* field) {
    if (!named_) fields_.emplace_back(field);
    return json_;
  }

  shared::Json& json_;
  Strings& strings_;
  std::vector<std::string> fields_;
  bool named_ = false;
};

std::string NotesOf(const PointDigest& point) {
  std::vector<std::string> notes;
  if (point.violations != 0) notes.push_back(absl::StrCat(cli::FormatCount(point.violations), " wrong values"));
  if (point.refused_calls != 0) notes.push_back(absl::StrCat(cli::FormatCount(point.refused_calls), " calls refused"));
  notes.insert(notes.end(), point.notes.begin(), point.notes.end());
  return absl::StrJoin(notes, "; ");
}

void AddStanding(const Standing& standing, RowWriter& row) {
  row.Number("trials", standing.total());
  row.Number("completed", standing.completed);
  row.Number("hung", standing.hung);
  row.Number("crashed", standing.crashed);
  row.Number("refused", standing.refused);
  row.Number("wedged", standing.wedged);
  row.Number("failed", standing.failed);
  row.Number("ended_early", standing.ended_early);
  row.Number("open", standing.open);
}

void AddLatency(const PointDigest& point, RowWriter& row) {
  const Distribution& latency = point.latency;
  const bool measured = latency.count() != 0;
  // Quantiles of several that retention has emptied cannot be pooled.
  const bool left = !measured && point.removed == 1;
  const v1::Removal& removal = point.removal;
  row.Number("count", latency.count());
  row.NumberIf(measured, "min", latency.min());
  row.NumberIf(measured, "mean", latency.mean());
  row.NumberIf(measured || left, "p50", left ? removal.p50_nanos() : latency.Quantile(0.5));
  row.NumberIf(measured, "p90", latency.Quantile(0.9));
  row.NumberIf(measured || left, "p99", left ? removal.p99_nanos() : latency.Quantile(0.99));
  row.NumberIf(measured || left, "p999", left ? removal.p999_nanos() : latency.Quantile(0.999));
  row.NumberIf(measured || left, "max", left ? removal.max_nanos() : latency.max());
  row.Number("repetitions", point.repetitions);
  row.NumberIf(measured, "p50_low", point.p50.low);
  row.NumberIf(measured, "p50_high", point.p50.high);
  row.NumberIf(measured, "p99_low", point.p99.low);
  row.NumberIf(measured, "p99_high", point.p99.high);
}

void AddInterrupts(const InterruptTotals& interrupts, RowWriter& row) {
  row.NumberIf(interrupts.known, "ipis_seen", interrupts.seen);
  row.NumberIf(interrupts.known, "ipis_expected", interrupts.expected);
  row.Number("kicks_sent", interrupts.kicks_sent);
  row.Number("kicks_skipped", interrupts.kicks_skipped);
  row.Number("spurious", interrupts.spurious);
  row.Number("merged", interrupts.merged);
}

void AddRow(const PointKey& key, const PointDigest& point, RowWriter& row) {
  row.Begin();
  row.Text("scenario", key.scenario);
  row.Text("implementation", key.implementation);
  row.Text("system", std::string(shared::TargetSystemName(static_cast<v1::TargetSystem>(key.target_system))));
  row.Text("board", key.board);
  row.Text("cpus", absl::StrJoin(key.cpus, ","));
  row.Text("target_state", key.target_state);
  row.Text("parameters", key.parameters);
  row.Real("rate", key.arrival_rate_hz);
  row.Number("cpu_count", point.cpu_count);
  AddStanding(point.standing, row);
  row.Number("calls", point.calls);
  row.Number("refused_calls", point.refused_calls);
  row.Number("violations", point.violations);
  AddLatency(point, row);
  AddInterrupts(point.interrupts, row);
  row.Text("notes", NotesOf(point));
  row.End();
}

template <class Texts>
void WriteTexts(const Texts& texts, shared::Json& json) {
  json.BeginArray();
  for (const auto& text : texts) json.String(text);
  json.EndArray();
}

}  // namespace

void WritePoints(const Digest& digest, shared::Json& json) {
  Strings strings;
  RowWriter row(json, strings);
  json.Key("points").BeginArray();
  for (const auto& [key, point] : digest.points()) AddRow(key, point, row);
  json.EndArray().Key("point_fields");
  WriteTexts(row.fields(), json);
  json.Key("text_fields");
  WriteTexts(kTextFields, json);
  json.Key("strings");
  WriteTexts(strings.texts(), json);
}

}  // namespace crosscall::report
