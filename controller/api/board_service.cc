#include "controller/api/board_service.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/api/clean.h"
#include "controller/api/deferred_call.h"
#include "controller/api/immediate_call.h"
#include "controller/api/page.h"
#include "controller/dispatch/snapshot.h"
#include "proto/shared/resource_name.h"
#include "proto/shared/validate.h"

namespace crosscall::api {
namespace {

constexpr PageLimits kBoardPage{.default_size = 100, .max_size = 1000};

using BoardPtr = std::shared_ptr<const dispatch::BoardView>;

// The token is the name of the last board of the former page: boards that come or go in between move no other.
absl::StatusOr<v1::ListBoardsResponse> BoardPage(const dispatch::Snapshot& snapshot,
                                                 const v1::ListBoardsRequest& request) {
  const absl::StatusOr<int> page_size = PageSize(request.page_size(), kBoardPage);
  if (!page_size.ok()) return page_size.status();
  if (!request.page_token().empty() && !shared::BoardIdOf(request.page_token()).ok()) {
    return absl::InvalidArgumentError("page_token: not one that ListBoards gave; leave it empty for the first page");
  }
  auto next = std::upper_bound(snapshot.boards.begin(), snapshot.boards.end(), request.page_token(),
                               [](const std::string& name, const BoardPtr& view) { return name < view->board.name(); });
  v1::ListBoardsResponse page;
  std::size_t bytes = 0;
  for (; next != snapshot.boards.end() && page.boards_size() < *page_size; ++next) {
    bytes += (*next)->board.ByteSizeLong();
    if (bytes > kMaxPageBytes && page.boards_size() > 0) break;
    *page.add_boards() = (*next)->board;
  }
  if (next != snapshot.boards.end()) page.set_next_page_token(page.boards().rbegin()->name());
  return page;
}

absl::StatusOr<v1::GetBoardResponse> OneBoard(const dispatch::Snapshot& snapshot, const v1::GetBoardRequest& request) {
  const absl::StatusOr<std::string> id = shared::BoardIdOf(request.name());
  if (!id.ok()) return id.status();
  const BoardPtr view = snapshot.FindBoard(request.name());
  if (view == nullptr) {
    return absl::NotFoundError(absl::StrCat(request.name(), ": no such board; ", snapshot.boards.size(),
                                            " are registered, ListBoards names them"));
  }
  v1::GetBoardResponse response;
  *response.mutable_board() = view->board;
  return response;
}

}  // namespace

grpc::ServerUnaryReactor* BoardService::Synchronize(grpc::CallbackServerContext* context,
                                                    const v1::SynchronizeRequest* request,
                                                    v1::SynchronizeResponse* response) {
  if (absl::Status status = shared::Validate(*request); !status.ok()) return FinishNow(context, status);
  v1::SynchronizeRequest cleaned = *request;
  Clean(cleaned);
  return DeferredCall<v1::SynchronizeResponse>::BeginHeld(
      context, response,
      [&](const dispatch::Done<v1::SynchronizeResponse>& done) {
        return dispatcher_.Synchronize(std::move(cleaned), done);
      },
      [this](Withdrawal::Ticket ticket) { dispatcher_.Abandon(ticket); });
}

grpc::ServerUnaryReactor* BoardService::UploadResult(grpc::CallbackServerContext* context,
                                                     const v1::UploadResultRequest* request,
                                                     v1::UploadResultResponse* response) {
  if (absl::Status status = shared::Validate(*request); !status.ok()) return FinishNow(context, status);
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
  return FinishNow(context, response, OneBoard(*dispatcher_.snapshot(), *request));
}

}  // namespace crosscall::api
