#include "proto/shared/sanitize.h"

#include <cstdint>

namespace crosscall::shared {
namespace {

constexpr absl::string_view kReplacement = "\xEF\xBF\xBD";

// Length of the valid UTF-8 sequence at the start of `text`, or 0. Overlong forms, surrogates and values beyond
// U+10FFFF are not valid (RFC 3629).
std::size_t SequenceLength(absl::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  if (lead == 0xE0 && byte(1) < 0xA0) return 0;
  if (lead == 0xED && byte(1) > 0x9F) return 0;
  if (lead == 0xF0 && byte(1) < 0x90) return 0;
  if (lead == 0xF4 && byte(1) > 0x8F) return 0;
  return length;
}

std::string Clean(absl::string_view text, std::size_t limit, bool keep_layout) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = SequenceLength(text);
    absl::string_view piece = length == 0 ? kReplacement : text.substr(0, length);
    const auto lead = static_cast<std::uint8_t>(text[0]);
    const bool layout = lead == '\n' || lead == '\t';
    if (length == 1 && (lead < 0x20 || lead == 0x7F) && !(keep_layout && layout)) piece = " ";
    if (out.size() + piece.size() > limit) break;
    out.append(piece.data(), piece.size());
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

}  // namespace

std::string CleanText(absl::string_view text, std::size_t limit) { return Clean(text, limit, false); }

std::string CleanReport(absl::string_view text, std::size_t limit) { return Clean(text, limit, true); }

std::string CleanLabel(absl::string_view text) {
  std::string out = CleanText(text, kLabelBytes);
  return out.empty() ? "unknown" : out;
}

}  // namespace crosscall::shared
