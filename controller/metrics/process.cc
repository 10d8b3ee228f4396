#include "controller/metrics/process.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <iterator>
#include <system_error>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "proto/shared/durable_file.h"

namespace crosscall::metrics {
namespace {

constexpr std::size_t kFileLimit = 1 << 20;

// Fields of proc(5), counted from the one after the command's name.
constexpr std::size_t kUserTicks = 11;
constexpr std::size_t kSystemTicks = 12;
constexpr std::size_t kStartTicks = 19;
constexpr std::size_t kResidentPages = 21;

absl::Status WrongForm(const std::string& path) {
  return absl::DataLossError(absl::StrCat(path, " has an unknown form"));
}

absl::Status ReadStat(const std::string& proc, ProcessUsage& usage, double& start_seconds_after_boot) {
  const std::string path = proc + "/self/stat";
  const absl::StatusOr<std::string> text = shared::ReadFile(path, kFileLimit);
  if (!text.ok()) return text.status();
  // The name may contain spaces and parentheses; the last one ends it.
  const std::size_t name_end = text->rfind(") ");
  if (name_end == std::string::npos) return WrongForm(path);
  const std::vector<absl::string_view> fields = absl::StrSplit(absl::string_view(*text).substr(name_end + 2), ' ');
  std::uint64_t user = 0;
  std::uint64_t system = 0;
  std::uint64_t start = 0;
  std::uint64_t pages = 0;
  if (fields.size() <= kResidentPages || !absl::SimpleAtoi(fields[kUserTicks], &user) ||
      !absl::SimpleAtoi(fields[kSystemTicks], &system) || !absl::SimpleAtoi(fields[kStartTicks], &start) ||
      !absl::SimpleAtoi(fields[kResidentPages], &pages)) {
    return WrongForm(path);
  }
  const auto ticks_per_second = static_cast<double>(sysconf(_SC_CLK_TCK));
  usage.cpu_seconds = static_cast<double>(user + system) / ticks_per_second;
  usage.resident_memory_bytes = pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  start_seconds_after_boot = static_cast<double>(start) / ticks_per_second;
  return absl::OkStatus();
}

absl::StatusOr<double> ReadBootTime(const std::string& proc) {
  const std::string path = proc + "/stat";
  const absl::StatusOr<std::string> text = shared::ReadFile(path, kFileLimit);
  if (!text.ok()) return text.status();
  for (absl::string_view line : absl::StrSplit(*text, '\n')) {
    double seconds = 0;
    if (absl::ConsumePrefix(&line, "btime ") && absl::SimpleAtod(line, &seconds)) return seconds;
  }
  return WrongForm(path);
}

}  // namespace

absl::StatusOr<ProcessUsage> ReadProcessUsage(const std::string& proc) {
  ProcessUsage usage;
  double start_seconds_after_boot = 0;
  if (absl::Status status = ReadStat(proc, usage, start_seconds_after_boot); !status.ok()) return status;
  const absl::StatusOr<double> boot_time = ReadBootTime(proc);
  if (!boot_time.ok()) return boot_time.status();
  usage.start_time_seconds = *boot_time + start_seconds_after_boot;
  std::error_code error;
  const std::filesystem::directory_iterator fds(proc + "/self/fd", error);
  if (error) return shared::ErrnoStatus(error.value(), absl::StrCat("list ", proc, "/self/fd"));
  usage.open_fds = static_cast<std::uint64_t>(std::distance(begin(fds), end(fds)));
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) usage.max_fds = limit.rlim_cur;
  return usage;
}

}  // namespace crosscall::metrics
