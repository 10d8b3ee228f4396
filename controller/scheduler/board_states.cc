#include "controller/scheduler/board_states.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "google/protobuf/repeated_ptr_field.h"
#include "proto/shared/proto_time.h"

namespace crosscall::scheduler {
namespace {

using B = v1::Board;

struct BoardChange {
  B::State from;
  B::State to;
};

constexpr BoardChange kChanges[] = {
    {B::STATE_CHECKING, B::STATE_ACTIVE},        {B::STATE_ACTIVE, B::STATE_CHECKING},
    {B::STATE_ACTIVE, B::STATE_DIAGNOSING},      {B::STATE_CHECKING, B::STATE_DIAGNOSING},
    {B::STATE_QUARANTINED, B::STATE_DIAGNOSING}, {B::STATE_DIAGNOSING, B::STATE_CHECKING},
    {B::STATE_CHECKING, B::STATE_QUARANTINED},   {B::STATE_DIAGNOSING, B::STATE_QUARANTINED},
    {B::STATE_ACTIVE, B::STATE_QUARANTINED},     {B::STATE_QUARANTINED, B::STATE_CHECKING},
    {B::STATE_DRAINED, B::STATE_CHECKING},       {B::STATE_ACTIVE, B::STATE_DRAINING},
    {B::STATE_DRAINING, B::STATE_DRAINED},       {B::STATE_ACTIVE, B::STATE_RETIRED},
    {B::STATE_CHECKING, B::STATE_RETIRED},       {B::STATE_DRAINING, B::STATE_RETIRED},
    {B::STATE_DRAINED, B::STATE_RETIRED},        {B::STATE_QUARANTINED, B::STATE_RETIRED},
};

}  // namespace

std::string StateWord(B::State state) {
  return absl::AsciiStrToLower(absl::StripPrefix(B::State_Name(state), "STATE_"));
}

absl::Status CheckTransition(B::State from, B::State to) {
  const bool listed = std::any_of(std::begin(kChanges), std::end(kChanges), [from, to](const BoardChange& change) {
    return change.from == from && change.to == to;
  });
  if (listed) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("a board cannot go from ", StateWord(from), " to ", StateWord(to)));
}

bool TakesPart(B::State state) { return state == B::STATE_ACTIVE || state == B::STATE_CHECKING; }

std::string WhyNoWork(absl::string_view name, B::State state, absl::string_view reason) {
  const std::string why = reason.empty() ? "" : absl::StrCat(" (", reason, ")");
  switch (state) {
    case B::STATE_ACTIVE:
      return "";
    case B::STATE_CHECKING:
      return absl::StrCat(name, " is being checked", why, ": it gets work when its health trial has passed");
    case B::STATE_DIAGNOSING:
      return absl::StrCat(name, " does not answer and is being diagnosed", why);
    case B::STATE_RETIRED:
      return absl::StrCat(name, " is retired", why);
    default:
      return absl::StrCat(name, " is ", StateWord(state), why, ": an operator must release it");
  }
}

bool IsStrike(v1::Outcome outcome, absl::string_view cause) {
  const bool without_result = outcome == v1::OUTCOME_LOST || outcome == v1::OUTCOME_UNSPECIFIED;
  return without_result && absl::StartsWith(cause, kBoardCause);
}

bool AddStrike(v1::BoardRecord& record, absl::Time now) {
  auto& strikes = *record.mutable_strike_times();
  strikes.erase(std::remove_if(strikes.begin(), strikes.end(),
                               [now](const auto& time) { return now - shared::TimeOf(time) > kStrikeWindow; }),
                strikes.end());
  *strikes.Add() = shared::TimestampOf(now);
  return strikes.size() >= kStrikeLimit;
}

absl::Time CheckDue(const v1::BoardRecord& record, absl::Duration period) {
  return record.has_check_time() ? shared::TimeOf(record.check_time()) + period : absl::InfinitePast();
}

bool NeedsCheck(const v1::BoardDescription& checked, const v1::BoardDescription& now) {
  return checked.kernel() != now.kernel() || checked.agent_version() != now.agent_version();
}

}  // namespace crosscall::scheduler
