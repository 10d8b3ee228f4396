// What an operator may tune in the dispatcher; the defaults are those of the fleet reference, section 9.
#ifndef CONTROLLER_DISPATCH_SETTINGS_H_
#define CONTROLLER_DISPATCH_SETTINGS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "absl/time/time.h"
#include "controller/dispatch/power_port.h"
#include "controller/scheduler/power_cycle.h"
#include "crosscall/v1/result.pb.h"
#include "proto/shared/release.h"

namespace crosscall::dispatch {

struct Settings {
  // How long a Synchronize may be held, without and with a lease on the board.
  absl::Duration hold_idle = absl::Seconds(30);
  absl::Duration hold_busy = absl::Seconds(5);
  // A board is SILENT when it has not called for that many holds...
  int silent_holds = 3;
  // ... or that long after its held call was cut: an agent that cut it itself calls again at once.
  absl::Duration reconnect_grace = absl::Seconds(10);
  // A fresh lease ends unless the agent reports it within the first term; each report then gives it a full term.
  absl::Duration first_term = absl::Seconds(60);
  absl::Duration lease_term = absl::Seconds(180);
  // No lease outlives its trial's limit by more than this. A trial that only counts calls has `untimed_trial_limit`.
  absl::Duration lease_cap_extra = absl::Seconds(60);
  absl::Duration untimed_trial_limit = absl::Hours(1);
  // How long a restarted agent may take to deliver the result of a fenced attempt that its spool lists.
  absl::Duration spooled_result_wait = absl::Seconds(60);
  std::uint32_t attempts_per_trial = 3;
  // A sweep succeeds if that share of its trials told something.
  double required_coverage = 0.95;
  absl::Duration default_sweep_deadline = absl::Hours(24);
  // More takeovers of a live session than this within the window: two machines use one name.
  int takeover_limit = 3;
  absl::Duration takeover_window = absl::Minutes(10);
  // A board gets work when it has passed a health trial, which is repeated when the last one is that old, and after
  // each new boot. Zero: boards get work at once. That is the default here, so that a test asks for what it tests;
  // crosscall-controller has 24 h.
  absl::Duration health_period = absl::ZeroDuration();
  // A board whose self-check is bad gets no work; one that stays so for that long needs a person.
  absl::Duration self_check_grace = absl::Minutes(10);
  // When boards are diagnosed, and their power is switched; without a port, never.
  scheduler::PowerRules power_rules;
  PowerPort power;
  // How old late results (evidence), events and the histograms of results become; infinite: they are kept for ever.
  absl::Duration keep_evidence = absl::InfiniteDuration();
  absl::Duration keep_events = absl::InfiniteDuration();
  absl::Duration keep_histograms = absl::InfiniteDuration();
  // What the last leases of a sweep may take to end after its window, and some more: then it is overdue.
  absl::Duration OverdueGrace() const { return lease_term + spooled_result_wait + absl::Minutes(1); }
  // What ad-hoc work gets of a board's time before nightly work, while nightly trials wait for the board; 0 to 1.
  double ad_hoc_share = 0.25;
  // Bounds: calls waiting for the thread, boards known, schedules kept, scenarios by kind of board whose calls are
  // counted for ever, bytes of results being put together.
  std::size_t queue_capacity = 16'384;
  std::size_t max_boards = 12'000;
  std::size_t max_schedules = 1'000;
  std::size_t max_call_latencies = 5'000;
  std::size_t upload_memory_bytes = std::size_t{64} << 20;
  // A half-sent result is dropped when its agent has sent nothing for that long.
  absl::Duration upload_idle_limit = absl::Seconds(60);
  // What a refused caller is told to wait.
  absl::Duration refusal_delay = absl::Seconds(1);
  // Told to agents.
  std::string server_version = CROSSCALL_VERSION;
  // Decides which agents get leases (controller/scheduler/releases.h).
  std::uint32_t release = shared::Release();
  // Makes the strings of a result harmless before it is stored; its digest stays that of the bytes sent. Called on any
  // thread. Empty: results are stored as they came.
  std::function<void(v1::TrialResult&)> clean_result;
};

}  // namespace crosscall::dispatch

#endif  // CONTROLLER_DISPATCH_SETTINGS_H_
