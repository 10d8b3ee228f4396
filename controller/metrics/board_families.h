// What Prometheus is told about boards and results: a pure function of the dispatcher's picture.
#ifndef CONTROLLER_METRICS_BOARD_FAMILIES_H_
#define CONTROLLER_METRICS_BOARD_FAMILIES_H_

#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "controller/dispatch/snapshot.h"
#include "controller/metrics/detail.h"
#include "controller/metrics/exposition.h"

namespace crosscall::metrics {

// Words of the label `outcome`: what becomes of a trial, worst first.
inline constexpr int kTrialOutcomes = 6;
// At level `full` there is p999 too.
inline constexpr int kBoardStats = 3;
inline constexpr int kFullStats = 4;

// Boards that have series.
using Boards = std::vector<const dispatch::BoardView*>;

// Those that are not retired, and were seen within the detail's time.
Boards BoardsOf(const dispatch::Snapshot& snapshot, const Detail& detail, absl::Time now);

// When the certificate ends that the agent of a board showed last, by the board's id.
using CertificateEnds = std::map<std::string, absl::Time>;

// All but latencies. Every counter exists as 0 from the board's registration on, since a counter that appears with 1
// shows no increase.
void WriteBoards(Exposition& out, const Boards& boards, const CertificateEnds& certificates, const Detail& detail);

// Of each board and point, in its last completed trial.
void WriteLastLatencies(Exposition& out, const Boards& boards, const Detail& detail);

// At level `fleet`, the hangs of all boards: also of those that are gone, since a sum that loses one looks like a
// reset.
void WriteFleetHangs(Exposition& out, const dispatch::Snapshot& snapshot, const Detail& detail);

// The distributions of all calls, of each model of board.
void WriteCallLatencies(Exposition& out, const dispatch::Snapshot& snapshot, const Detail& detail);

// Seconds since the epoch.
double Seconds(absl::Time time);

}  // namespace crosscall::metrics

#endif  // CONTROLLER_METRICS_BOARD_FAMILIES_H_
