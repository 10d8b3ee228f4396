// The truth: SQLite in WAL mode with synchronous=FULL. A commit that returned is there after a power cut.
//
// Invariants: results are never changed or deleted and events are never changed (triggers see to it); a payload only
// loses what retention takes from it, once, and says so; an attempt has at most one result that is not evidence; one
// process at a time (a lock on the state folder). Thread safety: the reads in the first half
// may be called from any thread. The second half is the dispatcher's alone: one thread, one transaction at a time.
// Codes of all methods: NOT_FOUND and INVALID_ARGUMENT as said; RESOURCE_EXHAUSTED (disk full), UNAVAILABLE (I/O error,
// may pass), DATA_LOSS (damaged file), FAILED_PRECONDITION (as said at Open).
#ifndef CONTROLLER_STORE_STORE_H_
#define CONTROLLER_STORE_STORE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "controller/store/access_rows.h"
#include "controller/store/operations.h"
#include "controller/store/rows.h"
#include "controller/store/transaction.h"
#include "crosscall/v1/admin_service.pb.h"
#include "crosscall/v1/result_service.pb.h"
#include "crosscall/v1/schedule_service.pb.h"
#include "crosscall/v1/sweep_service.pb.h"
#include "proto/shared/clock.h"

namespace crosscall::store {

struct Options {
  // The state folder; made if it is not there. Holds `crosscall.db` and `lock`.
  std::string folder;
  // Asked before each write (`operation` is "begin", "write" or "commit"); an error takes the write's place. For tests.
  std::function<absl::Status(absl::string_view operation)> fault;
  // False: commits do not wait for the disk. Only for tests and simulations, which end with their process.
  bool durable = true;
  // Limit of the file's size in pages of 4 KiB; 0: the disk is the limit.
  std::uint64_t max_pages = 0;
  // Measures how long operations take. Outlives the store.
  const shared::Clock* clock = &shared::SystemClock();
};

class Store {
 public:
  // FAILED_PRECONDITION: another process holds the folder, or a newer crosscall wrote it. PERMISSION_DENIED, NOT_FOUND:
  // the folder. An older schema is migrated, in one transaction.
  static absl::StatusOr<std::unique_ptr<Store>> Open(Options options);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // Reads. Names are full resource names. Lists page as their protos say; a page token that this method did not make,
  // and a negative page size, are INVALID_ARGUMENT; an unknown parent is NOT_FOUND.
  absl::StatusOr<v1::Sweep> GetSweep(absl::string_view name) const;
  absl::StatusOr<v1::ListSweepsResponse> ListSweeps(const v1::ListSweepsRequest& request) const;
  absl::StatusOr<v1::ListTrialsResponse> ListTrials(const v1::ListTrialsRequest& request) const;
  absl::StatusOr<v1::GetTrialResponse> GetTrial(absl::string_view name) const;
  // Every attempt of the sweep (or of all), with its payload if one arrived.
  absl::StatusOr<v1::ListResultsResponse> ListResults(const v1::ListResultsRequest& request) const;
  // A hang report names what the explorer knows of its point.
  absl::StatusOr<v1::GetResultResponse> GetResult(absl::string_view attempt_name) const;
  absl::StatusOr<v1::ListHangsResponse> ListHangs(const v1::ListHangsRequest& request) const;
  absl::StatusOr<v1::Schedule> GetSchedule(absl::string_view name) const;
  absl::StatusOr<v1::ListSchedulesResponse> ListSchedules(const v1::ListSchedulesRequest& request) const;
  absl::StatusOr<v1::ListFiringsResponse> ListFirings(const v1::ListFiringsRequest& request) const;
  // The newest `limit` events of a board, newest first; none for a board that is not there.
  absl::StatusOr<std::vector<v1::BoardEvent>> BoardEvents(absl::string_view board, int limit) const;
  absl::StatusOr<v1::ListCertificatesResponse> ListCertificates(const v1::ListCertificatesRequest& request) const;
  absl::StatusOr<v1::ListAuditEntriesResponse> ListAuditEntries(const v1::ListAuditEntriesRequest& request) const;
  // Of certificates that would still be valid at `now`.
  absl::StatusOr<std::vector<std::string>> FindRevokedSerials(absl::Time now) const;
  // Bytes of the database and its log on disk.
  std::uint64_t SizeBytes() const;
  // Bytes that the folder's file system has left for it; 0 if that cannot be read.
  std::uint64_t FreeBytes() const;
  // What was done since it was opened.
  std::vector<OperationCount> OperationCounts() const;

  // The dispatcher's. Point reads see what the open transaction wrote.
  absl::StatusOr<LiveState> LoadLive();
  // Nothing if there is none.
  absl::StatusOr<absl::optional<SweepRow>> FindSweep(absl::string_view name);
  absl::StatusOr<absl::optional<SweepRow>> FindSweepByRequest(absl::string_view request_id);
  absl::StatusOr<absl::optional<TrialRow>> FindTrial(absl::string_view name);
  absl::StatusOr<absl::optional<AttemptRow>> FindAttempt(std::int64_t trial_id, std::uint32_t attempt);
  // The payloads already stored for an attempt, in the order of their arrival.
  absl::StatusOr<std::vector<StoredResult>> FindResults(std::int64_t trial_id, std::uint32_t attempt);
  // The oldest payloads from before that time, of evidence or of results, that retention has not looked at.
  absl::StatusOr<std::vector<PayloadRow>> FindOldPayloads(bool evidence, absl::Time before, int limit);
  // The events from the oldest on that are from before that time, at most `limit`.
  absl::StatusOr<OldEvents> FindOldEvents(absl::Time before, int limit);
  // True if the schedule's nominal time has its firing.
  absl::StatusOr<bool> HasFiring(std::int64_t schedule_number, absl::Time nominal_time);
  // True if the board's incarnation had a session that is closed.
  absl::StatusOr<bool> IsClosedSession(absl::string_view board, absl::string_view incarnation_id);
  // By the hash of the token; nothing if there is none.
  absl::StatusOr<absl::optional<JoinTokenRow>> FindJoinToken(absl::string_view sha256);
  absl::StatusOr<absl::optional<CertificateRow>> FindCertificate(absl::string_view serial);
  absl::StatusOr<bool> HasCertificateForKey(absl::string_view key_sha256);
  // Of all certificates of the identity that are not revoked.
  absl::StatusOr<std::vector<std::string>> FindSerials(absl::string_view identity);
  // Errors stay in the transaction: its Commit tells them. Only one at a time.
  std::unique_ptr<Transaction> Begin();

 private:
  class Impl;
  explicit Store(std::unique_ptr<Impl> impl);
  const std::unique_ptr<Impl> impl_;
};

}  // namespace crosscall::store

#endif  // CONTROLLER_STORE_STORE_H_
