// What executes trials: what a sweep wants and what a board offers. Pure.
#ifndef CONTROLLER_SCHEDULER_TARGET_SYSTEMS_H_
#define CONTROLLER_SCHEDULER_TARGET_SYSTEMS_H_

#include <string>

#include "absl/status/status.h"
#include "controller/scheduler/selector.h"
#include "crosscall/v1/board.pb.h"
#include "crosscall/v1/sweep.pb.h"
#include "crosscall/v1/trial.pb.h"

namespace crosscall::scheduler {

// A sweep that names none wants SIGNAL.
bool Wants(const v1::SweepSpec& spec, v1::TargetSystem system);

// A board that names none offers SIGNAL: its agent is older than the others.
bool Offers(const v1::BoardDescription& board, v1::TargetSystem system);

// "signal, explore".
std::string OfferedTargetSystems(const v1::BoardDescription& board);

// NOT_FOUND if the board lacks a target system that the sweep wants; the text lists what it offers.
absl::Status CheckOffered(const v1::SweepSpec& spec, const BoardOffer& board);

}  // namespace crosscall::scheduler

#endif  // CONTROLLER_SCHEDULER_TARGET_SYSTEMS_H_
