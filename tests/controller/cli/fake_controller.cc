#include "tests/controller/cli/fake_controller.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "proto/shared/check.h"

namespace crosscall::cli {
namespace {

// Two items a page, so that every list of three proves paging. Tokens are the index of the next item.
template <class Item, class Add>
std::string Page(const std::vector<Item>& items, const std::string& token, Add add) {
  constexpr std::size_t kPage = 2;
  const std::size_t first = token.empty() ? 0 : std::stoul(token);
  const std::size_t last = std::min(first + kPage, items.size());
  for (std::size_t i = first; i < last; ++i) *add() = items[i];
  return last < items.size() ? std::to_string(last) : "";
}

grpc::Status NotFound(const std::string& name) {
  return grpc::Status(grpc::StatusCode::NOT_FOUND, "there is no \"" + name + "\"");
}

}  // namespace

FakeController::FakeController() {
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(static_cast<v1::BoardService::Service*>(this));
  builder.RegisterService(static_cast<v1::SweepService::Service*>(this));
  builder.RegisterService(static_cast<v1::ResultService::Service*>(this));
  builder.RegisterService(static_cast<v1::ScheduleService::Service*>(this));
  server_ = builder.BuildAndStart();
  CROSSCALL_CHECK(server_ != nullptr && port != 0, "the fake controller could not listen");
  address_ = "127.0.0.1:" + std::to_string(port);
}

FakeController::~FakeController() {
  // No grace: streams that a test left open end now.
  server_->Shutdown(std::chrono::system_clock::now());
  server_->Wait();
}

std::vector<std::string> FakeController::calls() const {
  shared::MutexLock lock(mutex_);
  return calls_;
}

std::vector<v1::CreateSweepRequest> FakeController::create_requests() const {
  shared::MutexLock lock(mutex_);
  return create_requests_;
}

std::vector<v1::CreateScheduleRequest> FakeController::schedule_requests() const {
  shared::MutexLock lock(mutex_);
  return schedule_requests_;
}

grpc::Status FakeController::Enter(const std::string& call) {
  shared::MutexLock lock(mutex_);
  calls_.push_back(call);
  if (failed_ < failures_first) {
    ++failed_;
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "starting");
  }
  return failure;
}

grpc::Status FakeController::CreateSweep(grpc::ServerContext*, const v1::CreateSweepRequest* request,
                                         v1::CreateSweepResponse* response) {
  {
    shared::MutexLock lock(mutex_);
    create_requests_.push_back(*request);
  }
  if (grpc::Status status = Enter("CreateSweep"); !status.ok()) return status;
  *response->mutable_sweep() = sweep;
  if (request->dry_run()) response->mutable_sweep()->clear_name();
  return grpc::Status::OK;
}

grpc::Status FakeController::GetSweep(grpc::ServerContext*, const v1::GetSweepRequest* request,
                                      v1::GetSweepResponse* response) {
  if (grpc::Status status = Enter("GetSweep"); !status.ok()) return status;
  if (request->name() != sweep.name()) return NotFound(request->name());
  *response->mutable_sweep() = sweep;
  return grpc::Status::OK;
}

grpc::Status FakeController::ListSweeps(grpc::ServerContext*, const v1::ListSweepsRequest* request,
                                        v1::ListSweepsResponse* response) {
  if (grpc::Status status = Enter("ListSweeps"); !status.ok()) return status;
  const std::vector<v1::Sweep> sweeps(3, sweep);
  response->set_next_page_token(Page(sweeps, request->page_token(), [&] { return response->add_sweeps(); }));
  return grpc::Status::OK;
}

grpc::Status FakeController::CancelSweep(grpc::ServerContext*, const v1::CancelSweepRequest* request,
                                         v1::CancelSweepResponse* response) {
  if (grpc::Status status = Enter("CancelSweep " + request->reason()); !status.ok()) return status;
  if (request->name() != sweep.name()) return NotFound(request->name());
  *response->mutable_sweep() = sweep;
  response->mutable_sweep()->set_state(v1::Sweep::STATE_CANCELLING);
  return grpc::Status::OK;
}

grpc::Status FakeController::WatchSweep(grpc::ServerContext* context, const v1::WatchSweepRequest* request,
                                        grpc::ServerWriter<v1::WatchSweepResponse>* writer) {
  int call = 0;
  {
    shared::MutexLock lock(mutex_);
    calls_.push_back("WatchSweep");
    call = watches_++;
  }
  if (request->name() != sweep.name()) return NotFound(request->name());
  if (watch) return watch(call, *writer, *context);
  v1::WatchSweepResponse response;
  *response.mutable_sweep() = sweep;
  writer->Write(response);
  return grpc::Status::OK;
}

