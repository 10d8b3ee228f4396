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
constexpr Callers kBoardKeepers = kBoardOperators | kAdmins;
constexpr Callers kPowerSwitchers = kPowerOperators | kAdmins;
constexpr Callers kEverybody = kAnonymous | kAgents | kPeople;

constexpr Right kRights[] = {
    {"/crosscall.v1.AdminService/CreateJoinToken", kAdmins},
    {"/crosscall.v1.AdminService/ListAuditEntries", kAdmins},
    {"/crosscall.v1.AdminService/ListCertificates", kAdmins},
    {"/crosscall.v1.AdminService/RevokeCertificates", kAdmins},
    {"/crosscall.v1.BoardService/DrainBoard", kBoardKeepers},
    {"/crosscall.v1.BoardService/GetBoard", kPeople},
    {"/crosscall.v1.BoardService/ListBoards", kPeople},
    {"/crosscall.v1.BoardService/QuarantineBoard", kBoardKeepers},
    {"/crosscall.v1.BoardService/ReleaseBoard", kBoardKeepers},
    {"/crosscall.v1.BoardService/RetireBoard", kAdmins},
    {"/crosscall.v1.BoardService/SetBoardPower", kAdmins},
    {"/crosscall.v1.BoardService/SwitchBoardPower", kPowerSwitchers},
    {"/crosscall.v1.BoardService/Synchronize", kAgents},
    {"/crosscall.v1.BoardService/UpdateBoard", kBoardKeepers},
    {"/crosscall.v1.BoardService/UploadResult", kAgents},
    {"/crosscall.v1.EnrolService/Enrol", kEverybody},
    {"/crosscall.v1.EnrolService/Renew", kAgents},
    {"/crosscall.v1.ResultService/GetResult", kPeople},
    {"/crosscall.v1.ResultService/ListHangs", kPeople},
    {"/crosscall.v1.ResultService/ListResults", kPeople},
    {"/crosscall.v1.ScheduleService/CreateSchedule", kBoardKeepers},
    {"/crosscall.v1.ScheduleService/DeleteSchedule", kBoardKeepers},
    {"/crosscall.v1.ScheduleService/GetSchedule", kPeople},
    {"/crosscall.v1.ScheduleService/ListFirings", kPeople},
    {"/crosscall.v1.ScheduleService/ListSchedules", kPeople},
    {"/crosscall.v1.ScheduleService/PauseSchedule", kBoardKeepers},
    {"/crosscall.v1.ScheduleService/ResumeSchedule", kBoardKeepers},
    {"/crosscall.v1.ScheduleService/RunSchedule", kBoardKeepers},
    {"/crosscall.v1.SweepService/CancelSweep", kWorkers, kBoardKeepers},
    {"/crosscall.v1.SweepService/CreateSweep", kWorkers},
    {"/crosscall.v1.SweepService/ExplainSweep", kPeople},
    {"/crosscall.v1.SweepService/GetSweep", kPeople},
    {"/crosscall.v1.SweepService/GetTrial", kPeople},
    {"/crosscall.v1.SweepService/ListSweeps", kPeople},
    {"/crosscall.v1.SweepService/ListTrials", kPeople},
    {"/crosscall.v1.SweepService/WatchSweep", kPeople},
    // Whether it serves is no secret: load balancers and watchdogs have no certificate.
    {"/grpc.health.v1.Health/Check", kEverybody},
    {"/grpc.health.v1.Health/Watch", kEverybody},
    {"/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", kPeople},
};

Callers KindOf(shared::Role role) {
  switch (role) {
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

Callers KindOf(shared::OperatorRight right) {
  switch (right) {
    case shared::OperatorRight::kBoard:
      return kBoardOperators;
    case shared::OperatorRight::kPower:
      return kPowerOperators;
  }
  return 0;
}

// `operator (with right board) or admin`
std::string InWords(Callers callers) {
  std::vector<std::string> names;
  for (const shared::Role role : shared::kRoles) {
    if ((KindOf(role) & callers) != 0) {
      names.emplace_back(shared::RoleName(role));
    } else if (role == shared::Role::kOperator) {
      for (const shared::OperatorRight right : shared::kOperatorRights) {
        if ((KindOf(right) & callers) != 0) {
          names.push_back(absl::StrCat("operator (with right ", shared::RightName(right), ")"));
        }
      }
    }
  }
  return absl::StrJoin(names, " or ");
}

std::string InWordsOne(Callers caller) {
  std::vector<absl::string_view> rights;
  for (const shared::OperatorRight right : shared::kOperatorRights) {
    if ((KindOf(right) & caller) != 0) rights.push_back(shared::RightName(right));
  }
  if (rights.empty()) return InWords(caller);
  return absl::StrCat("operator (with right ", absl::StrJoin(rights, " and "), ")");
}

// How an operator comes by the right that `callers` have and he has not.
std::string Advice(Callers callers, Callers caller) {
  if ((caller & kOperators) == 0) return "";
  for (const shared::OperatorRight right : shared::kOperatorRights) {
    if ((KindOf(right) & callers) == 0) continue;
    return absl::StrCat("; an administrator gives it with: crosscallctl join-token create --operator NAME --right ",
                        shared::RightName(right));
  }
  return "";
}

absl::Status Check(absl::string_view what, Callers allowed, Callers caller) {
  if ((allowed & caller) != 0) return absl::OkStatus();
  const std::string needed = absl::StrCat(what, " needs a certificate of role ", InWords(allowed));
  if (caller == kAnonymous) return absl::UnauthenticatedError(absl::StrCat(needed, ", and none was shown"));
  return absl::PermissionDeniedError(
      absl::StrCat(needed, ", and the caller's is ", InWordsOne(caller), Advice(allowed, caller)));
}

const Right* Find(absl::string_view method) {
  const auto* const right =
      std::find_if(std::begin(kRights), std::end(kRights), [method](const Right& row) { return row.method == method; });
  return right == std::end(kRights) ? nullptr : right;
}

absl::Status Unknown(absl::string_view method) {
  return absl::PermissionDeniedError(absl::StrCat("nobody may call ", absl::StripPrefix(method, "/")));
}

}  // namespace

absl::Span<const Right> Rights() { return kRights; }

Callers KindsOf(shared::Role role, const shared::OperatorRights& rights) {
  Callers kinds = KindOf(role);
  for (const shared::OperatorRight right : shared::kOperatorRights) {
    if (rights.Has(right)) kinds |= KindOf(right);
  }
  return kinds;
}

absl::Status CheckRight(absl::string_view method, Callers caller) {
  const Right* const right = Find(method);
  if (right == nullptr) return Unknown(method);
  return Check(absl::StripPrefix(method, "/"), right->callers, caller);
}

absl::Status CheckRightOnOthers(absl::string_view method, Callers caller) {
  const Right* const right = Find(method);
  if (right == nullptr) return Unknown(method);
  if (right->others == 0) return CheckRight(method, caller);
  return Check(absl::StrCat(absl::StripPrefix(method, "/"), " of what another asked for"), right->others, caller);
}

}  // namespace crosscall::api
