#include "tests/bench/fleet/figures.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "absl/strings/str_format.h"

namespace crosscall::fleet {

absl::Duration Quantile(std::vector<absl::Duration> samples, double quantile) {
  const auto rank = static_cast<std::size_t>(std::ceil(quantile * static_cast<double>(samples.size())));
  const auto at = samples.begin() + static_cast<std::ptrdiff_t>(std::max<std::size_t>(rank, 1) - 1);
  std::nth_element(samples.begin(), at, samples.end());
  return *at;
}

std::string Millis(absl::Duration span) { return absl::StrFormat("%.2f ms", absl::ToDoubleMilliseconds(span)); }

void Figures::AtMost(const std::string& what, double figure, double limit, const std::string& unit) {
  Print(what, figure, "<=", limit, unit, figure <= limit);
}

void Figures::AtLeast(const std::string& what, double figure, double limit, const std::string& unit) {
  Print(what, figure, ">=", limit, unit, figure >= limit);
}

void Figures::Note(const std::string& text) {
  std::printf("      %s\n", text.c_str());
  std::fflush(stdout);
}

void Figures::Print(const std::string& what, double figure, const char* bound, double limit, const std::string& unit,
                    bool met) {
  const char* verdict = met ? "ok" : judged_ ? "MISSED" : "missed, not judged";
  good_ = good_ && (met || !judged_);
  std::printf("%-58s %9.2f %-8s limit %s %g %s   %s\n", what.c_str(), figure, unit.c_str(), bound, limit, unit.c_str(),
              verdict);
  std::fflush(stdout);
}

}  // namespace crosscall::fleet
