#include "tests/sim/night.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/sim/lab.h"
#include "tests/sim/lies.h"
#include "tests/sim/operators.h"
#include "tests/sim/users.h"
#include "tests/sim/weather.h"

namespace crosscall::sim {
namespace {

// Longer than any sweep may last.
constexpr absl::Duration kLastDeadline = absl::Hours(5);
constexpr absl::Duration kUploads = absl::Minutes(30);

dispatch::Settings DrawSettings(scheduler::Random& random) {
  dispatch::Settings settings;
  settings.hold_idle = absl::Seconds(30 + random.Below(90));
  settings.hold_busy = absl::Seconds(5 + random.Below(15));
  settings.attempts_per_trial = 1 + static_cast<std::uint32_t>(random.Below(4));
  settings.lease_term = absl::Seconds(60 + random.Below(180));
  settings.first_term = absl::Seconds(20 + random.Below(60));
  settings.power_rules.wedge_after = settings.lease_term + absl::Seconds(30 + random.Below(300));
  settings.power_rules.cycle_gap = absl::Minutes(5 + random.Below(30));
  if (random.Below(4) > 0) settings.health_period = absl::Minutes(30 + random.Below(300));
  return settings;
}

class Night {
 public:
  Night(std::uint64_t seed, const std::string& folder, std::FILE* trace)
      : random_(seed),
        climate_(Climate::Draw(random_)),
        lab_({.seed = random_.Next(), .folder = folder, .settings = DrawSettings(random_), .trace = trace}),
        operator_(lab_, lab_.NewRandom()),
        weather_(lab_, climate_, lab_.NewRandom()) {}

  NightReport Run() {
    Furnish();
    const absl::Duration dawn = lab_.now() + absl::Minutes(40 + random_.Below(80));
    const std::uint64_t users = 1 + random_.Below(3);
    for (std::uint64_t i = 0; i < users; ++i) {
      users_.push_back(std::make_unique<User>(lab_, absl::StrCat("user", i), lab_.NewRandom()));
      users_.back()->Plan(1 + static_cast<int>(random_.Below(3)), dawn);
    }
    operator_.Plan(dawn);
    weather_.Plan(dawn);
    if (lab_.RunUntil(dawn) && lab_.RunUntil(dawn + kLastDeadline, [this] { return AllDone(); })) CloseUp();
    return Report();
  }

 private:
  void Furnish() {
    const std::uint64_t boards = 1 + random_.Below(4);
    for (std::uint64_t i = 0; i < boards; ++i) {
      BoardAgent& board = lab_.AddBoard(absl::StrCat("b", i));
      board.temper.longest_trial = absl::Seconds(5 + random_.Below(120));
      if (climate_.stuck_workers) board.temper.stuck = 30;
      if (climate_.liars && i == 0) MakeLiar(lab_, board, random_);
      board.Start();
      if (climate_.wedges) lab_.AddOutlet(board, DrawOutlet());
    }
    if (climate_.twins) lab_.AddTwin(*lab_.boards().back()).Start();
  }

  // Half of them do what they are told.
  Outlet::Temper DrawOutlet() {
    constexpr Outlet::Temper kTempers[] = {Outlet::Temper::kLying, Outlet::Temper::kBlind, Outlet::Temper::kDead};
    return random_.Below(2) == 0 ? Outlet::Temper::kHonest : kTempers[random_.Below(std::size(kTempers))];
  }

  bool AllDone() {
    return lab_.ledger().AllEnded() &&
           std::all_of(users_.begin(), users_.end(), [](const auto& user) { return user->open_requests() == 0; });
  }

  // What is left in the spools comes home; then all that was ever stored is looked at once more, after a restart.
  void CloseUp() {
    lab_.RunUntil(lab_.now() + kUploads, [this] { return SpoolsAreEmpty(); });
    lab_.judge().Require(SpoolsAreEmpty(), "spools-drain", "a result lies in a spool half an hour after all has ended");
    if (climate_.store_errors) lab_.controller().set_disk_faults(0);
    lab_.controller().Stop();
    lab_.controller().Start();
    if (lab_.conditions().count() > 0 || climate_.liars || climate_.twins || climate_.stuck_workers) return;
    for (const auto& [id, attempt] : lab_.ledger().attempts()) {
      lab_.judge().Require(attempt.outcome != v1::OUTCOME_LOST, "quiet-nights-lose-nothing",
                           lab_.ledger().trials().at(id.first).name, " attempt ", id.second, " is LOST");
    }
  }

  bool SpoolsAreEmpty() {
    const auto& boards = lab_.boards();
    return std::all_of(boards.begin(), boards.end(), [this](const auto& board) {
      return board->spool_empty() || !board->restarts || !lab_.witness().IsHonest(board->board()) ||
             lab_.conditions().WholeSince(board->board()) == absl::InfiniteDuration();
    });
  }

  NightReport Report() {
    NightReport report;
    report.violation = lab_.judge().violation();
    report.digest = lab_.judge().digest();
    report.trials = lab_.ledger().trials().size();
    report.attempts = lab_.ledger().attempts().size();
    report.faults = lab_.conditions().count();
    return report;
  }

  scheduler::Random random_;
  const Climate climate_;
  Lab lab_;
  std::vector<std::unique_ptr<User>> users_;
  Operator operator_;
  Weather weather_;
};

}  // namespace

NightReport RunNight(std::uint64_t seed, const std::string& folder, std::FILE* trace) {
  std::filesystem::create_directory(folder);
  NightReport report = Night(seed, folder, trace).Run();
  std::filesystem::remove_all(folder);
  return report;
}

}  // namespace crosscall::sim