grpc::Status FakeController::ListTrials(grpc::ServerContext*, const v1::ListTrialsRequest* request,
                                        v1::ListTrialsResponse* response) {
  if (grpc::Status status = Enter("ListTrials"); !status.ok()) return status;
  response->set_next_page_token(Page(trials, request->page_token(), [&] { return response->add_trials(); }));
  return grpc::Status::OK;
}

grpc::Status FakeController::GetTrial(grpc::ServerContext*, const v1::GetTrialRequest* request,
                                      v1::GetTrialResponse* response) {
  if (grpc::Status status = Enter("GetTrial"); !status.ok()) return status;
  for (const v1::Trial& trial : trials) {
    if (trial.name() != request->name()) continue;
    *response->mutable_trial() = trial;
    response->mutable_attempts()->Add(attempts.begin(), attempts.end());
    return grpc::Status::OK;
  }
  return NotFound(request->name());
}

grpc::Status FakeController::ExplainSweep(grpc::ServerContext*, const v1::ExplainSweepRequest* request,
                                          v1::ExplainSweepResponse* response) {
  if (grpc::Status status = Enter("ExplainSweep"); !status.ok()) return status;
  if (request->name() != sweep.name()) return NotFound(request->name());
  response->set_next_page_token(Page(waits, request->page_token(), [&] { return response->add_waits(); }));
  return grpc::Status::OK;
}

grpc::Status FakeController::EnterFor(const std::string& call, const std::string& name) {
  if (grpc::Status status = Enter(call); !status.ok()) return status;
  return name == schedule.name() ? grpc::Status::OK : NotFound(name);
}

grpc::Status FakeController::CreateSchedule(grpc::ServerContext*, const v1::CreateScheduleRequest* request,
                                            v1::CreateScheduleResponse* response) {
  {
    shared::MutexLock lock(mutex_);
    schedule_requests_.push_back(*request);
  }
  if (grpc::Status status = Enter("CreateSchedule"); !status.ok()) return status;
  *response->mutable_schedule() = schedule;
  response->set_warning(schedule_warning);
  return grpc::Status::OK;
}

grpc::Status FakeController::GetSchedule(grpc::ServerContext*, const v1::GetScheduleRequest* request,
                                         v1::GetScheduleResponse* response) {
  *response->mutable_schedule() = schedule;
  return EnterFor("GetSchedule", request->name());
}

grpc::Status FakeController::ListSchedules(grpc::ServerContext*, const v1::ListSchedulesRequest* request,
                                           v1::ListSchedulesResponse* response) {
  if (grpc::Status status = Enter("ListSchedules"); !status.ok()) return status;
  const std::vector<v1::Schedule> schedules(schedule.name().empty() ? 0 : 3, schedule);
  response->set_next_page_token(Page(schedules, request->page_token(), [&] { return response->add_schedules(); }));
  return grpc::Status::OK;
}

grpc::Status FakeController::PauseSchedule(grpc::ServerContext*, const v1::PauseScheduleRequest* request,
                                           v1::PauseScheduleResponse* response) {
  *response->mutable_schedule() = schedule;
  response->mutable_schedule()->set_paused(true);
  response->mutable_schedule()->set_state_reason(request->reason());
  return EnterFor("PauseSchedule", request->name());
}

grpc::Status FakeController::ResumeSchedule(grpc::ServerContext*, const v1::ResumeScheduleRequest* request,
                                            v1::ResumeScheduleResponse* response) {
  *response->mutable_schedule() = schedule;
  return EnterFor("ResumeSchedule", request->name());
}

grpc::Status FakeController::RunSchedule(grpc::ServerContext*, const v1::RunScheduleRequest* request,
                                         v1::RunScheduleResponse* response) {
  *response->mutable_sweep() = sweep;
  return EnterFor(request->request_id().empty() ? "RunSchedule without id" : "RunSchedule", request->name());
}

grpc::Status FakeController::DeleteSchedule(grpc::ServerContext*, const v1::DeleteScheduleRequest* request,
                                            v1::DeleteScheduleResponse*) {
  return EnterFor("DeleteSchedule", request->name());
}

