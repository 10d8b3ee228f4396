// Is this board fit for work? What the agent can see by itself: room on its disk, memory.
#ifndef AGENT_SUPERVISOR_SELF_CHECK_H_
#define AGENT_SUPERVISOR_SELF_CHECK_H_

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"

namespace crosscall::supervisor {

// Readings; nothing where it could not be read, which is no reason to refuse work.
struct Resources {
  absl::optional<std::uint64_t> disk_bytes;    // free for us where the spool is
  absl::optional<std::uint64_t> memory_bytes;  // that a new process may have without swapping
};

// `folder`: one on the disk in question. `root` is "" but in tests.
Resources ReadResources(const std::string& folder, const std::string& root);

// MemAvailable of a /proc/meminfo, in bytes; nothing if it has none.
absl::optional<std::uint64_t> MemAvailable(absl::string_view meminfo);

struct SelfCheckLimits {
  std::uint64_t disk_bytes = std::uint64_t{64} << 20;
  std::uint64_t memory_bytes = std::uint64_t{64} << 20;
  // How long a reading is good for.
  absl::Duration period = absl::Seconds(10);
};

// Not thread-safe. What is bad is good again only at one and a half times its limit, and the texts name limits and not
// readings: each change of them is a call to the controller.
class SelfCheck {
 public:
  using Read = std::function<Resources()>;
  SelfCheck(SelfCheckLimits limits, Read read) : limits_(limits), read_(std::move(read)) {}

  // Why the board should get no work now, `now` being on a monotonic clock; empty if it may.
  std::string Problem(absl::Duration now);

 private:
  const SelfCheckLimits limits_;
  const Read read_;
  absl::Duration next_ = -absl::InfiniteDuration();
  bool disk_low_ = false;
  bool memory_low_ = false;
};

}  // namespace crosscall::supervisor

#endif  // AGENT_SUPERVISOR_SELF_CHECK_H_
