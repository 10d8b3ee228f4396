// What is searched: one scenario over one implementation on a model port. The explorer knows no more of it than this.
//
// Thread safety: one search, one thread. A subject lives in its port's block and is never destroyed; it owns nothing.
#ifndef AGENT_EXPLORE_SUBJECT_H_
#define AGENT_EXPLORE_SUBJECT_H_

#include "agent/core/calls.h"
#include "agent/core/implementation.h"
#include "agent/explore/model_port.h"
#include "agent/scenario/ops.h"
#include "agent/scenario/violation.h"

namespace crosscall::explore {

class Subject {
 public:
  virtual void RunProgram(CpuId cpu) = 0;
  virtual void TakeIpi() = 0;
  virtual void TakeDevice(u32 index) = 0;
  // What the scenario's checks have found on that CPU.
  virtual const scenario::ViolationReport& violations(CpuId cpu) const = 0;
  // Calls of that CPU, its handlers' too, that the implementation refused; complete once its program has ended and it
  // idles.
  virtual u64 refused(CpuId cpu) const = 0;

 protected:
  ~Subject() = default;
};

// How a subject is made. The arrays behind `view` outlive it.
struct SubjectFactory {
  usize (*bytes)(const scenario::ScenarioView& view);
  // In `block`, zeroed, aligned to a page, bytes(view) long.
  Subject& (*build)(char* block, ModelPort& port, const core::CallOptions& options, const scenario::ScenarioView& view);
};

// Of an algorithm of the project.
SubjectFactory FactoryOf(core::AlgorithmKind algorithm);

}  // namespace crosscall::explore

#endif  // AGENT_EXPLORE_SUBJECT_H_
