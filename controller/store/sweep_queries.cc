#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "controller/store/for_each.h"
#include "controller/store/page.h"
#include "controller/store/queries.h"
#include "controller/store/row_reader.h"
#include "proto/shared/resource_name.h"

namespace crosscall::store {
namespace {

constexpr PageSizes kSweepPages = {.standard = 50, .largest = 500};
constexpr PageSizes kTrialPages = {.standard = 100, .largest = 1000};
constexpr std::int64_t kMaximum = std::numeric_limits<std::int64_t>::max();

absl::Status NoSuchSweep(absl::string_view name) {
  return absl::NotFoundError(absl::StrCat("no sweep \"", name, "\"; `crosscallctl sweep list` shows those there are"));
}

}  // namespace

absl::StatusOr<std::int64_t> SweepNumber(Connection& connection, absl::string_view name) {
  if (absl::StatusOr<std::string> id = shared::SweepIdOf(name); !id.ok()) return id.status();
  absl::optional<std::int64_t> number;
  absl::Status status = ForEach(
      connection, "SELECT number FROM sweeps WHERE name = ?",
      [&number](const Statement& statement) {
        number = statement.Int(0);
        return absl::OkStatus();
      },
      name);
  if (!status.ok()) return status;
  if (!number) return NoSuchSweep(name);
  return *number;
}

absl::StatusOr<v1::Sweep> GetSweep(Connection& connection, absl::string_view name) {
  if (absl::StatusOr<std::string> id = shared::SweepIdOf(name); !id.ok()) return id.status();
  absl::optional<v1::Sweep> sweep;
  absl::Status status = ForEach(
      connection, absl::StrCat("SELECT ", kSweepColumns, " FROM sweeps s WHERE s.name = ?"),
      [&sweep](const Statement& statement) {
        absl::StatusOr<SweepRow> row = ReadSweep(statement);
        if (!row.ok()) return row.status();
        sweep = std::move(row->sweep);
        return absl::OkStatus();
      },
      name);
  if (!status.ok()) return status;
  if (!sweep) return NoSuchSweep(name);
  return *std::move(sweep);
}

absl::StatusOr<v1::ListSweepsResponse> ListSweeps(Connection& connection, const v1::ListSweepsRequest& request) {
  absl::StatusOr<std::int64_t> size = PageSize(request.page_size(), kSweepPages);
  if (!size.ok()) return size.status();
  absl::StatusOr<Position> before = PositionOf("sweeps", "", request.page_token(), {kMaximum, 0, 0});
  if (!before.ok()) return before.status();
  v1::ListSweepsResponse response;
  std::int64_t last = 0;
  absl::Status status = ForEach(
      connection,
      absl::StrCat("SELECT ", kSweepColumns, " FROM sweeps s WHERE s.number < ? ORDER BY s.number DESC LIMIT ?"),
      [&](const Statement& statement) {
        if (response.sweeps_size() == *size) {
          response.set_next_page_token(PageToken("sweeps", "", {last, 0, 0}));
          return absl::OkStatus();
        }
        absl::StatusOr<SweepRow> row = ReadSweep(statement);
        if (!row.ok()) return row.status();
        last = row->number;
        *response.add_sweeps() = std::move(row->sweep);
        return absl::OkStatus();
      },
      (*before)[0], *size + 1);
  if (!status.ok()) return status;
  return response;
}

absl::StatusOr<v1::ListTrialsResponse> ListTrials(Connection& connection, const v1::ListTrialsRequest& request) {
  absl::StatusOr<std::int64_t> size = PageSize(request.page_size(), kTrialPages);
  if (!size.ok()) return size.status();
  absl::StatusOr<std::int64_t> number = SweepNumber(connection, request.parent());
  if (!number.ok()) return number.status();
  absl::StatusOr<Position> after = PositionOf("trials", request.parent(), request.page_token(), {-1, 0, 0});
  if (!after.ok()) return after.status();
  v1::ListTrialsResponse response;
  std::int64_t last = 0;
  absl::Status status = ForEach(
      connection,
      absl::StrCat("SELECT ", kTrialColumns,
                   " FROM trials t WHERE t.sweep = ? AND t.position > ? ORDER BY t.position LIMIT ?"),
      [&](const Statement& statement) {
        if (response.trials_size() == *size) {
          response.set_next_page_token(PageToken("trials", request.parent(), {last, 0, 0}));
          return absl::OkStatus();
        }
        absl::StatusOr<TrialRow> row = ReadTrial(statement);
        if (!row.ok()) return row.status();
        last = row->trial.order();
        *response.add_trials() = std::move(row->trial);
        return absl::OkStatus();
      },
      *number, (*after)[0], *size + 1);
  if (!status.ok()) return status;
  return response;
}

absl::StatusOr<v1::GetTrialResponse> GetTrial(Connection& connection, absl::string_view name) {
  if (absl::StatusOr<std::string> sweep = shared::SweepNameOfTrial(name); !sweep.ok()) return sweep.status();
  v1::GetTrialResponse response;
  absl::Status status = ForEach(
      connection,
      absl::StrCat("SELECT ", kTrialColumns, ", ", kAttemptColumns,
                   " FROM trials t LEFT JOIN attempts a ON a.trial = t.id WHERE t.name = ? ORDER BY a.attempt"),
      [&](const Statement& statement) {
        absl::StatusOr<TrialRow> trial = ReadTrial(statement);
        if (!trial.ok()) return trial.status();
        *response.mutable_trial() = std::move(trial->trial);
        const AttemptRow attempt = ReadAttempt(statement, kTrialColumnCount);
        // 0: it has none yet.
        if (attempt.attempt > 0) *response.add_attempts() = AttemptOf(attempt, name);
        return absl::OkStatus();
      },
      name);
  if (!status.ok()) return status;
  if (!response.has_trial()) return absl::NotFoundError(absl::StrCat("no trial \"", name, "\""));
  return response;
}

}  // namespace crosscall::store
