#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "proto/shared/proto_time.h"
#include "proto/shared/resource_name.h"
#include "proto/shared/sanitize.h"
#include "proto/shared/validate.h"

namespace crosscall::shared {
namespace {

constexpr std::size_t kMaxReasonBytes = 1024;
constexpr std::size_t kMaxNotesBytes = 4096;
constexpr std::size_t kMaxKeyBytes = 63;
constexpr std::size_t kMaxValueBytes = 128;
constexpr int kMaxChanges = 64;
constexpr int kMaxArguments = 32;
constexpr std::size_t kMaxArgumentBytes = 1024;

absl::Status Wrong(absl::string_view field, absl::string_view found, absl::string_view allowed) {
  return absl::InvalidArgumentError(absl::StrCat(field, ": ", found, "; allowed: ", allowed));
}

std::string Quoted(absl::string_view text) { return absl::StrCat("\"", CleanText(text, 80), "\""); }

absl::Status BoardAndReason(const std::string& name, const std::string& reason) {
  if (absl::StatusOr<std::string> id = BoardIdOf(name); !id.ok()) return id.status();
  if (reason.size() <= kMaxReasonBytes) return absl::OkStatus();
  return Wrong("reason (bytes)", absl::StrCat(reason.size()), absl::StrCat("at most ", kMaxReasonBytes));
}

bool IsKey(absl::string_view key) {
  const auto lower = [](char c) { return absl::ascii_islower(c) || absl::ascii_isdigit(c); };
  return !key.empty() && key.size() <= kMaxKeyBytes && lower(key.front()) &&
         std::all_of(key.begin(), key.end(), [&lower](char c) { return lower(c) || c == '.' || c == '_' || c == '-'; });
}

bool IsValue(absl::string_view value) {
  return !value.empty() && value.size() <= kMaxValueBytes && std::all_of(value.begin(), value.end(), [](char c) {
    return absl::ascii_isgraph(c) && c != ',' && c != '"' && c != '\'' && c != '\\';
  });
}

absl::Status Key(absl::string_view field, absl::string_view key) {
  if (IsKey(key)) return absl::OkStatus();
  return Wrong(field, Quoted(key), "a key of a label, [a-z0-9][a-z0-9._-]{0,62}");
}

absl::Status Label(absl::string_view label) {
  const std::size_t equals = label.find('=');
  if (equals == absl::string_view::npos) return Wrong("label", Quoted(label), "key=value");
  if (absl::Status status = Key("label", label.substr(0, equals)); !status.ok()) return status;
  if (IsValue(label.substr(equals + 1))) return absl::OkStatus();
  return Wrong("label", Quoted(label),
               absl::StrCat("a value of 1 to ", kMaxValueBytes,
                            " printable ASCII characters without spaces, commas, quotes and backslashes"));
}

absl::Status TrialTime(const google::protobuf::Duration& span) {
  constexpr std::int64_t kMaxSeconds = 24 * 3600;
  const absl::Duration time = SpanOf(span);
  const bool fits = time == absl::ZeroDuration() ||
                    (time >= absl::Milliseconds(1) && time <= absl::Seconds(kMaxSeconds) && span.nanos() >= 0);
  if (fits) return absl::OkStatus();
  return Wrong("max_trial_time", absl::FormatDuration(time), "0 for no limit, or 1ms to 24h");
}

absl::Status Limit(absl::string_view field, const google::protobuf::Duration& span, absl::Duration least,
                   absl::Duration most) {
  const absl::Duration value = SpanOf(span);
  if (value >= least && value <= most) return absl::OkStatus();
  return Wrong(field, absl::FormatDuration(value),
               absl::StrCat(absl::FormatDuration(least), " to ", absl::FormatDuration(most)));
}

absl::Status Argument(const std::string& text) {
  if (text.size() > kMaxArgumentBytes) {
    return Wrong("power.argv (bytes)", absl::StrCat(text.size()), absl::StrCat("at most ", kMaxArgumentBytes));
  }
  if (text.find('\0') == std::string::npos) return absl::OkStatus();
  return Wrong("power.argv", Quoted(text), "no zero bytes: a program would see half of it");
}

}  // namespace

absl::Status Validate(const v1::UpdateBoardRequest& request) {
  if (absl::StatusOr<std::string> id = BoardIdOf(request.name()); !id.ok()) return id.status();
  if (request.set_labels_size() + request.remove_labels_size() > kMaxChanges) {
    return Wrong("labels (how many)", absl::StrCat(request.set_labels_size() + request.remove_labels_size()),
                 absl::StrCat("at most ", kMaxChanges));
  }
  for (const std::string& label : request.set_labels()) {
    if (absl::Status status = Label(label); !status.ok()) return status;
  }
  for (const std::string& key : request.remove_labels()) {
    if (absl::Status status = Key("remove_labels", key); !status.ok()) return status;
  }
  if (request.notes().size() > kMaxNotesBytes) {
    return Wrong("notes (bytes)", absl::StrCat(request.notes().size()), absl::StrCat("at most ", kMaxNotesBytes));
  }
  return TrialTime(request.max_trial_time());
}

absl::Status Validate(const v1::DrainBoardRequest& request) { return BoardAndReason(request.name(), request.reason()); }

absl::Status Validate(const v1::QuarantineBoardRequest& request) {
  if (request.reason().empty()) return Wrong("reason", "none", "what others must know before they release the board");
  return BoardAndReason(request.name(), request.reason());
}

absl::Status Validate(const v1::ReleaseBoardRequest& request) {
  return BoardAndReason(request.name(), request.reason());
}

absl::Status Validate(const v1::RetireBoardRequest& request) {
  return BoardAndReason(request.name(), request.reason());
}

absl::Status Validate(const v1::SetBoardPowerRequest& request) {
  if (absl::StatusOr<std::string> id = BoardIdOf(request.name()); !id.ok()) return id.status();
  if (!request.has_power()) return absl::OkStatus();
  const v1::PowerCommand& power = request.power();
  if (power.argv().empty() || power.argv(0).empty() || power.argv(0).front() != '/') {
    return Wrong("power.argv", power.argv().empty() ? "none" : Quoted(power.argv(0)),
                 "the absolute path of an executable on the controller's machine, then its arguments");
  }
  if (power.argv_size() > kMaxArguments) {
    return Wrong("power.argv (how many)", absl::StrCat(power.argv_size()), absl::StrCat("at most ", kMaxArguments));
  }
  for (const std::string& argument : power.argv()) {
    if (absl::Status status = Argument(argument); !status.ok()) return status;
  }
  if (power.has_time_limit()) {
    absl::Status status = Limit("power.time_limit", power.time_limit(), absl::Milliseconds(100), absl::Minutes(10));
    if (!status.ok()) return status;
  }
  if (!power.has_boot_limit()) return absl::OkStatus();
  return Limit("power.boot_limit", power.boot_limit(), absl::Seconds(1), absl::Hours(2));
}

absl::Status Validate(const v1::SwitchBoardPowerRequest& request) {
  const bool known = v1::SwitchBoardPowerRequest::Action_IsValid(request.action()) &&
                     request.action() != v1::SwitchBoardPowerRequest::ACTION_UNSPECIFIED;
  if (!known) return Wrong("action", absl::StrCat(request.action()), "STATUS, ON, OFF or CYCLE");
  return BoardAndReason(request.name(), request.reason());
}

}  // namespace crosscall::shared
