#include "controller/cli/client.h"

#include <algorithm>
#include <chrono>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "proto/shared/validate.h"

namespace crosscall::cli {
namespace {

constexpr absl::Duration kFirstPause = absl::Milliseconds(100);
constexpr int kTrialsPerPage = 1000;
constexpr int kResultsPerPage = 64;
// The controller keeps pages far smaller, but one attempt with its late payloads comes as one message.
constexpr int kMaxMessageBytes = static_cast<int>(4 * shared::kMaxResultBytes);

}  // namespace

Stubs Connect(const std::string& address, const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  const std::shared_ptr<grpc::Channel> channel = grpc::CreateCustomChannel(address, credentials, arguments);
  return {v1::BoardService::NewStub(channel),  v1::SweepService::NewStub(channel),
          v1::ResultService::NewStub(channel), v1::ScheduleService::NewStub(channel),
          v1::AdminService::NewStub(channel),  v1::EnrolService::NewStub(channel)};
}

absl::Status FromGrpc(const grpc::Status& status, const std::string& address) {
  if (status.ok()) return absl::OkStatus();
  const auto code = static_cast<absl::StatusCode>(status.error_code());
  std::string text = status.error_message();
  if (code == absl::StatusCode::kUnavailable) {
    text = absl::StrCat("the controller at ", address, " is not reachable (", text,
                        "); check that crosscall-controller runs there, or name another with --controller HOST:PORT");
  } else if (code == absl::StatusCode::kDeadlineExceeded) {
    text = absl::StrCat("no answer from the controller at ", address, " (", text,
                        "); try again, or wait longer with --timeout");
  } else if (code == absl::StatusCode::kUnimplemented) {
    text = absl::StrCat("the program at ", address, " does not know this call (", text,
                        "); check that it is a crosscall-controller of the same version");
  }
  return absl::Status(code, text);
}

template <class Response, class Call>
absl::StatusOr<Response> Client::Unary(Call call, int most_tries) {
  absl::Duration pause = kFirstPause;
  for (int tries = 1;; ++tries) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + absl::ToChronoMicroseconds(timeout_));
    Response response;
    const grpc::Status status = call(context, response);
    if (status.ok()) return response;
    if (status.error_code() != grpc::StatusCode::UNAVAILABLE || tries == most_tries) return FromGrpc(status, address_);
    pause_(pause);
    pause *= 2;
  }
}

// `take` returns true to get the next page.
template <class Response, class Request, class Call, class Take>
absl::Status Client::Pages(Request request, Call call, Take take) {
  while (true) {
    absl::StatusOr<Response> page = Unary<Response>(
        [&](grpc::ClientContext& context, Response& response) { return call(context, request, response); });
    if (!page.ok()) return page.status();
    absl::StatusOr<bool> more = take(*page);
    if (!more.ok()) return more.status();
    if (!*more || page->next_page_token().empty()) return absl::OkStatus();
    if (page->next_page_token() == request.page_token()) {
      return absl::InternalError(absl::StrCat("the controller at ", address_, " sent the same page twice"));
    }
    request.set_page_token(page->next_page_token());
  }
}

absl::StatusOr<std::vector<v1::Board>> Client::ListBoards() {
  std::vector<v1::Board> boards;
  absl::Status status = Pages<v1::ListBoardsResponse>(
      v1::ListBoardsRequest(),
      [&](grpc::ClientContext& context, const v1::ListBoardsRequest& request, v1::ListBoardsResponse& response) {
        return stubs_.boards->ListBoards(&context, request, &response);
      },
      [&](const v1::ListBoardsResponse& page) -> absl::StatusOr<bool> {
        boards.insert(boards.end(), page.boards().begin(), page.boards().end());
        return true;
      });
  if (!status.ok()) return status;
  return boards;
}

absl::StatusOr<v1::GetBoardResponse> Client::GetBoard(const std::string& name) {
  v1::GetBoardRequest request;
  request.set_name(name);
  return Unary<v1::GetBoardResponse>([&](grpc::ClientContext& context, v1::GetBoardResponse& out) {
    return stubs_.boards->GetBoard(&context, request, &out);
  });
}

