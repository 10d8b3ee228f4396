#include "controller/api/open_files.h"

#include <sys/resource.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "proto/shared/durable_file.h"

namespace crosscall::api {
namespace {

// The store, its log, listeners, pollers, scrapers.
constexpr std::uint64_t kOwnFiles = 64;

}  // namespace

absl::StatusOr<std::uint64_t> RaiseOpenFileLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return shared::ErrnoStatus(errno, "read RLIMIT_NOFILE");
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) return shared::ErrnoStatus(errno, "raise RLIMIT_NOFILE to its hard limit");
  return limit.rlim_cur;
}

absl::Status CheckOpenFileLimit(std::uint64_t limit) {
  if (limit >= kWantedOpenFiles) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat("only ", limit, " files may be open: about ", limit > kOwnFiles ? limit - kOwnFiles : 0,
                   " agents can connect. For more, raise the hard limit (LimitNOFILE= of the unit, or ulimit -Hn) to ",
                   kWantedOpenFiles));
}

}  // namespace crosscall::api
