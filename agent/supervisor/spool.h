// Results on disk until the controller has them: one file a result, durable before it counts.
//
// A file is named `{sweep}.{trial}.{attempt}.result` and holds the SHA-256 of the payload, then the payload. What does
// not verify is renamed to `*.damaged`, what the controller refuses to `*.refused`; both are kept for people, counted,
// and never uploaded. Other files in the folder are the rests of writes that a crash broke off; Open deletes them.
//
// Invariant: an entry that List names was fsynced, file and folder. Thread safety: none.
#ifndef AGENT_SUPERVISOR_SPOOL_H_
#define AGENT_SUPERVISOR_SPOOL_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "proto/shared/resource_name.h"

namespace crosscall::supervisor {

inline constexpr std::uint64_t kDefaultSpoolBytes = std::uint64_t{256} << 20;

class Spool {
 public:
  struct Entry {
    shared::AttemptKey key;
    std::uint64_t bytes = 0;  // of the file
  };

  // Makes the folder if needed and takes stock. Codes: PERMISSION_DENIED, RESOURCE_EXHAUSTED, NOT_FOUND, INTERNAL.
  static absl::StatusOr<std::unique_ptr<Spool>> Open(const std::string& folder, std::uint64_t limit_bytes);

  // Durable when it returns OK; the same key again replaces it. RESOURCE_EXHAUSTED: over the limit, or the disk is
  // full; INVALID_ARGUMENT: no trial's name.
  absl::Status Put(const shared::AttemptKey& key, absl::string_view payload);
  // The verified payload. NOT_FOUND; DATA_LOSS, after which the file has been set aside.
  absl::StatusOr<std::string> Read(const shared::AttemptKey& key);
  absl::Status Remove(const shared::AttemptKey& key);
  // Keeps the file as `*.refused` and forgets the entry.
  absl::Status SetAsideRefused(const shared::AttemptKey& key);

  bool Has(const shared::AttemptKey& key) const;
  // The oldest first.
  std::vector<Entry> List() const;
  bool empty() const { return files_.empty(); }
  std::uint64_t bytes() const { return bytes_; }
  std::size_t damaged_count() const { return damaged_; }
  std::size_t refused_count() const { return refused_; }
  // Why no lease should be taken now; empty if there is room for another result of the largest size.
  std::string Problem() const;

 private:
  Spool(std::string folder, std::uint64_t limit_bytes) : folder_(std::move(folder)), limit_bytes_(limit_bytes) {}

  absl::Status TakeStock();
  absl::Status SetAside(const std::string& file, absl::string_view suffix);
  std::string PathOf(const std::string& file) const;
  void Forget(const std::string& file);

  struct Stored {
    shared::AttemptKey key;
    std::uint64_t bytes = 0;
    std::uint64_t order = 0;
  };

  std::string folder_;
  std::uint64_t limit_bytes_;
  std::map<std::string, Stored> files_;  // by file name
  std::uint64_t bytes_ = 0;
  std::uint64_t next_order_ = 0;
  std::size_t damaged_ = 0;
  std::size_t refused_ = 0;
  std::string disk_problem_;  // of the last Put; empty if it succeeded
};

}  // namespace crosscall::supervisor

#endif  // AGENT_SUPERVISOR_SPOOL_H_