template <class Response, class Call>
absl::StatusOr<v1::Board> Client::BoardCall(Call call) {
  absl::StatusOr<Response> response = Unary<Response>(call);
  if (!response.ok()) return response.status();
  return std::move(*response->mutable_board());
}

absl::StatusOr<v1::Board> Client::UpdateBoard(const v1::UpdateBoardRequest& request) {
  return BoardCall<v1::UpdateBoardResponse>([&](grpc::ClientContext& context, v1::UpdateBoardResponse& out) {
    return stubs_.boards->UpdateBoard(&context, request, &out);
  });
}

absl::StatusOr<v1::Board> Client::DrainBoard(const v1::DrainBoardRequest& request) {
  return BoardCall<v1::DrainBoardResponse>([&](grpc::ClientContext& context, v1::DrainBoardResponse& out) {
    return stubs_.boards->DrainBoard(&context, request, &out);
  });
}

absl::StatusOr<v1::Board> Client::QuarantineBoard(const v1::QuarantineBoardRequest& request) {
  return BoardCall<v1::QuarantineBoardResponse>([&](grpc::ClientContext& context, v1::QuarantineBoardResponse& out) {
    return stubs_.boards->QuarantineBoard(&context, request, &out);
  });
}

absl::StatusOr<v1::Board> Client::ReleaseBoard(const v1::ReleaseBoardRequest& request) {
  return BoardCall<v1::ReleaseBoardResponse>([&](grpc::ClientContext& context, v1::ReleaseBoardResponse& out) {
    return stubs_.boards->ReleaseBoard(&context, request, &out);
  });
}

absl::StatusOr<v1::Board> Client::RetireBoard(const v1::RetireBoardRequest& request) {
  return BoardCall<v1::RetireBoardResponse>([&](grpc::ClientContext& context, v1::RetireBoardResponse& out) {
    return stubs_.boards->RetireBoard(&context, request, &out);
  });
}

absl::StatusOr<v1::Board> Client::SetBoardPower(const v1::SetBoardPowerRequest& request) {
  return BoardCall<v1::SetBoardPowerResponse>([&](grpc::ClientContext& context, v1::SetBoardPowerResponse& out) {
    return stubs_.boards->SetBoardPower(&context, request, &out);
  });
}

absl::StatusOr<v1::SwitchBoardPowerResponse> Client::SwitchBoardPower(const v1::SwitchBoardPowerRequest& request) {
  const int tries = request.action() == v1::SwitchBoardPowerRequest::ACTION_STATUS ? kTries : 1;
  return Unary<v1::SwitchBoardPowerResponse>(
      [&](grpc::ClientContext& context, v1::SwitchBoardPowerResponse& out) {
        return stubs_.boards->SwitchBoardPower(&context, request, &out);
      },
      tries);
}

absl::StatusOr<v1::Sweep> Client::CreateSweep(const v1::CreateSweepRequest& request) {
  auto response = Unary<v1::CreateSweepResponse>([&](grpc::ClientContext& context, v1::CreateSweepResponse& out) {
    return stubs_.sweeps->CreateSweep(&context, request, &out);
  });
  if (!response.ok()) return response.status();
  return std::move(*response->mutable_sweep());
}

absl::StatusOr<v1::Sweep> Client::GetSweep(const std::string& name) {
  v1::GetSweepRequest request;
  request.set_name(name);
  auto response = Unary<v1::GetSweepResponse>([&](grpc::ClientContext& context, v1::GetSweepResponse& out) {
    return stubs_.sweeps->GetSweep(&context, request, &out);
  });
  if (!response.ok()) return response.status();
  return std::move(*response->mutable_sweep());
}

