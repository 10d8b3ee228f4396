#include "tests/bench/call_round.h"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <csignal>

#include <atomic>
#include <cstdlib>
#include <functional>
#include <memory>

#include "agent/core/algorithms.h"
#include "agent/ports/signal_port.h"
#include "proto/shared/check.h"

namespace crosscall::bench {
namespace {

using core::AlgorithmKind;
using core::CpuId;
using core::u32;
using core::u64;
using core::usize;
using ports::CpuRelax;
using ports::SignalPort;

std::string scheduling_note;

constexpr u32 WarmUp(u32 calls) { return calls / 10; }

// Two CPUs and their region, for one measurement.
class Pair {
 public:
  explicit Pair(CpuPair cpus) : region_(MakeRegion()) {
    SignalPort::Options options;
    options.board_cpus = {cpus.caller, cpus.target};
    auto port = SignalPort::Create(options, region_);
    CROSSCALL_CHECK(port.ok(), port.status().ToString());
    port_ = *std::move(port);
  }

  // Times `calls` executions of `call` on the caller while the target runs `serve(done)` until done.
  std::vector<u64> Time(u32 calls, const std::function<void()>& prepare, const std::function<void()>& call,
                        const std::function<void(const std::atomic<bool>&)>& serve) {
    std::vector<u64> ticks(calls);
    std::atomic<bool> ready{false};
    std::atomic<bool> done{false};
    const absl::Status status = port_->Start([&](CpuId me) {
      prepare();
      if (me == 1) {
        ready = true;
        serve(done);
        return;
      }
      while (!ready) CpuRelax();
      for (u32 i = 0; i < WarmUp(calls); ++i) call();
      for (u64& sample : ticks) {
        const u64 start = port_->Now();
        call();
        sample = port_->Now() - start;
      }
      done = true;
    });
    CROSSCALL_CHECK(status.ok(), status.ToString());
    port_->Join();
    scheduling_note = port_->SchedulingNote();
    for (u64& sample : ticks) sample = port_->TicksToNanos(sample);
    return ticks;
  }

  SignalPort& port() { return *port_; }
  u64 thread_of(CpuId cpu) const { return core::Peek(region_.cpu(cpu).thread_id); }
  u64 entries_of(CpuId cpu) const { return core::Peek(region_.cpu(cpu).ipi_entries); }

 private:
  static ports::FlightRegion MakeRegion() {
    const int memfd = memfd_create("flight", MFD_CLOEXEC);
    auto region = ports::FlightRegion::Create(memfd, 2, 1, 1024);
    close(memfd);
    CROSSCALL_CHECK(region.ok(), region.status().ToString());
    return *std::move(region);
  }

  ports::FlightRegion region_;
  std::unique_ptr<SignalPort> port_;
};

template <template <class> class A>
class CallBench {
 public:
  CallBench(CpuPair cpus, core::WaitPolicy policy)
      : pair_(cpus),
        bytes_(C::BytesNeeded(2)),
        memory_(
            std::aligned_alloc(core::kCacheLine, (bytes_ + core::kCacheLine - 1) / core::kCacheLine * core::kCacheLine),
            &std::free) {
    __builtin_memset(memory_.get(), 0, bytes_);
    core::CallOptions options;
    options.policy = policy;
    calls_ = std::make_unique<C>(pair_.port(), options, memory_.get(), bytes_);
    pair_.port().SetHandlers([](void* self) { static_cast<C*>(self)->OnIpi(); }, [](void*, u32) {}, calls_.get());
  }

  std::vector<u64> Interrupted(u32 calls) {
    std::vector<u64> nanos = pair_.Time(
        calls, [] {}, [this] { Call(); },
        [](const std::atomic<bool>& done) {
          while (!done) CpuRelax();
        });
    CROSSCALL_CHECK(served_ == calls + WarmUp(calls), "each call runs its function once");
    // A handler may find a second request behind the first; beyond that, the figure would not be one of interrupts.
    CROSSCALL_CHECK(pair_.entries_of(1) * 100 >= served_ * 95, "calls are served by interrupts of their own");
    return nanos;
  }

  std::vector<u64> Polled(u32 calls) {
    std::vector<u64> nanos = pair_.Time(
        calls, [] {}, [this] { Call(); },
        [this](const std::atomic<bool>& done) {
          pair_.port().MaskIrqs();
          calls_->WaitUntil(core::Site::kCompletion, [&] { return done.load(); });
        });
    CROSSCALL_CHECK(served_ == calls + WarmUp(calls), "each call runs its function once");
    return nanos;
  }

