// Numbers and instants as people read them: a unit for each value, plain ASCII.
//
// Pure, thread-safe.
#ifndef CONTROLLER_CLI_UNITS_H_
#define CONTROLLER_CLI_UNITS_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/protobuf/timestamp.pb.h"

namespace crosscall::cli {

// Three significant digits and the unit that keeps them below 1000: "950 ns", "18.2 us", "1.21 ms", "2.40 s".
std::string FormatNanos(std::uint64_t nanos);

// "1,234,567".
std::string FormatCount(std::uint64_t count);

// A wait for a person: "3 s", "2 min 10 s", "1 h 05 min". Rounded up, so that it never says 0 while there is something
// to wait for.
std::string FormatWait(absl::Duration span);

// "2026-01-02 03:04:05Z"; empty for the unset timestamp.
std::string FormatInstant(const google::protobuf::Timestamp& instant);

// RFC 3339 with milliseconds, for scripts; empty for the unset timestamp.
std::string FormatInstantExactly(const google::protobuf::Timestamp& instant);

// The words of an enum value: EnumWords("HANG_CLASS_MASKED_TARGET", "HANG_CLASS_") is "masked target". An empty name
// (a value newer than this program) is "unknown".
std::string EnumWords(absl::string_view name, absl::string_view prefix);

// At most `limit` bytes of the first line, "..." if something was left out.
std::string Shorten(absl::string_view text, std::size_t limit);

}  // namespace crosscall::cli

#endif  // CONTROLLER_CLI_UNITS_H_
