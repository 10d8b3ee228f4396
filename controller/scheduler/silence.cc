#include "controller/scheduler/silence.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "controller/scheduler/board_states.h"
#include "proto/shared/proto_time.h"

namespace crosscall::scheduler {
namespace {

using shared::SpanOf;

std::string Text(absl::Duration span) {
  const absl::Duration grain = span < absl::Seconds(10) ? absl::Milliseconds(100) : absl::Seconds(1);
  return absl::FormatDuration(absl::Trunc(span, grain));
}

// What explains most of a silence explains it.
bool IsMostOf(absl::Duration part, absl::Duration whole) { return part > whole / 2; }

std::string WhyStoodStill(const v1::LifeSigns& signs) {
  const absl::Duration stood = SpanOf(signs.standstill());
  if (!signs.has_board_standstill()) {
    return absl::StrCat("AGENT: it did not run for ", Text(stood), "; nothing tells whether its board did");
  }
  if (IsMostOf(SpanOf(signs.board_standstill()), stood)) {
    return absl::StrCat(kBoardCause, "everything on it stood still for ", Text(stood),
                        ", as when a virtual machine is paused");
  }
  return absl::StrCat("AGENT: it did not run for ", Text(stood), ", while its board did");
}

}  // namespace

v1::LifeSigns Together(const v1::LifeSigns& first, const v1::LifeSigns& second) {
  const bool second_stood_longer = SpanOf(second.standstill()) > SpanOf(first.standstill());
  v1::LifeSigns both = second_stood_longer ? second : first;
  *both.mutable_age() = second.age();
  both.set_failed_call_count(std::max(first.failed_call_count(), second.failed_call_count()));
  both.clear_answer_delay();
  const absl::Duration delay = std::max(SpanOf(first.answer_delay()), SpanOf(second.answer_delay()));
  if (delay > absl::ZeroDuration()) *both.mutable_answer_delay() = shared::ProtoOf(delay);
  return both;
}

std::string WhySilent(const SilenceFacts& silence) {
  const std::string lasted = Text(silence.lasted);
  if (!silence.signs) {
    return absl::StrCat("UNKNOWN: it was heard again, in the same boot, after ", lasted,
                        ", and its agent does not say what happened");
  }
  const v1::LifeSigns& signs = *silence.signs;
  if (IsMostOf(SpanOf(signs.standstill()), silence.lasted)) return WhyStoodStill(signs);
  if (silence.elapsed && silence.aged && IsMostOf(*silence.elapsed - *silence.aged, silence.lasted)) {
    return absl::StrCat(kBoardCause, "its clock counted ", Text(*silence.aged), " of ", Text(*silence.elapsed),
                        ", as when a virtual machine is paused");
  }
  if (signs.failed_call_count() > 0 && !silence.elapsed) {
    return absl::StrCat(
        "UNKNOWN: its agent could not reach the controller, which was not there all the time either; failed calls: ",
        signs.failed_call_count());
  }
  if (signs.failed_call_count() > 0) {
    return absl::StrCat("NETWORK: its agent ran, and could not reach the controller for ", lasted,
                        "; failed calls: ", signs.failed_call_count());
  }
  const absl::Duration delay = SpanOf(signs.answer_delay());
  if (IsMostOf(delay, silence.lasted)) {
    return absl::StrCat("NETWORK: its agent ran, and an answer reached it ", Text(delay), " late");
  }
  return absl::StrCat("UNKNOWN: it was heard again, in the same boot, after ", lasted,
                      "; neither did its agent stand still, nor did it fail to reach the controller");
}

}  // namespace crosscall::scheduler
