#include "tests/sim/lab.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"

namespace crosscall::sim {
namespace {

constexpr absl::Duration kTick = absl::Seconds(10);

}  // namespace

Lab::Lab(Options options)
    : settings_(WithPower(std::move(options.settings))),
      random_(options.seed),
      judge_(timeline_, options.trace),
      conditions_(timeline_),
      network_(timeline_, NewRandom()),
      ledger_(options.folder, settings_, timeline_, witness_, judge_),
      controller_(options.folder, settings_, {timeline_, network_, witness_, judge_, ledger_}, NewRandom()),
      promises_({timeline_, conditions_, ledger_, witness_, judge_, controller_, settings_, boards_}) {
  controller_.Start();
  Tick();
}

void Lab::Tick() {
  promises_.Check();
  timeline_.After(kTick, [this] { Tick(); });
}

BoardAgent& Lab::AddBoard(const std::string& id) {
  boards_.push_back(std::make_unique<BoardAgent>(
      id, absl::StrCat("boards/", id), BoardAgent::Surroundings{timeline_, network_, controller_, witness_, judge_},
      NewRandom()));
  return *boards_.back();
}

BoardAgent& Lab::AddTwin(const BoardAgent& of) {
  boards_.push_back(std::make_unique<BoardAgent>(
      "twin", of.board(), BoardAgent::Surroundings{timeline_, network_, controller_, witness_, judge_}, NewRandom()));
  witness_.OnDishonest(of.board());
  return *boards_.back();
}

dispatch::Settings Lab::WithPower(dispatch::Settings settings) {
  settings.power.run = [this](const dispatch::PowerRun& run, auto done) {
    outlets_.at(run.board)->Run(run.argv.back(), run.time_limit, std::move(done));
  };
  return settings;
}

Outlet& Lab::AddOutlet(BoardAgent& board, Outlet::Temper temper) {
  std::unique_ptr<Outlet>& outlet = outlets_[board.board()];
  outlet = std::make_unique<Outlet>(
      board, temper, Outlet::Surroundings{timeline_, ledger_, witness_, conditions_, judge_, settings_}, NewRandom());
  TellPower(*outlet);
  return *outlet;
}

Outlet* Lab::OutletOf(const BoardAgent& board) {
  const auto found = outlets_.find(board.board());
  return found == outlets_.end() ? nullptr : found->second.get();
}

void Lab::TellPower(const Outlet& outlet) {
  dispatch::BoardOrder order;
  order.kind = dispatch::BoardOrder::Kind::kSetPower;
  order.board = outlet.board();
  order.power = outlet.Command();
  network_.Call<v1::Board>(
      desk_, kTick,
      [this, order](auto done) {
        controller_.OrderBoard(order, std::move(done));
        return std::function<void()>();
      },
      [this, &outlet](const absl::StatusOr<v1::Board>& answer) {
        if (!answer.ok()) timeline_.After(kTick, [this, &outlet] { TellPower(outlet); });
      });
}

bool Lab::RunUntil(absl::Duration end, const std::function<bool()>& done) {
  while (!judge_.violation() && !done() && timeline_.RunNext(end)) continue;
  return !judge_.violation();
}

template <class Response>
absl::StatusOr<Response> Lab::Ask(const std::function<void(dispatch::Done<Response>)>& call) {
  // Shared: an answer may come when nobody waits for it any more.
  const auto answer = std::make_shared<absl::optional<absl::StatusOr<Response>>>();
  if (!controller_.up()) return absl::UnavailableError("connection refused");
  call([answer](absl::StatusOr<Response> got) { *answer = std::move(got); });
  RunUntil(now() + absl::Minutes(1), [&answer] { return answer->has_value(); });
  return answer->value_or(absl::DeadlineExceededError("no answer in time"));
}

absl::StatusOr<v1::Sweep> Lab::CreateSweep(const v1::CreateSweepRequest& request) {
  absl::StatusOr<v1::CreateSweepResponse> answer =
      Ask<v1::CreateSweepResponse>([&](auto done) { controller_.CreateSweep(request, std::move(done)); });
  if (!answer.ok()) return answer.status();
  return answer->sweep();
}

absl::StatusOr<v1::Sweep> Lab::CancelSweep(const std::string& name) {
  v1::CancelSweepRequest request;
  request.set_name(name);
  absl::StatusOr<v1::CancelSweepResponse> answer =
      Ask<v1::CancelSweepResponse>([&](auto done) { controller_.CancelSweep(request, std::move(done)); });
  if (!answer.ok()) return answer.status();
  return answer->sweep();
}

}  // namespace crosscall::sim
