#include "agent/supervisor/spool.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <system_error>
#include <tuple>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "agent/supervisor/sha256.h"
#include "proto/shared/durable_file.h"
#include "proto/shared/log.h"
#include "proto/shared/validate.h"

namespace crosscall::supervisor {
namespace {

constexpr absl::string_view kResultSuffix = ".result";
constexpr absl::string_view kDamagedSuffix = ".damaged";
constexpr absl::string_view kRefusedSuffix = ".refused";
constexpr std::size_t kMaxFileBytes = shared::kMaxResultBytes + kSha256Bytes;

absl::StatusOr<std::string> FileNameOf(const shared::AttemptKey& key) {
  // The parser of names is also their validator: it refuses what could leave the folder.
  const absl::StatusOr<shared::AttemptKey> sane = shared::AttemptKeyOf(shared::AttemptName(key.trial, key.attempt));
  if (!sane.ok()) return sane.status();
  const std::vector<std::string> parts = absl::StrSplit(key.trial, '/');
  return absl::StrCat(parts[1], ".", parts[3], ".", key.attempt, kResultSuffix);
}

std::optional<shared::AttemptKey> KeyOf(absl::string_view file) {
  if (!absl::ConsumeSuffix(&file, kResultSuffix)) return std::nullopt;
  const std::vector<std::string> parts = absl::StrSplit(file, '.');
  shared::AttemptKey key;
  if (parts.size() != 3 || !shared::IsId(parts[0]) || !shared::IsId(parts[1]) ||
      !absl::SimpleAtoi(parts[2], &key.attempt)) {
    return std::nullopt;
  }
  key.trial = shared::TrialName(parts[0], parts[1]);
  return key;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Spool>> Spool::Open(const std::string& folder, std::uint64_t limit_bytes) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return shared::ErrnoStatus(error.value(), absl::StrCat("making the spool folder ", folder));
  std::unique_ptr<Spool> spool(new Spool(folder, limit_bytes));
  if (absl::Status status = spool->TakeStock(); !status.ok()) return status;
  return spool;
}

absl::Status Spool::TakeStock() {
  struct Seen {
    std::filesystem::file_time_type time;
    std::string file;
    std::uint64_t bytes;
  };
  std::vector<Seen> seen;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder_, error), end; !error && entry != end; entry.increment(error)) {
    std::error_code ignored;
    if (!entry->is_regular_file(ignored)) continue;
    seen.push_back({entry->last_write_time(ignored), entry->path().filename().string(), entry->file_size(ignored)});
  }
  if (error) return shared::ErrnoStatus(error.value(), absl::StrCat("reading the spool folder ", folder_));
  std::sort(seen.begin(), seen.end(),
            [](const Seen& a, const Seen& b) { return std::tie(a.time, a.file) < std::tie(b.time, b.file); });
  for (const Seen& file : seen) {
    if (const auto key = KeyOf(file.file)) {
      files_[file.file] = {*key, file.bytes, next_order_++};
      bytes_ += file.bytes;
      // Verified now, so that what is reported as spooled can really be delivered.
      if (const auto payload = Read(*key); !payload.ok() && payload.status().code() != absl::StatusCode::kDataLoss) {
        return payload.status();
      }
    } else if (absl::EndsWith(file.file, kDamagedSuffix)) {
      ++damaged_;
    } else if (absl::EndsWith(file.file, kRefusedSuffix)) {
      ++refused_;
    } else if (absl::Status status = shared::RemoveDurably(PathOf(file.file)); !status.ok()) {
      return status;
    }
  }
  return absl::OkStatus();
}

