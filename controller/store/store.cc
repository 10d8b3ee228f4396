#include "controller/store/store.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/store/access_queries.h"
#include "controller/store/connection.h"
#include "controller/store/folder_lock.h"
#include "controller/store/live_reader.h"
#include "controller/store/queries.h"
#include "controller/store/schema.h"
#include "controller/store/writer.h"
#include "proto/shared/mutex.h"

namespace crosscall::store {
namespace {

absl::Status Prepare(Connection& writing, const Options& options) {
  absl::Status status = writing.Execute(options.durable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = OFF");
  // WAL is a property of the file: asked for after the migration, so that a refused file stays as it is.
  if (status.ok()) status = Migrate(writing);
  if (status.ok()) status = writing.Execute("PRAGMA journal_mode = WAL");
  if (status.ok() && options.max_pages > 0) {
    status = writing.Execute(absl::StrCat("PRAGMA max_page_count = ", options.max_pages));
  }
  return status;
}

std::uint64_t FileBytes(const std::string& path) {
  struct stat status = {};
  return stat(path.c_str(), &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
}

}  // namespace

class Store::Impl {
 public:
  Impl(std::string path, std::unique_ptr<FolderLock> lock, std::unique_ptr<Connection> writing,
       std::unique_ptr<Connection> reading, Writer::Fault fault, const shared::Clock& clock)
      : path_(std::move(path)),
        lock_(std::move(lock)),
        writing_(std::move(writing)),
        writer_(*writing_, std::move(fault)),
        live_(*writing_),
        clock_(clock),
        reading_(std::move(reading)) {}

  // Runs a query on the reading connection.
  template <class Query, class... Arguments>
  auto Read(Query query, const Arguments&... arguments) {
    return Counted(Operation::kRead, [&] {
      shared::MutexLock guard(mutex_);
      return query(*reading_, arguments...);
    });
  }
  // Runs a query of the dispatcher.
  template <class Query>
  auto Find(Query query) {
    return Counted(Operation::kFind, query);
  }
  template <class Run>
  auto Counted(Operation operation, Run run) {
    const absl::Duration begin = clock_.Monotonic();
    auto answer = run();
    operations_.Add(operation, clock_.Monotonic() - begin, answer.status());
    return answer;
  }

  const std::string& path() const { return path_; }
  Writer& writer() { return writer_; }
  LiveReader& live() { return live_; }
  Connection& writing() { return *writing_; }
  Operations& operations() { return operations_; }
  const shared::Clock& clock() const { return clock_; }

 private:
  const std::string path_;
  // Declared first, so that the folder is given up last.
  const std::unique_ptr<FolderLock> lock_;
  const std::unique_ptr<Connection> writing_;
  Writer writer_;
  LiveReader live_;
  const shared::Clock& clock_;
  Operations operations_;
  shared::Mutex mutex_;
  const std::unique_ptr<Connection> reading_ CROSSCALL_GUARDED_BY(mutex_);
};

absl::StatusOr<std::unique_ptr<Store>> Store::Open(Options options) {
  absl::StatusOr<std::unique_ptr<FolderLock>> lock = FolderLock::Take(options.folder);
  if (!lock.ok()) return lock.status();
  const std::string path = DatabaseOf(options.folder);
  absl::StatusOr<std::unique_ptr<Connection>> writing = Connection::Open(path, Connection::Mode::kReadWrite);
  if (!writing.ok()) return writing.status();
  if (absl::Status status = Prepare(**writing, options); !status.ok()) return status;
  absl::StatusOr<std::unique_ptr<Connection>> reading = Connection::Open(path, Connection::Mode::kReadOnly);
  if (!reading.ok()) return reading.status();
  return std::unique_ptr<Store>(new Store(std::make_unique<Impl>(
      path, *std::move(lock), *std::move(writing), *std::move(reading), std::move(options.fault), *options.clock)));
}

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::~Store() = default;

absl::StatusOr<v1::Sweep> Store::GetSweep(absl::string_view name) const { return impl_->Read(store::GetSweep, name); }
absl::StatusOr<v1::ListSweepsResponse> Store::ListSweeps(const v1::ListSweepsRequest& request) const {
  return impl_->Read(store::ListSweeps, request);
}
absl::StatusOr<v1::ListTrialsResponse> Store::ListTrials(const v1::ListTrialsRequest& request) const {
  return impl_->Read(store::ListTrials, request);
}
absl::StatusOr<v1::GetTrialResponse> Store::GetTrial(absl::string_view name) const {
  return impl_->Read(store::GetTrial, name);
}
absl::StatusOr<v1::ListResultsResponse> Store::ListResults(const v1::ListResultsRequest& request) const {
  return impl_->Read(store::ListResults, request);
}
absl::StatusOr<v1::GetResultResponse> Store::GetResult(absl::string_view attempt_name) const {
  return impl_->Read(store::GetResult, attempt_name);
}
absl::StatusOr<v1::ListHangsResponse> Store::ListHangs(const v1::ListHangsRequest& request) const {
  return impl_->Read(store::ListHangs, request);
}
absl::StatusOr<v1::Schedule> Store::GetSchedule(absl::string_view name) const {
  return impl_->Read(store::GetSchedule, name);
}
absl::StatusOr<v1::ListSchedulesResponse> Store::ListSchedules(const v1::ListSchedulesRequest& request) const {
  return impl_->Read(store::ListSchedules, request);
}
absl::StatusOr<v1::ListFiringsResponse> Store::ListFirings(const v1::ListFiringsRequest& request) const {
  return impl_->Read(store::ListFirings, request);
}
absl::StatusOr<std::vector<v1::BoardEvent>> Store::BoardEvents(absl::string_view board, int limit) const {
  return impl_->Read(store::BoardEvents, board, limit);
}
absl::StatusOr<v1::ListCertificatesResponse> Store::ListCertificates(const v1::ListCertificatesRequest& request) const {
  return impl_->Read(store::ListCertificates, request);
}
absl::StatusOr<v1::ListAuditEntriesResponse> Store::ListAuditEntries(const v1::ListAuditEntriesRequest& request) const {
  return impl_->Read(store::ListAuditEntries, request);
}
absl::StatusOr<std::vector<std::string>> Store::FindRevokedSerials(absl::Time now) const {
  return impl_->Read(store::FindRevokedSerials, now);
}
std::uint64_t Store::SizeBytes() const { return FileBytes(impl_->path()) + FileBytes(impl_->path() + "-wal"); }

std::uint64_t Store::FreeBytes() const {
  struct statvfs status = {};
  return statvfs(impl_->path().c_str(), &status) == 0 ? std::uint64_t{status.f_bavail} * status.f_frsize : 0;
}
std::vector<OperationCount> Store::OperationCounts() const { return impl_->operations().Read(); }

absl::StatusOr<LiveState> Store::LoadLive() {
  return impl_->Counted(Operation::kLoad, [this] { return impl_->live().LoadLive(); });
}
absl::StatusOr<absl::optional<SweepRow>> Store::FindSweep(absl::string_view name) {
  return impl_->Find([&] { return impl_->live().FindSweep(name); });
}
absl::StatusOr<absl::optional<SweepRow>> Store::FindSweepByRequest(absl::string_view request_id) {
  return impl_->Find([&] { return impl_->live().FindSweepByRequest(request_id); });
}
absl::StatusOr<absl::optional<TrialRow>> Store::FindTrial(absl::string_view name) {
  return impl_->Find([&] { return impl_->live().FindTrial(name); });
}
absl::StatusOr<absl::optional<AttemptRow>> Store::FindAttempt(std::int64_t trial_id, std::uint32_t attempt) {
  return impl_->Find([&] { return impl_->live().FindAttempt(trial_id, attempt); });
}
absl::StatusOr<std::vector<StoredResult>> Store::FindResults(std::int64_t trial_id, std::uint32_t attempt) {
  return impl_->Find([&] { return impl_->live().FindResults(trial_id, attempt); });
}
absl::StatusOr<std::vector<PayloadRow>> Store::FindOldPayloads(bool evidence, absl::Time before, int limit) {
  return impl_->Find([&] { return impl_->live().FindOldPayloads(evidence, before, limit); });
}
absl::StatusOr<OldEvents> Store::FindOldEvents(absl::Time before, int limit) {
  return impl_->Find([&] { return impl_->live().FindOldEvents(before, limit); });
}
absl::StatusOr<bool> Store::HasFiring(std::int64_t schedule_number, absl::Time nominal_time) {
  return impl_->Find([&] { return impl_->live().HasFiring(schedule_number, nominal_time); });
}
absl::StatusOr<bool> Store::IsClosedSession(absl::string_view board, absl::string_view incarnation_id) {
  return impl_->Find([&] { return impl_->live().IsClosedSession(board, incarnation_id); });
}
absl::StatusOr<absl::optional<JoinTokenRow>> Store::FindJoinToken(absl::string_view sha256) {
  return impl_->Find([&] { return store::FindJoinToken(impl_->writing(), sha256); });
}
absl::StatusOr<absl::optional<CertificateRow>> Store::FindCertificate(absl::string_view serial) {
  return impl_->Find([&] { return store::FindCertificate(impl_->writing(), serial); });
}
absl::StatusOr<bool> Store::HasCertificateForKey(absl::string_view key_sha256) {
  return impl_->Find([&] { return store::HasCertificateForKey(impl_->writing(), key_sha256); });
}
absl::StatusOr<std::vector<std::string>> Store::FindSerials(absl::string_view identity) {
  return impl_->Find([&] { return store::FindSerials(impl_->writing(), identity); });
}
std::unique_ptr<Transaction> Store::Begin() {
  return std::make_unique<Transaction>(impl_->writer(), impl_->operations(), impl_->clock());
}

}  // namespace crosscall::store
