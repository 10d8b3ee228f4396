#include "controller/pages.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "controller/report/lab.h"
#include "crosscall/v1/sweep_service.pb.h"
#include "proto/shared/log.h"
#include "proto/shared/resource_name.h"

namespace crosscall {
namespace {

constexpr char kComponent[] = "pages";
constexpr char kHtml[] = "text/html; charset=utf-8";
constexpr char kPlain[] = "text/plain; charset=utf-8";
constexpr int kMostReportsAtOnce = 2;
constexpr int kShownSweeps = 200;
constexpr int kPageSize = 500;

metrics::WebPage Closed() {
  return {403, kPlain,
          "These pages are for viewers, and this port asks nobody who he is. Start the controller with "
          "--metrics-password-file or --metrics-client-ca; deploy/README.md, \"Pages\".\n"};
}

metrics::WebPage PageOf(const absl::StatusOr<std::string>& html) {
  if (html.ok()) return {200, kHtml, *html};
  switch (html.status().code()) {
    case absl::StatusCode::kNotFound:
      return {404, kPlain, absl::StrCat(html.status().message(), "\n")};
    case absl::StatusCode::kInvalidArgument:
      return {400, kPlain, absl::StrCat(html.status().message(), "\n")};
    default:
      shared::LogWarning(kComponent, html.status().ToString());
      return {500, kPlain, absl::StrCat(html.status().message(), "\n")};
  }
}

std::vector<v1::Board> BoardsOf(const dispatch::Snapshot& snapshot) {
  std::vector<v1::Board> boards;
  for (const std::shared_ptr<const dispatch::BoardView>& view : snapshot.boards) {
    if (view->board.state() != v1::Board::STATE_RETIRED) boards.push_back(view->board);
  }
  return boards;
}

// Page by page, so that no more is in memory. `items_of` names what a page lists.
template <class Request, class List, class ItemsOf, class Each>
absl::Status ForEach(const std::string& parent, const List& list, const ItemsOf& items_of, const Each& each) {
  Request request;
  request.set_parent(parent);
  request.set_page_size(kPageSize);
  do {
    const auto page = list(request);
    if (!page.ok()) return page.status();
    for (const auto& item : items_of(*page)) {
      if (absl::Status status = each(item); !status.ok()) return status;
    }
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  return absl::OkStatus();
}

// The controller's own store.
class StoreSource final : public report::Source {
 public:
  StoreSource(const store::Store& store, std::shared_ptr<const dispatch::Snapshot> snapshot)
      : store_(store), snapshot_(std::move(snapshot)) {}

  absl::StatusOr<v1::Sweep> GetSweep(const std::string& name) override { return store_.GetSweep(name); }

  absl::Status ForEachTrial(const std::string& sweep,
                            const std::function<absl::Status(const v1::Trial&)>& each) override {
    return ForEach<v1::ListTrialsRequest>(
        sweep, [this](const auto& request) { return store_.ListTrials(request); },
        [](const auto& page) -> const auto& { return page.trials(); }, each);
  }

  absl::Status ForEachResult(const std::string& sweep,
                             const std::function<absl::Status(const v1::Result&)>& each) override {
    return ForEach<v1::ListResultsRequest>(
        sweep, [this](const auto& request) { return store_.ListResults(request); },
        [](const auto& page) -> const auto& { return page.results(); }, each);
  }

  absl::StatusOr<std::vector<v1::Board>> ListBoards() override { return BoardsOf(*snapshot_); }

 private:
  const store::Store& store_;
  const std::shared_ptr<const dispatch::Snapshot> snapshot_;
};

}  // namespace

bool PagesAreOpen(const metrics::HttpSecurity& security, bool insecure) {
  return insecure || !security.password_file.empty() || !security.client_ca_file.empty();
}

metrics::WebPage Pages::Lab() const {
  if (!open_) return Closed();
  const std::shared_ptr<const dispatch::Snapshot> snapshot = snapshot_();
  v1::ListSweepsRequest request;
  request.set_page_size(kShownSweeps);
  const absl::StatusOr<v1::ListSweepsResponse> sweeps = store_.ListSweeps(request);
  if (!sweeps.ok()) return PageOf(sweeps.status());
  report::Lab lab;
  lab.boards = BoardsOf(*snapshot);
  lab.sweeps.assign(sweeps->sweeps().begin(), sweeps->sweeps().end());
  lab.more_sweeps = !sweeps->next_page_token().empty();
  return PageOf(report::MakeLabPage(lab, clock_.Wall()));
}

metrics::WebPage Pages::Report(const std::string& sweep, const std::string& baseline) {
  if (!open_) return Closed();
  if (!shared::IsId(sweep) || !(baseline.empty() || shared::IsId(baseline))) {
    return {400, kPlain, "the form is /sweeps/SWEEP or /sweeps/SWEEP?baseline=SWEEP; an id is of a-z, 0-9 and -\n"};
  }
  if (!TakeTurn()) {
    return {503, kPlain, absl::StrCat(kMostReportsAtOnce, " reports are being made; reload in a moment\n")};
  }
  StoreSource source(store_, snapshot_());
  const std::string baseline_name = baseline.empty() ? "" : shared::SweepName(baseline);
  metrics::WebPage page = PageOf(report::MakeReport(source, shared::SweepName(sweep), baseline_name, clock_.Wall()));
  GiveTurn();
  return page;
}

bool Pages::TakeTurn() {
  const shared::MutexLock lock(mutex_);
  if (running_ == kMostReportsAtOnce) return false;
  ++running_;
  return true;
}

void Pages::GiveTurn() {
  const shared::MutexLock lock(mutex_);
  --running_;
}

}  // namespace crosscall
