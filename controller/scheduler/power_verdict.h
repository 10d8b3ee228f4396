// What a diagnosis comes to: rule H4 of the fleet reference. The boot id decides, and words on a console or in pstore
// say what kind of end it was. Pure.
#ifndef CONTROLLER_SCHEDULER_POWER_VERDICT_H_
#define CONTROLLER_SCHEDULER_POWER_VERDICT_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "crosscall/v1/board.pb.h"
#include "crosscall/v1/power.pb.h"
#include "crosscall/v1/result.pb.h"

namespace crosscall::scheduler {

// What a kernel's last words show.
enum class Sign {
  kNone,
  kOops,   // an oops or panic
  kStall,  // a stall or lockup, even if its detector then panicked
};

Sign SignOf(absl::string_view log);

// The session that is there now.
struct Returned {
  std::string boot_id;
  std::string incarnation_id;
  v1::CrashLog crash_log;
  absl::Duration silent_for;
  // Of an incarnation that is the same: why it was not heard, with the cause first (silence.h); empty: nothing is
  // known.
  std::string why_silent = "";
};

// Whether a board that is heard has come back in the sense of the diagnosis. While its power is being switched, what is
// heard of it proves nothing: only when it was switched on its boot counts. One that people had switched need not have
// been silent before.
bool IsReturn(const v1::Diagnosis& diagnosis);

struct PowerVerdict {
  // Of the attempt that was open: WEDGED, CRASHED or LOST.
  v1::Outcome outcome = v1::OUTCOME_LOST;
  // In words; of LOST its first word is the cause.
  std::string cause;
  // The board needs a person.
  bool quarantine = false;
};

// The board came back; what it brought is added as a step.
PowerVerdict JudgeReturn(v1::Diagnosis& diagnosis, const Returned& returned, absl::Time now);

// A boot that nobody ordered, of a board that was not being diagnosed: WEDGED or CRASHED if what it left says so. LOST:
// nothing was left, and `diagnosis` stays empty.
PowerVerdict JudgeBoot(v1::Diagnosis& diagnosis, absl::string_view known_crash_log, const Returned& returned,
                       absl::Time now);

}  // namespace crosscall::scheduler

#endif  // CONTROLLER_SCHEDULER_POWER_VERDICT_H_
