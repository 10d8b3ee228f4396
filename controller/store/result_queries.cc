#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "controller/store/for_each.h"
#include "controller/store/known_finding.h"
#include "controller/store/page.h"
#include "controller/store/queries.h"
#include "controller/store/row_reader.h"
#include "proto/shared/proto_time.h"
#include "proto/shared/resource_name.h"

namespace crosscall::store {
namespace {

constexpr PageSizes kResultPages = {.standard = 100, .largest = 500};
constexpr PageSizes kHangPages = {.standard = 50, .largest = 500};
constexpr std::int64_t kMaximum = std::numeric_limits<std::int64_t>::max();

// One attempt of a list, still without payloads.
struct Listed {
  TrialRow trial;
  AttemptRow attempt;

  v1::Result ToResult() const {
    v1::Result result;
    *result.mutable_trial() = trial.trial;
    *result.mutable_attempt() = AttemptOf(attempt, trial.trial.name());
    result.set_name(result.attempt().name());
    return result;
  }
};

// Attempts from one on, in the order of their primary key.
class AttemptList {
 public:
  // Of the trials with ids from `first` to `last`.
  static absl::StatusOr<AttemptList> Select(Connection& connection, std::int64_t first, std::int64_t last,
                                            const Position& from) {
    absl::StatusOr<Statement> statement = connection.Prepare(
        absl::StrCat("SELECT ", kTrialColumns, ", ", kAttemptColumns,
                     " FROM attempts a CROSS JOIN trials t ON t.id = a.trial WHERE a.trial BETWEEN ? AND ?"
                     " AND (a.trial, a.attempt) >= (?, ?) ORDER BY a.trial, a.attempt"));
    if (!statement.ok()) return statement.status();
    if (absl::Status status = statement->Bind(first, last, from[0], from[1]); !status.ok()) return status;
    return AttemptList(*std::move(statement));
  }

  // Nothing at the end.
  absl::StatusOr<absl::optional<Listed>> Next() {
    absl::StatusOr<bool> row = statement_.Step();
    if (!row.ok()) return row.status();
    if (!*row) return absl::optional<Listed>();
    absl::StatusOr<TrialRow> trial = ReadTrial(statement_);
    if (!trial.ok()) return trial.status();
    return absl::make_optional<Listed>({*std::move(trial), ReadAttempt(statement_, kTrialColumnCount)});
  }

