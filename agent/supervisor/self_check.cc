#include "agent/supervisor/self_check.h"

#include <sys/statvfs.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "proto/shared/durable_file.h"

namespace crosscall::supervisor {
namespace {

constexpr std::size_t kMeminfoBytes = 64 * 1024;

absl::optional<std::uint64_t> FreeDisk(const std::string& folder) {
  struct statvfs status = {};
  if (statvfs(folder.c_str(), &status) != 0) return absl::nullopt;
  return std::uint64_t{status.f_bavail} * status.f_frsize;
}

bool IsLow(bool was_low, const absl::optional<std::uint64_t>& reading, std::uint64_t limit) {
  if (!reading) return false;
  return *reading < (was_low ? limit + limit / 2 : limit);
}

}  // namespace

absl::optional<std::uint64_t> MemAvailable(absl::string_view meminfo) {
  for (absl::string_view line : absl::StrSplit(meminfo, '\n')) {
    std::uint64_t kibibytes = 0;
    if (!absl::ConsumePrefix(&line, "MemAvailable:") || !absl::ConsumeSuffix(&line, "kB")) continue;
    if (absl::SimpleAtoi(line, &kibibytes)) return kibibytes * 1024;
  }
  return absl::nullopt;
}

Resources ReadResources(const std::string& folder, const std::string& root) {
  Resources resources;
  resources.disk_bytes = FreeDisk(folder);
  const absl::StatusOr<std::string> meminfo = shared::ReadFile(root + "/proc/meminfo", kMeminfoBytes);
  if (meminfo.ok()) resources.memory_bytes = MemAvailable(*meminfo);
  return resources;
}

std::string SelfCheck::Problem(absl::Duration now) {
  if (now >= next_) {
    next_ = now + limits_.period;
    const Resources resources = read_();
    disk_low_ = IsLow(disk_low_, resources.disk_bytes, limits_.disk_bytes);
    memory_low_ = IsLow(memory_low_, resources.memory_bytes, limits_.memory_bytes);
  }
  std::string problem;
  if (disk_low_) {
    absl::StrAppend(&problem, "less than ", limits_.disk_bytes >> 20, " MiB free on the disk of the state folder");
  }
  if (memory_low_) {
    absl::StrAppend(&problem, problem.empty() ? "" : "; ", "less than ", limits_.memory_bytes >> 20,
                    " MiB of memory available");
  }
  return problem;
}

}  // namespace crosscall::supervisor
