#include "controller/cli/heatmap.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "controller/cli/units.h"
#include "proto/shared/histogram.h"
#include "proto/shared/histogram_proto.h"

namespace crosscall::cli {
namespace {

constexpr absl::string_view kShades = "-=+*#%@";
// The same steps in the terminal's 256 colours, from blue to red.
constexpr std::array<int, 7> kColors = {25, 31, 36, 70, 178, 172, 160};
static_assert(kShades.size() == kColors.size());
constexpr std::size_t kMaxCpusWithValues = 12;
constexpr int kValueWidth = 11;  // "  12.8 us" and its shade
// Medians closer than this are one shade or two: noise must not look like distance.
constexpr std::uint64_t kMinSpan = 2;

using Medians = std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint64_t>;

// Steps between two latencies, 0 < low < high, equal in the logarithm.
class Scale {
 public:
  Scale(std::uint64_t low, std::uint64_t high)
      : low_(std::log(static_cast<double>(low))), high_(std::log(static_cast<double>(high))) {}
  std::size_t StepOf(std::uint64_t nanos) const {
    const double share = (std::log(static_cast<double>(nanos)) - low_) / (high_ - low_);
    const double step = share * static_cast<double>(kShades.size());
    return std::min(static_cast<std::size_t>(std::max(step, 0.0)), kShades.size() - 1);
  }
  std::uint64_t UpperEnd(std::size_t step) const {
    const double share = static_cast<double>(step + 1) / static_cast<double>(kShades.size());
    return static_cast<std::uint64_t>(std::llround(std::exp(low_ + share * (high_ - low_))));
  }

 private:
  double low_;
  double high_;
};

std::string Shaded(std::string text, std::size_t step, bool color) {
  if (!color) return text;
  return absl::StrFormat("\x1b[48;5;%dm\x1b[97m%s\x1b[0m", kColors[step], text);
}

std::string Legend(const Scale& scale, bool color) {
  std::string out = "  p50:";
  for (std::size_t step = 0; step < kShades.size(); ++step) {
    absl::StrAppend(&out, " ", Shaded(absl::StrCat(" ", kShades.substr(step, 1), " "), step, color),
                    "<= ", FormatNanos(scale.UpperEnd(step)));
  }
  return out + "  . not measured\n";
}

}  // namespace

absl::StatusOr<std::string> FormatHeatmap(absl::string_view title, const PairLatencies& pairs, bool color) {
  Medians medians;
  std::set<std::uint32_t> cpus;
  std::uint64_t low = ~std::uint64_t{0};
  std::uint64_t high = 0;
  for (const auto& [pair, proto] : pairs) {
    absl::StatusOr<shared::Histogram> histogram = shared::FromProto(proto);
    if (!histogram.ok()) return absl::DataLossError(histogram.status().message());
    if (histogram->count() == 0) continue;
    const std::uint64_t median = std::max<std::uint64_t>(histogram->Quantile(0.5), 1);
    medians[pair] = median;
    cpus.insert({pair.first, pair.second});
    low = std::min(low, median);
    high = std::max(high, median);
  }
  if (medians.empty()) return std::string();
  const bool values = cpus.size() <= kMaxCpusWithValues;
  const int width = values ? kValueWidth : 2;
  const Scale scale(low, std::max(high, low * kMinSpan));
  std::string out = absl::StrCat(title, ": p50 of calls from row CPU to column CPU\n      ");
  for (const std::uint32_t target : cpus) {
    // Wide pictures number every column by its last digit only.
    absl::StrAppendFormat(&out, "%*s", width, values ? absl::StrCat(target) : absl::StrCat(target % 10));
  }
  out += '\n';
  for (const std::uint32_t source : cpus) {
    absl::StrAppendFormat(&out, "%5u ", source);
    for (const std::uint32_t target : cpus) {
      const auto found = medians.find({source, target});
      if (found == medians.end()) {
        absl::StrAppendFormat(&out, "%*s", width, ".");
        continue;
      }
      const std::size_t step = scale.StepOf(found->second);
      const std::string text =
          absl::StrCat(values ? FormatNanos(found->second) : "", values ? " " : "", kShades.substr(step, 1));
      out += Shaded(absl::StrFormat("%*s", width, text), step, color);
    }
    out += '\n';
  }
  return out + Legend(scale, color);
}

}  // namespace crosscall::cli
