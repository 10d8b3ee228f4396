// From what a session measured to the result that travels, with the verdict on its validity.
#ifndef AGENT_MEASURE_TRIAL_RESULT_H_
#define AGENT_MEASURE_TRIAL_RESULT_H_

#include "agent/measure/machine.h"
#include "agent/measure/session.h"
#include "agent/measure/trial_plan.h"
#include "agent/ports/flight_region.h"
#include "agent/ports/signal_port.h"
#include "crosscall/v1/environment.pb.h"
#include "crosscall/v1/result.pb.h"

namespace crosscall::measure {

// The parts of a trial whose threads have ended.
struct FinishedTrial {
  const TrialPlan& plan;
  const Session& session;
  const Machine& machine;
  const ports::SignalPort& port;
  const ports::FlightRegion& region;
};

// `environment` is that of the machine; what the threads obtained is added here.
v1::TrialResult AssembleResult(const FinishedTrial& trial, v1::Environment environment);

}  // namespace crosscall::measure

#endif  // AGENT_MEASURE_TRIAL_RESULT_H_
