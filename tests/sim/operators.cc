#include "tests/sim/operators.h"

#include <functional>
#include <iterator>

namespace crosscall::sim {
namespace {

using Kind = dispatch::BoardOrder::Kind;

constexpr absl::Duration kPatience = absl::Seconds(20);
constexpr absl::Duration kRound = absl::Minutes(15);

}  // namespace

void Operator::Plan(absl::Duration end) {
  end_ = end;
  OrderAny();
  ReleaseAll();
}

void Operator::OrderAny() {
  const absl::Duration when = lab_.now() + absl::Seconds(60 + random_.Below(2400));
  if (when > end_) return;
  lab_.timeline().At(when, [this] {
    constexpr Kind kKinds[] = {Kind::kDrain, Kind::kQuarantine, Kind::kRelease};
    Order(kKinds[random_.Below(std::size(kKinds))], lab_.boards()[random_.Below(lab_.boards().size())]->board());
    OrderAny();
  });
}

void Operator::ReleaseAll() {
  lab_.timeline().After(kRound, [this] {
    for (const auto& [name, board] : lab_.ledger().boards()) {
      const bool withheld = board.state == v1::Board::STATE_QUARANTINED || board.state == v1::Board::STATE_DRAINED;
      if (withheld) Order(Kind::kRelease, name);
    }
    ReleaseAll();
  });
}

void Operator::Order(Kind kind, const std::string& board) {
  dispatch::BoardOrder order;
  order.kind = kind;
  order.board = board;
  order.reason = "simulated";
  order.revoke_lease = random_.Below(2) == 0;
  // From now on it may arrive, whatever becomes of the answer.
  if (kind == Kind::kRelease) lab_.witness().OnReleaseAsked(board);
  lab_.network().Call<v1::Board>(
      link_, kPatience,
      [this, order](auto done) {
        lab_.controller().OrderBoard(order, std::move(done));
        return std::function<void()>();
      },
      // A refusal is as good: the rules are about what the board does.
      [](const absl::StatusOr<v1::Board>&) {});
}

}  // namespace crosscall::sim
