// Which boards take part in a sweep. Pure: the same selector, boards and seed choose the same boards.
#ifndef CONTROLLER_SCHEDULER_SELECTOR_H_
#define CONTROLLER_SCHEDULER_SELECTOR_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "crosscall/v1/board.pb.h"
#include "crosscall/v1/sweep.pb.h"

namespace crosscall::scheduler {

// A board as a sweep may choose it. `description` outlives the offer.
struct BoardOffer {
  // `boards/{board}`
  std::string name;
  const v1::BoardDescription* description = nullptr;
  // Those that selectors see, see board_labels.h.
  std::vector<std::string> labels;
  // What keeps it from work: its state, `quarantined` or `drained`, or its agent's release; empty if it takes part.
  std::string withheld;
  // Its agent reports in time; `any n` takes such boards first.
  bool online = true;
  // Something switches its power.
  bool switchable = false;
};

// The chosen boards by name. A board that is withheld takes part only if it is named: its trials then wait for its
// release.
// NOT_FOUND: a named board does not exist. FAILED_PRECONDITION: nothing matches, too few boards for `any n`, or a
// chosen board has not described itself. Both say which boards there are.
absl::StatusOr<std::vector<BoardOffer>> SelectBoards(const v1::BoardSelector& selector, std::uint64_t seed,
                                                     std::vector<BoardOffer> boards);

}  // namespace crosscall::scheduler

#endif  // CONTROLLER_SCHEDULER_SELECTOR_H_
