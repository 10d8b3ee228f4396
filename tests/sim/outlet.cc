#include "tests/sim/outlet.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace crosscall::sim {
namespace {

// Between a report's arrival and the batch that applies it.
constexpr absl::Duration kSlack = absl::Milliseconds(10);
constexpr char kStall[] = "\nwatchdog: BUG: soft lockup - CPU#1 stuck for 23s!";
constexpr char kPanic[] = "\nKernel panic - not syncing: NMI: Not continuing";

bool Switches(absl::string_view word) { return word == "off" || word == "on" || word == "cycle" || word == "nmi"; }

}  // namespace

v1::PowerCommand Outlet::Command() const {
  v1::PowerCommand command;
  command.add_argv("/simulated/outlet");
  command.add_argv(board());
  // What a lab has differs from board to board; by its name, so that it is the same after each restart.
  const int kind = board().back() % 4;
  command.set_console(kind != 0);
  command.set_nmi(kind > 1);
  command.set_cycle_only(kind == 2);
  return command;
}

void Outlet::Run(const std::string& word, absl::Duration limit,
                 std::function<void(const scheduler::CommandReport&)> done) {
  if (Switches(word)) CheckSwitching(word);
  const absl::Duration span =
      temper_ == Temper::kDead ? limit : std::min(limit, absl::Milliseconds(10 + random_.Below(3000)));
  around_.timeline.After(span, [this, word, done = std::move(done)] {
    scheduler::CommandReport report;
    if (temper_ == Temper::kDead) {
      report.result = "killed";
    } else {
      report = temper_ == Temper::kLying && word != "console" ? Lie(word) : Obey(word);
      report.accepted = true;
      report.result = "exit status 0";
    }
    around_.judge.Note(board(), "power ", word, ": ", report.result, " ", report.output);
    done(report);
  });
}

void Outlet::Wedge() {
  around_.conditions.Begin(board());
  wedge_is_a_fault_ = true;
  board_.Wedge();
  if (random_.Below(2) == 0) absl::StrAppend(&console_, kStall);
}

scheduler::CommandReport Outlet::Obey(absl::string_view word) {
  scheduler::CommandReport report;
  if (word == "status" && temper_ == Temper::kBlind) report.output = "no sensor";
  if (word == "status" && temper_ == Temper::kHonest) report.output = board_.powered() ? "on" : "off";
  if (word == "console") report.output = console_;
  if (word == "nmi" && board_.up() && !board_.wedged()) {
    board_.PowerOff();
    absl::StrAppend(&console_, kPanic);
    Boot(absl::Seconds(1 + random_.Below(60)));
  }
  if (word == "off" || word == "cycle") board_.PowerOff();
  if ((word == "on" || word == "cycle") && !board_.powered()) {
    console_ = "booting";
    Boot(absl::Seconds(10 + random_.Below(120)));
  }
  return report;
}

scheduler::CommandReport Outlet::Lie(absl::string_view word) {
  scheduler::CommandReport report;
  if (word == "on" || word == "off") told_ = std::string(word);
  if (word == "status") report.output = told_;
  return report;
}

void Outlet::Boot(absl::Duration after) {
  board_.PowerOn();
  around_.timeline.After(after, [this] {
    if (board_.restarts) board_.Start();
    if (std::exchange(wedge_is_a_fault_, false)) around_.conditions.End(board());
  });
}

void Outlet::CheckSwitching(absl::string_view word) {
  if (!around_.witness.IsHonest(board())) return;
  around_.ledger.Look();
  const BoardRecord& record = around_.ledger.boards().at(board());
  around_.judge.Require(record.state == v1::Board::STATE_DIAGNOSING, "only-silent-boards-are-switched", board(),
                        " was switched (", word, ") while it was ", v1::Board::State_Name(record.state));
  const scheduler::PowerRules& rules = around_.settings.power_rules;
  const absl::Duration now = around_.timeline.now();
  const bool begun = record.diagnoses == diagnosis_;
  if (!begun) {
    const absl::Duration silence = now - around_.witness.LastHeard(board());
    around_.judge.Require(silence + kSlack >= rules.wedge_after, "only-silent-boards-are-switched", board(),
                          " was switched (", word, ") after a silence of ", absl::FormatDuration(silence));
  }
  // An NMI is no cycle yet.
  if (begun || word == "nmi") return;
  diagnosis_ = record.diagnoses;
  const bool soon = !cycles_.empty() && now - cycles_.back() + kSlack < rules.cycle_gap;
  const auto lately = std::count_if(cycles_.begin(), cycles_.end(),
                                    [&](absl::Duration cycle) { return now - cycle < rules.cycle_window; });
  around_.judge.Require(!soon && lately < rules.cycle_limit, "power-keeps-its-pace", board(), " was switched ",
                        lately + 1, " times within ", absl::FormatDuration(rules.cycle_window), ", the last time ",
                        cycles_.empty() ? "never" : absl::FormatDuration(now - cycles_.back()), " ago");
  cycles_.push_back(now);
}

}  // namespace crosscall::sim
