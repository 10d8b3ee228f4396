// What each board of a sweep contributed, and whether it is still there.
#ifndef CONTROLLER_REPORT_BOARD_SHARES_H_
#define CONTROLLER_REPORT_BOARD_SHARES_H_

#include <cstdint>
#include <map>
#include <string>

#include "crosscall/v1/board.pb.h"
#include "crosscall/v1/trial.pb.h"
#include "proto/shared/json.h"

namespace crosscall::report {

// Not thread-safe.
class BoardShares {
 public:
  void AddTrial(const std::string& board, const v1::Trial& trial);
  // As it is registered now; ignored if it has no trial here.
  void AddBoard(const v1::Board& board);

  // An array, one object a board, by name.
  void Write(shared::Json& json) const;

 private:
  struct Share {
    std::uint64_t trials = 0;  // that were not refused
    std::uint64_t told = 0;
    std::uint64_t without = 0;
    std::uint64_t open = 0;
    std::string why;  // of the first that ended without telling anything, or else of the first that waits
    bool listed = false;
    v1::Board board;
  };

  std::map<std::string, Share> shares_;
};

}  // namespace crosscall::report

#endif  // CONTROLLER_REPORT_BOARD_SHARES_H_
