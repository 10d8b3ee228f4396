// What happens in an execution, for those who tell it: traces, and the accounts of who waits for whom.
#ifndef AGENT_EXPLORE_MODEL_EVENT_H_
#define AGENT_EXPLORE_MODEL_EVENT_H_

#include "agent/core/stage.h"
#include "agent/explore/fingerprint.h"

namespace crosscall::explore {

enum class EventKind : u8 {
  kOperation,   // detail: index of the operation that begins
  kStage,       // detail: core::Stage; call, peer
  kTakeIpi,     // an IPI is taken
  kTakeDevice,  // detail: index
  kProgramEnds,
  kLatch,  // a delayed or duplicated IPI arrives
  kKick,   // peer: target; detail: 1 if the fault swallows it
};

struct Event {
  CpuId cpu = 0;
  EventKind kind = EventKind::kOperation;
  u32 detail = 0;
  u64 call = 0;
  CpuId peer = core::kNoCpu;
  u32 depth = 0;  // handlers on that CPU's stack
};

// What the model itself finds wrong, besides what the scenario's checks find (agent/scenario/violation.h).
enum class ModelViolation : u8 {
  kNone,
  kDataRace,  // two accesses to a plain field, unordered, one of them a write
  kLifetime,  // an object was used before its life or after it
  kNesting,   // handlers nest without bound
  kEndless,   // a CPU goes on for ever without a step that others could see
  kLostRun,   // all programs ended, and a queued request is never run
};
constexpr const char* ModelViolationText(ModelViolation violation) {
  switch (violation) {
    case ModelViolation::kNone:
      return "none";
    case ModelViolation::kDataRace:
      return "data race: two CPUs use a field of a record without an order between them";
    case ModelViolation::kLifetime:
      return "a record was touched outside its lifetime";
    case ModelViolation::kNesting:
      return "handlers nest without bound";
    case ModelViolation::kEndless:
      return "a CPU goes on without end, as round a list that is a cycle";
    case ModelViolation::kLostRun:
      return "a queued request is never run";
  }
  return "unknown";
}

}  // namespace crosscall::explore

#endif  // AGENT_EXPLORE_MODEL_EVENT_H_