absl::Status Spool::Put(const shared::AttemptKey& key, absl::string_view payload) {
  const absl::StatusOr<std::string> file = FileNameOf(key);
  if (!file.ok()) return file.status();
  const std::uint64_t size = payload.size() + kSha256Bytes;
  const auto old = files_.find(*file);
  const std::uint64_t replaced = old == files_.end() ? 0 : old->second.bytes;
  if (bytes_ - replaced + size > limit_bytes_) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the spool ", folder_, " holds ", bytes_, " of ", limit_bytes_, " bytes; no room for ", size));
  }
  absl::Status written = shared::WriteDurably(PathOf(*file), absl::StrCat(Sha256(payload), payload));
  disk_problem_ = std::string(written.message());
  if (!written.ok()) return written;
  Forget(*file);
  files_[*file] = {key, size, next_order_++};
  bytes_ += size;
  return absl::OkStatus();
}

absl::StatusOr<std::string> Spool::Read(const shared::AttemptKey& key) {
  const absl::StatusOr<std::string> file = FileNameOf(key);
  if (!file.ok()) return file.status();
  absl::StatusOr<std::string> content = shared::ReadFile(PathOf(*file), kMaxFileBytes);
  const bool too_large = content.status().code() == absl::StatusCode::kResourceExhausted;
  if (!content.ok() && !too_large) return content.status();
  if (!too_large && content->size() >= kSha256Bytes) {
    std::string payload = content->substr(kSha256Bytes);
    if (absl::StartsWith(*content, Sha256(payload))) return payload;
  }
  if (absl::Status status = SetAside(*file, kDamagedSuffix); !status.ok()) return status;
  ++damaged_;
  return absl::DataLossError(absl::StrCat("spooled result ", *file, " is damaged; set aside in ", folder_));
}

absl::Status Spool::Remove(const shared::AttemptKey& key) {
  const absl::StatusOr<std::string> file = FileNameOf(key);
  if (!file.ok()) return file.status();
  if (absl::Status status = shared::RemoveDurably(PathOf(*file)); !status.ok()) return status;
  Forget(*file);
  disk_problem_.clear();
  return absl::OkStatus();
}

absl::Status Spool::SetAsideRefused(const shared::AttemptKey& key) {
  const absl::StatusOr<std::string> file = FileNameOf(key);
  if (!file.ok()) return file.status();
  if (absl::Status status = SetAside(*file, kRefusedSuffix); !status.ok()) return status;
  ++refused_;
  return absl::OkStatus();
}

bool Spool::Has(const shared::AttemptKey& key) const {
  const absl::StatusOr<std::string> file = FileNameOf(key);
  return file.ok() && files_.count(*file) != 0;
}

std::vector<Spool::Entry> Spool::List() const {
  std::vector<const Stored*> stored;
  for (const auto& [file, entry] : files_) stored.push_back(&entry);
  std::sort(stored.begin(), stored.end(), [](const Stored* a, const Stored* b) { return a->order < b->order; });
  std::vector<Entry> entries;
  for (const Stored* entry : stored) entries.push_back({entry->key, entry->bytes});
  return entries;
}

std::string Spool::Problem() const {
  if (!disk_problem_.empty()) return absl::StrCat("the spool cannot be written: ", disk_problem_);
  if (bytes_ + kMaxFileBytes > limit_bytes_) {
    return absl::StrCat("the spool is full: ", bytes_, " of ", limit_bytes_, " bytes wait for the controller");
  }
  return "";
}

absl::Status Spool::SetAside(const std::string& file, absl::string_view suffix) {
  std::error_code error;
  std::filesystem::rename(PathOf(file), absl::StrCat(PathOf(file), suffix), error);
  if (error) return shared::ErrnoStatus(error.value(), absl::StrCat("setting aside ", PathOf(file)));
  Forget(file);
  shared::LogWarning("spool", absl::StrCat("set aside ", PathOf(file), suffix));
  return absl::OkStatus();
}

std::string Spool::PathOf(const std::string& file) const { return absl::StrCat(folder_, "/", file); }

void Spool::Forget(const std::string& file) {
  const auto found = files_.find(file);
  if (found == files_.end()) return;
  bytes_ -= found->second.bytes;
  files_.erase(found);
}

}  // namespace crosscall::supervisor
