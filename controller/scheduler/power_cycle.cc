#include "controller/scheduler/power_cycle.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "proto/shared/proto_time.h"
#include "proto/shared/sanitize.h"

namespace crosscall::scheduler {
namespace {

using D = v1::Diagnosis;
using shared::TimeOf;
using shared::TimestampOf;

constexpr std::size_t kStepBytes = 16 * 1024;
constexpr int kMaxSteps = 32;
// Of `off` and `on`: the first time, and once more.
constexpr std::uint32_t kTries = 2;
// A command ends by its own limit; this is for one of which nothing is heard at all.
constexpr absl::Duration kReportMargin = absl::Seconds(15);

using Times = google::protobuf::RepeatedPtrField<google::protobuf::Timestamp>;

void ForgetBefore(Times& times, absl::Time first) {
  times.erase(std::remove_if(times.begin(), times.end(), [first](const auto& time) { return TimeOf(time) < first; }),
              times.end());
}

int CountSince(const Times& times, absl::Time first) {
  return static_cast<int>(
      std::count_if(times.begin(), times.end(), [first](const auto& time) { return TimeOf(time) >= first; }));
}

// The end of `text`, as what a board says last tells most.
std::string End(const std::string& text) {
  return shared::CleanReport(text.size() > kStepBytes ? text.substr(text.size() - kStepBytes) : text, kStepBytes);
}

void Wait(D& diagnosis, D::Phase phase, absl::Time now, absl::Time until) {
  if (diagnosis.phase() != phase) diagnosis.set_tries(0);
  diagnosis.set_phase(phase);
  *diagnosis.mutable_phase_time() = TimestampOf(now);
  *diagnosis.mutable_phase_deadline() = TimestampOf(until);
}

void Do(D& diagnosis, D::Phase phase, const PowerScene& scene) {
  Wait(diagnosis, phase, scene.now, scene.now + StepLimit(scene.record.power(), scene.rules) + kReportMargin);
}

Course GoesOn() { return {}; }
Course GivenUp(std::string why) { return {Course::Kind::kGivenUp, std::move(why)}; }

void WaitForBoot(D& diagnosis, const PowerScene& scene) {
  Wait(diagnosis, D::PHASE_BOOT, scene.now, scene.now + BootLimit(scene.record.power(), scene.rules));
}

// Everything that the board can tell is told: now it is switched, if it may be.
Course Switch(D& diagnosis, const PowerScene& scene) {
  if (scene.lab_is_silent) return {Course::Kind::kLabSilent, "NETWORK: much of the lab fell silent at once"};
  if (scene.now >= TimeOf(diagnosis.expire_time())) return GivenUp("BOARD: it did not come back in time");
  // The limits keep the controller from switching a sick board again and again. A planned boot is somebody's wish.
  if (!diagnosis.planned()) {
    if (absl::Status limit = CheckCycleLimit(scene.record, scene.rules, scene.now); !limit.ok()) {
      return GivenUp(absl::StrCat("POWER: ", limit.message()));
    }
    const absl::Time allowed = CycleAllowedAt(scene.record, scene.rules, scene.now);
    if (allowed > scene.now) {
      Wait(diagnosis, D::PHASE_PATIENCE, scene.now, std::min(allowed, TimeOf(diagnosis.expire_time())));
      return GoesOn();
    }
    *scene.record.add_cycle_times() = TimestampOf(scene.now);
  }
  scene.record.set_power_cycle_count(scene.record.power_cycle_count() + 1);
  diagnosis.set_switched(true);
  if (scene.record.power().cycle_only()) {
    Do(diagnosis, D::PHASE_CYCLE, scene);
  } else if (diagnosis.power_before() == D::POWER_OFF) {
    diagnosis.set_off_verified(true);
    Do(diagnosis, D::PHASE_ON, scene);
  } else {
    Do(diagnosis, D::PHASE_OFF, scene);
  }
  return GoesOn();
}

Course AfterPatience(D& diagnosis, const PowerScene& scene) {
  const bool wants_nmi = scene.record.power().nmi() && !diagnosis.nmi_sent() && diagnosis.ordered_by().empty();
  if (!wants_nmi || scene.lab_is_silent) return Switch(diagnosis, scene);
  diagnosis.set_nmi_sent(true);
  Do(diagnosis, D::PHASE_NMI, scene);
  return GoesOn();
}

Course AfterConsole(D& diagnosis, const PowerScene& scene) {
  const absl::Time wedged = TimeOf(diagnosis.wedge_time());
  if (!diagnosis.ordered_by().empty() || wedged <= scene.now) return AfterPatience(diagnosis, scene);
  Wait(diagnosis, D::PHASE_PATIENCE, scene.now, std::min(wedged, TimeOf(diagnosis.expire_time())));
  return GoesOn();
}

// Once more, or never.
Course Again(D& diagnosis, D::Phase phase, const PowerScene& scene, const std::string& why) {
  if (diagnosis.tries() >= kTries) return GivenUp(absl::StrCat("POWER: ", why, " ", kTries, " times"));
  const std::uint32_t tries = diagnosis.tries();
  Do(diagnosis, phase, scene);
  diagnosis.set_tries(tries);
  return GoesOn();
}

// A step that was asked for is read back: `wanted` verifies it, its opposite and a command that failed are reasons to
// repeat it. With nothing to observe the boot must prove it.
Course AfterReading(D& diagnosis, D::Power reading, D::Power wanted, const PowerScene& scene) {
  const bool off = wanted == D::POWER_OFF;
  const D::Phase repeat = off ? D::PHASE_OFF : D::PHASE_ON;
  const std::string word = off ? "`off`" : "`on`";
  const bool contradicted = reading != D::POWER_UNSPECIFIED && reading != wanted;
  if (contradicted) {
    return Again(diagnosis, repeat, scene,
                 absl::StrCat("power step not verified: it read ", off ? "on" : "off", " after ", word));
  }
  if (reading == D::POWER_UNSPECIFIED && !diagnosis.accepted()) {
    return Again(diagnosis, repeat, scene, absl::StrCat("power step not verified: ", word, " failed"));
  }
  const bool verified = reading == wanted;
  if (off) {
    diagnosis.set_off_verified(verified);
    Do(diagnosis, D::PHASE_ON, scene);
  } else {
    diagnosis.set_on_verified(verified);
    WaitForBoot(diagnosis, scene);
  }
  return GoesOn();
}

// `off` and `on` were asked for: the reading that follows counts the try as one of theirs.
void AfterSwitch(D& diagnosis, D::Phase reading, bool accepted, const PowerScene& scene) {
  const std::uint32_t tries = diagnosis.tries() + 1;
  diagnosis.set_accepted(accepted);
  Do(diagnosis, reading, scene);
  diagnosis.set_tries(tries);
}

}  // namespace

D::Power ReadingOf(const CommandReport& report) {
  if (!report.accepted) return D::POWER_UNSPECIFIED;
  const std::vector<std::string> words =
      absl::StrSplit(absl::AsciiStrToLower(report.output), absl::ByAnyChar(" \t\r\n"), absl::SkipEmpty());
  // More than the one word is no answer to the question: what else it says may mean anything.
  if (words.size() != 1) return D::POWER_UNSPECIFIED;
  if (words.front() == "on") return D::POWER_ON;
  return words.front() == "off" ? D::POWER_OFF : D::POWER_UNSPECIFIED;
}

D BeginDiagnosis(const Silence& silence, const PowerRules& rules, absl::Time now) {
  D diagnosis;
  diagnosis.set_reason(silence.reason);
  *diagnosis.mutable_start_time() = TimestampOf(now);
  diagnosis.set_ordered_by(silence.ordered_by);
  diagnosis.set_attempt(silence.attempt);
  diagnosis.set_boot_id(silence.boot_id);
  diagnosis.set_incarnation_id(silence.incarnation_id);
  diagnosis.set_known_crash_log(silence.known_crash_log);
  *diagnosis.mutable_expire_time() = TimestampOf(now + rules.diagnosis_limit);
  *diagnosis.mutable_wedge_time() = TimestampOf(silence.since + rules.wedge_after);
  Wait(diagnosis, D::PHASE_READ_BEFORE, now, now + rules.step_limit + kReportMargin);
  return diagnosis;
}

void ResumeDiagnosis(D& diagnosis, const PowerRules& rules, absl::Time now) {
  if (!diagnosis.switched()) {
    *diagnosis.mutable_wedge_time() = TimestampOf(now + rules.wedge_after);
    *diagnosis.mutable_expire_time() = TimestampOf(now + rules.diagnosis_limit);
    if (diagnosis.nmi_sent()) return Wait(diagnosis, D::PHASE_SETTLE, now, now + rules.wedge_after);
    return Wait(diagnosis, D::PHASE_READ_BEFORE, now, now + rules.step_limit + kReportMargin);
  }
  // A cycle cannot be told from two: the boot must prove it.
  if (diagnosis.phase() == D::PHASE_CYCLE || diagnosis.phase() == D::PHASE_BOOT) {
    return Wait(diagnosis, D::PHASE_BOOT, now, now + rules.boot_limit);
  }
  *diagnosis.mutable_phase_deadline() = TimestampOf(now + rules.step_limit + kReportMargin);
}

absl::string_view WordOf(const D& diagnosis) {
  switch (diagnosis.phase()) {
    case D::PHASE_READ_BEFORE:
    case D::PHASE_READ_OFF:
    case D::PHASE_READ_ON:
      return "status";
    case D::PHASE_CONSOLE:
    case D::PHASE_WITNESS:
      return "console";
    case D::PHASE_NMI:
      return "nmi";
    case D::PHASE_OFF:
      return "off";
    case D::PHASE_ON:
      return "on";
    case D::PHASE_CYCLE:
      return "cycle";
    default:
      return "";
  }
}

Course TakeReport(D& diagnosis, const CommandReport& report, const PowerScene& scene) {
  const D::Power reading = ReadingOf(report);
  const bool reads = WordOf(diagnosis) == "status";
  const std::string read = reading == D::POWER_ON ? "read on" : (reading == D::POWER_OFF ? "read off" : "read unknown");
  const std::string errors = report.errors.empty() ? "" : absl::StrCat("\n", report.errors);
  AddPowerStep(diagnosis, WordOf(diagnosis), reads ? absl::StrCat(read, ", ", report.result) : report.result,
               report.output + errors, scene.now);
  diagnosis.mutable_steps(diagnosis.steps_size() - 1)->set_accepted(report.accepted);
  const v1::PowerCommand& power = scene.record.power();
  switch (diagnosis.phase()) {
    case D::PHASE_READ_BEFORE:
      diagnosis.set_power_before(reading);
      if (!power.console()) return AfterConsole(diagnosis, scene);
      Do(diagnosis, D::PHASE_CONSOLE, scene);
      return GoesOn();
    case D::PHASE_CONSOLE:
      return AfterConsole(diagnosis, scene);
    case D::PHASE_NMI:
      Wait(diagnosis, D::PHASE_SETTLE, scene.now, scene.now + scene.rules.settle);
      return GoesOn();
    case D::PHASE_WITNESS:
      return Switch(diagnosis, scene);
    case D::PHASE_OFF:
      AfterSwitch(diagnosis, D::PHASE_READ_OFF, report.accepted, scene);
      return GoesOn();
    case D::PHASE_ON:
      AfterSwitch(diagnosis, D::PHASE_READ_ON, report.accepted, scene);
      return GoesOn();
    case D::PHASE_READ_OFF:
      return AfterReading(diagnosis, reading, D::POWER_OFF, scene);
    case D::PHASE_READ_ON:
      return AfterReading(diagnosis, reading, D::POWER_ON, scene);
    case D::PHASE_CYCLE:
      diagnosis.set_tries(diagnosis.tries() + 1);
      if (!report.accepted) return Again(diagnosis, D::PHASE_CYCLE, scene, "power step not verified: `cycle` failed");
      WaitForBoot(diagnosis, scene);
      return GoesOn();
    default:
      return GoesOn();
  }
}

Course TakeDeadline(D& diagnosis, const PowerScene& scene) {
  switch (diagnosis.phase()) {
    case D::PHASE_PATIENCE:
      return AfterPatience(diagnosis, scene);
    case D::PHASE_SETTLE:
      if (!scene.record.power().console()) return Switch(diagnosis, scene);
      Do(diagnosis, D::PHASE_WITNESS, scene);
      return GoesOn();
    case D::PHASE_BOOT: {
      const bool verified = diagnosis.off_verified() || diagnosis.on_verified();
      return GivenUp(
          absl::StrCat(verified ? "BOARD: " : "POWER: power step not verified: ", "no new boot called within ",
                       absl::FormatDuration(BootLimit(scene.record.power(), scene.rules)), " of being switched on"));
    }
    case D::PHASE_ENDED:
      return GoesOn();
    default: {
      CommandReport report;
      report.result = "nothing was heard of it";
      return TakeReport(diagnosis, report, scene);
    }
  }
}

absl::Duration StepLimit(const v1::PowerCommand& power, const PowerRules& rules) {
  return power.has_time_limit() ? shared::SpanOf(power.time_limit()) : rules.step_limit;
}

absl::Duration BootLimit(const v1::PowerCommand& power, const PowerRules& rules) {
  return power.has_boot_limit() ? shared::SpanOf(power.boot_limit()) : rules.boot_limit;
}

absl::Status CheckCycleLimit(const v1::BoardRecord& record, const PowerRules& rules, absl::Time now) {
  const int cycles = CountSince(record.cycle_times(), now - rules.cycle_window);
  if (cycles < rules.cycle_limit) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat("its power was switched ", cycles, " times within ",
                                                   absl::FormatDuration(rules.cycle_window), ", the most it may"));
}

