#include "controller/store/for_each.h"
#include "controller/store/queries.h"
#include "proto/shared/proto_time.h"

namespace crosscall::store {

absl::StatusOr<std::vector<v1::BoardEvent>> BoardEvents(Connection& connection, absl::string_view board, int limit) {
  std::vector<v1::BoardEvent> events;
  absl::Status status = ForEach(
      connection, "SELECT time, kind, detail FROM events WHERE subject = ? ORDER BY id DESC LIMIT ?",
      [&events](const Statement& statement) {
        v1::BoardEvent& event = events.emplace_back();
        *event.mutable_time() = shared::TimestampOf(statement.Time(0));
        event.set_kind(statement.Bytes(1));
        event.set_detail(statement.Bytes(2));
        return absl::OkStatus();
      },
      board, limit);
  if (!status.ok()) return status;
  return events;
}

}  // namespace crosscall::store
