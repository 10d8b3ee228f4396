// One machine with one call family on it, and what the battery's cases share: counters, meetings, checks that may be
// made on any CPU and in handlers, and are judged after the run.
#ifndef TESTS_CONTRACT_RIG_H_
#define TESTS_CONTRACT_RIG_H_

#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <memory>

#include "agent/core/algorithms.h"
#include "tests/contract/machine.h"

namespace crosscall::contract {

using core::CallOptions;
using core::CpuId;
using core::CpuSet;
using core::Order;
using core::Result;
using core::Site;
using core::u32;
using core::u64;

// Zeroed, on a cache line. Large blocks come fresh from the system: pages that are not touched cost nothing.
class ZeroedMemory {
 public:
  explicit ZeroedMemory(core::usize bytes)
      : block_(std::calloc(bytes + core::kCacheLine, 1)),  // NOLINT(cppcoreguidelines-no-malloc): new would touch it.
        bytes_(bytes) {}
  void* address() const {
    const auto start = reinterpret_cast<core::uptr>(block_.get());
    return reinterpret_cast<void*>((start + core::kCacheLine - 1) / core::kCacheLine * core::kCacheLine);
  }
  core::usize bytes() const { return bytes_; }

 private:
  struct Free {
    void operator()(void* block) const { std::free(block); }  // NOLINT(cppcoreguidelines-no-malloc)
  };
  std::unique_ptr<void, Free> block_;
  const core::usize bytes_;
};

template <Machine M, template <class> class A>
class Rig {
 public:
  using P = typename M::PortType;
  using C = core::Calls<P, A>;
  using Algorithm = A<P>;

  Rig(const MachineOptions& machine_options, const CallOptions& options)
      : machine_(machine_options),
        memory_(C::BytesNeeded(machine_options.cpus)),
        calls_(machine_.port(), options, memory_.address(), memory_.bytes()),
        per_cpu_(std::make_unique<PerCpu[]>(machine_options.cpus)),
        cpus_(machine_options.cpus) {}

  P& port() { return machine_.port(); }
  C& calls() { return calls_; }
  u32 cpus() const { return cpus_; }

  // body(cpu) on every CPU; then all meet, so that every CPU serves until the last one has finished.
  void Run(const std::function<void(CpuId)>& body) {
    const bool ended = machine_.Run([](void* self) { static_cast<Rig*>(self)->calls_.OnIpi(); }, this,
                                    [&](CpuId cpu) {
                                      body(cpu);
                                      Meet();
                                    });
    EXPECT_TRUE(ended) << "the CPUs cannot move any more";
    EXPECT_EQ(failed_checks_.load(Order::kRelaxed), 0U) << "first: line " << first_failure_.load(Order::kRelaxed);
  }

  // All CPUs wait for each other, interrupts as they are.
  void Meet() {
    const u32 arrived = arrived_.fetch_add(1, Order::kAcqRel) + 1;
    const u32 awaited = (arrived + cpus_ - 1) / cpus_ * cpus_;
    Await([&] { return arrived_.load(Order::kAcquire) >= awaited; });
  }
  template <class Condition>
  void Await(Condition&& condition) {
    calls_.WaitUntil(Site::kBarrier, condition);
  }

  // Runs of the function CountRun, by the CPU they ran on.
  static void CountRun(void* self) {
    Rig& rig = *static_cast<Rig*>(self);
    rig.Check(rig.port().IrqsMasked(), __LINE__);  // Functions run with interrupts masked.
    rig.per_cpu_[rig.port().Me()].runs.fetch_add(1, Order::kAcqRel);
  }
  u64 runs(CpuId cpu) const { return per_cpu_[cpu].runs.load(Order::kAcquire); }
  u64 runs() const {
    u64 sum = 0;
    for (CpuId cpu = 0; cpu < cpus_; ++cpu) sum += runs(cpu);
    return sum;
  }

  // For any CPU and context; Run reports what failed.
  void Check(bool good, u32 line) {
    if (good) return;
    u32 none = 0;
    first_failure_.compare_exchange(none, line, Order::kAcqRel);
    failed_checks_.fetch_add(1, Order::kAcqRel);
  }

 private:
  template <class T>
  using Atomic = typename P::template Atomic<T>;

  struct alignas(core::kCacheLine) PerCpu {
    Atomic<u64> runs = {};
  };

  M machine_;
  ZeroedMemory memory_;
  C calls_;
  std::unique_ptr<PerCpu[]> per_cpu_;
  const u32 cpus_;
  Atomic<u32> arrived_ = {};
  Atomic<u32> failed_checks_ = {};
  Atomic<u32> first_failure_ = {};
};

}  // namespace crosscall::contract

#endif  // TESTS_CONTRACT_RIG_H_
