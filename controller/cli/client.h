// The controller's services as plain functions: deadlines, pages and statuses are handled here and nowhere else.
#ifndef CONTROLLER_CLI_CLIENT_H_
#define CONTROLLER_CLI_CLIENT_H_

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "crosscall/v1/admin_service.grpc.pb.h"
#include "crosscall/v1/board_service.grpc.pb.h"
#include "crosscall/v1/enrol_service.grpc.pb.h"
#include "crosscall/v1/result_service.grpc.pb.h"
#include "crosscall/v1/schedule_service.grpc.pb.h"
#include "crosscall/v1/sweep_service.grpc.pb.h"

namespace crosscall::cli {

// The seam to the network.
struct Stubs {
  std::unique_ptr<v1::BoardService::StubInterface> boards;
  std::unique_ptr<v1::SweepService::StubInterface> sweeps;
  std::unique_ptr<v1::ResultService::StubInterface> results;
  std::unique_ptr<v1::ScheduleService::StubInterface> schedules;
  std::unique_ptr<v1::AdminService::StubInterface> admin;
  std::unique_ptr<v1::EnrolService::StubInterface> enrol;
};

// To `address`, HOST:PORT. Connects with the first call.
Stubs Connect(const std::string& address, const std::shared_ptr<grpc::ChannelCredentials>& credentials);

// The status of a call to `address`: same code; where the controller was not reached, the text says what to check.
absl::Status FromGrpc(const grpc::Status& status, const std::string& address);

// Thread-safe as its stubs are (those of gRPC are). Every call waits at most `timeout`. A call that ends UNAVAILABLE is
// repeated twice after a pause: all calls of the API but one may be, and no other code is. Lists follow all pages.
class Client {
 public:
  using Pause = std::function<void(absl::Duration)>;
  Client(Stubs stubs, std::string address, absl::Duration timeout, Pause pause)
      : stubs_(std::move(stubs)), address_(std::move(address)), timeout_(timeout), pause_(std::move(pause)) {}

  absl::StatusOr<std::vector<v1::Board>> ListBoards();
  // With its newest events.
  absl::StatusOr<v1::GetBoardResponse> GetBoard(const std::string& name);
  // Each answers with the board as it is then.
  absl::StatusOr<v1::Board> UpdateBoard(const v1::UpdateBoardRequest& request);
  absl::StatusOr<v1::Board> DrainBoard(const v1::DrainBoardRequest& request);
  absl::StatusOr<v1::Board> QuarantineBoard(const v1::QuarantineBoardRequest& request);
  absl::StatusOr<v1::Board> ReleaseBoard(const v1::ReleaseBoardRequest& request);
  absl::StatusOr<v1::Board> RetireBoard(const v1::RetireBoardRequest& request);
  absl::StatusOr<v1::Board> SetBoardPower(const v1::SetBoardPowerRequest& request);
  // Not repeated when it ends UNAVAILABLE, unless it only reads: nobody knows then what was switched.
  absl::StatusOr<v1::SwitchBoardPowerResponse> SwitchBoardPower(const v1::SwitchBoardPowerRequest& request);
  absl::StatusOr<v1::Sweep> CreateSweep(const v1::CreateSweepRequest& request);
  absl::StatusOr<v1::Sweep> GetSweep(const std::string& name);
  // The newest `limit`, newest first.
  absl::StatusOr<std::vector<v1::Sweep>> ListSweeps(std::size_t limit);
  absl::StatusOr<v1::Sweep> CancelSweep(const std::string& name, const std::string& reason);
  // One trial, or one result, at a time: a sweep may have more than fits into memory. An error of `each` ends the list.
  absl::Status ForEachTrial(const std::string& sweep, const std::function<absl::Status(const v1::Trial&)>& each);
  absl::StatusOr<v1::GetTrialResponse> GetTrial(const std::string& name);
  absl::Status ForEachWait(const std::string& sweep, const std::function<absl::Status(const v1::TrialWait&)>& each);
  absl::Status ForEachResult(const std::string& sweep, const std::function<absl::Status(const v1::Result&)>& each);
  absl::StatusOr<v1::GetResultResponse> GetResult(const std::string& attempt);
  // The newest `limit` of one sweep, or of all with an empty name.
  absl::StatusOr<std::vector<v1::Hang>> ListHangs(const std::string& sweep, std::size_t limit);

  absl::StatusOr<v1::CreateScheduleResponse> CreateSchedule(const v1::CreateScheduleRequest& request);
  absl::StatusOr<v1::Schedule> GetSchedule(const std::string& name);
  absl::StatusOr<std::vector<v1::Schedule>> ListSchedules();
  absl::StatusOr<v1::Schedule> PauseSchedule(const std::string& name, const std::string& reason);
  absl::StatusOr<v1::Schedule> ResumeSchedule(const std::string& name);
  absl::StatusOr<v1::Sweep> RunSchedule(const std::string& name, const std::string& request_id);
  absl::StatusOr<v1::DeleteScheduleResponse> DeleteSchedule(const std::string& name);
  // The newest `limit`, newest first.
  absl::StatusOr<std::vector<v1::Firing>> ListFirings(const std::string& schedule, std::size_t limit);

  v1::SweepService::StubInterface& sweeps() { return *stubs_.sweeps; }
  const std::string& address() const { return address_; }

  absl::StatusOr<v1::CreateJoinTokenResponse> CreateJoinToken(const v1::CreateJoinTokenRequest& request);
  // How many were revoked.
  absl::StatusOr<std::uint32_t> RevokeCertificates(const v1::RevokeCertificatesRequest& request);
  // The newest `limit`, newest first.
  absl::StatusOr<std::vector<v1::Certificate>> ListCertificates(std::size_t limit);
  absl::StatusOr<std::vector<v1::AuditEntry>> ListAuditEntries(std::size_t limit);
  // The certificate, PEM.
  absl::StatusOr<std::string> Enrol(const v1::EnrolRequest& request);

 private:
  static constexpr int kTries = 3;

  template <class Request, class Response>
  absl::StatusOr<v1::Schedule> OneSchedule(
      grpc::Status (v1::ScheduleService::StubInterface::*call)(grpc::ClientContext*, const Request&, Response*),
      const Request& request);
  template <class Response, class Call>
  absl::StatusOr<Response> Unary(Call call, int most_tries = kTries);
  // A call whose answer has a board.
  template <class Response, class Call>
  absl::StatusOr<v1::Board> BoardCall(Call call);
  template <class Response, class Request, class Call, class Take>
  absl::Status Pages(Request request, Call call, Take take);

  const Stubs stubs_;
  const std::string address_;
  const absl::Duration timeout_;
  const Pause pause_;
};

}  // namespace crosscall::cli

#endif  // CONTROLLER_CLI_CLIENT_H_
