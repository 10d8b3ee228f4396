#include "agent/measure/idler.h"

#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <ctime>

namespace crosscall::measure {
namespace {

// Looks between two offers of the processor, where CPUs share one.
constexpr std::uint32_t kLooksBeforeYield = 256;

std::uint64_t MonotonicNanos() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(now.tv_nsec);
}

void CpuRelax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

void SleepWhile(const std::atomic<std::uint32_t>& word, std::uint32_t value) {
  static_assert(sizeof(word) == sizeof(std::uint32_t), "a futex is the word itself");
  // Acquire: as in WaitWhile. EINTR (an interrupt was served) and EAGAIN (changed meanwhile) both lead to another look.
  while (word.load(std::memory_order_acquire) == value) {
    syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, value, nullptr, nullptr, 0);
  }
}

}  // namespace

void Idler::Step(std::uint32_t look) const {
  // getppid is the shortest system call that neither libc nor the vDSO answers.
  if (state_ == v1::TARGET_STATE_SYSCALL) {
    syscall(SYS_getppid);
  } else {
    CpuRelax();
  }
  if (share_cpu_ && look % kLooksBeforeYield == 0) sched_yield();
}

void Idler::WaitWhile(const std::atomic<std::uint32_t>& word, std::uint32_t value) const {
  if (state_ == v1::TARGET_STATE_SLEEP) {
    SleepWhile(word, value);
    return;
  }
  // Acquire: what the others did before they changed the word is visible to whoever leaves.
  for (std::uint32_t look = 1; word.load(std::memory_order_acquire) == value; ++look) Step(look);
}

void Idler::Change(std::atomic<std::uint32_t>& word, std::uint32_t value) const {
  // Release: pairs with the acquire of those that wait.
  word.store(value, std::memory_order_release);
  if (state_ == v1::TARGET_STATE_SLEEP) syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0);
}

void Idler::IdleFor(std::uint64_t nanos) const {
  const std::uint64_t end = MonotonicNanos() + nanos;
  if (state_ == v1::TARGET_STATE_SLEEP) {
    const timespec until{.tv_sec = static_cast<time_t>(end / 1'000'000'000),
                         .tv_nsec = static_cast<long>(end % 1'000'000'000)};
    // An interrupt ends the sleep early; absolute time makes going on exact.
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) == EINTR) {
    }
    return;
  }
  for (std::uint32_t look = 1; MonotonicNanos() < end; ++look) Step(look);
}

absl::string_view TargetStateName(v1::TargetState state) {
  switch (state) {
    case v1::TARGET_STATE_SLEEP:
      return "sleep";
    case v1::TARGET_STATE_SYSCALL:
      return "syscall";
    default:
      return "spin";
  }
}

}  // namespace crosscall::measure
