#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "controller/store/for_each.h"
#include "controller/store/page.h"
#include "controller/store/queries.h"
#include "controller/store/row_reader.h"
#include "proto/shared/proto_time.h"
#include "proto/shared/resource_name.h"

namespace crosscall::store {
namespace {

constexpr PageSizes kPages = {.standard = 50, .largest = 500};
constexpr std::int64_t kNewest = std::numeric_limits<std::int64_t>::max();

absl::StatusOr<ScheduleRow> FindSchedule(Connection& connection, absl::string_view name) {
  if (absl::StatusOr<std::string> id = shared::ScheduleIdOf(name); !id.ok()) return id.status();
  absl::optional<ScheduleRow> found;
  absl::Status status = ForEach(
      connection, absl::StrCat("SELECT ", kScheduleColumns, " FROM schedules c WHERE c.name = ? AND c.remove_time = 0"),
      [&found](const Statement& statement) {
        absl::StatusOr<ScheduleRow> row = ReadSchedule(statement);
        if (!row.ok()) return row.status();
        found = *std::move(row);
        return absl::OkStatus();
      },
      name);
  if (!status.ok()) return status;
  if (found) return *std::move(found);
  return absl::NotFoundError(
      absl::StrCat("no schedule \"", name, "\"; `crosscallctl schedule list` shows those there are"));
}

v1::Firing ReadFiring(const Statement& statement) {
  v1::Firing firing;
  *firing.mutable_nominal_time() = shared::TimestampOf(statement.Time(0));
  firing.set_kind(static_cast<v1::Firing::Kind>(statement.Int(1)));
  firing.set_sweep(statement.Bytes(2));
  firing.set_reason(statement.Bytes(3));
  *firing.mutable_decide_time() = shared::TimestampOf(statement.Time(4));
  firing.set_manual(statement.Int(5) != 0);
  return firing;
}

}  // namespace

absl::StatusOr<v1::Schedule> GetSchedule(Connection& connection, absl::string_view name) {
  absl::StatusOr<ScheduleRow> row = FindSchedule(connection, name);
  if (!row.ok()) return row.status();
  return std::move(row->schedule);
}

absl::StatusOr<v1::ListSchedulesResponse> ListSchedules(Connection& connection,
                                                        const v1::ListSchedulesRequest& request) {
  absl::StatusOr<std::int64_t> size = PageSize(request.page_size(), kPages);
  if (!size.ok()) return size.status();
  absl::StatusOr<Position> after = PositionOf("schedules", "", request.page_token(), {0, 0, 0});
  if (!after.ok()) return after.status();
  v1::ListSchedulesResponse response;
  std::int64_t last = 0;
  absl::Status status = ForEach(
      connection,
      absl::StrCat("SELECT ", kScheduleColumns,
                   " FROM schedules c WHERE c.number > ? AND c.remove_time = 0 ORDER BY c.number LIMIT ?"),
      [&](const Statement& statement) {
        if (response.schedules_size() == *size) {
          response.set_next_page_token(PageToken("schedules", "", {last, 0, 0}));
          return absl::OkStatus();
        }
        absl::StatusOr<ScheduleRow> row = ReadSchedule(statement);
        if (!row.ok()) return row.status();
        last = row->number;
        *response.add_schedules() = std::move(row->schedule);
        return absl::OkStatus();
      },
      (*after)[0], *size + 1);
  if (!status.ok()) return status;
  return response;
}

absl::StatusOr<v1::ListFiringsResponse> ListFirings(Connection& connection, const v1::ListFiringsRequest& request) {
  absl::StatusOr<std::int64_t> size = PageSize(request.page_size(), kPages);
  if (!size.ok()) return size.status();
  absl::StatusOr<ScheduleRow> schedule = FindSchedule(connection, request.parent());
  if (!schedule.ok()) return schedule.status();
  absl::StatusOr<Position> before = PositionOf("firings", request.parent(), request.page_token(), {kNewest, 0, 0});
  if (!before.ok()) return before.status();
  v1::ListFiringsResponse response;
  std::int64_t last = 0;
  absl::Status status = ForEach(
      connection,
      "SELECT nominal_time, kind, sweep, reason, decide_time, manual FROM firings"
      " WHERE schedule = ? AND nominal_time < ? ORDER BY nominal_time DESC LIMIT ?",
      [&](const Statement& statement) {
        if (response.firings_size() == *size) {
          response.set_next_page_token(PageToken("firings", request.parent(), {last, 0, 0}));
          return absl::OkStatus();
        }
        last = statement.Int(0);
        *response.add_firings() = ReadFiring(statement);
        return absl::OkStatus();
      },
      schedule->number, (*before)[0], *size + 1);
  if (!status.ok()) return status;
  return response;
}

}  // namespace crosscall::store
