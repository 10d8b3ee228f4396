// The search on subjects of a few lines, each with one fault of its own, where it is known what must be found.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <new>
#include <string>

#include "tests/agent/explore/explorations.h"

namespace crosscall::explore {
namespace {

using core::Order;

// Cells that the programs use, and what they find wrong.
class Tiny : public Subject {
 public:
  explicit Tiny(ModelPort& port) : port_(port) {}
  void TakeIpi() override {}
  void TakeDevice(u32) override {}
  const scenario::ViolationReport& violations(CpuId cpu) const override { return reports_[cpu]; }
  u64 refused(CpuId) const override { return 0; }

 protected:
  ~Tiny() = default;
  template <class T>
  using Atomic = ModelPort::Atomic<T>;
  template <class T>
  using Plain = ModelPort::Plain<T>;

  void Report(CpuId cpu, scenario::ViolationKind kind) {
    reports_[cpu].kind = kind;
    reports_[cpu].count = 1;
  }
  // Looks until `done`; each fruitless look is one step at most.
  template <class Done>
  void Await(Done done) {
    port_.BeginWait();
    while (!done()) port_.Pause();
  }

  ModelPort& port_;
  scenario::ViolationReport reports_[ModelPort::kMaxCpus] = {};
};

template <class S>
Exploration Searched(MemoryModel memory, core::IrqModel irq_model = core::IrqModel::kMaskAll) {
  ExploreOptions options = In(memory);
  options.factory = SubjectFactory{[](const scenario::ScenarioView&) -> usize { return sizeof(S); },
                                   [](char* block, ModelPort& port, const core::CallOptions&,
                                      const scenario::ScenarioView&) -> Subject& { return *::new (block) S(port); }};
  core::Implementation implementation;
  implementation.irq_model = irq_model;
  return ExplorationOf(NamelessScenario("programs:\n  0: []\n  1: []\n"), implementation, options);
}

class Nothing final : public Tiny {
 public:
  using Tiny::Tiny;
  void RunProgram(CpuId) override { port_.EndProgram(0); }
};

TEST(TinySubject, ThatDoesNothingCompletesInOneState) {
  const Exploration exploration = Searched<Nothing>(MemoryModel::kWeak);
  EXPECT_EQ(exploration.finding.verdict, Verdict::kCompletes);
  EXPECT_EQ(exploration.finding.states, 1U);
}

class Race final : public Tiny {
 public:
  using Tiny::Tiny;
  void RunProgram(CpuId) override {
    field_.set(1);
    port_.EndProgram(0);
  }

 private:
  Plain<u64> field_;
};

TEST(TinySubject, ThatRacesIsAViolationInWeakMemory) {
  const Exploration exploration = Searched<Race>(MemoryModel::kWeak);
  EXPECT_EQ(exploration.finding.verdict, Verdict::kViolation);
  EXPECT_THAT(exploration.finding.reason, testing::StartsWith(ModelViolationText(ModelViolation::kDataRace)));
}

// CPU 0 says that the data is there before it is. Between the two, CPU 1 may look.
class EarlyFlag final : public Tiny {
 public:
  using Tiny::Tiny;
  void RunProgram(CpuId cpu) override {
    if (cpu == 0) {
      flag_.store(1, Order::kSeqCst);
      data_.set(1);
    } else if (flag_.load(Order::kSeqCst) == 1 && data_.get() == 0) {
      Report(cpu, scenario::ViolationKind::kWrongArgument);
    }
    port_.EndProgram(0);
  }

