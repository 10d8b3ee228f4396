#include "controller/cli/axis_values.h"

#include <cmath>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "proto/shared/exploration_text.h"
#include "proto/shared/resource_name.h"
#include "proto/shared/sanitize.h"

namespace crosscall::cli {
namespace {

constexpr std::uint64_t kMaxCpu = 8191;
constexpr int kMaxCpus = 1024;
constexpr std::size_t kShownBytes = 80;

}  // namespace

absl::Status WrongValue(absl::string_view found, absl::string_view allowed) {
  return absl::InvalidArgumentError(
      absl::StrCat("found \"", shared::CleanText(found, kShownBytes), "\"; allowed: ", allowed));
}

absl::StatusOr<std::uint64_t> ParseWhole(absl::string_view text, std::uint64_t min, std::uint64_t max) {
  std::uint64_t value = 0;
  if (absl::SimpleAtoi(text, &value) && value >= min && value <= max) return value;
  return WrongValue(text, absl::StrCat("a whole number from ", min, " to ", max));
}

absl::StatusOr<bool> ParseTruth(absl::string_view text) {
  if (text == "true" || text == "yes" || text == "on") return true;
  if (text == "false" || text == "no" || text == "off") return false;
  return WrongValue(text, "true or false");
}

absl::StatusOr<google::protobuf::Duration> ParseSpan(absl::string_view text, absl::Duration min, absl::Duration max) {
  absl::Duration span;
  if (!absl::ParseDuration(text, &span) || span < min || span > max) {
    return WrongValue(text, absl::StrCat("a span with its unit, such as 200ms or 1m30s, from ",
                                         absl::FormatDuration(min), " to ", absl::FormatDuration(max)));
  }
  google::protobuf::Duration proto;
  proto.set_seconds(absl::IDivDuration(span, absl::Seconds(1), &span));
  proto.set_nanos(static_cast<std::int32_t>(absl::ToInt64Nanoseconds(span)));
  return proto;
}

absl::StatusOr<v1::TargetState> ParseTargetState(absl::string_view text) {
  if (text == "spin") return v1::TARGET_STATE_SPIN;
  if (text == "sleep") return v1::TARGET_STATE_SLEEP;
  if (text == "syscall") return v1::TARGET_STATE_SYSCALL;
  return WrongValue(text, "spin, sleep, syscall");
}

absl::StatusOr<v1::TargetSystem> ParseTargetSystem(absl::string_view text) {
  for (const v1::TargetSystem system : {v1::TARGET_SYSTEM_SIGNAL, v1::TARGET_SYSTEM_EXPLORE}) {
    if (text == shared::TargetSystemName(system)) return system;
  }
  return WrongValue(text, "signal, explore");
}

absl::StatusOr<v1::MemoryModel> ParseMemoryModel(absl::string_view text) {
  for (const v1::MemoryModel memory : {v1::MEMORY_MODEL_SC, v1::MEMORY_MODEL_WEAK}) {
    if (text == shared::MemoryModelName(memory)) return memory;
  }
  return WrongValue(text, "sc, weak; without it scenarios of up to 2 CPUs are searched in weak, larger ones in sc");
}

absl::StatusOr<double> ParseArrivalRate(absl::string_view text) {
  if (text == "closed") return 0.0;
  double rate = 0;
  if (absl::SimpleAtod(text, &rate) && std::isfinite(rate) && rate >= 0 && rate <= 1e7) return rate;
  return WrongValue(text, "calls a second up to 1e7, or \"closed\" for the closed loop");
}

absl::StatusOr<v1::CpuList> ParseCpuList(absl::string_view text) {
  constexpr absl::string_view kAllowed = "board CPUs such as 0,1 or 0-3, each once, at most 1024 of 0 to 8191";
  v1::CpuList list;
  std::set<std::uint64_t> seen;
  for (const absl::string_view part : absl::StrSplit(text, ',')) {
    const std::vector<absl::string_view> ends = absl::StrSplit(part, '-');
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    if (ends.size() > 2 || !absl::SimpleAtoi(ends.front(), &first) || !absl::SimpleAtoi(ends.back(), &last) ||
        first > last || last > kMaxCpu) {
      return WrongValue(text, kAllowed);
    }
    for (std::uint64_t cpu = first; cpu <= last; ++cpu) {
      if (!seen.insert(cpu).second) {
        return absl::InvalidArgumentError(absl::StrCat("CPU ", cpu, " is listed twice in \"",
                                                       shared::CleanText(text, kShownBytes), "\"; list each once"));
      }
      if (list.cpus_size() == kMaxCpus) return WrongValue(text, kAllowed);
      list.add_cpus(static_cast<std::uint32_t>(cpu));
    }
  }
  return list;
}

absl::StatusOr<std::string> ParseLabel(absl::string_view text) {
  const std::size_t cut = text.find('=');
  if (cut != absl::string_view::npos && cut != 0 && cut + 1 < text.size()) return std::string(text);
  return WrongValue(text, "key=value");
}

absl::StatusOr<std::int64_t> ParseParameterValue(absl::string_view text) {
  std::int64_t value = 0;
  if (absl::SimpleAtoi(text, &value)) return value;
  return WrongValue(text, "a whole number");
}

absl::StatusOr<std::string> ParseBoard(absl::string_view text) {
  absl::string_view id = text;
  if (absl::StartsWith(id, "boards/")) id.remove_prefix(7);
  if (shared::IsId(id)) return shared::BoardName(id);
  return WrongValue(text, "a board's name, [a-z0-9-]{1,63}; `crosscallctl boards` lists them");
}

absl::Status AppendCombinations(const ParameterAxis& axis, v1::SweepSpec& spec) {
  std::uint64_t product = 1;
  const std::uint64_t room = static_cast<std::uint64_t>(kMaxParameterSets - spec.parameter_sets_size());
  for (const auto& [id, values] : axis) {
    product *= values.size();
    if (product > room) {
      return absl::InvalidArgumentError(absl::StrCat("the parameters make more than ", kMaxParameterSets,
                                                     " combinations; give fewer values, or split the sweep"));
    }
  }
  for (std::uint64_t index = 0; index < product; ++index) {
    v1::ParameterSet& set = *spec.add_parameter_sets();
    std::uint64_t block = product;
    for (const auto& [id, values] : axis) {
      block /= values.size();
      v1::Parameter& parameter = *set.add_parameters();
      parameter.set_id(id);
      parameter.set_value(values[index / block % values.size()]);
    }
  }
  return absl::OkStatus();
}

}  // namespace crosscall::cli
