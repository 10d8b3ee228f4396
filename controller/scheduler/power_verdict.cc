#include "controller/scheduler/power_verdict.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "controller/scheduler/power_cycle.h"
#include "proto/shared/proto_time.h"

namespace crosscall::scheduler {
namespace {

using D = v1::Diagnosis;

// As Linux prints them: kernel/watchdog.c, kernel/rcu/tree_stall.h, kernel/smp.c, kernel/workqueue.c.
constexpr absl::string_view kStalls[] = {
    "soft lockup",     "hard LOCKUP", "self-detected stall", "detected stalls on", "csd: Detected non-responsive",
    "workqueue lockup"};
constexpr absl::string_view kOopses[] = {
    "Kernel panic", "Oops", "BUG: unable to handle", "general protection fault", "Internal error:", "kernel BUG at"};

template <std::size_t kSize>
bool HasAny(absl::string_view log, const absl::string_view (&words)[kSize]) {
  return std::any_of(std::begin(words), std::end(words),
                     [log](absl::string_view word) { return absl::StrContains(log, word); });
}

// Everything that the board itself said.
std::string WordsOf(const D& diagnosis) {
  std::string words;
  for (const v1::PowerStep& step : diagnosis.steps()) {
    if (step.word() == "console" || step.word() == "boot") absl::StrAppend(&words, step.output(), "\n");
  }
  return words;
}

// Its console was read before and after an NMI, and had not changed: a kernel that lives says something, whatever
// became of its network.
bool IgnoredNmi(const D& diagnosis) {
  const auto& steps = diagnosis.steps();
  const auto nmi = std::find_if(steps.begin(), steps.end(),
                                [](const v1::PowerStep& step) { return step.word() == "nmi" && step.accepted(); });
  const auto is_reading = [](const v1::PowerStep& step) { return step.word() == "console" && step.accepted(); };
  const auto after = std::find_if(nmi, steps.end(), is_reading);
  const auto before = std::find_if(std::make_reverse_iterator(nmi), steps.rend(), is_reading);
  return after != steps.end() && before != steps.rend() && after->output() == before->output();
}

void AddReturn(D& diagnosis, const Returned& returned, bool other_boot, absl::Time now) {
  // One that was there before tells of an earlier end.
  const bool fresh = !returned.crash_log.id().empty() && returned.crash_log.id() != diagnosis.known_crash_log();
  const std::string what = other_boot ? absl::StrCat("another boot, ", returned.boot_id) : "the same boot";
  AddPowerStep(diagnosis, "boot", fresh ? absl::StrCat(what, ", with a crash log") : what,
               fresh ? returned.crash_log.text() : "", now);
}

PowerVerdict Lost(std::string cause) { return {v1::OUTCOME_LOST, std::move(cause), false}; }

PowerVerdict JudgeSameBoot(const D& diagnosis, const Returned& returned, const std::string& span) {
  const bool restarted = returned.incarnation_id != diagnosis.incarnation_id();
  std::string why = absl::StrCat("AGENT: it was restarted within the same boot after ", span);
  if (!restarted) why = returned.why_silent;
  if (why.empty()) why = absl::StrCat("UNKNOWN: it was heard again, in the same boot, after ", span);
  if (!diagnosis.switched()) return Lost(why);
  return {v1::OUTCOME_LOST,
          absl::StrCat(why, "; power step not verified: the boot is the one from before its power was switched"), true};
}

PowerVerdict JudgeOtherBoot(const D& diagnosis, const std::string& span) {
  const Sign sign = SignOf(WordsOf(diagnosis));
  const bool provoked = diagnosis.switched() || diagnosis.nmi_sent();
  if (sign == Sign::kStall) {
    return {v1::OUTCOME_WEDGED, "its kernel reported a stall or lockup, and it came back by another boot", false};
  }
  // After an NMI a panic is what was asked for.
  if (sign == Sign::kOops && !diagnosis.nmi_sent()) return {v1::OUTCOME_CRASHED, "its kernel crashed", false};
  if (diagnosis.power_before() == D::POWER_OFF) return Lost("POWER: its power read off");
  if (!provoked) return Lost("POWER: the board came back with another boot that nobody ordered");
  if (diagnosis.power_before() == D::POWER_ON && IgnoredNmi(diagnosis)) {
    return {
        v1::OUTCOME_WEDGED,
        absl::StrCat("it answered to nothing for ", span,
                     ", its console not even to an NMI, while its power read on, and came back only by another boot"),
        false};
  }
  // A board whose link alone was broken looks the same.
  return Lost(
      "UNKNOWN: it came back by another boot, and nothing shows why it was silent: no stall or lockup on a console or "
      "in pstore, and no NMI that its console did not answer");
}

}  // namespace

Sign SignOf(absl::string_view log) {
  if (HasAny(log, kStalls)) return Sign::kStall;
  return HasAny(log, kOopses) ? Sign::kOops : Sign::kNone;
}

bool IsReturn(const D& diagnosis) {
  if (diagnosis.phase() == D::PHASE_BOOT) return true;
  return !diagnosis.switched() && diagnosis.ordered_by().empty();
}

PowerVerdict JudgeReturn(D& diagnosis, const Returned& returned, absl::Time now) {
  const bool other_boot = returned.boot_id != diagnosis.boot_id();
  AddReturn(diagnosis, returned, other_boot, now);
  const std::string span = absl::FormatDuration(absl::Trunc(returned.silent_for, absl::Seconds(1)));
  return other_boot ? JudgeOtherBoot(diagnosis, span) : JudgeSameBoot(diagnosis, returned, span);
}

PowerVerdict JudgeBoot(D& diagnosis, absl::string_view known_crash_log, const Returned& returned, absl::Time now) {
  const Sign sign = SignOf(returned.crash_log.text());
  const bool fresh = !returned.crash_log.id().empty() && returned.crash_log.id() != known_crash_log;
  if (!fresh || sign == Sign::kNone) return Lost("POWER: the board came back with another boot");
  diagnosis.set_reason("it came back with another boot that nobody ordered");
  *diagnosis.mutable_start_time() = shared::TimestampOf(now);
  diagnosis.set_known_crash_log(std::string(known_crash_log));
  diagnosis.set_phase(D::PHASE_ENDED);
  AddReturn(diagnosis, returned, true, now);
  if (sign == Sign::kOops) return {v1::OUTCOME_CRASHED, "its kernel crashed", false};
  return {v1::OUTCOME_WEDGED, "its kernel reported a stall or lockup, and it came back by another boot", false};
}

}  // namespace crosscall::scheduler
