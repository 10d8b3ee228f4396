#include "controller/scheduler/cron.h"

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/types/span.h"
#include "proto/shared/check.h"
#include "proto/shared/sanitize.h"

namespace crosscall::scheduler {
namespace {

constexpr absl::string_view kMonthNames[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                             "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr absl::string_view kDayNames[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
constexpr std::size_t kMaxTextBytes = 256;
// The Gregorian calendar, days of the week included, repeats itself after this.
constexpr int kCalendarCycleYears = 400;

struct FieldRule {
  absl::string_view title;
  int min;
  int max;
  // Of the values from `min`.
  absl::Span<const absl::string_view> names;
  // What a name at the end of a range stands for beyond its number: `fri-sun` is 5-7.
  int first_name_as_end;
};

constexpr int kSunday = 7;
constexpr FieldRule kMinute = {"minute", 0, 59, {}, 0};
constexpr FieldRule kHour = {"hour", 0, 23, {}, 0};
constexpr FieldRule kDay = {"day of month", 1, 31, {}, 0};
constexpr FieldRule kMonth = {"month", 1, 12, kMonthNames, 1};
constexpr FieldRule kWeekday = {"day of week", 0, kSunday, kDayNames, kSunday};

absl::Status Wrong(const FieldRule& rule, absl::string_view found, absl::string_view allowed) {
  return absl::InvalidArgumentError(
      absl::StrCat("cron: ", rule.title, ": found \"", shared::CleanText(found, 80), "\"; allowed: ", allowed));
}

std::string Limits(const FieldRule& rule) {
  std::string text = absl::StrCat(rule.min, " to ", rule.max);
  if (!rule.names.empty()) absl::StrAppend(&text, ", ", rule.names.front(), " to ", rule.names.back());
  return text;
}

// A number or a name. `is_end`: it ends a range.
absl::StatusOr<int> ParseValue(const FieldRule& rule, absl::string_view text, bool is_end) {
  for (std::size_t i = 0; i < rule.names.size(); ++i) {
    if (rule.names[i] != text) continue;
    return i == 0 && is_end ? rule.first_name_as_end : rule.min + static_cast<int>(i);
  }
  int value = 0;
  const bool is_digit = !text.empty() && absl::ascii_isdigit(static_cast<unsigned char>(text[0]));
  if (!is_digit || !absl::SimpleAtoi(text, &value) || value < rule.min || value > rule.max) {
    return Wrong(rule, text, Limits(rule));
  }
  return value;
}

struct Range {
  int first = 0;
  int last = 0;
  int step = 1;
};

// `*`, `a`, `a-b`, each but `a` with a step.
absl::StatusOr<Range> ParseRange(const FieldRule& rule, absl::string_view text) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, absl::MaxSplits('/', 1));
  const std::vector<absl::string_view> ends = absl::StrSplit(parts[0], absl::MaxSplits('-', 1));
  Range range = {rule.min, rule.max, 1};
  if (parts[0] != "*") {
    absl::StatusOr<int> first = ParseValue(rule, ends[0], false);
    if (!first.ok()) return first.status();
    range.first = range.last = *first;
  }
  if (ends.size() == 2) {
    absl::StatusOr<int> last = ParseValue(rule, ends[1], true);
    if (!last.ok()) return last.status();
    range.last = *last;
    if (range.last < range.first) {
      return Wrong(rule, parts[0], "a range that does not end before it begins; write two, as in 22-23,0-4");
    }
  }
  if (parts.size() == 1) return range;
  if (parts[0] != "*" && ends.size() == 1)
    return Wrong(rule, text, "a step after `*` or a range, as in */5 or 10-50/5");
  const bool is_digit = !parts[1].empty() && absl::ascii_isdigit(static_cast<unsigned char>(parts[1][0]));
  if (!is_digit || !absl::SimpleAtoi(parts[1], &range.step) || range.step < 1 || range.step > rule.max) {
    return Wrong(rule, text, absl::StrCat("a step of 1 to ", rule.max));
  }
  return range;
}

template <std::size_t kSize>
absl::Status ParseField(const FieldRule& rule, absl::string_view text, std::bitset<kSize>& values) {
  for (const absl::string_view part : absl::StrSplit(text, ',')) {
    absl::StatusOr<Range> range = ParseRange(rule, part);
    if (!range.ok()) return range.status();
    // Modulo: Sunday is day 0 and day 7.
    for (int value = range->first; value <= range->last; value += range->step) {
      values.set(static_cast<std::size_t>(value) % kSize);
    }
  }
  return absl::OkStatus();
}

absl::Time InstantOf(absl::CivilMinute minute, const absl::TimeZone& zone) {
  const absl::TimeZone::TimeInfo info = zone.At(absl::CivilSecond(minute));
  return info.kind == absl::TimeZone::TimeInfo::SKIPPED ? info.trans : info.pre;
}

}  // namespace