absl::Time CycleAllowedAt(const v1::BoardRecord& record, const PowerRules& rules, absl::Time now) {
  if (record.cycle_times().empty()) return now;
  return std::max(now, TimeOf(*record.cycle_times().rbegin()) + rules.cycle_gap);
}

bool AddWedge(v1::BoardRecord& record, const PowerRules& rules, absl::Time now) {
  ForgetBefore(*record.mutable_wedge_times(), now - rules.wedge_window);
  *record.add_wedge_times() = TimestampOf(now);
  record.set_wedge_count(record.wedge_count() + 1);
  *record.mutable_last_wedge_time() = TimestampOf(now);
  return record.wedge_times_size() >= rules.wedge_limit;
}

bool LabIsSilent(int silent, int all, const PowerRules& rules) {
  return silent >= rules.silent_boards && silent >= rules.silent_share * all;
}

void AddPowerStep(D& diagnosis, absl::string_view word, const std::string& result, const std::string& output,
                  absl::Time now) {
  if (diagnosis.steps_size() >= kMaxSteps) diagnosis.mutable_steps()->DeleteSubrange(0, 1);
  v1::PowerStep& step = *diagnosis.add_steps();
  *step.mutable_time() = TimestampOf(now);
  step.set_word(std::string(word));
  step.set_result(shared::CleanText(result, shared::kLabelBytes));
  step.set_output(End(output));
}

}  // namespace crosscall::scheduler
