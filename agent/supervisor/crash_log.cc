#include "agent/supervisor/crash_log.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <system_error>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "proto/shared/durable_file.h"
#include "proto/shared/sanitize.h"

namespace crosscall::supervisor {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kDumpBytes = 1024 * 1024;
constexpr std::size_t kTextBytes = 16 * 1024;
constexpr std::size_t kIdBytes = 256;
// One crash may be several files.
constexpr std::chrono::seconds kOneCrash(5);
// systemd-pstore makes a folder for each.
constexpr int kMaxDepth = 2;

struct Dump {
  fs::path path;
  fs::file_time_type time;
};

void FindDumps(const fs::path& folder, std::vector<Dump>& dumps) {
  std::error_code error;
  fs::recursive_directory_iterator entry(folder, fs::directory_options::skip_permission_denied, error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    if (entry.depth() >= kMaxDepth) entry.disable_recursion_pending();
    std::error_code unreadable;
    const fs::file_time_type time = entry->last_write_time(unreadable);
    const bool is_dump =
        entry->is_regular_file(unreadable) && absl::StartsWith(entry->path().filename().string(), "dmesg");
    if (is_dump && !unreadable) dumps.push_back({entry->path(), time});
  }
}

}  // namespace

absl::optional<v1::CrashLog> ReadCrashLog(const std::string& root) {
  std::vector<Dump> dumps;
  FindDumps(root + "/sys/fs/pstore", dumps);
  FindDumps(root + "/var/lib/systemd/pstore", dumps);
  if (dumps.empty()) return absl::nullopt;
  const Dump newest =
      *std::max_element(dumps.begin(), dumps.end(), [](const Dump& a, const Dump& b) { return a.time < b.time; });
  dumps.erase(std::remove_if(dumps.begin(), dumps.end(),
                             [&newest](const Dump& dump) {
                               return dump.path.parent_path() != newest.path.parent_path() ||
                                      newest.time - dump.time > kOneCrash;
                             }),
              dumps.end());
  std::sort(dumps.begin(), dumps.end(), [](const Dump& a, const Dump& b) { return a.path < b.path; });
  std::string text;
  for (const Dump& dump : dumps) {
    const absl::StatusOr<std::string> content = shared::ReadFile(dump.path.string(), kDumpBytes);
    if (content.ok()) absl::StrAppend(&text, *content, "\n");
  }
  if (text.empty()) return absl::nullopt;
  if (text.size() > kTextBytes) text.erase(0, text.size() - kTextBytes);
  v1::CrashLog log;
  log.set_id(
      shared::CleanText(absl::StrCat(newest.time.time_since_epoch().count(), " ", newest.path.string()), kIdBytes));
  log.set_text(shared::CleanReport(text, kTextBytes));
  return log;
}

}  // namespace crosscall::supervisor
