// What users read. Runs on a connection of its own, so that a long list never makes the dispatcher wait.
#ifndef CONTROLLER_STORE_QUERIES_H_
#define CONTROLLER_STORE_QUERIES_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "controller/store/connection.h"
#include "crosscall/v1/board.pb.h"
#include "crosscall/v1/result_service.pb.h"
#include "crosscall/v1/schedule_service.pb.h"
#include "crosscall/v1/sweep_service.pb.h"

namespace crosscall::store {

// Not thread-safe: the owner guards the connection. Each is documented at Store.
absl::StatusOr<v1::Sweep> GetSweep(Connection& connection, absl::string_view name);
absl::StatusOr<v1::ListSweepsResponse> ListSweeps(Connection& connection, const v1::ListSweepsRequest& request);
absl::StatusOr<v1::ListTrialsResponse> ListTrials(Connection& connection, const v1::ListTrialsRequest& request);
absl::StatusOr<v1::GetTrialResponse> GetTrial(Connection& connection, absl::string_view name);
absl::StatusOr<v1::ListResultsResponse> ListResults(Connection& connection, const v1::ListResultsRequest& request);
absl::StatusOr<v1::GetResultResponse> GetResult(Connection& connection, absl::string_view attempt_name);
absl::StatusOr<std::vector<v1::BoardEvent>> BoardEvents(Connection& connection, absl::string_view board, int limit);
absl::StatusOr<v1::ListHangsResponse> ListHangs(Connection& connection, const v1::ListHangsRequest& request);
absl::StatusOr<v1::Schedule> GetSchedule(Connection& connection, absl::string_view name);
absl::StatusOr<v1::ListSchedulesResponse> ListSchedules(Connection& connection,
                                                        const v1::ListSchedulesRequest& request);
absl::StatusOr<v1::ListFiringsResponse> ListFirings(Connection& connection, const v1::ListFiringsRequest& request);

// The number of a sweep; NOT_FOUND, or INVALID_ARGUMENT for a name of another form.
absl::StatusOr<std::int64_t> SweepNumber(Connection& connection, absl::string_view name);

}  // namespace crosscall::store

#endif  // CONTROLLER_STORE_QUERIES_H_