absl::StatusOr<std::vector<v1::Sweep>> Client::ListSweeps(std::size_t limit) {
  std::vector<v1::Sweep> sweeps;
  v1::ListSweepsRequest first;
  first.set_page_size(static_cast<int>(std::min<std::size_t>(limit, 500)));
  absl::Status status = Pages<v1::ListSweepsResponse>(
      first,
      [&](grpc::ClientContext& context, const v1::ListSweepsRequest& request, v1::ListSweepsResponse& response) {
        return stubs_.sweeps->ListSweeps(&context, request, &response);
      },
      [&](const v1::ListSweepsResponse& page) -> absl::StatusOr<bool> {
        sweeps.insert(sweeps.end(), page.sweeps().begin(), page.sweeps().end());
        return sweeps.size() < limit;
      });
  if (!status.ok()) return status;
  sweeps.resize(std::min(sweeps.size(), limit));
  return sweeps;
}

absl::StatusOr<v1::Sweep> Client::CancelSweep(const std::string& name, const std::string& reason) {
  v1::CancelSweepRequest request;
  request.set_name(name);
  request.set_reason(reason);
  auto response = Unary<v1::CancelSweepResponse>([&](grpc::ClientContext& context, v1::CancelSweepResponse& out) {
    return stubs_.sweeps->CancelSweep(&context, request, &out);
  });
  if (!response.ok()) return response.status();
  return std::move(*response->mutable_sweep());
}

absl::Status Client::ForEachTrial(const std::string& sweep, const std::function<absl::Status(const v1::Trial&)>& each) {
  v1::ListTrialsRequest first;
  first.set_parent(sweep);
  first.set_page_size(kTrialsPerPage);
  return Pages<v1::ListTrialsResponse>(
      first,
      [&](grpc::ClientContext& context, const v1::ListTrialsRequest& request, v1::ListTrialsResponse& response) {
        return stubs_.sweeps->ListTrials(&context, request, &response);
      },
      [&](const v1::ListTrialsResponse& page) -> absl::StatusOr<bool> {
        for (const v1::Trial& trial : page.trials()) {
          if (absl::Status status = each(trial); !status.ok()) return status;
        }
        return true;
      });
}

absl::StatusOr<v1::GetTrialResponse> Client::GetTrial(const std::string& name) {
  v1::GetTrialRequest request;
  request.set_name(name);
  return Unary<v1::GetTrialResponse>([&](grpc::ClientContext& context, v1::GetTrialResponse& out) {
    return stubs_.sweeps->GetTrial(&context, request, &out);
  });
}

absl::Status Client::ForEachWait(const std::string& sweep,
                                 const std::function<absl::Status(const v1::TrialWait&)>& each) {
  v1::ExplainSweepRequest first;
  first.set_name(sweep);
  first.set_page_size(kTrialsPerPage);
  return Pages<v1::ExplainSweepResponse>(
      first,
      [&](grpc::ClientContext& context, const v1::ExplainSweepRequest& request, v1::ExplainSweepResponse& response) {
        return stubs_.sweeps->ExplainSweep(&context, request, &response);
      },
      [&](const v1::ExplainSweepResponse& page) -> absl::StatusOr<bool> {
        for (const v1::TrialWait& wait : page.waits()) {
          if (absl::Status status = each(wait); !status.ok()) return status;
        }
        return true;
      });
}

absl::Status Client::ForEachResult(const std::string& sweep,
                                   const std::function<absl::Status(const v1::Result&)>& each) {
  v1::ListResultsRequest first;
  first.set_parent(sweep);
  first.set_page_size(kResultsPerPage);
  return Pages<v1::ListResultsResponse>(
      first,
      [&](grpc::ClientContext& context, const v1::ListResultsRequest& request, v1::ListResultsResponse& response) {
        return stubs_.results->ListResults(&context, request, &response);
      },
      [&](const v1::ListResultsResponse& page) -> absl::StatusOr<bool> {
        for (const v1::Result& result : page.results()) {
          if (absl::Status status = each(result); !status.ok()) return status;
        }
        return true;
      });
}

absl::StatusOr<v1::GetResultResponse> Client::GetResult(const std::string& attempt) {
  v1::GetResultRequest request;
  request.set_name(attempt);
  return Unary<v1::GetResultResponse>([&](grpc::ClientContext& context, v1::GetResultResponse& out) {
    return stubs_.results->GetResult(&context, request, &out);
  });
}

