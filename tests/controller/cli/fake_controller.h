// The controller's services in this process, on a loopback port of their own, with answers that the test sets.
#ifndef TESTS_CONTROLLER_CLI_FAKE_CONTROLLER_H_
#define TESTS_CONTROLLER_CLI_FAKE_CONTROLLER_H_

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "crosscall/v1/board_service.grpc.pb.h"
#include "crosscall/v1/result_service.grpc.pb.h"
#include "crosscall/v1/schedule_service.grpc.pb.h"
#include "crosscall/v1/sweep_service.grpc.pb.h"
#include "proto/shared/mutex.h"

namespace crosscall::cli {

// Set the answers before the first call. The functions run on server threads.
class FakeController final : private v1::BoardService::Service,
                             private v1::SweepService::Service,
                             private v1::ResultService::Service,
                             private v1::ScheduleService::Service {
 public:
  FakeController();
  ~FakeController() override;

  const std::string& address() const { return address_; }
  // Calls of any method so far, in order, by name.
  std::vector<std::string> calls() const;
  std::vector<v1::CreateSweepRequest> create_requests() const;
  std::vector<v1::CreateScheduleRequest> schedule_requests() const;

  // Every unary call fails with this as long as it is not OK.
  grpc::Status failure;
  // As many calls fail UNAVAILABLE first.
  int failures_first = 0;
  std::vector<v1::Board> boards;
  v1::Sweep sweep;
  std::vector<v1::Trial> trials;
  // Of each trial.
  std::vector<v1::Attempt> attempts;
  std::vector<v1::Result> results;
  std::vector<v1::Hang> hangs;
  std::vector<v1::TrialWait> waits;
  v1::Schedule schedule;
  std::string schedule_warning;
  std::vector<v1::Firing> firings;
  // Of each board.
  std::vector<v1::BoardEvent> events;
  // What a board's power command said.
  v1::PowerStep power_step;
  // What the nth WatchSweep (from 0) does; by default it sends `sweep`.
  std::function<grpc::Status(int call, grpc::ServerWriter<v1::WatchSweepResponse>&, grpc::ServerContext&)> watch;

 private:
  grpc::Status CreateSweep(grpc::ServerContext*, const v1::CreateSweepRequest* request,
                           v1::CreateSweepResponse* response) override;
  grpc::Status GetSweep(grpc::ServerContext*, const v1::GetSweepRequest* request,
                        v1::GetSweepResponse* response) override;
  grpc::Status ListSweeps(grpc::ServerContext*, const v1::ListSweepsRequest* request,
                          v1::ListSweepsResponse* response) override;
  grpc::Status CancelSweep(grpc::ServerContext*, const v1::CancelSweepRequest* request,
                           v1::CancelSweepResponse* response) override;
  grpc::Status WatchSweep(grpc::ServerContext* context, const v1::WatchSweepRequest* request,
                          grpc::ServerWriter<v1::WatchSweepResponse>* writer) override;
  grpc::Status ExplainSweep(grpc::ServerContext*, const v1::ExplainSweepRequest* request,
                            v1::ExplainSweepResponse* response) override;
  grpc::Status ListTrials(grpc::ServerContext*, const v1::ListTrialsRequest* request,
                          v1::ListTrialsResponse* response) override;
  grpc::Status GetTrial(grpc::ServerContext*, const v1::GetTrialRequest* request,
                        v1::GetTrialResponse* response) override;
  grpc::Status ListBoards(grpc::ServerContext*, const v1::ListBoardsRequest* request,
                          v1::ListBoardsResponse* response) override;
  grpc::Status GetBoard(grpc::ServerContext*, const v1::GetBoardRequest* request,
                        v1::GetBoardResponse* response) override;
  grpc::Status UpdateBoard(grpc::ServerContext*, const v1::UpdateBoardRequest* request,
                           v1::UpdateBoardResponse* response) override;
  grpc::Status DrainBoard(grpc::ServerContext*, const v1::DrainBoardRequest* request,
                          v1::DrainBoardResponse* response) override;
  grpc::Status QuarantineBoard(grpc::ServerContext*, const v1::QuarantineBoardRequest* request,
                               v1::QuarantineBoardResponse* response) override;
  grpc::Status ReleaseBoard(grpc::ServerContext*, const v1::ReleaseBoardRequest* request,
                            v1::ReleaseBoardResponse* response) override;
  grpc::Status SetBoardPower(grpc::ServerContext*, const v1::SetBoardPowerRequest* request,
                             v1::SetBoardPowerResponse* response) override;
  grpc::Status SwitchBoardPower(grpc::ServerContext*, const v1::SwitchBoardPowerRequest* request,
                                v1::SwitchBoardPowerResponse* response) override;
  grpc::Status RetireBoard(grpc::ServerContext*, const v1::RetireBoardRequest* request,
                           v1::RetireBoardResponse* response) override;
  grpc::Status ListResults(grpc::ServerContext*, const v1::ListResultsRequest* request,
                           v1::ListResultsResponse* response) override;
  grpc::Status GetResult(grpc::ServerContext*, const v1::GetResultRequest* request,
                         v1::GetResultResponse* response) override;
  grpc::Status ListHangs(grpc::ServerContext*, const v1::ListHangsRequest* request,
                         v1::ListHangsResponse* response) override;
  grpc::Status CreateSchedule(grpc::ServerContext*, const v1::CreateScheduleRequest* request,
                              v1::CreateScheduleResponse* response) override;
  grpc::Status GetSchedule(grpc::ServerContext*, const v1::GetScheduleRequest* request,
                           v1::GetScheduleResponse* response) override;
  grpc::Status ListSchedules(grpc::ServerContext*, const v1::ListSchedulesRequest* request,
                             v1::ListSchedulesResponse* response) override;
  grpc::Status PauseSchedule(grpc::ServerContext*, const v1::PauseScheduleRequest* request,
                             v1::PauseScheduleResponse* response) override;
  grpc::Status ResumeSchedule(grpc::ServerContext*, const v1::ResumeScheduleRequest* request,
                              v1::ResumeScheduleResponse* response) override;
  grpc::Status RunSchedule(grpc::ServerContext*, const v1::RunScheduleRequest* request,
                           v1::RunScheduleResponse* response) override;
  grpc::Status DeleteSchedule(grpc::ServerContext*, const v1::DeleteScheduleRequest* request,
                              v1::DeleteScheduleResponse* response) override;
  grpc::Status ListFirings(grpc::ServerContext*, const v1::ListFiringsRequest* request,
                           v1::ListFiringsResponse* response) override;
  // Notes a call for the schedule `name`, and says whether it fails.
  grpc::Status EnterFor(const std::string& call, const std::string& name);
  // Notes the call with its request, and answers with the board of that name.
  template <class Request, class Response>
  grpc::Status Order(const std::string& call, const Request& request, Response& response);
  // Notes the call, and says whether it fails.
  grpc::Status Enter(const std::string& call);

  mutable shared::Mutex mutex_;
  std::vector<std::string> calls_ CROSSCALL_GUARDED_BY(mutex_);
  std::vector<v1::CreateSweepRequest> create_requests_ CROSSCALL_GUARDED_BY(mutex_);
  std::vector<v1::CreateScheduleRequest> schedule_requests_ CROSSCALL_GUARDED_BY(mutex_);
  int failed_ CROSSCALL_GUARDED_BY(mutex_) = 0;
  int watches_ CROSSCALL_GUARDED_BY(mutex_) = 0;
  std::string address_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace crosscall::cli

#endif  // TESTS_CONTROLLER_CLI_FAKE_CONTROLLER_H_