grpc::Status FakeController::ListFirings(grpc::ServerContext*, const v1::ListFiringsRequest* request,
                                         v1::ListFiringsResponse* response) {
  response->set_next_page_token(Page(firings, request->page_token(), [&] { return response->add_firings(); }));
  return EnterFor("ListFirings", request->parent());
}

grpc::Status FakeController::ListBoards(grpc::ServerContext*, const v1::ListBoardsRequest* request,
                                        v1::ListBoardsResponse* response) {
  if (grpc::Status status = Enter("ListBoards"); !status.ok()) return status;
  response->set_next_page_token(Page(boards, request->page_token(), [&] { return response->add_boards(); }));
  return grpc::Status::OK;
}

grpc::Status FakeController::GetBoard(grpc::ServerContext*, const v1::GetBoardRequest* request,
                                      v1::GetBoardResponse* response) {
  if (grpc::Status status = Enter("GetBoard"); !status.ok()) return status;
  for (const v1::Board& board : boards) {
    if (board.name() != request->name()) continue;
    *response->mutable_board() = board;
    *response->mutable_events() = {events.begin(), events.end()};
    return grpc::Status::OK;
  }
  return NotFound(request->name());
}

template <class Request, class Response>
grpc::Status FakeController::Order(const std::string& call, const Request& request, Response& response) {
  if (grpc::Status status = Enter(absl::StrCat(call, " ", request.ShortDebugString())); !status.ok()) return status;
  for (const v1::Board& board : boards) {
    if (board.name() != request.name()) continue;
    *response.mutable_board() = board;
    return grpc::Status::OK;
  }
  return NotFound(request.name());
}

grpc::Status FakeController::UpdateBoard(grpc::ServerContext*, const v1::UpdateBoardRequest* request,
                                         v1::UpdateBoardResponse* response) {
  return Order("UpdateBoard", *request, *response);
}

grpc::Status FakeController::DrainBoard(grpc::ServerContext*, const v1::DrainBoardRequest* request,
                                        v1::DrainBoardResponse* response) {
  return Order("DrainBoard", *request, *response);
}

grpc::Status FakeController::QuarantineBoard(grpc::ServerContext*, const v1::QuarantineBoardRequest* request,
                                             v1::QuarantineBoardResponse* response) {
  return Order("QuarantineBoard", *request, *response);
}

grpc::Status FakeController::ReleaseBoard(grpc::ServerContext*, const v1::ReleaseBoardRequest* request,
                                          v1::ReleaseBoardResponse* response) {
  return Order("ReleaseBoard", *request, *response);
}

grpc::Status FakeController::RetireBoard(grpc::ServerContext*, const v1::RetireBoardRequest* request,
                                         v1::RetireBoardResponse* response) {
  return Order("RetireBoard", *request, *response);
}

grpc::Status FakeController::SetBoardPower(grpc::ServerContext*, const v1::SetBoardPowerRequest* request,
                                           v1::SetBoardPowerResponse* response) {
  return Order("SetBoardPower", *request, *response);
}

grpc::Status FakeController::SwitchBoardPower(grpc::ServerContext*, const v1::SwitchBoardPowerRequest* request,
                                              v1::SwitchBoardPowerResponse* response) {
  if (request->action() != v1::SwitchBoardPowerRequest::ACTION_CYCLE) *response->mutable_step() = power_step;
  return Order("SwitchBoardPower", *request, *response);
}

grpc::Status FakeController::ListResults(grpc::ServerContext*, const v1::ListResultsRequest* request,
                                         v1::ListResultsResponse* response) {
  if (grpc::Status status = Enter("ListResults"); !status.ok()) return status;
  response->set_next_page_token(Page(results, request->page_token(), [&] { return response->add_results(); }));
  return grpc::Status::OK;
}

grpc::Status FakeController::GetResult(grpc::ServerContext*, const v1::GetResultRequest* request,
                                       v1::GetResultResponse* response) {
  if (grpc::Status status = Enter("GetResult"); !status.ok()) return status;
  for (const v1::Result& result : results) {
    if (result.name() != request->name()) continue;
    *response->mutable_result() = result;
    return grpc::Status::OK;
  }
  return NotFound(request->name());
}

grpc::Status FakeController::ListHangs(grpc::ServerContext*, const v1::ListHangsRequest* request,
                                       v1::ListHangsResponse* response) {
  if (grpc::Status status = Enter("ListHangs " + request->parent()); !status.ok()) return status;
  response->set_next_page_token(Page(hangs, request->page_token(), [&] { return response->add_hangs(); }));
  return grpc::Status::OK;
}

}  // namespace crosscall::cli
