#include "controller/api/board_service.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "controller/api/clean.h"
#include "controller/api/deferred_call.h"
#include "controller/api/immediate_call.h"
#include "controller/api/page.h"
#include "controller/api/requester.h"
#include "controller/dispatch/snapshot.h"
#include "proto/shared/resource_name.h"
#include "proto/shared/sanitize.h"
#include "proto/shared/validate.h"

namespace crosscall::api {
namespace {

constexpr PageLimits kBoardPage{.default_size = 100, .max_size = 1000};
constexpr int kShownEvents = 20;
constexpr std::size_t kReasonBytes = 1024;
constexpr std::size_t kNotesBytes = 4096;

using Kind = dispatch::BoardOrder::Kind;

using BoardPtr = std::shared_ptr<const dispatch::BoardView>;

// The token is the name of the last board of the former page: boards that come or go in between move no other.
absl::StatusOr<v1::ListBoardsResponse> BoardPage(const dispatch::Snapshot& snapshot,
                                                 const v1::ListBoardsRequest& request) {
  const absl::StatusOr<int> page_size = PageSize(request.page_size(), kBoardPage);
  if (!page_size.ok()) return page_size.status();
  if (!request.page_token().empty() && !shared::BoardIdOf(request.page_token()).ok()) {
    return absl::InvalidArgumentError("page_token: not one that ListBoards gave; leave it empty for the first page");
  }
  const auto is_shown = [&request](const BoardPtr& view) {
    return request.show_retired() || view->board.state() != v1::Board::STATE_RETIRED;
  };
  auto next = std::upper_bound(snapshot.boards.begin(), snapshot.boards.end(), request.page_token(),
                               [](const std::string& name, const BoardPtr& view) { return name < view->board.name(); });
  v1::ListBoardsResponse page;
  std::size_t bytes = 0;
  const auto skip = [&] { next = std::find_if(next, snapshot.boards.end(), is_shown); };
  for (skip(); next != snapshot.boards.end() && page.boards_size() < *page_size; ++next, skip()) {
    bytes += (*next)->board.ByteSizeLong();
    if (bytes > kMaxPageBytes && page.boards_size() > 0) break;
    *page.add_boards() = (*next)->board;
  }
  if (next != snapshot.boards.end()) page.set_next_page_token(page.boards().rbegin()->name());
  return page;
}

absl::StatusOr<v1::GetBoardResponse> OneBoard(const dispatch::Snapshot& snapshot, const store::Store& store,
                                              const v1::GetBoardRequest& request) {
  const absl::StatusOr<std::string> id = shared::BoardIdOf(request.name());
  if (!id.ok()) return id.status();
  const BoardPtr view = snapshot.FindBoard(request.name());
  if (view == nullptr) {
    return absl::NotFoundError(absl::StrCat(request.name(), ": no such board; ", snapshot.boards.size(),
                                            " are registered, ListBoards names them"));
  }
  v1::GetBoardResponse response;
  *response.mutable_board() = view->board;
  absl::StatusOr<std::vector<v1::BoardEvent>> events = store.BoardEvents(request.name(), kShownEvents);
  if (!events.ok()) return events.status();
  for (v1::BoardEvent& event : *events) *response.add_events() = std::move(event);
  return response;
}

// The part that all orders with a reason have in common.
template <class Request>
dispatch::BoardOrder OrderOf(dispatch::BoardOrder::Kind kind, const Request& request) {
  dispatch::BoardOrder order;
  order.kind = kind;
  order.board = request.name();
  order.reason = shared::CleanText(request.reason(), kReasonBytes);
  return order;
}

// A certificate may be revoked while its call is held: then the call gets no lease any more. The certificate is kept
// apart from the call's context, which does not outlive the call.
dispatch::Done<v1::SynchronizeResponse> StillFrom(const Gate* gate, const grpc::ServerContextBase& context,
                                                  const dispatch::Done<v1::SynchronizeResponse>& done) {
  if (gate == nullptr) return done;
  return [recheck = gate->Recheck(context), done](absl::StatusOr<v1::SynchronizeResponse> answer) {
    if (absl::Status status = recheck(); answer.ok() && !status.ok()) return done(status);
    done(std::move(answer));
  };
}

}  // namespace

absl::Status BoardService::CheckSpeaksFor(grpc::CallbackServerContext& context, const std::string& action,
                                          const std::string& board) const {
  return gate_ == nullptr ? absl::OkStatus() : gate_->CheckSpeaksFor(context, action, board);
}

grpc::ServerUnaryReactor* BoardService::Synchronize(grpc::CallbackServerContext* context,
                                                    const v1::SynchronizeRequest* request,
                                                    v1::SynchronizeResponse* response) {
  if (absl::Status status = shared::Validate(*request); !status.ok()) return FinishNow(context, status);
  if (absl::Status status = CheckSpeaksFor(*context, "BoardService/Synchronize", request->board()); !status.ok()) {
    return FinishNow(context, status);
  }
  v1::SynchronizeRequest cleaned = *request;
  Clean(cleaned);
  return DeferredCall<v1::SynchronizeResponse>::BeginHeld(
      context, response,
      [&](const dispatch::Done<v1::SynchronizeResponse>& done) {
        return dispatcher_.Synchronize(std::move(cleaned), StillFrom(gate_, *context, done));
      },
      [this](Withdrawal::Ticket ticket) { dispatcher_.Abandon(ticket); });
}

grpc::ServerUnaryReactor* BoardService::UploadResult(grpc::CallbackServerContext* context,
                                                     const v1::UploadResultRequest* request,
                                                     v1::UploadResultResponse* response) {
  if (absl::Status status = shared::Validate(*request); !status.ok()) return FinishNow(context, status);
  if (absl::Status status = CheckSpeaksFor(*context, "BoardService/UploadResult", request->board()); !status.ok()) {
    return FinishNow(context, status);
  }
  return DeferredCall<v1::UploadResultResponse>::Begin(
      context, response,
      [&](const dispatch::Done<v1::UploadResultResponse>& done) { dispatcher_.UploadResult(*request, done); });
}

grpc::ServerUnaryReactor* BoardService::ListBoards(grpc::CallbackServerContext* context,
                                                   const v1::ListBoardsRequest* request,
                                                   v1::ListBoardsResponse* response) {
  return FinishNow(context, response, BoardPage(*dispatcher_.snapshot(), *request));
}

grpc::ServerUnaryReactor* BoardService::GetBoard(grpc::CallbackServerContext* context,
                                                 const v1::GetBoardRequest* request, v1::GetBoardResponse* response) {
  return FinishNow(context, response, OneBoard(*dispatcher_.snapshot(), store_, *request));
}

template <class Response>
grpc::ServerUnaryReactor* BoardService::Order(grpc::CallbackServerContext* context, const std::string& action,
                                              dispatch::BoardOrder order, Response* response) {
  order.by = RequesterOf(gate_, *context, "BoardService/" + action);
  return DeferredCall<Response>::Begin(context, response, [&](const dispatch::Done<Response>& done) {
    dispatcher_.OrderBoard(std::move(order), [done](absl::StatusOr<v1::Board> board) {
      if (!board.ok()) return done(board.status());
      Response answer;
      *answer.mutable_board() = *std::move(board);
      done(std::move(answer));
    });
  });
}

grpc::ServerUnaryReactor* BoardService::UpdateBoard(grpc::CallbackServerContext* context,
                                                    const v1::UpdateBoardRequest* request,
                                                    v1::UpdateBoardResponse* response) {
  if (absl::Status status = shared::Validate(*request); !status.ok()) return FinishNow(context, status);
  dispatch::BoardOrder order;
  order.kind = Kind::kUpdate;
  order.board = request->name();
  order.update = *request;
  if (request->has_notes()) order.update.set_notes(shared::CleanReport(request->notes(), kNotesBytes));
  return Order(context, "UpdateBoard", std::move(order), response);
}

grpc::ServerUnaryReactor* BoardService::DrainBoard(grpc::CallbackServerContext* context,
                                                   const v1::DrainBoardRequest* request,
                                                   v1::DrainBoardResponse* response) {
  if (absl::Status status = shared::Validate(*request); !status.ok()) return FinishNow(context, status);
  dispatch::BoardOrder order = OrderOf(Kind::kDrain, *request);
  order.revoke_lease = request->revoke_lease();
  return Order(context, "DrainBoard", std::move(order), response);
}

grpc::ServerUnaryReactor* BoardService::QuarantineBoard(grpc::CallbackServerContext* context,
                                                        const v1::QuarantineBoardRequest* request,
                                                        v1::QuarantineBoardResponse* response) {
  if (absl::Status status = shared::Validate(*request); !status.ok()) return FinishNow(context, status);
  return Order(context, "QuarantineBoard", OrderOf(Kind::kQuarantine, *request), response);
}

grpc::ServerUnaryReactor* BoardService::ReleaseBoard(grpc::CallbackServerContext* context,
                                                     const v1::ReleaseBoardRequest* request,
                                                     v1::ReleaseBoardResponse* response) {
  if (absl::Status status = shared::Validate(*request); !status.ok()) return FinishNow(context, status);
  return Order(context, "ReleaseBoard", OrderOf(Kind::kRelease, *request), response);
}

grpc::ServerUnaryReactor* BoardService::RetireBoard(grpc::CallbackServerContext* context,
                                                    const v1::RetireBoardRequest* request,
                                                    v1::RetireBoardResponse* response) {
  if (absl::Status status = shared::Validate(*request); !status.ok()) return FinishNow(context, status);
  return Order(context, "RetireBoard", OrderOf(Kind::kRetire, *request), response);
}

grpc::ServerUnaryReactor* BoardService::SetBoardPower(grpc::CallbackServerContext* context,
                                                      const v1::SetBoardPowerRequest* request,
                                                      v1::SetBoardPowerResponse* response) {
  if (absl::Status status = shared::Validate(*request); !status.ok()) return FinishNow(context, status);
  dispatch::BoardOrder order;
  order.kind = Kind::kSetPower;
  order.board = request->name();
  order.power = request->power();
  return Order(context, "SetBoardPower", std::move(order), response);
}

grpc::ServerUnaryReactor* BoardService::SwitchBoardPower(grpc::CallbackServerContext* context,
                                                         const v1::SwitchBoardPowerRequest* request,
                                                         v1::SwitchBoardPowerResponse* response) {
  if (absl::Status status = shared::Validate(*request); !status.ok()) return FinishNow(context, status);
  dispatch::BoardOrder order = OrderOf(Kind::kSetPower, *request);
  order.action = request->action();
  order.by = RequesterOf(gate_, *context, "BoardService/SwitchBoardPower");
  return DeferredCall<v1::SwitchBoardPowerResponse>::Begin(
      context, response, [&](const dispatch::Done<v1::SwitchBoardPowerResponse>& done) {
        dispatcher_.SwitchPower(std::move(order), done);
      });
}

}  // namespace crosscall::api