 private:
  Atomic<u64> flag_;
  Plain<u64> data_;
};

TEST(TinySubject, ThatPublishesTooEarlyIsAViolationInEitherMemory) {
  EXPECT_EQ(Searched<EarlyFlag>(MemoryModel::kWeak).finding.verdict, Verdict::kViolation);
  const Exploration exploration = Searched<EarlyFlag>(MemoryModel::kSc);
  EXPECT_EQ(exploration.finding.verdict, Verdict::kViolation)
      << "in the interleaving flag = 1, flag read, data read, data = 1";
}

// Dekker's entry, with stores that may linger: both get in.
class Dekker final : public Tiny {
 public:
  using Tiny::Tiny;
  void RunProgram(CpuId cpu) override {
    wants_[cpu].store(1, Order::kRelease);
    if (wants_[1 - cpu].load(Order::kAcquire) == 0 && inside_.fetch_add(1, Order::kRelaxed) == 1) {
      Report(cpu, scenario::ViolationKind::kDoubleRun);
    }
    port_.EndProgram(0);
  }

 private:
  Atomic<u64> wants_[2];
  Atomic<u64> inside_;
};

TEST(TinySubject, ThatNeedsSequentialConsistencyIsAViolationInWeakMemoryOnly) {
  EXPECT_EQ(Searched<Dekker>(MemoryModel::kSc).finding.verdict, Verdict::kCompletes);
  const Exploration exploration = Searched<Dekker>(MemoryModel::kWeak);
  EXPECT_EQ(exploration.finding.verdict, Verdict::kViolation);
  EXPECT_THAT(exploration.finding.reason, testing::StartsWith("the function ran twice for one call, seen by CPU "));
}

// CPU 0 hands out a cell of its stack and goes without waiting for CPU 1.
class StackEscape final : public Tiny {
 public:
  using Tiny::Tiny;
  void RunProgram(CpuId cpu) override {
    if (cpu == 0) {
      Atomic<u64> local;
      at_.store(&local, Order::kRelease);
    } else if (Atomic<u64>* const other = at_.load(Order::kAcquire)) {
      other->store(1, Order::kRelaxed);
    }
    port_.EndProgram(0);
  }

 private:
  Atomic<Atomic<u64>*> at_;
};

TEST(TinySubject, ThatTouchesADeadObjectIsAViolation) {
  for (const MemoryModel memory : {MemoryModel::kSc, MemoryModel::kWeak}) {
    const Exploration exploration = Searched<StackEscape>(memory);
    EXPECT_EQ(exploration.finding.verdict, Verdict::kViolation);
    EXPECT_EQ(exploration.finding.reason, "a record was touched outside its lifetime, seen by CPU 1");
  }
}

class Deadlock final : public Tiny {
 public:
  using Tiny::Tiny;
  void RunProgram(CpuId cpu) override {
    Await([&] { return said_[1 - cpu].load(Order::kAcquire) == 1; });
    said_[cpu].store(1, Order::kRelease);
    port_.EndProgram(0);
  }

 private:
  Atomic<u64> said_[2];
};

TEST(TinySubject, InWhichEachWaitsForTheOtherIsADeadlock) {
  EXPECT_EQ(Searched<Deadlock>(MemoryModel::kSc).finding.verdict, Verdict::kDeadlock);
  EXPECT_EQ(Searched<Deadlock>(MemoryModel::kWeak).finding.verdict, Verdict::kDeadlock);
}

// Under ipi_open the handler is interrupted by the interrupt that it sends itself.
class Avalanche final : public Tiny {
 public:
  using Tiny::Tiny;
  void RunProgram(CpuId cpu) override {
    if (cpu == 0) port_.SendIpis(core::CpuSet::Of(1));
    port_.EndProgram(0);
  }
  void TakeIpi() override {
    port_.SendIpis(core::CpuSet::Of(port_.Me()));
    port_.Unbar(port_.Bar());  // before a barred section interrupts come
  }
};

TEST(TinySubject, WhoseHandlersNestForEverIsAViolation) {
  const Exploration exploration = Searched<Avalanche>(MemoryModel::kSc, core::IrqModel::kIpiOpen);
  EXPECT_EQ(exploration.finding.verdict, Verdict::kViolation);
  EXPECT_EQ(exploration.finding.reason, "handlers nest without bound, seen by CPU 1");
}

}  // namespace
}  // namespace crosscall::explore
