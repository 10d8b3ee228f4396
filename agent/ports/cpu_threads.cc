#include "agent/ports/cpu_threads.h"

#include <sched.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

namespace crosscall::ports {
namespace {

using core::u32;
using core::usize;

// Room for handlers that nest to the port's limit, each with a signal frame that holds all vector registers.
constexpr usize kStackBytes = usize{1} << 20;
// What an ordinary trial reaches; touched beforehand, so that the timed path takes no page fault.
constexpr usize kTouchedStackBytes = usize{128} << 10;
constexpr usize kPageBytes = 4096;

[[gnu::noinline]] void TouchStack() {
  char pages[kTouchedStackBytes];
  for (usize i = 0; i < kTouchedStackBytes; i += kPageBytes) pages[i] = 0;
  // The compiler must believe that somebody reads them.
  asm volatile("" : : "r"(pages) : "memory");
}

int PinTo(u32 board_cpu) {
  const usize count = usize{board_cpu} + 1;
  cpu_set_t* set = CPU_ALLOC(count);
  const usize bytes = CPU_ALLOC_SIZE(count);
  CPU_ZERO_S(bytes, set);
  CPU_SET_S(board_cpu, bytes, set);
  const int result = sched_setaffinity(0, bytes, set) == 0 ? 0 : errno;
  CPU_FREE(set);
  return result;
}

}  // namespace

CpuThreads::CpuThreads(Options options, Hooks hooks) : options_(std::move(options)), hooks_(std::move(hooks)) {}

CpuThreads::~CpuThreads() {
  AwaitBodies();
  Join();
}

absl::Status CpuThreads::Start() {
  const u32 count = static_cast<u32>(options_.board_cpus.size());
  threads_.reserve(count);
  for (core::CpuId cpu = 0; cpu < count; ++cpu) {
    threads_.push_back({this, cpu, {}, {}, 0});
    if (absl::Status status = Create(threads_.back()); !status.ok()) {
      threads_.pop_back();
      Abandon();
      return status;
    }
  }
  Await(met_, count);
  if (absl::Status status = PinFailure(); !status.ok()) {
    Abandon();
    return status;
  }
  // Now that the stacks exist: locking also populates them.
  const int memory_errno = options_.lock_memory ? options_.calls.lock_memory() : kNotAsked;
  std::vector<ThreadScheduling> obtained;
  for (const Thread& thread : threads_) obtained.push_back(thread.scheduling);
  scheduling_ = DescribeScheduling(options_.realtime, obtained, memory_errno);
  hooks_.met();
  // Release: the bodies see all that was prepared.
  gate_.store(kOpen, std::memory_order_release);
  gate_.notify_all();
  return absl::OkStatus();
}

absl::Status CpuThreads::Create(Thread& thread) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStackBytes);
  const int result = pthread_create(&thread.handle, &attributes, &CpuThreads::Main, &thread);
  pthread_attr_destroy(&attributes);
  if (result == 0) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat("cannot make the thread of CPU ", thread.cpu, " of ",
                                                   options_.board_cpus.size(), ": ", strerror(result),
                                                   "; use fewer CPUs or raise RLIMIT_NPROC"));
}

absl::Status CpuThreads::PinFailure() const {
  for (const Thread& thread : threads_) {
    if (thread.pin_errno == 0) continue;
    return absl::FailedPreconditionError(absl::StrCat("cannot pin CPU ", thread.cpu, " to board CPU ",
                                                      options_.board_cpus[thread.cpu], ": ", strerror(thread.pin_errno),
                                                      "; is it online and in this process's cpuset?"));
  }
  return absl::OkStatus();
}

void CpuThreads::Abandon() {
  gate_.store(kAbandoned, std::memory_order_release);
  gate_.notify_all();
  for (const Thread& thread : threads_) pthread_join(thread.handle, nullptr);
  threads_.clear();
}

void CpuThreads::AwaitBodies() { Await(bodies_ended_, static_cast<u32>(threads_.size())); }

void CpuThreads::Join() {
  if (threads_.empty()) return;
  released_.store(1, std::memory_order_release);
  released_.notify_all();
  for (const Thread& thread : threads_) pthread_join(thread.handle, nullptr);
  threads_.clear();
  bodies_ended_.store(0, std::memory_order_relaxed);
}

void* CpuThreads::Main(void* thread) {
  Thread& self = *static_cast<Thread*>(thread);
  self.owner->Run(self);
  return nullptr;
}

void CpuThreads::Run(Thread& thread) {
  thread.pin_errno = PinTo(options_.board_cpus[thread.cpu]);
  thread.scheduling = ObtainScheduling(options_.calls, options_.realtime ? kCpuPriority : 0);
  TouchStack();
  hooks_.enter(thread.cpu, thread.scheduling);
  // Release: Start reads what this thread found out.
  met_.fetch_add(1, std::memory_order_release);
  met_.notify_all();
  // Acquire, here and below: pairs with the stores of Start, Abandon and Join.
  gate_.wait(kShut, std::memory_order_acquire);
  if (gate_.load(std::memory_order_acquire) == kOpen) {
    hooks_.body(thread.cpu);
    hooks_.idle(thread.cpu);
    bodies_ended_.fetch_add(1, std::memory_order_release);
    bodies_ended_.notify_all();
    released_.wait(0, std::memory_order_acquire);
  }
  hooks_.leave(thread.cpu);
}

void CpuThreads::Await(const std::atomic<u32>& count, u32 value) {
  for (u32 seen = count.load(std::memory_order_acquire); seen < value; seen = count.load(std::memory_order_acquire)) {
    count.wait(seen, std::memory_order_acquire);
  }
}

}  // namespace crosscall::ports