absl::StatusOr<std::vector<v1::Hang>> Client::ListHangs(const std::string& sweep, std::size_t limit) {
  std::vector<v1::Hang> hangs;
  v1::ListHangsRequest first;
  first.set_parent(sweep);
  first.set_page_size(static_cast<int>(std::min<std::size_t>(limit, 500)));
  absl::Status status = Pages<v1::ListHangsResponse>(
      first,
      [&](grpc::ClientContext& context, const v1::ListHangsRequest& request, v1::ListHangsResponse& response) {
        return stubs_.results->ListHangs(&context, request, &response);
      },
      [&](const v1::ListHangsResponse& page) -> absl::StatusOr<bool> {
        hangs.insert(hangs.end(), page.hangs().begin(), page.hangs().end());
        return hangs.size() < limit;
      });
  if (!status.ok()) return status;
  hangs.resize(std::min(hangs.size(), limit));
  return hangs;
}

absl::StatusOr<v1::CreateScheduleResponse> Client::CreateSchedule(const v1::CreateScheduleRequest& request) {
  return Unary<v1::CreateScheduleResponse>([&](grpc::ClientContext& context, v1::CreateScheduleResponse& out) {
    return stubs_.schedules->CreateSchedule(&context, request, &out);
  });
}

template <class Request, class Response>
absl::StatusOr<v1::Schedule> Client::OneSchedule(
    grpc::Status (v1::ScheduleService::StubInterface::*call)(grpc::ClientContext*, const Request&, Response*),
    const Request& request) {
  absl::StatusOr<Response> response = Unary<Response>([&](grpc::ClientContext& context, Response& out) {
    return (stubs_.schedules.get()->*call)(&context, request, &out);
  });
  if (!response.ok()) return response.status();
  return std::move(*response->mutable_schedule());
}

absl::StatusOr<v1::Schedule> Client::GetSchedule(const std::string& name) {
  v1::GetScheduleRequest request;
  request.set_name(name);
  return OneSchedule(&v1::ScheduleService::StubInterface::GetSchedule, request);
}

absl::StatusOr<std::vector<v1::Schedule>> Client::ListSchedules() {
  std::vector<v1::Schedule> schedules;
  absl::Status status = Pages<v1::ListSchedulesResponse>(
      v1::ListSchedulesRequest(),
      [&](grpc::ClientContext& context, const v1::ListSchedulesRequest& request, v1::ListSchedulesResponse& response) {
        return stubs_.schedules->ListSchedules(&context, request, &response);
      },
      [&](const v1::ListSchedulesResponse& page) -> absl::StatusOr<bool> {
        schedules.insert(schedules.end(), page.schedules().begin(), page.schedules().end());
        return true;
      });
  if (!status.ok()) return status;
  return schedules;
}

absl::StatusOr<v1::Schedule> Client::PauseSchedule(const std::string& name, const std::string& reason) {
  v1::PauseScheduleRequest request;
  request.set_name(name);
  request.set_reason(reason);
  return OneSchedule(&v1::ScheduleService::StubInterface::PauseSchedule, request);
}

absl::StatusOr<v1::Schedule> Client::ResumeSchedule(const std::string& name) {
  v1::ResumeScheduleRequest request;
  request.set_name(name);
  return OneSchedule(&v1::ScheduleService::StubInterface::ResumeSchedule, request);
}

absl::StatusOr<v1::Sweep> Client::RunSchedule(const std::string& name, const std::string& request_id) {
  v1::RunScheduleRequest request;
  request.set_name(name);
  request.set_request_id(request_id);
  auto response = Unary<v1::RunScheduleResponse>([&](grpc::ClientContext& context, v1::RunScheduleResponse& out) {
    return stubs_.schedules->RunSchedule(&context, request, &out);
  });
  if (!response.ok()) return response.status();
  return std::move(*response->mutable_sweep());
}

absl::StatusOr<v1::DeleteScheduleResponse> Client::DeleteSchedule(const std::string& name) {
  v1::DeleteScheduleRequest request;
  request.set_name(name);
  return Unary<v1::DeleteScheduleResponse>([&](grpc::ClientContext& context, v1::DeleteScheduleResponse& out) {
    return stubs_.schedules->DeleteSchedule(&context, request, &out);
  });
}

