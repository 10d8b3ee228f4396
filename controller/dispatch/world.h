// What the dispatcher holds in memory: the live part of the store, and what only lives while the controller does (held
// calls, sequences, last contacts).
//
// The rows equal the store's after each commit; after a failed one the world is thrown away and read again. Not
// thread-safe: it belongs to the dispatcher's thread.
#ifndef CONTROLLER_DISPATCH_WORLD_H_
#define CONTROLLER_DISPATCH_WORLD_H_

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "controller/dispatch/deadlines.h"
#include "controller/dispatch/done.h"
#include "controller/dispatch/settings.h"
#include "controller/dispatch/snapshot.h"
#include "controller/scheduler/ad_hoc_share.h"
#include "controller/scheduler/fair_share.h"
#include "controller/scheduler/lease_term.h"
#include "controller/scheduler/placement.h"
#include "controller/scheduler/schedule_policy.h"
#include "controller/scheduler/session.h"
#include "controller/scheduler/transitions.h"
#include "controller/scheduler/work_order.h"
#include "controller/store/rows.h"
#include "crosscall/v1/board_service.pb.h"

namespace crosscall::dispatch {

struct SweepState;
struct BoardState;

struct TrialState {
  // Without the spec, which is kept serialized: sweeps may have 100,000 trials.
  store::TrialRow row;
  std::string spec;
  scheduler::WorkClass work = scheduler::WorkClass::kMeasure;
  SweepState* sweep = nullptr;
  BoardState* board = nullptr;

  v1::TrialSpec ParsedSpec() const;
  scheduler::TrialRank Rank() const { return {work, row.trial.attempt_count(), row.trial.order()}; }
};

struct SweepState {
  store::SweepRow row;
  // By position; addresses are stable.
  std::deque<TrialState> trials;
  // When it must have ended, and from when on none of its trials is begun.
  absl::Duration ends_by = absl::InfiniteDuration();
  absl::Duration begins_until = absl::InfiniteDuration();
  // The crosscall version of each board, by name, at the sweep's first lease there.
  std::map<std::string, std::string> versions;

  // Empty if it has had no lease there.
  absl::string_view VersionOn(const BoardState& board) const;
};

struct ScheduleState {
  store::ScheduleRow row;
  scheduler::ScheduleRule rule;
  // Of the row as it is.
  std::shared_ptr<const ScheduleView> view = nullptr;
};

struct Lease {
  TrialState* trial = nullptr;
  store::AttemptRow row;
  scheduler::LeaseState state = scheduler::LeaseState::kPending;
  scheduler::LeaseTerm term;
  // What the store has as the lease's expiry, on this clock.
  absl::Duration stored_expiry;
  v1::TrialSpec spec;
  // It was in an answer: its dispatch latency is counted.
  bool answered = false;
  // Its trial asks for a boot of its own, which has not come yet: until then no agent is offered it, and it does not
  // expire.
  bool awaits_boot = false;
};

// A fenced attempt whose result a spool lists.
struct SpooledAttempt {
  TrialState* trial = nullptr;
  store::AttemptRow row;
  absl::Duration until;
};

// An attempt whose lease has expired while its board was silent: the diagnosis decides.
struct DiagnosedAttempt {
  TrialState* trial = nullptr;
  store::AttemptRow row;
};

// An attempt that was lost by a silence, for a reason that is not known yet. Its sweep may have ended.
struct LostAttempt {
  std::int64_t trial_id = 0;
  std::string trial;
  std::uint32_t attempt = 0;
};

// A silence that is not explained yet.
struct SilenceState {
  // The last call before it, or the start of the controller.
  absl::Duration since;
  // How old the agent's incarnation was then; nothing: this controller did not hear it.
  absl::optional<absl::Duration> age_before;
  // How long it lasted, and what the first call after it said; nothing: it lasts.
  absl::Duration lasted;
  absl::optional<v1::LifeSigns> first;
  absl::optional<LostAttempt> lost;
};

struct HeldCall {
  std::uint64_t ticket = 0;
  Done<v1::SynchronizeResponse> done;
  absl::Duration arrived;
  absl::Duration until;
};

using AttemptId = std::pair<std::string, std::uint32_t>;

// What an agent says to hold and to have in its spool.
struct Reported {
  std::vector<AttemptId> leases;
  std::vector<AttemptId> spool;
  // The spool has more than it lists.
  bool spool_is_longer = false;

  bool MayHaveSpooled(const AttemptId& id) const;
};

struct BoardState {
  store::BoardRow row;
  // 0 while this controller has not heard the open session.
  std::uint64_t last_sequence = 0;
  scheduler::TakeoverCounter takeovers;
  absl::optional<Lease> lease;
  std::vector<SpooledAttempt> spooled;
  absl::optional<HeldCall> held;
  // Only while the board is DIAGNOSING.
  absl::optional<DiagnosedAttempt> diagnosed;
  // When what its diagnosis is about ends.
  absl::Duration diagnosis_deadline = absl::InfiniteDuration();
  // A call after that is news to the diagnosis.
  absl::Duration heard_after = -absl::InfiniteDuration();
  // The run of its power command that the diagnosis waits for; 0: none.
  std::uint64_t power_job = 0;
  // Its silence is not looked into before.
  absl::Duration not_suspected_before = -absl::InfiniteDuration();