absl::StatusOr<Cron> Cron::Parse(absl::string_view text) {
  if (text.size() > kMaxTextBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("cron: found ", text.size(), " bytes; allowed: at most ", kMaxTextBytes));
  }
  const std::string lower = absl::AsciiStrToLower(text);
  const std::vector<absl::string_view> fields = absl::StrSplit(lower, absl::ByAnyChar(" \t"), absl::SkipEmpty());
  if (fields.size() != 5) {
    return absl::InvalidArgumentError(
        absl::StrCat("cron: found ", fields.size(), " fields in \"", shared::CleanText(text, 80),
                     "\"; allowed: five, \"MINUTE HOUR DAY-OF-MONTH MONTH DAY-OF-WEEK\", as in \"30 1 * * mon-fri\""));
  }
  Cron cron;
  for (const absl::Status& status :
       {ParseField(kMinute, fields[0], cron.minutes_), ParseField(kHour, fields[1], cron.hours_),
        ParseField(kDay, fields[2], cron.days_), ParseField(kMonth, fields[3], cron.months_),
        ParseField(kWeekday, fields[4], cron.weekdays_)}) {
    if (!status.ok()) return status;
  }
  cron.either_day_ = fields[2][0] != '*' && fields[4][0] != '*';
  if (absl::Status status = cron.CheckFires(); !status.ok()) return status;
  return cron;
}

absl::Status Cron::CheckFires() const {
  constexpr int kAnyYear = 2000;
  for (absl::CivilDay day(kAnyYear); day < absl::CivilDay(kAnyYear + kCalendarCycleYears); ++day) {
    if (Names(day)) return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      "cron: it never fires: no month that it names has such a day; allowed: a date of the calendar");
}

bool Cron::Names(absl::CivilDay day) const {
  if (!months_[static_cast<std::size_t>(day.month())]) return false;
  const bool by_date = days_[static_cast<std::size_t>(day.day())];
  // absl counts from Monday, cron from Sunday.
  const bool by_weekday = weekdays_[(static_cast<std::size_t>(absl::GetWeekday(day)) + 1) % weekdays_.size()];
  return either_day_ ? by_date || by_weekday : by_date && by_weekday;
}

absl::Time Cron::Next(absl::Time after, const absl::TimeZone& zone) const {
  // Later local minutes never come at an earlier instant, so the first one that lies after `after` is the answer.
  const absl::CivilDay start(absl::ToCivilDay(after, zone));
  for (absl::CivilDay day = start;
       day <= absl::CivilDay(start.year() + kCalendarCycleYears, start.month(), start.day()); ++day) {
    if (!Names(day)) continue;
    for (std::size_t hour = 0; hour < hours_.size(); ++hour) {
      if (!hours_[hour]) continue;
      for (std::size_t minute = 0; minute < minutes_.size(); ++minute) {
        if (!minutes_[minute]) continue;
        const absl::Time instant = InstantOf(
            absl::CivilMinute(day.year(), day.month(), day.day(), static_cast<int>(hour), static_cast<int>(minute)),
            zone);
        if (instant > after) return instant;
      }
    }
  }
  CROSSCALL_CHECK(false, "a parsed cron names a day in every cycle of the calendar");
  return absl::InfiniteFuture();
}

}  // namespace crosscall::scheduler
