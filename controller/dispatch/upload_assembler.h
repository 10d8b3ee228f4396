// Puts the chunks of results together, within a bound of memory.
#ifndef CONTROLLER_DISPATCH_UPLOAD_ASSEMBLER_H_
#define CONTROLLER_DISPATCH_UPLOAD_ASSEMBLER_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "controller/dispatch/checked_result.h"
#include "controller/dispatch/settings.h"
#include "crosscall/v1/board_service.pb.h"
#include "proto/shared/mutex.h"

namespace crosscall::dispatch {

// Thread-safe: works on the callers' threads, so that megabytes never pass the dispatcher's. The key of an upload is
// board, trial and attempt; a chunk of another digest starts it anew.
class UploadAssembler {
 public:
  struct Step {
    // What the agent may be told: the highest contiguous offset.
    std::uint64_t received_bytes = 0;
    // Set once, when the last byte has come; not checked yet.
    absl::optional<CheckedResult> complete;
  };

  explicit UploadAssembler(const Settings& settings) : settings_(settings) {}

  // A valid request. A chunk beyond what was received, and one received before, change nothing: the answer says where
  // to go on. INVALID_ARGUMENT: another total for the same digest. RESOURCE_EXHAUSTED, with a delay: no memory left.
  absl::StatusOr<Step> Add(const v1::UploadResultRequest& request, absl::Duration now);

  std::size_t bytes() const;

 private:
  using Key = std::tuple<std::string, std::string, std::uint32_t>;
  struct Partial {
    std::string sha256;
    std::uint64_t total_bytes = 0;
    std::string payload;
    absl::Duration last_chunk;
  };

  void DropIdle(absl::Duration now) CROSSCALL_REQUIRES(mutex_);

  const Settings& settings_;
  mutable shared::Mutex mutex_;
  std::map<Key, Partial> partials_ CROSSCALL_GUARDED_BY(mutex_);
  // Of all payloads, counted by their stated totals: what was begun can be finished.
  std::size_t reserved_bytes_ CROSSCALL_GUARDED_BY(mutex_) = 0;
};

}  // namespace crosscall::dispatch

#endif  // CONTROLLER_DISPATCH_UPLOAD_ASSEMBLER_H_
