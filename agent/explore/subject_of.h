// A subject over one algorithm: core's calls and the scenario's interpreter, on the model port.
//
// Included where algorithms are instantiated: by subject.cc, and by each known-broken twin, which sees a patched core.
#ifndef AGENT_EXPLORE_SUBJECT_OF_H_
#define AGENT_EXPLORE_SUBJECT_OF_H_

#include <array>
#include <new>

#include "agent/core/calls.h"
#include "agent/explore/subject.h"
#include "agent/scenario/interpreter.h"

namespace crosscall::explore {

// Time does not exist; operations are told to the port.
class ModelEnvironment {
 public:
  ModelEnvironment(ModelPort& port, const scenario::ScenarioView& view) : port_(port), ops_(view.ops) {}

  u64 TicksFromNanos(u64) const { return 0; }
  void IdleFor(u64) {}
  u64 BeforeCall(CpuId) { return 0; }
  void AfterCall(CpuId, u64, core::Result) {}
  void AtOperation(CpuId, const scenario::Position& position) {
    port_.BeginOperation(position, ops_[position.op].kind == scenario::OpKind::kEnd);
  }

 private:
  ModelPort& port_;
  const scenario::Op* ops_;
};

template <template <class> class A>
class SubjectOf final : public Subject {
 public:
  using C = core::Calls<ModelPort, A>;
  using I = scenario::Interpreter<C, ModelEnvironment>;

  static usize Bytes(const scenario::ScenarioView& view) {
    return Aligned(sizeof(SubjectOf)) + Aligned(C::BytesNeeded(view.cpu_count)) + Aligned(I::BytesNeeded(view));
  }
  static Subject& Build(char* block, ModelPort& port, const core::CallOptions& options,
                        const scenario::ScenarioView& view) {
    return *::new (block) SubjectOf(block, port, options, view);
  }

  void RunProgram(CpuId cpu) override {
    refused_[cpu] = interpreter_.RunRound().refused;
    port_.EndProgram(refused_[cpu]);
  }
  void TakeIpi() override { calls_.OnIpi(); }
  void TakeDevice(u32 index) override {
    calls_.OnDevice(index, [&] { interpreter_.RunDevice(index); });
  }
  const scenario::ViolationReport& violations(CpuId cpu) const override { return interpreter_.violations(cpu); }
  u64 refused(CpuId cpu) const override { return refused_[cpu] + interpreter_.handler_counts(cpu).refused; }

 private:
  static usize Aligned(usize bytes) { return (bytes + core::kCacheLine - 1) / core::kCacheLine * core::kCacheLine; }

  SubjectOf(char* block, ModelPort& port, const core::CallOptions& options, const scenario::ScenarioView& view)
      : port_(port),
        environment_(port, view),
        calls_(port, options, block + Aligned(sizeof(SubjectOf)), Aligned(C::BytesNeeded(view.cpu_count))),
        interpreter_(calls_, port, environment_, view,
                     block + Aligned(sizeof(SubjectOf)) + Aligned(C::BytesNeeded(view.cpu_count)),
                     Aligned(I::BytesNeeded(view))) {}

  ModelPort& port_;
  ModelEnvironment environment_;
  C calls_;
  I interpreter_;
  std::array<u64, ModelPort::kMaxCpus> refused_ = {};
};

template <template <class> class A>
SubjectFactory FactoryFor() {
  return SubjectFactory{&SubjectOf<A>::Bytes, &SubjectOf<A>::Build};
}

}  // namespace crosscall::explore

#endif  // AGENT_EXPLORE_SUBJECT_OF_H_
