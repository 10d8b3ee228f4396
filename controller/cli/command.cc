#include "controller/cli/command.h"

#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "proto/shared/resource_name.h"
#include "proto/shared/sanitize.h"

namespace crosscall::cli {

absl::StatusOr<std::string> SweepArgument(const std::string& text) {
  const std::string name = absl::StartsWith(text, "sweeps/") ? text : shared::SweepName(text);
  if (absl::StatusOr<std::string> id = shared::SweepIdOf(name); id.ok()) return name;
  return absl::InvalidArgumentError(absl::StrCat("found \"", shared::CleanText(text, 80),
                                                 "\"; allowed: a sweep's id, [a-z0-9-]{1,63}; `crosscallctl sweep "
                                                 "list` shows them"));
}

absl::StatusOr<std::string> ScheduleArgument(const std::string& text) {
  const std::string name = absl::StartsWith(text, "schedules/") ? text : shared::ScheduleName(text);
  if (absl::StatusOr<std::string> id = shared::ScheduleIdOf(name); id.ok()) return name;
  return absl::InvalidArgumentError(absl::StrCat("found \"", shared::CleanText(text, 80),
                                                 "\"; allowed: a schedule's id, [a-z0-9-]{1,63}; `crosscallctl "
                                                 "schedule list` shows them"));
}

absl::StatusOr<std::string> TrialArgument(const std::string& text) {
  std::string name = text;
  const std::vector<std::string> parts = absl::StrSplit(text, '/');
  if (parts.size() == 2) name = shared::TrialName(parts[0], parts[1]);
  if (shared::SweepNameOfTrial(name).ok()) return name;
  return absl::InvalidArgumentError(absl::StrCat("found \"", shared::CleanText(text, 80),
                                                 "\"; allowed: sweeps/{sweep}/trials/{trial} or {sweep}/{trial}"));
}

absl::StatusOr<std::string> AttemptArgument(const std::string& text) {
  std::string name = text;
  const std::vector<std::string> parts = absl::StrSplit(text, '/');
  if (parts.size() == 3) name = absl::StrCat("sweeps/", parts[0], "/trials/", parts[1], "/attempts/", parts[2]);
  if (shared::AttemptKeyOf(name).ok()) return name;
  return absl::InvalidArgumentError(
      absl::StrCat("found \"", shared::CleanText(text, 80),
                   "\"; allowed: sweeps/{sweep}/trials/{trial}/attempts/{attempt} or {sweep}/{trial}/{attempt}; "
                   "`crosscallctl hangs` shows them"));
}

absl::StatusOr<std::string> MessageJson(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  std::string out;
  const auto status = google::protobuf::util::MessageToJsonString(message, &out, options);
  if (!status.ok()) return absl::InternalError(absl::StrCat("cannot print as JSON: ", std::string(status.message())));
  return out + "\n";
}

absl::Status Print(CommandContext& context, const google::protobuf::Message& message, const std::string& text) {
  if (context.format == Format::kCsv) {
    return absl::InvalidArgumentError(
        "--csv: found a command that shows one thing; allowed for lists, use --json here");
  }
  if (context.format == Format::kTable) {
    context.environment.out << text;
    return absl::OkStatus();
  }
  absl::StatusOr<std::string> json = MessageJson(message);
  if (json.ok()) context.environment.out << *json;
  return json.status();
}

std::string FormatFacts(const std::vector<std::pair<std::string, std::string>>& facts) {
  std::size_t width = 0;
  for (const auto& [key, value] : facts) width = std::max(width, value.empty() ? 0 : key.size());
  std::string out;
  for (const auto& [key, value] : facts) {
    if (!value.empty()) absl::StrAppend(&out, key, std::string(width + 2 - key.size(), ' '), value, "\n");
  }
  return out;
}

}  // namespace crosscall::cli
