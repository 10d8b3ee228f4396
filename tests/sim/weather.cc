#include "tests/sim/weather.h"

#include <utility>

namespace crosscall::sim {

Climate Climate::Draw(scheduler::Random& random) {
  Climate climate;
  if (random.Below(8) == 0) return climate;
  const auto maybe = [&random](std::uint64_t one_in) { return random.Below(one_in) == 0; };
  climate.agent_crashes = maybe(2);
  climate.pauses = maybe(2);
  climate.partitions = maybe(2);
  climate.lossy_links = maybe(2);
  climate.full_disks = maybe(3);
  climate.bad_health = maybe(3);
  climate.controller_crashes = maybe(2);
  climate.store_errors = maybe(3);
  climate.vanishing = maybe(4);
  climate.liars = maybe(4);
  climate.twins = maybe(8);
  climate.stuck_workers = maybe(3);
  climate.wedges = maybe(2);
  return climate;
}

void Weather::Plan(absl::Duration end) {
  end_ = end;
  if (climate_.agent_crashes) Repeat(absl::Minutes(12), [this] { CrashAgent(); });
  if (climate_.pauses) Repeat(absl::Minutes(20), [this] { Pause(); });
  if (climate_.partitions) Repeat(absl::Minutes(15), [this] { Cut(); });
  if (climate_.lossy_links) Repeat(absl::Minutes(20), [this] { Blur(); });
  if (climate_.full_disks) Repeat(absl::Minutes(30), [this] { FillDisk(); });
  if (climate_.bad_health) Repeat(absl::Minutes(30), [this] { Sicken(); });
  if (climate_.controller_crashes) Repeat(absl::Minutes(15), [this] { CrashController(); });
  if (climate_.store_errors) Repeat(absl::Minutes(30), [this] { SpoilStore(); });
  if (climate_.wedges) Repeat(absl::Minutes(25), [this] { Wedge(); });
  if (climate_.vanishing) lab_.timeline().After(Between(absl::Minutes(1), end - lab_.now()), [this] { Vanish(); });
}

absl::Duration Weather::Between(absl::Duration least, absl::Duration most) {
  const std::int64_t span = absl::ToInt64Milliseconds(most - least);
  return least + absl::Milliseconds(random_.Below(static_cast<std::uint64_t>(std::max<std::int64_t>(span, 1))));
}

void Weather::Repeat(absl::Duration mean, const std::function<void()>& strike) {
  const absl::Duration when = lab_.now() + Between(absl::ZeroDuration(), 2 * mean);
  if (when > end_) return;
  lab_.timeline().At(when, [this, mean, strike] {
    strike();
    Repeat(mean, strike);
  });
}

void Weather::Fault(const std::string& who, absl::Duration span, const std::function<void()>& heal) {
  lab_.conditions().Begin(who);
  lab_.timeline().After(span, [this, who, heal] {
    heal();
    lab_.conditions().End(who);
  });
}

void Weather::CrashAgent() {
  BoardAgent& board = AnyBoard();
  if (!board.up() || board.wedged() || !board.restarts) return;
  board.Kill();
  const bool rebooted = random_.Below(3) == 0;
  const absl::Duration down =
      random_.Below(4) == 0 ? absl::Milliseconds(1) : Between(absl::Seconds(1), absl::Minutes(3));
  Fault(board.board(), down, [&board, rebooted] {
    if (board.restarts) board.Start(rebooted);
  });
}

void Weather::Pause() {
  BoardAgent& board = AnyBoard();
  if (!board.up() || board.paused()) return;
  board.Pause();
  Fault(board.board(), Between(absl::Seconds(1), absl::Minutes(10)), [&board] { board.Resume(); });
}

void Weather::Cut() {
  BoardAgent& board = AnyBoard();
  if (!board.link.there || !board.link.back) return;
  const std::uint64_t way = random_.Below(3);
  lab_.judge().Note(board.board(), "loses its link", way == 0 ? " there" : way == 1 ? " back" : "");
  board.link.there = way == 1;
  board.link.back = way == 0;
  Fault(board.board(), Between(absl::Seconds(1), absl::Minutes(10)),
        [&board] { board.link.there = board.link.back = true; });
}

void Weather::Blur() {
  BoardAgent& board = AnyBoard();
  if (board.link.lost > 0) return;
  lab_.judge().Note(board.board(), "has a lossy link");
  board.link.lost = 20 + random_.Below(400);
  board.link.doubled = random_.Below(300);
  board.link.longest_delay = Between(absl::Milliseconds(10), absl::Seconds(6));
  Fault(board.board(), Between(absl::Minutes(1), absl::Minutes(15)), [&board] {
    board.link.lost = board.link.doubled = 0;
    board.link.longest_delay = Link().longest_delay;
  });
}

void Weather::FillDisk() {
  BoardAgent& board = AnyBoard();
  if (!board.disk_takes_writes) return;
  lab_.judge().Note(board.board(), "has a full disk");
  board.disk_takes_writes = false;
  Fault(board.board(), Between(absl::Seconds(10), absl::Minutes(8)), [&board] { board.disk_takes_writes = true; });
}

void Weather::Sicken() {
  BoardAgent& board = AnyBoard();
  if (!board.health.empty()) return;
  lab_.judge().Note(board.board(), "fails its self-check");
  board.health = "simulated: too hot";
  Fault(board.board(), Between(absl::Seconds(10), absl::Minutes(10)), [&board] { board.health.clear(); });
}

void Weather::CrashController() {
  ControllerHost& controller = lab_.controller();
  if (!controller.up()) return;
  switch (random_.Below(3)) {
    case 0:
      controller.Kill();
      break;
    case 1:
      controller.Stop();
      break;
    default:
      controller.DieBeforeAnswering();
  }
  const absl::Duration down =
      random_.Below(2) == 0 ? absl::Milliseconds(10) : Between(absl::Seconds(1), absl::Minutes(4));
  Fault("", absl::Minutes(1) + down, [&controller] { controller.Start(); });
  if (!controller.up()) lab_.timeline().After(down, [&controller] { controller.Start(); });
}

void Weather::SpoilStore() {
  ControllerHost& controller = lab_.controller();
  if (!controller.disk_is_good()) return;
  lab_.judge().Note("controller", "has a bad disk");
  controller.set_disk_faults(20 + random_.Below(500));
  Fault("", Between(absl::Seconds(10), absl::Minutes(6)), [&controller] { controller.set_disk_faults(0); });
}

void Weather::Vanish() {
  BoardAgent& board = AnyBoard();
  lab_.judge().Note(board.board(), "is gone for good");
  lab_.conditions().Begin(board.board());
  board.restarts = false;
  board.Kill();
}

void Weather::Wedge() {
  BoardAgent& board = AnyBoard();
  Outlet* outlet = lab_.OutletOf(board);
  if (outlet == nullptr || !board.up() || board.paused()) return;
  outlet->Wedge();
}

}  // namespace crosscall::sim