 private:
  using C = core::Calls<SignalPort, A>;

  void Call() {
    const core::Result result = calls_->CallSingle(
        1, [](void* served) { ++*static_cast<u64*>(served); }, &served_, true);
    CROSSCALL_CHECK(result == core::Result::kOk, "an online CPU takes the call");
  }

  Pair pair_;
  usize bytes_;
  std::unique_ptr<void, decltype(&std::free)> memory_;
  std::unique_ptr<C> calls_;
  u64 served_ = 0;
};

// Bare signals, beside those of the port. The handler has nothing but these words.
constexpr int kBareSignal = SIGVTALRM;
struct BarePartner {
  std::atomic<u64> taken{0};
  pid_t answer_to = 0;  // thread to signal back, 0: none
};
BarePartner bare[2];
pid_t bare_process = 0;

void SendBare(pid_t thread) { syscall(SYS_tgkill, bare_process, thread, kBareSignal); }

void OnBareSignal(int) {
  BarePartner& me = bare[ports::SignalCpu::Here()->id()];
  if (me.answer_to != 0) SendBare(me.answer_to);
  // Release: whoever sees it may take the handler as done.
  me.taken.store(me.taken.load(std::memory_order_relaxed) + 1, std::memory_order_release);
}

void OpenBareSignal() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, kBareSignal);
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

// `watched`: whose handler ends the round trip.
std::vector<u64> MeasureBareSignals(CpuPair cpus, u32 calls, CpuId watched) {
  Pair pair(cpus);
  struct sigaction action {};
  action.sa_handler = &OnBareSignal;
  action.sa_flags = SA_RESTART;
  sigaction(kBareSignal, &action, nullptr);
  bare_process = getpid();
  for (BarePartner& partner : bare) partner.taken = 0;
  bare[1].answer_to = 0;
  return pair.Time(
      calls,
      [&] {
        OpenBareSignal();
        if (watched == 0) bare[1].answer_to = static_cast<pid_t>(pair.thread_of(0));
      },
      [&] {
        const u64 before = bare[watched].taken.load(std::memory_order_relaxed);
        SendBare(static_cast<pid_t>(pair.thread_of(1)));
        while (bare[watched].taken.load(std::memory_order_acquire) == before) CpuRelax();
      },
      [](const std::atomic<bool>& done) {
        while (!done) CpuRelax();
      });
}

}  // namespace

std::vector<u64> MeasureInterruptedCalls(AlgorithmKind algorithm, CpuPair cpus, u32 calls) {
  return core::VisitAlgorithm<SignalPort>(algorithm, [&]<template <class> class A>() {
    return CallBench<A>(cpus, core::WaitPolicy::kSpin).Interrupted(calls);
  });
}

std::vector<u64> MeasurePolledCalls(AlgorithmKind algorithm, CpuPair cpus, u32 calls) {
  return core::VisitAlgorithm<SignalPort>(algorithm, [&]<template <class> class A>() {
    return CallBench<A>(cpus, core::WaitPolicy::kPollCompletion).Polled(calls);
  });
}

std::vector<u64> MeasureSignalPingPong(CpuPair cpus, u32 calls) { return MeasureBareSignals(cpus, calls, 0); }

std::vector<u64> MeasureSignalAndFlag(CpuPair cpus, u32 calls) { return MeasureBareSignals(cpus, calls, 1); }

std::vector<u64> MeasureCacheLines(CpuPair cpus, u32 calls) {
  Pair pair(cpus);
  struct alignas(core::kCacheLine) Line {
    std::atomic<u64> value{0};
  };
  Line there;
  Line back;
  u64 round = 0;
  return pair.Time(
      calls, [] {},
      [&] {
        ++round;
        there.value.store(round, std::memory_order_release);
        while (back.value.load(std::memory_order_acquire) != round) {
        }
      },
      [&](const std::atomic<bool>& done) {
        // The flag is looked at once an exchange, not between the loads that are measured.
        for (u64 seen = 0; !done;) {
          const u64 value = there.value.load(std::memory_order_acquire);
          if (value == seen) continue;
          back.value.store(value, std::memory_order_release);
          seen = value;
        }
      });
}

std::string LastSchedulingNote() { return scheduling_note; }

}  // namespace crosscall::bench
