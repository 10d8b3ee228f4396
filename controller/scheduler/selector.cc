#include "controller/scheduler/selector.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "controller/scheduler/random.h"
#include "proto/shared/sanitize.h"

namespace crosscall::scheduler {
namespace {

constexpr std::size_t kNamesInText = 20;

bool Described(const BoardOffer& board) { return !board.description->cpus().empty(); }

std::string LineOf(const BoardOffer& board) {
  std::vector<std::string> notes = board.labels;
  if (!board.withheld.empty()) notes.push_back(board.withheld);
  if (!board.online) notes.emplace_back("silent");
  if (notes.empty()) return board.name;
  return absl::StrCat(board.name, " (", absl::StrJoin(notes, ", "), ")");
}

std::string WhatExists(const std::vector<BoardOffer>& boards) {
  if (boards.empty()) return "no board has ever reported: start crosscall-agent on one";
  std::vector<std::string> lines;
  for (const BoardOffer& board : boards) {
    if (lines.size() == kNamesInText) {
      lines.push_back(absl::StrCat("and ", boards.size() - kNamesInText, " more"));
      break;
    }
    lines.push_back(LineOf(board));
  }
  return absl::StrCat("boards: ", absl::StrJoin(lines, ", "));
}

bool HasLabels(const BoardOffer& board, const v1::BoardSelector& selector) {
  const std::vector<std::string>& labels = board.labels;
  return std::all_of(selector.labels().begin(), selector.labels().end(), [&labels](const std::string& wanted) {
    return std::find(labels.begin(), labels.end(), wanted) != labels.end();
  });
}

std::string Describe(const v1::BoardSelector& selector) {
  std::vector<std::string> parts;
  if (!selector.boards().empty()) parts.push_back(absl::StrCat("boards ", absl::StrJoin(selector.boards(), ", ")));
  if (!selector.labels().empty()) parts.push_back(absl::StrCat("labels ", absl::StrJoin(selector.labels(), ", ")));
  if (parts.empty()) return "all boards";
  return shared::CleanText(absl::StrJoin(parts, " and "), 400);
}

absl::Status CheckNames(const v1::BoardSelector& selector, const std::vector<BoardOffer>& boards) {
  for (const std::string& name : selector.boards()) {
    const bool known =
        std::any_of(boards.begin(), boards.end(), [&name](const BoardOffer& board) { return board.name == name; });
    if (!known) {
      return absl::NotFoundError(absl::StrCat("no board \"", shared::CleanText(name, 80), "\"; ", WhatExists(boards)));
    }
  }
  return absl::OkStatus();
}

// Boards that report first, each group in an order that the seed decides.
std::vector<BoardOffer> AnyOf(std::vector<BoardOffer> chosen, std::size_t count, std::uint64_t seed) {
  Random random(seed);
  Shuffle(chosen, random);
  std::stable_partition(chosen.begin(), chosen.end(), [](const BoardOffer& board) { return board.online; });
  chosen.resize(count);
  return chosen;
}

}  // namespace

absl::StatusOr<std::vector<BoardOffer>> SelectBoards(const v1::BoardSelector& selector, std::uint64_t seed,
                                                     std::vector<BoardOffer> boards) {
  std::sort(boards.begin(), boards.end(), [](const BoardOffer& a, const BoardOffer& b) { return a.name < b.name; });
  if (absl::Status status = CheckNames(selector, boards); !status.ok()) return status;
  const std::set<std::string> named(selector.boards().begin(), selector.boards().end());
  std::vector<BoardOffer> chosen;
  for (const BoardOffer& board : boards) {
    if (!named.empty() && named.count(board.name) == 0) continue;
    if (named.empty() && (!board.withheld.empty() || !Described(board))) continue;
    if (HasLabels(board, selector)) chosen.push_back(board);
  }
  if (chosen.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("no board matches the selector (", Describe(selector), "); ", WhatExists(boards)));
  }
  if (selector.any_count() > chosen.size()) {
    return absl::FailedPreconditionError(absl::StrCat("the selector wants any ", selector.any_count(), " of the ",
                                                      chosen.size(), " that match (", Describe(selector), "); ",
                                                      WhatExists(boards)));
  }
  if (selector.any_count() > 0) chosen = AnyOf(std::move(chosen), selector.any_count(), seed);
  for (const BoardOffer& board : chosen) {
    if (Described(board)) continue;
    return absl::FailedPreconditionError(
        absl::StrCat(board.name, " has not described itself yet: try again once its agent has called"));
  }
  std::sort(chosen.begin(), chosen.end(), [](const BoardOffer& a, const BoardOffer& b) { return a.name < b.name; });
  return chosen;
}

}  // namespace crosscall::scheduler
