#include "agent/explore/choice.h"

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace crosscall::explore {
namespace {

constexpr absl::string_view kMoveLetters = ".ildx";

}  // namespace

std::string FormatSchedule(const Schedule& schedule) {
  std::string text;
  for (const Choice& choice : schedule) {
    if (!text.empty()) text += ' ';
    absl::StrAppend(&text, choice.cpu);
    if (choice.move != Move::kStep || choice.variant != 0) text += kMoveLetters[static_cast<usize>(choice.move)];
    if (choice.variant != 0 || choice.move == Move::kDevice) absl::StrAppend(&text, choice.variant);
  }
  return text;
}

absl::StatusOr<Schedule> ParseSchedule(absl::string_view text) {
  Schedule schedule;
  for (const absl::string_view word : absl::StrSplit(text, ' ', absl::SkipEmpty())) {
    const auto wrong = [&] {
      return absl::InvalidArgumentError(absl::StrCat("schedule: \"", word,
                                                     "\" is no step; a step is CPU, then nothing or one of ",
                                                     kMoveLetters, " and a number, as in 0 0.2 1i 0d1"));
    };
    const usize letter = word.find_first_of(kMoveLetters);
    const absl::string_view number = letter == absl::string_view::npos ? absl::string_view() : word.substr(letter + 1);
    u32 cpu = 0;
    u32 variant = 0;
    if (!absl::SimpleAtoi(word.substr(0, letter), &cpu) || cpu >= 256) return wrong();
    if (!number.empty() && (!absl::SimpleAtoi(number, &variant) || variant >= 65536)) return wrong();
    const Move move =
        letter == absl::string_view::npos ? Move::kStep : static_cast<Move>(kMoveLetters.find(word[letter]));
    schedule.push_back(Choice{static_cast<u8>(cpu), move, static_cast<u16>(variant)});
  }
  return schedule;
}

}  // namespace crosscall::explore