absl::StatusOr<std::vector<v1::Firing>> Client::ListFirings(const std::string& schedule, std::size_t limit) {
  std::vector<v1::Firing> firings;
  v1::ListFiringsRequest first;
  first.set_parent(schedule);
  first.set_page_size(static_cast<int>(std::min<std::size_t>(limit, 500)));
  absl::Status status = Pages<v1::ListFiringsResponse>(
      first,
      [&](grpc::ClientContext& context, const v1::ListFiringsRequest& request, v1::ListFiringsResponse& response) {
        return stubs_.schedules->ListFirings(&context, request, &response);
      },
      [&](const v1::ListFiringsResponse& page) -> absl::StatusOr<bool> {
        firings.insert(firings.end(), page.firings().begin(), page.firings().end());
        return firings.size() < limit;
      });
  if (!status.ok()) return status;
  firings.resize(std::min(firings.size(), limit));
  return firings;
}

absl::StatusOr<v1::CreateJoinTokenResponse> Client::CreateJoinToken(const v1::CreateJoinTokenRequest& request) {
  return Unary<v1::CreateJoinTokenResponse>([&](grpc::ClientContext& context, v1::CreateJoinTokenResponse& out) {
    return stubs_.admin->CreateJoinToken(&context, request, &out);
  });
}

absl::StatusOr<std::uint32_t> Client::RevokeCertificates(const v1::RevokeCertificatesRequest& request) {
  auto response =
      Unary<v1::RevokeCertificatesResponse>([&](grpc::ClientContext& context, v1::RevokeCertificatesResponse& out) {
        return stubs_.admin->RevokeCertificates(&context, request, &out);
      });
  if (!response.ok()) return response.status();
  return response->revoked_count();
}

absl::StatusOr<std::vector<v1::Certificate>> Client::ListCertificates(std::size_t limit) {
  std::vector<v1::Certificate> certificates;
  v1::ListCertificatesRequest first;
  first.set_page_size(static_cast<int>(std::min<std::size_t>(limit, 500)));
  absl::Status status = Pages<v1::ListCertificatesResponse>(
      first,
      [&](grpc::ClientContext& context, const v1::ListCertificatesRequest& request,
          v1::ListCertificatesResponse& response) {
        return stubs_.admin->ListCertificates(&context, request, &response);
      },
      [&](const v1::ListCertificatesResponse& page) -> absl::StatusOr<bool> {
        certificates.insert(certificates.end(), page.certificates().begin(), page.certificates().end());
        return certificates.size() < limit;
      });
  if (!status.ok()) return status;
  certificates.resize(std::min(certificates.size(), limit));
  return certificates;
}

absl::StatusOr<std::vector<v1::AuditEntry>> Client::ListAuditEntries(std::size_t limit) {
  std::vector<v1::AuditEntry> entries;
  v1::ListAuditEntriesRequest first;
  first.set_page_size(static_cast<int>(std::min<std::size_t>(limit, 500)));
  absl::Status status = Pages<v1::ListAuditEntriesResponse>(
      first,
      [&](grpc::ClientContext& context, const v1::ListAuditEntriesRequest& request,
          v1::ListAuditEntriesResponse& response) {
        return stubs_.admin->ListAuditEntries(&context, request, &response);
      },
      [&](const v1::ListAuditEntriesResponse& page) -> absl::StatusOr<bool> {
        entries.insert(entries.end(), page.entries().begin(), page.entries().end());
        return entries.size() < limit;
      });
  if (!status.ok()) return status;
  entries.resize(std::min(entries.size(), limit));
  return entries;
}

absl::StatusOr<std::string> Client::Enrol(const v1::EnrolRequest& request) {
  auto response = Unary<v1::EnrolResponse>([&](grpc::ClientContext& context, v1::EnrolResponse& out) {
    return stubs_.enrol->Enrol(&context, request, &out);
  });
  if (!response.ok()) return response.status();
  return std::move(*response->mutable_certificate());
}

}  // namespace crosscall::cli
