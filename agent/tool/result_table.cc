#include "agent/tool/result_table.h"

#include <algorithm>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "agent/tool/result_json.h"
#include "proto/shared/hang_text.h"
#include "proto/shared/histogram.h"
#include "proto/shared/histogram_proto.h"

namespace crosscall::tool {
namespace {

constexpr char kRow[] = "%-20s %-38s %-9s %9s %9s %9s %9s %10s %17s  %s";

std::string Row(absl::string_view scenario, absl::string_view implementation, absl::string_view outcome,
                absl::string_view calls, const std::string (&latencies)[4], absl::string_view ipis,
                absl::string_view note) {
  std::string row = absl::StrFormat(kRow, scenario, implementation, outcome, calls, latencies[0], latencies[1],
                                    latencies[2], latencies[3], ipis, note);
  row.erase(row.find_last_not_of(' ') + 1);
  return row + "\n";
}

std::string Micros(std::uint64_t nanos) { return absl::StrFormat("%.1f", static_cast<double>(nanos) / 1e3); }

std::string Note(const v1::TrialResult& result) {
  if (result.has_hang()) {
    const std::string hang_class(shared::HangClassName(result.hang().hang_class()));
    return result.hang().summary().empty() ? hang_class : absl::StrCat(hang_class, ": ", result.hang().summary());
  }
  if (result.outcome() != v1::OUTCOME_COMPLETED) return result.reason();
  if (result.refused_calls() != 0) return absl::StrCat(result.refused_calls(), " calls refused");
  if (result.disturbance().involuntary_switches() != 0) {
    return absl::StrCat(result.disturbance().involuntary_switches(), " involuntary switches");
  }
  return "";
}

}  // namespace

std::string TableHeader() {
  return Row("SCENARIO", "IMPLEMENTATION", "OUTCOME", "CALLS", {"P50 us", "P99 us", "P99.9 us", "MAX us"},
             "IPIS seen/expected", "NOTES");
}

std::string TableRow(const v1::TrialSpec& spec, const v1::TrialResult& result) {
  std::string latencies[4] = {"-", "-", "-", "-"};
  const absl::StatusOr<shared::Histogram> histogram = shared::FromProto(result.latency());
  if (result.outcome() == v1::OUTCOME_COMPLETED && histogram.ok() && histogram->count() != 0) {
    latencies[0] = Micros(histogram->Quantile(0.5));
    latencies[1] = Micros(histogram->Quantile(0.99));
    latencies[2] = Micros(histogram->Quantile(0.999));
    latencies[3] = Micros(histogram->max());
  }
  const bool ran = result.has_ipis();
  return Row(spec.scenario(), spec.implementation(), OutcomeName(result.outcome()),
             ran ? absl::StrCat(result.calls()) : "-", latencies,
             ran ? absl::StrCat(result.ipis().seen(), "/", result.ipis().expected()) : "-", Note(result));
}

}  // namespace crosscall::tool
