// What is done about a board that does not answer: evidence, patience, its power as a verified transaction. Rules H1,
// H3 and H5 of the fleet reference, as a state machine over v1::Diagnosis. Pure.
//
//   READ_BEFORE -> CONSOLE -> PATIENCE -> NMI -> SETTLE -> WITNESS -> OFF -> READ_OFF -> ON -> READ_ON -> BOOT
//
// Steps that the board's command does not know are left out; with one that cannot hold the board off, CYCLE takes the
// place of OFF to READ_ON. What a command says of itself is never taken for a switched board: a reading verifies a
// step, and a session with another boot the whole. An `off` or `on` that a reading contradicts is repeated once. What
// the return of the board, or its absence, means is in power_verdict.h.
#ifndef CONTROLLER_SCHEDULER_POWER_CYCLE_H_
#define CONTROLLER_SCHEDULER_POWER_CYCLE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "crosscall/v1/board.pb.h"
#include "crosscall/v1/power.pb.h"

namespace crosscall::scheduler {

struct PowerRules {
  // Silence after which a board counts as wedged, and may be switched.
  absl::Duration wedge_after = absl::Seconds(300);
  // A diagnosis that has not come to switching by then is given up.
  absl::Duration diagnosis_limit = absl::Minutes(30);
  // Unless the board's command says otherwise: each of its runs, and the way from `on` to a session.
  absl::Duration step_limit = absl::Seconds(30);
  absl::Duration boot_limit = absl::Minutes(15);
  // What a board may take to panic after an NMI, and to boot by itself.
  absl::Duration settle = absl::Seconds(10);
  // Cycles of one board within the window, and from one to the next.
  int cycle_limit = 3;
  absl::Duration cycle_window = absl::Hours(1);
  absl::Duration cycle_gap = absl::Minutes(5);
  // That many wedges within the window need a person.
  int wedge_limit = 3;
  absl::Duration wedge_window = absl::Hours(24);
  // Site guard: so much of the lab silent at once is no board's fault.
  double silent_share = 0.2;
  int silent_boards = 3;
};

// What one run of the power command came to.
struct CommandReport {
  // It ended by itself, and well. No more than that.
  bool accepted = false;
  // In words.
  std::string result;
  std::string output;
  std::string errors;
};

// The first word of what `status` printed; of a run that was not accepted, nothing.
v1::Diagnosis::Power ReadingOf(const CommandReport& report);

// Who fell silent, and why that is looked into.
struct Silence {
  std::string reason;
  // Who ordered it; empty: nobody.
  std::string ordered_by;
  std::string attempt;
  std::string boot_id;
  std::string incarnation_id;
  std::string known_crash_log;
  // When the board was heard last.
  absl::Time since;
};

v1::Diagnosis BeginDiagnosis(const Silence& silence, const PowerRules& rules, absl::Time now);

// As the controller finds it when it starts: what may have been done is taken for done, what may be repeated is
// repeated, and the board's silence counts anew, for it may have called all the while.
void ResumeDiagnosis(v1::Diagnosis& diagnosis, const PowerRules& rules, absl::Time now);

// The word that the power command must be given now; empty: there is nothing to do but to wait.
absl::string_view WordOf(const v1::Diagnosis& diagnosis);

// What follows from a step.
struct Course {
  enum class Kind {
    kGoesOn,
    kGivenUp,    // `why`; its first word is the cause
    kLabSilent,  // no power: it is not this board alone
  };
  Kind kind = Kind::kGoesOn;
  std::string why;
};

// What the policy may know besides the diagnosis. It counts a cycle in `record`.
struct PowerScene {
  v1::BoardRecord& record;
  const PowerRules& rules;
  absl::Time now;
  bool lab_is_silent = false;
};

// The command that WordOf named has ended.
Course TakeReport(v1::Diagnosis& diagnosis, const CommandReport& report, const PowerScene& scene);

// The deadline of what is under way has passed.
Course TakeDeadline(v1::Diagnosis& diagnosis, const PowerScene& scene);

// The limits of the board's own command, or the rules'.
absl::Duration StepLimit(const v1::PowerCommand& power, const PowerRules& rules);
absl::Duration BootLimit(const v1::PowerCommand& power, const PowerRules& rules);

// When the board may be switched again, `now` if at once; RESOURCE_EXHAUSTED if not within the gap.
absl::Status CheckCycleLimit(const v1::BoardRecord& record, const PowerRules& rules, absl::Time now);
absl::Time CycleAllowedAt(const v1::BoardRecord& record, const PowerRules& rules, absl::Time now);

// Counts a wedge, and forgets those that are too old. True if the limit is reached.
bool AddWedge(v1::BoardRecord& record, const PowerRules& rules, absl::Time now);

// Whether `silent` of `all` boards that were heard lately is too many for one board's fault.
bool LabIsSilent(int silent, int all, const PowerRules& rules);

// Adds a step; of outputs that are too long the end is kept, and of too many steps the newest.
void AddPowerStep(v1::Diagnosis& diagnosis, absl::string_view word, const std::string& result,
                  const std::string& output, absl::Time now);

}  // namespace crosscall::scheduler

#endif  // CONTROLLER_SCHEDULER_POWER_CYCLE_H_
