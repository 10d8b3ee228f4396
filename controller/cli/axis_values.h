// The values of sweep axes in their text form, the same in YAML files and in flags.
//
// Pure, thread-safe. Errors are INVALID_ARGUMENT with "found ...; allowed: ..."; the caller adds where it stood.
#ifndef CONTROLLER_CLI_AXIS_VALUES_H_
#define CONTROLLER_CLI_AXIS_VALUES_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "crosscall/v1/sweep.pb.h"
#include "google/protobuf/duration.pb.h"

namespace crosscall::cli {

absl::Status WrongValue(absl::string_view found, absl::string_view allowed);

absl::StatusOr<std::uint64_t> ParseWhole(absl::string_view text, std::uint64_t min, std::uint64_t max);
absl::StatusOr<bool> ParseTruth(absl::string_view text);
// "200ms", "1m30s". A bare number has no unit and is refused.
absl::StatusOr<google::protobuf::Duration> ParseSpan(absl::string_view text, absl::Duration min, absl::Duration max);
absl::StatusOr<v1::TargetState> ParseTargetState(absl::string_view text);
absl::StatusOr<v1::TargetSystem> ParseTargetSystem(absl::string_view text);
absl::StatusOr<v1::MemoryModel> ParseMemoryModel(absl::string_view text);
// Calls a second; "closed" or 0 is the closed loop.
absl::StatusOr<double> ParseArrivalRate(absl::string_view text);
// "0,2-5": board CPUs in the order of the scenario's CPUs, none twice.
absl::StatusOr<v1::CpuList> ParseCpuList(absl::string_view text);
absl::StatusOr<std::string> ParseLabel(absl::string_view text);
absl::StatusOr<std::int64_t> ParseParameterValue(absl::string_view text);
// `boards/a1` and `a1` are the same board; the result is the full name.
absl::StatusOr<std::string> ParseBoard(absl::string_view text);

// Values of each named parameter.
using ParameterAxis = std::vector<std::pair<std::string, std::vector<std::int64_t>>>;

// Appends every combination of the values, the last parameter varying fastest. INVALID_ARGUMENT, and nothing is
// appended, if the sweep would have more than 1024 sets.
absl::Status AppendCombinations(const ParameterAxis& axis, v1::SweepSpec& spec);

inline constexpr absl::Duration kMinTrialDeadline = absl::Milliseconds(1);
inline constexpr absl::Duration kMaxTrialDeadline = absl::Hours(1);
inline constexpr absl::Duration kMinTrialTime = absl::Milliseconds(1);
inline constexpr absl::Duration kMaxTrialTime = absl::Hours(24);
inline constexpr absl::Duration kMinSweepDeadline = absl::Seconds(1);
inline constexpr absl::Duration kMaxSweepDeadline = absl::Hours(90 * 24);
inline constexpr std::uint64_t kMaxRepetitions = 100'000;
inline constexpr int kMaxParameterSets = 1024;

}  // namespace crosscall::cli

#endif  // CONTROLLER_CLI_AXIS_VALUES_H_
