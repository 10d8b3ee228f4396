// Labels of a board: what its agent says, what the lab says, and which of them selectors see. Pure.
#ifndef CONTROLLER_SCHEDULER_BOARD_LABELS_H_
#define CONTROLLER_SCHEDULER_BOARD_LABELS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "crosscall/v1/board.pb.h"
#include "crosscall/v1/board_service.pb.h"

namespace crosscall::scheduler {

inline constexpr int kMaxLabLabels = 64;

// The agent's labels whose keys the lab has not taken, then the lab's. The lab's word counts: an agent cannot move its
// board into another pool.
std::vector<std::string> EffectiveLabels(const v1::BoardDescription& description, const v1::BoardRecord& record);

// Applies a valid request to the record: labels by key, sorted; notes and limit where given. FAILED_PRECONDITION: more
// than kMaxLabLabels labels; the record is then as it was.
absl::Status ApplyUpdate(const v1::UpdateBoardRequest& request, v1::BoardRecord& record);

}  // namespace crosscall::scheduler

#endif  // CONTROLLER_SCHEDULER_BOARD_LABELS_H_
