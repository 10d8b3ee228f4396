// The threads that play CPUs: pinned, scheduled as wanted if allowed, stacks touched; all meet before any body starts
// and stay until all bodies have ended, since a CPU whose program ended still takes interrupts.
//
// Thread safety: one owner calls Start, AwaitBodies and Join in this order; the hooks run on the CPUs' threads.
#ifndef AGENT_PORTS_CPU_THREADS_H_
#define AGENT_PORTS_CPU_THREADS_H_

#include <pthread.h>

#include <atomic>
#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "agent/core/types.h"
#include "agent/ports/realtime.h"

namespace crosscall::ports {

class CpuThreads {
 public:
  struct Options {
    std::vector<core::u32> board_cpus;  // by scenario CPU
    bool realtime = false;              // ask for SCHED_FIFO
    bool lock_memory = false;
    RealtimeCalls calls = RealtimeCalls::Kernel();
  };
  // In this order, on the CPU's own thread but for `met`.
  struct Hooks {
    std::function<void(core::CpuId, const ThreadScheduling&)> enter;  // before the meeting
    std::function<void()> met;                                        // on the owner's thread: all wait for the bodies
    std::function<void(core::CpuId)> body;                            // after it
    std::function<void(core::CpuId)> idle;                            // body ended; waits for the others' bodies
    std::function<void(core::CpuId)> leave;                           // all bodies ended
  };

  CpuThreads(Options options, Hooks hooks);
  ~CpuThreads();
  CpuThreads(const CpuThreads&) = delete;
  CpuThreads& operator=(const CpuThreads&) = delete;

  // Returns once all have met and the bodies may run. If a thread cannot be made or pinned, no body runs and all have
  // ended: RESOURCE_EXHAUSTED or FAILED_PRECONDITION.
  absl::Status Start();
  void AwaitBodies();
  // Lets the threads leave, and returns when they have ended.
  void Join();

  const Scheduling& scheduling() const { return scheduling_; }

 private:
  enum Gate : core::u32 { kShut, kOpen, kAbandoned };
  struct Thread {
    CpuThreads* owner;
    core::CpuId cpu;
    pthread_t handle;
    ThreadScheduling scheduling;
    int pin_errno;
  };

  static void* Main(void* thread);
  void Run(Thread& thread);
  absl::Status Create(Thread& thread);
  absl::Status PinFailure() const;
  void Abandon();
  static void Await(const std::atomic<core::u32>& count, core::u32 value);

  const Options options_;
  const Hooks hooks_;
  std::vector<Thread> threads_;  // those created; never reallocated
  Scheduling scheduling_;
  std::atomic<core::u32> met_{0};
  std::atomic<core::u32> gate_{kShut};
  std::atomic<core::u32> bodies_ended_{0};
  std::atomic<core::u32> released_{0};
};

}  // namespace crosscall::ports

#endif  // AGENT_PORTS_CPU_THREADS_H_
