#include "controller/cli/units.h"

#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"

namespace crosscall::cli {
namespace {

absl::Time InstantOf(const google::protobuf::Timestamp& instant) {
  return absl::FromUnixSeconds(instant.seconds()) + absl::Nanoseconds(instant.nanos());
}

bool IsSet(const google::protobuf::Timestamp& instant) { return instant.seconds() != 0 || instant.nanos() != 0; }

}  // namespace

std::string FormatNanos(std::uint64_t nanos) {
  struct Unit {
    double nanos;
    absl::string_view name;
  };
  static constexpr std::array<Unit, 3> kUnits = {{{1e3, "us"}, {1e6, "ms"}, {1e9, "s"}}};
  if (nanos < 1000) return absl::StrCat(nanos, " ns");
  for (const Unit& unit : kUnits) {
    const double value = static_cast<double>(nanos) / unit.nanos;
    // The limits are where rounding to the digits shown would reach the next power of ten.
    if (value < 9.995) return absl::StrFormat("%.2f %s", value, unit.name);
    if (value < 99.95) return absl::StrFormat("%.1f %s", value, unit.name);
    if (value < 999.5 || unit.name == "s") return absl::StrFormat("%.0f %s", value, unit.name);
  }
  return "";
}

std::string FormatCount(std::uint64_t count) {
  const std::string digits = absl::StrCat(count);
  std::string out;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i != 0 && (digits.size() - i) % 3 == 0) out += ',';
    out += digits[i];
  }
  return out;
}

std::string FormatWait(absl::Duration span) {
  const std::int64_t seconds = absl::ToInt64Seconds(absl::Ceil(span, absl::Seconds(1)));
  if (seconds < 60) return absl::StrCat(seconds, " s");
  if (seconds < 3600) return absl::StrFormat("%d min %02d s", seconds / 60, seconds % 60);
  return absl::StrFormat("%d h %02d min", seconds / 3600, seconds % 3600 / 60);
}

std::string FormatInstant(const google::protobuf::Timestamp& instant) {
  if (!IsSet(instant)) return "";
  return absl::FormatTime("%Y-%m-%d %H:%M:%SZ", InstantOf(instant), absl::UTCTimeZone());
}

std::string FormatInstantExactly(const google::protobuf::Timestamp& instant) {
  if (!IsSet(instant)) return "";
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", InstantOf(instant), absl::UTCTimeZone());
}

std::string EnumWords(absl::string_view name, absl::string_view prefix) {
  if (name.empty()) return "unknown";
  if (name.substr(0, prefix.size()) == prefix) name.remove_prefix(prefix.size());
  return absl::StrReplaceAll(absl::AsciiStrToLower(name), {{"_", " "}});
}

std::string Shorten(absl::string_view text, std::size_t limit) {
  const absl::string_view line = text.substr(0, text.find('\n'));
  if (line.size() == text.size() && line.size() <= limit) return std::string(line);
  if (line.size() <= limit - 3) return absl::StrCat(line, "...");
  std::size_t cut = limit - 3;
  // Never inside a UTF-8 sequence: its later bytes are 10xxxxxx.
  while (cut > 0 && (static_cast<unsigned char>(line[cut]) & 0xC0) == 0x80) --cut;
  return absl::StrCat(line.substr(0, cut), "...");
}

}  // namespace crosscall::cli