 private:
  explicit AttemptList(Statement statement) : statement_(std::move(statement)) {}
  Statement statement_;
};

// What a list shows of a payload, from `rank` on.
constexpr char kPayloadColumns[] = "p.payload, r.commit_time, r.evidence, p.remove_time, r.p50, r.p99, r.p999, r.max";

v1::Removal RemovalOf(const Statement& statement, int first, bool whole) {
  v1::Removal removal;
  *removal.mutable_time() = shared::TimestampOf(statement.Time(first));
  removal.set_whole(whole);
  removal.set_p50_nanos(static_cast<std::uint64_t>(statement.Int(first + 1)));
  removal.set_p99_nanos(static_cast<std::uint64_t>(statement.Int(first + 2)));
  removal.set_p999_nanos(static_cast<std::uint64_t>(statement.Int(first + 3)));
  removal.set_max_nanos(static_cast<std::uint64_t>(statement.Int(first + 4)));
  return removal;
}

// The results of one attempt: its own (rank 0, without payload if none arrived), then its evidence (rank: row id).
// `emit(v1::Result, rank)` returns false to stop; `after` is the rank of the last one already seen, -1 for none.
template <class Emit>
absl::Status ForEachResult(Connection& connection, const Listed& listed, std::int64_t after, bool evidence, Emit emit) {
  bool more = true;
  const auto read = [&](const Statement& statement) {
    if (!more) return absl::OkStatus();
    v1::Result result = listed.ToResult();
    const bool is_evidence = statement.Int(3) != 0;
    const bool removed = statement.Int(4) != 0;
    if (!removed || !is_evidence) {
      if (absl::Status status = statement.Parse(1, *result.mutable_payload()); !status.ok()) return status;
    }
    if (removed) *result.mutable_removal() = RemovalOf(statement, 4, is_evidence);
    *result.mutable_commit_time() = shared::TimestampOf(statement.Time(2));
    result.set_evidence(is_evidence);
    more = emit(std::move(result), statement.Int(0));
    return absl::OkStatus();
  };
  const std::int64_t trial = listed.trial.id;
  const std::uint32_t attempt = listed.attempt.attempt;
  if (after < 0) {
    bool found = false;
    absl::Status status = ForEach(
        connection,
        absl::StrCat("SELECT 0, ", kPayloadColumns,
                     " FROM results r JOIN payloads p ON p.result = r.id WHERE r.trial = ? AND r.attempt = ?"
                     " AND r.evidence = 0"),
        [&](const Statement& statement) {
          found = true;
          return read(statement);
        },
        trial, attempt);
    if (!status.ok()) return status;
    if (!found) more = emit(listed.ToResult(), 0);
  }
  if (!evidence || !more) return absl::OkStatus();
  return ForEach(connection,
                 absl::StrCat("SELECT r.id, ", kPayloadColumns,
                              " FROM results r JOIN payloads p ON p.result = r.id WHERE r.trial = ? AND r.attempt = ?"
                              " AND r.evidence = 1 AND r.id > ? ORDER BY r.id"),
                 read, trial, attempt, std::max<std::int64_t>(after, 0));
}

// The ids of a sweep's trials are contiguous: they were given in one transaction.
absl::Status TrialRange(Connection& connection, absl::string_view parent, std::int64_t& first, std::int64_t& last) {
  first = 1;
  last = kMaximum;
  if (parent.empty()) return absl::OkStatus();
  absl::StatusOr<std::int64_t> number = SweepNumber(connection, parent);
  if (!number.ok()) return number.status();
  // No trial, no range.
  last = 0;
  const auto read_into = [](std::int64_t& id) {
    return [&id](const Statement& statement) {
      id = statement.Int(0);
      return absl::OkStatus();
    };
  };
  if (absl::Status status = ForEach(connection, "SELECT id FROM trials WHERE sweep = ? ORDER BY position LIMIT 1",
                                    read_into(first), *number);
      !status.ok()) {
    return status;
  }
  return ForEach(connection, "SELECT id FROM trials WHERE sweep = ? ORDER BY position DESC LIMIT 1", read_into(last),
                 *number);
}

}  // namespace

absl::StatusOr<v1::ListResultsResponse> ListResults(Connection& connection, const v1::ListResultsRequest& request) {
  absl::StatusOr<std::int64_t> size = PageSize(request.page_size(), kResultPages);
  if (!size.ok()) return size.status();
  std::int64_t first = 0;
  std::int64_t last = 0;
  if (absl::Status status = TrialRange(connection, request.parent(), first, last); !status.ok()) return status;
  const std::string filter = absl::StrCat(request.parent(), request.include_evidence() ? "+" : "");
  absl::StatusOr<Position> after = PositionOf("results", filter, request.page_token(), {0, 0, -1});
  if (!after.ok()) return after.status();
  absl::StatusOr<AttemptList> attempts = AttemptList::Select(connection, first, last, *after);
  if (!attempts.ok()) return attempts.status();
  v1::ListResultsResponse response;
  Position seen = *after;
  std::size_t bytes = 0;
  while (response.next_page_token().empty()) {
    absl::StatusOr<absl::optional<Listed>> listed = attempts->Next();
    if (!listed.ok()) return listed.status();
    if (!listed->has_value()) break;
    const Listed& one = **listed;
    const bool resumed = one.trial.id == (*after)[0] && one.attempt.attempt == (*after)[1];
    absl::Status status = ForEachResult(connection, one, resumed ? (*after)[2] : -1, request.include_evidence(),
                                        [&](v1::Result result, std::int64_t rank) {
                                          if (response.results_size() == *size || bytes > kPageBytes) {
                                            response.set_next_page_token(PageToken("results", filter, seen));
                                            return false;
                                          }
                                          seen = {one.trial.id, one.attempt.attempt, rank};
                                          bytes += result.ByteSizeLong();
                                          *response.add_results() = std::move(result);
                                          return true;
                                        });
    if (!status.ok()) return status;
  }
  return response;
}

absl::StatusOr<v1::GetResultResponse> GetResult(Connection& connection, absl::string_view attempt_name) {
  absl::StatusOr<shared::AttemptKey> key = shared::AttemptKeyOf(attempt_name);
  if (!key.ok()) return key.status();
  absl::optional<Listed> listed;
  absl::Status status = ForEach(
      connection,
      absl::StrCat("SELECT ", kTrialColumns, ", ", kAttemptColumns,
                   " FROM trials t JOIN attempts a ON a.trial = t.id WHERE t.name = ? AND a.attempt = ?"),
      [&listed](const Statement& statement) {
        absl::StatusOr<TrialRow> trial = ReadTrial(statement);
        if (!trial.ok()) return trial.status();
        listed = {*std::move(trial), ReadAttempt(statement, kTrialColumnCount)};
        return absl::OkStatus();
      },
      key->trial, key->attempt);
  if (!status.ok()) return status;
  if (!listed) return absl::NotFoundError(absl::StrCat("no attempt \"", attempt_name, "\""));
  v1::GetResultResponse response;
  status = ForEachResult(connection, *listed, -1, true, [&response](v1::Result result, std::int64_t rank) {
    (rank == 0 ? *response.mutable_result() : *response.add_evidence()) = std::move(result);
    return true;
  });
  if (!status.ok()) return status;
  v1::Result& result = *response.mutable_result();
  if (!result.payload().has_hang()) return response;
  status = LookUpFinding(connection, result.trial().spec(), *result.mutable_payload()->mutable_hang());
  if (!status.ok()) return status;
  return response;
}

absl::StatusOr<v1::ListHangsResponse> ListHangs(Connection& connection, const v1::ListHangsRequest& request) {
  absl::StatusOr<std::int64_t> size = PageSize(request.page_size(), kHangPages);
  if (!size.ok()) return size.status();
  std::int64_t number = 0;
  if (!request.parent().empty()) {
    absl::StatusOr<std::int64_t> found = SweepNumber(connection, request.parent());
    if (!found.ok()) return found.status();
    number = *found;
  }
  absl::StatusOr<Position> before = PositionOf("hangs", request.parent(), request.page_token(), {kMaximum, 0, 0});
  if (!before.ok()) return before.status();
  const std::string sql = absl::StrCat(
      "SELECT ", kTrialColumns, ", h.result, r.attempt, p.payload, r.commit_time FROM hangs h",
      " JOIN results r ON r.id = h.result JOIN payloads p ON p.result = h.result JOIN trials t ON t.id = r.trial",
      request.parent().empty() ? " WHERE ?1 = 0" : " WHERE h.sweep = ?1",
      " AND h.result < ?2 ORDER BY h.result DESC LIMIT ?3");
  v1::ListHangsResponse response;
  std::int64_t last = 0;
  std::size_t bytes = 0;
  absl::Status status = ForEach(
      connection, sql,
      [&](const Statement& statement) {
        if (!response.next_page_token().empty()) return absl::OkStatus();
        if (response.hangs_size() == *size || bytes > kPageBytes) {
          response.set_next_page_token(PageToken("hangs", request.parent(), {last, 0, 0}));
          return absl::OkStatus();
        }
        absl::StatusOr<TrialRow> trial = ReadTrial(statement);
        if (!trial.ok()) return trial.status();
        v1::TrialResult payload;
        if (absl::Status parsed = statement.Parse(kTrialColumnCount + 2, payload); !parsed.ok()) return parsed;
        last = statement.Int(kTrialColumnCount);
        v1::Hang& hang = *response.add_hangs();
        hang.set_name(
            shared::AttemptName(trial->trial.name(), static_cast<std::uint32_t>(statement.Int(kTrialColumnCount + 1))));
        hang.set_board(trial->trial.board());
        hang.mutable_spec()->Swap(trial->trial.mutable_spec());
        *hang.mutable_commit_time() = shared::TimestampOf(statement.Time(kTrialColumnCount + 3));
        hang.set_outcome(payload.outcome());
        hang.mutable_report()->Swap(payload.mutable_hang());
        hang.mutable_report()->set_name(hang.name());
        if (payload.outcome() == v1::OUTCOME_WEDGED) hang.mutable_report()->set_summary(payload.reason());
        bytes += hang.ByteSizeLong();
        return absl::OkStatus();
      },
      number, (*before)[0], *size + 1);
  if (!status.ok()) return status;
  return response;
}

}  // namespace crosscall::store
