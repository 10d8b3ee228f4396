#include "proto/shared/log.h"

#include <unistd.h>

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace crosscall::shared {
namespace {

void Write(char severity, absl::string_view component, absl::string_view text) {
  std::string line = absl::StrCat(absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::Now(), absl::UTCTimeZone()), " ",
                                  absl::string_view(&severity, 1), " ", component, ": ", text);
  std::replace(line.begin(), line.end(), '\n', ' ');
  line.push_back('\n');
  // A log that cannot be written has nowhere to complain to.
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace

void LogInfo(absl::string_view component, absl::string_view text) { Write('I', component, text); }
void LogWarning(absl::string_view component, absl::string_view text) { Write('W', component, text); }
void LogError(absl::string_view component, absl::string_view text) { Write('E', component, text); }

}  // namespace crosscall::shared
