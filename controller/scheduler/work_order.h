// Which of a board's waiting trials runs next. Pure.
//
// What a person waits for goes before what a schedule started, up to a share of the board (ad_hoc_share.h): rule S3 of
// the fleet reference. It is decided when a trial ends and never stops one. Boards are there to measure; they search
// when nothing of that priority is to be measured. Then the owner who had least of all boards goes first
// (fair_share.h), of his sweeps the one that had the fewest leases on the board, then the older one; within a sweep
// first tries, in run order, then retries, so that one bad moment does not use up the attempts of one trial.
#ifndef CONTROLLER_SCHEDULER_WORK_ORDER_H_
#define CONTROLLER_SCHEDULER_WORK_ORDER_H_

#include <compare>
#include <cstdint>

#include "controller/scheduler/fair_share.h"
#include "crosscall/v1/sweep.pb.h"
#include "crosscall/v1/trial.pb.h"

namespace crosscall::scheduler {

// In the order in which a board takes them.
enum class WorkClass : std::uint8_t { kMeasure, kExplore };

inline WorkClass WorkClassOf(v1::TargetSystem system) {
  return system == v1::TARGET_SYSTEM_EXPLORE ? WorkClass::kExplore : WorkClass::kMeasure;
}

// A waiting trial among those of its sweep on one board; the smallest runs first.
struct TrialRank {
  WorkClass work = WorkClass::kMeasure;
  std::uint32_t attempts = 0;
  std::uint32_t order = 0;
  auto operator<=>(const TrialRank&) const = default;
};

// A sweep among those that wait for one board, by its first trial; the smallest is served first.
struct SweepRank {
  // Ad-hoc work that goes behind nightly one for now.
  bool had_its_share = false;
  // In the order of their numbers.
  v1::Sweep::Priority priority = v1::Sweep::PRIORITY_AD_HOC;
  WorkClass work = WorkClass::kMeasure;
  // Of its owner, within that priority.
  Share share;
  // Leases of that class that the sweep had on the board.
  std::uint64_t granted = 0;
  // Ascends with the time of creation.
  std::int64_t sweep = 0;
  auto operator<=>(const SweepRank&) const = default;
};

}  // namespace crosscall::scheduler

#endif  // CONTROLLER_SCHEDULER_WORK_ORDER_H_
