#include "controller/dispatch/board_view.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/scheduler/board_labels.h"
#include "controller/scheduler/placement.h"
#include "proto/shared/proto_time.h"

namespace crosscall::dispatch {
namespace {

std::size_t WaitingTrials(const BoardState& board) {
  std::size_t count = 0;
  for (const auto& [sweep, trials] : board.pending) count += trials.size();
  return count;
}

void FillBoard(const BoardState& board, const Settings& settings, absl::Duration now, absl::Time wall, v1::Board& out) {
  out.set_name(board.row.name);
  out.set_state(board.row.state);
  out.set_state_reason(board.row.state_reason);
  out.set_online(!board.IsSilent(settings, now));
  *out.mutable_description() = board.row.description;
  *out.mutable_record() = board.row.record;
  // Its arguments may be secrets, and readers are many.
  auto& argv = *out.mutable_record()->mutable_power()->mutable_argv();
  if (argv.size() > 1) argv.DeleteSubrange(1, argv.size() - 1);
  if (argv.empty()) out.mutable_record()->clear_power();
  for (std::string& label : scheduler::EffectiveLabels(board.row.description, board.row.record)) {
    out.add_labels(std::move(label));
  }
  const absl::Time seen = board.HasSession() ? wall - (now - board.last_contact) : board.row.last_seen_time;
  *out.mutable_last_seen_time() = shared::TimestampOf(seen);
  out.set_incarnation_id(board.row.incarnation_id);
  out.set_boot_id(board.row.boot_id);
  if (board.lease) out.set_running_trial(board.lease->trial->row.trial.name());
  out.set_health(board.health);
  out.set_spooled_count(board.spooled_count);
  absl::Time last_hang = absl::UnixEpoch();
  for (const auto& [implementation, tally] : board.hangs) last_hang = std::max(last_hang, tally.last_time);
  if (last_hang != absl::UnixEpoch()) *out.mutable_last_hang_time() = shared::TimestampOf(last_hang);
}

}  // namespace

std::shared_ptr<const BoardView> ViewOf(const BoardState& board, const Settings& settings, absl::Duration now,
                                        absl::Time wall) {
  auto view = std::make_shared<BoardView>();
  FillBoard(board, settings, now, wall, view->board);
  // Between two calls is no reason to tell: the next one is on its way.
  scheduler::BoardStanding standing = board.Standing(settings, now);
  standing.listening = true;
  view->waiting_reason = scheduler::WhyBoardWaits(standing).value_or("");
  if (const std::size_t waiting = WaitingTrials(board); waiting > 0 && !view->waiting_reason.empty()) {
    absl::StrAppend(&view->waiting_reason, "; ", waiting, " trials wait for it");
  }
  view->board.set_waiting_reason(view->waiting_reason);
  view->outcomes = board.outcomes;
  view->hangs = board.hangs;
  view->clock_offset = board.clock_offset;
  view->latencies.reserve(board.latencies.size());
  for (const auto& [key, latency] : board.latencies) view->latencies.push_back(latency);
  return view;
}

}  // namespace crosscall::dispatch