  // Of its last call.
  Reported reported;
  std::string health;
  // Since when `health` has not been empty.
  absl::optional<absl::Duration> unhealthy_since;
  std::uint32_t spooled_count = 0;
  // Of its last call that said its time.
  absl::optional<absl::Duration> clock_offset;
  // Since the start of the controller, if that is later.
  absl::Duration last_contact;
  // How old the agent's incarnation was then, by its own clock; nothing: it has not said so here.
  absl::optional<absl::Duration> last_age;
  absl::optional<SilenceState> silence;
  // What the last silence of the incarnation came from; empty: there was none.
  std::string why_silent;
  // When its held call was cut, until it calls again.
  absl::optional<absl::Duration> cut_at;
  // What the last answer allowed the next call to be held; nothing: no answer yet in this session.
  absl::optional<absl::Duration> told_hold;
  // When its next health trial is due.
  absl::Duration check_due = -absl::InfiniteDuration();
  bool wants_description = false;
  bool asked_description = false;

  // Waiting trials by sweep, and in each in the order of controller/scheduler/work_order.h.
  std::map<std::int64_t, std::map<scheduler::TrialRank, TrialState*>> pending;
  // Leases granted here by sweep and class, since the start of the controller.
  std::map<std::pair<std::int64_t, scheduler::WorkClass>, std::uint64_t> granted;
  // Of those, trials of nightly sweeps; their windows are open.
  std::size_t nightly_waiting = 0;
  // Since the start of the controller.
  scheduler::AdHocShare ad_hoc;
  // When the first waiting trial came.
  absl::Duration work_since;

  std::map<v1::Outcome, Tally> outcomes;
  std::map<std::string, Tally> hangs;
  std::map<std::tuple<std::string, std::string, int>, LatestLatency> latencies;

  bool HasSession() const { return last_sequence != 0; }
  // Its agent should hold the lease.
  bool IsToHoldLease() const {
    return lease && lease->state != scheduler::LeaseState::kRevoking && !lease->awaits_boot;
  }
  // It has a command for that, and the controller can run it.
  bool CanBeSwitched(const Settings& settings) const;
  // A boot that a lease asked for is under way, whether or not the lease is still there.
  bool PlansBoot() const;
  // Its power may be switched at any moment.
  bool PowerIsUsed() const { return row.state == v1::Board::STATE_DIAGNOSING || PlansBoot(); }
  // Its diagnosis is at a step that nobody carries out yet.
  bool AwaitsPowerRun(const Settings& settings) const;
  // The instant at which its silence alone makes it suspect of having wedged; never with a lease, whose end says more.
  absl::Duration WedgeSuspectedAt(const Settings& settings) const;
  // The instant at which its bad self-check puts it into quarantine.
  absl::Duration SelfCheckFailsAt(const Settings& settings) const;
  // The instant from which the board counts as silent.
  absl::Duration SilentAt(const Settings& settings) const;
  bool IsSilent(const Settings& settings, absl::Duration now) const { return now >= SilentAt(settings); }
  // The next instant at which something is due.
  absl::optional<absl::Duration> NextDeadline(const Settings& settings, absl::Duration now) const;
  // Its lease begins, as of now.
  void Take(Lease taken, absl::Duration now);
  scheduler::BoardStanding Standing(const Settings& settings, absl::Duration now) const;
};

struct World {
  std::map<std::string, std::unique_ptr<BoardState>> boards;
  // That have not ended, by number.
  std::map<std::int64_t, std::unique_ptr<SweepState>> sweeps;
  std::map<std::string, SweepState*> sweeps_by_name;
  std::unordered_map<std::string, TrialState*> trials;
  std::unordered_map<std::uint64_t, BoardState*> tickets;
  // That were not removed, by number.
  std::map<std::int64_t, ScheduleState> schedules;
  // What owners had of the boards since the start of the controller.
  std::map<v1::Sweep::Priority, scheduler::FairShare> shares;
  Deadlines<std::string> board_deadlines;
  Deadlines<std::int64_t> sweep_deadlines;
  // When to look at a schedule again, which may be before it is due.
  Deadlines<std::int64_t> schedule_deadlines;
  // What retention has removed since the store was made, by kind.
  std::map<std::string, std::uint64_t> removals;
  // What was counted since the store was made, by name.
  std::map<std::string, std::uint64_t> counts;
  // By model, scenario and target system; replaced as a whole when one of its distributions grows.
  std::map<std::tuple<std::string, std::string, int>, std::shared_ptr<const CallLatencies>> call_latencies;
  std::int64_t last_sweep_number = 0;
  std::int64_t last_trial_id = 0;
  std::int64_t last_schedule_number = 0;

  // Adds a sweep whose trials are in `rows`, in order; their boards exist. Waiting trials are queued.
  SweepState& AddSweep(store::SweepRow row, std::vector<store::TrialRow> rows, absl::Duration now, absl::Time wall);
  // Null if there is none.
  ScheduleState* FindSchedule(absl::string_view name);
  scheduler::FairShare& ShareOf(const SweepState& sweep) { return shares[sweep.row.sweep.priority()]; }
  // The time budget of the sweep, if it has one, begins to count, or counts since it started.
  void CountBudget(SweepState& sweep, absl::Duration now, absl::Time wall);
  // Forgets a sweep that has ended.
  void RemoveSweep(std::int64_t number);
  void Enqueue(TrialState& trial, absl::Duration now);
  void Dequeue(TrialState& trial);
};

scheduler::LeaseRules RulesOf(const Settings& settings, const BoardState& board);

// As the picture shows them.
std::shared_ptr<const ScheduleView> ViewOf(const store::ScheduleRow& row, const scheduler::ScheduleRule& rule);
LatestLatency LatestOf(const store::LatencyRow& row);

// As after a restart: every live lease has one full term, and nobody is heard yet. DATA_LOSS: the store contradicts
// itself. FAILED_PRECONDITION: a schedule's zone is no longer known on this machine.
absl::StatusOr<std::unique_ptr<World>> BuildWorld(store::LiveState live, const Settings& settings, absl::Duration now,
                                                  absl::Time wall);

}  // namespace crosscall::dispatch

#endif  // CONTROLLER_DISPATCH_WORLD_H_
