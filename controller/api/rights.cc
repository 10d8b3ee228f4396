#include "controller/api/rights.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"

namespace crosscall::api {
namespace {

constexpr Callers kPeople = kViewers | kOperators | kAdmins;
constexpr Callers kWorkers = kOperators | kAdmins;
constexpr Callers kEverybody = kAnonymous | kAgents | kPeople;

constexpr Right kRights[] = {
    {"/crosscall.v1.AdminService/CreateJoinToken", kAdmins},
    {"/crosscall.v1.AdminService/ListAuditEntries", kAdmins},
    {"/crosscall.v1.AdminService/ListCertificates", kAdmins},
    {"/crosscall.v1.AdminService/RevokeCertificates", kAdmins},
    {"/crosscall.v1.BoardService/DrainBoard", kWorkers},
    {"/crosscall.v1.BoardService/GetBoard", kPeople},
    {"/crosscall.v1.BoardService/ListBoards", kPeople},
    {"/crosscall.v1.BoardService/QuarantineBoard", kWorkers},
    {"/crosscall.v1.BoardService/ReleaseBoard", kWorkers},
    {"/crosscall.v1.BoardService/RetireBoard", kAdmins},
    {"/crosscall.v1.BoardService/Synchronize", kAgents},
    {"/crosscall.v1.BoardService/UpdateBoard", kWorkers},
    {"/crosscall.v1.BoardService/UploadResult", kAgents},
    {"/crosscall.v1.EnrolService/Enrol", kEverybody},
    {"/crosscall.v1.EnrolService/Renew", kAgents},
    {"/crosscall.v1.ResultService/GetResult", kPeople},
    {"/crosscall.v1.ResultService/ListHangs", kPeople},
    {"/crosscall.v1.ResultService/ListResults", kPeople},
    {"/crosscall.v1.ScheduleService/CreateSchedule", kWorkers},
    {"/crosscall.v1.ScheduleService/DeleteSchedule", kWorkers},
    {"/crosscall.v1.ScheduleService/GetSchedule", kPeople},
    {"/crosscall.v1.ScheduleService/ListFirings", kPeople},
    {"/crosscall.v1.ScheduleService/ListSchedules", kPeople},
    {"/crosscall.v1.ScheduleService/PauseSchedule", kWorkers},
    {"/crosscall.v1.ScheduleService/ResumeSchedule", kWorkers},
    {"/crosscall.v1.ScheduleService/RunSchedule", kWorkers},
    {"/crosscall.v1.SweepService/CancelSweep", kWorkers},
    {"/crosscall.v1.SweepService/CreateSweep", kWorkers},
    {"/crosscall.v1.SweepService/ExplainSweep", kPeople},
    {"/crosscall.v1.SweepService/GetSweep", kPeople},
    {"/crosscall.v1.SweepService/ListSweeps", kPeople},
    {"/crosscall.v1.SweepService/ListTrials", kPeople},
    {"/crosscall.v1.SweepService/WatchSweep", kPeople},
    // Whether it serves is no secret: load balancers and watchdogs have no certificate.
    {"/grpc.health.v1.Health/Check", kEverybody},
    {"/grpc.health.v1.Health/Watch", kEverybody},
    {"/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", kPeople},
};

Callers CallersOf(const absl::optional<shared::Role>& role) {
  if (!role) return kAnonymous;
  switch (*role) {
    case shared::Role::kAgent:
      return kAgents;
    case shared::Role::kViewer:
      return kViewers;
    case shared::Role::kOperator:
      return kOperators;
    case shared::Role::kAdmin:
      return kAdmins;
  }
  return 0;
}

std::string RolesIn(Callers callers) {
  std::vector<absl::string_view> names;
  for (const shared::Role role : shared::kRoles) {
    if ((CallersOf(role) & callers) != 0) names.push_back(shared::RoleName(role));
  }
  return absl::StrJoin(names, " or ");
}

}  // namespace

absl::Span<const Right> Rights() { return kRights; }

absl::Status CheckRight(absl::string_view method, const absl::optional<shared::Role>& role) {
  const auto* const right =
      std::find_if(std::begin(kRights), std::end(kRights), [method](const Right& row) { return row.method == method; });
  if (right == std::end(kRights)) {
    return absl::PermissionDeniedError(absl::StrCat("nobody may call ", absl::StripPrefix(method, "/")));
  }
  if ((right->callers & CallersOf(role)) != 0) return absl::OkStatus();
  const std::string needed =
      absl::StrCat(absl::StripPrefix(method, "/"), " needs a certificate of role ", RolesIn(right->callers));
  if (!role) return absl::UnauthenticatedError(absl::StrCat(needed, ", and none was shown"));
  return absl::PermissionDeniedError(absl::StrCat(needed, ", and the caller's is ", shared::RoleName(*role)));
}

}  // namespace crosscall::api
