// A worker that misbehaves as its first argument says. The second argument, if any, names a file for its pid.
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <new>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "agent/core/stage.h"
#include "agent/worker/frames.h"
#include "crosscall/worker/v1/frame.pb.h"

namespace {

namespace core = crosscall::core;
namespace worker = crosscall::worker;

core::CpuState* g_cpus = nullptr;

void Require(bool condition, const char* what) {
  if (condition) return;
  std::perror(what);
  _exit(99);
}

void Send(const worker::v1::WorkerFrame& frame) { Require(worker::WriteFrame(worker::kFrameFd, frame).ok(), "frame"); }

void SendRaw(const std::string& bytes) {
  Require(write(worker::kFrameFd, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()), "raw");
}

void SendResult(crosscall::v1::Outcome outcome) {
  worker::v1::WorkerFrame frame;
  frame.mutable_result()->set_outcome(outcome);
  frame.mutable_result()->set_calls(5);
  Send(frame);
}

// A region of two CPUs and one lock, in which nothing has happened yet.
core::CpuState* MakeRegion() {
  constexpr std::uint32_t kCpus = 2;
  constexpr std::uint32_t kRing = 8;
  const std::size_t bytes = core::RegionBytes(kCpus, 1, kRing);
  Require(ftruncate(worker::kRegionFd, static_cast<off_t>(bytes)) == 0, "ftruncate");
  void* base = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, worker::kRegionFd, 0);
  Require(base != MAP_FAILED, "mmap");
  auto& header = *static_cast<core::RegionHeader*>(base);
  header.version = core::kRegionVersion;
  header.cpu_count = kCpus;
  header.lock_count = 1;
  header.ring_size = kRing;
  header.locks_offset = 4096;
  header.cpus_offset = header.locks_offset + sizeof(core::LockState);
  header.rings_offset = header.cpus_offset + kCpus * sizeof(core::CpuState);
  header.total_bytes = bytes;
  header.trial_started = 1;
  header.ipi_signal = static_cast<std::uint32_t>(SIGUSR1);
  header.magic = core::kRegionMagic;
  return reinterpret_cast<core::CpuState*>(static_cast<char*>(base) + header.cpus_offset);
}

void SendReady() {
  worker::v1::WorkerFrame frame;
  frame.mutable_ready()->set_cpu_count(2);
  Send(frame);
}

void SendSearching() {
  worker::v1::WorkerFrame frame;
  frame.mutable_searching();
  Send(frame);
}

// Says that it searches, again and again, and finds nothing.
[[noreturn]] void SearchForEver() {
  for (;;) {
    SendSearching();
    const timespec pause = {0, 10'000'000};
    nanosleep(&pause, nullptr);  // sleeps on purpose: a search says only now and then that it goes on
  }
}

void WaitForCompletionOf(std::uint32_t cpu, std::uint32_t target) {
  g_cpus[cpu].site = static_cast<std::uint64_t>(core::Site::kCompletion);
  g_cpus[cpu].wait_call = core::CallId(cpu, 1);
  g_cpus[cpu].wait_for = target;
}

[[noreturn]] void Spin(std::uint32_t cpu) {
  for (;;) core::Poke(g_cpus[cpu].heartbeat, core::Peek(g_cpus[cpu].heartbeat) + 1);
}

// Two spinning threads play the CPUs; `prepare` runs on each before Ready, `then` after it.
[[noreturn]] void SpinAsCpus(
    const std::function<void(std::uint32_t)>& prepare, const std::function<void(std::uint32_t)>& then = [](auto) {}) {
  std::vector<std::thread> threads;
  pthread_barrier_t barrier;
  pthread_barrier_init(&barrier, nullptr, 3);
  for (std::uint32_t cpu = 0; cpu < 2; ++cpu) {
    threads.emplace_back([&, cpu] {
      g_cpus[cpu].thread_id = static_cast<std::uint64_t>(syscall(SYS_gettid));
      prepare(cpu);
      pthread_barrier_wait(&barrier);
      pthread_barrier_wait(&barrier);
      then(cpu);
      Spin(cpu);
    });
  }
  pthread_barrier_wait(&barrier);
  SendReady();
  pthread_barrier_wait(&barrier);
  for (;;) pause();
}

void MutualMasked(std::uint32_t cpu) {
  sigset_t ipi;
  sigemptyset(&ipi);
  sigaddset(&ipi, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &ipi, nullptr);
  WaitForCompletionOf(cpu, 1 - cpu);
  g_cpus[cpu].irqs_masked = g_cpus[cpu].ipis_barred = 1;
  g_cpus[cpu].requests_published = 1;
  g_cpus[cpu].kicks_received = 1;
  g_cpus[cpu].last_kick = 10;
  Require(pthread_kill(pthread_self(), SIGUSR1) == 0, "kick");
}

// What a handler does whose IPI comes at last.
void TakeRequest(int) { core::Poke(g_cpus[1].requests_taken, 1); }

[[noreturn]] void LoseIpi() {
  struct sigaction action = {};
  action.sa_handler = TakeRequest;
  sigaction(SIGUSR1, &action, nullptr);
  SpinAsCpus([](std::uint32_t cpu) {
    if (cpu != 0) return;
    WaitForCompletionOf(0, 1);
    g_cpus[1].requests_published = 1;
    g_cpus[1].last_kick = 10;
  });
}

// Real-time spinners on every CPU for a bounded time: should the watcher fail, the machine comes back by itself.
void FifoSpin(std::uint32_t cpu) {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(cpu, &one);
  sched_setaffinity(0, sizeof(one), &one);
  alarm(8);
  sched_param param{};
  param.sched_priority = 50;
  sched_setscheduler(static_cast<pid_t>(g_cpus[cpu].thread_id), SCHED_FIFO, &param);
}

std::int64_t NowMillis() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1'000'000;
}

// A call that takes so long, as a caller spends it: spinning.
[[noreturn]] void CompleteAfter(std::int64_t millis) {
  WaitForCompletionOf(0, 1);
  SendReady();
  for (const std::int64_t end = NowMillis() + millis; NowMillis() < end;) core::Poke(g_cpus[0].heartbeat, 1);
  SendResult(crosscall::v1::OUTCOME_COMPLETED);
  _exit(0);
}

[[noreturn]] void EatMemory() {
  SendReady();
  // Volatile, since a compiler may leave out memory that nobody looks at.
  static char* volatile chunk;
  for (;;) {
    chunk = new char[16 << 20];
    for (std::size_t i = 0; i < (16 << 20); i += 4096) chunk[i] = 1;
  }
}

// One misdeed after the other.
std::function<void()> Then(std::function<void()> first, std::function<void()> second) {
  return [first = std::move(first), second = std::move(second)] {
    first();
    second();
  };
}
std::function<void()> Raw(const std::string& bytes) {
  return [bytes] { SendRaw(bytes); };
}
std::function<void()> Result(crosscall::v1::Outcome outcome) {
  return [outcome] { SendResult(outcome); };
}
std::function<void()> Raise(int signal_number) {
  return [signal_number] { raise(signal_number); };
}
void Idle() { pause(); }
void ShrinkRegion() { Require(ftruncate(worker::kRegionFd, 64) == 0, "ftruncate"); }
void CloseFrames() { close(worker::kFrameFd); }
void GiveUp() {
  std::fputs("giving up: no clock\n", stderr);
  _exit(3);
}
void Chat() {
  for (;;) std::puts("and another line");
}

std::map<std::string, std::function<void()>> Modes() {
  return {
      {"complete", Then(SendReady, Result(crosscall::v1::OUTCOME_COMPLETED))},
      {"refuse", Result(crosscall::v1::OUTCOME_REFUSED)},
      {"claim-hung", Then(SendReady, Result(crosscall::v1::OUTCOME_HUNG))},
      {"hang", [] { SpinAsCpus(MutualMasked); }},
      {"lose-ipi", LoseIpi},
      {"fifo-hang", [] { SpinAsCpus(MutualMasked, FifoSpin); }},
      {"late-result", [] { CompleteAfter(400); }},
      {"stop", Then(SendReady, Raise(SIGSTOP))},
      {"abort", Then(SendReady, Raise(SIGABRT))},
      {"exit", GiveUp},
      {"eat-memory", EatMemory},
      {"rubbish", Then(Raw(std::string("\x04\x00\x00\x00\xff\xff\xff\xff", 8)), Idle)},
      {"oversized", Then(Raw("\xff\xff\xff\xff"), Idle)},
      {"truncated", Raw(std::string("\x64\x00\x00\x00half", 8))},
      {"two-readies", Then(Then(SendReady, SendReady), Idle)},
      {"bad-region", Then(Then(ShrinkRegion, SendReady), Idle)},
      {"never-ready", Idle},
      {"search", Then(Then(SendSearching, SendSearching), Result(crosscall::v1::OUTCOME_COMPLETED))},
      {"search-for-ever", SearchForEver},
      {"search-silently", Then(SendSearching, Idle)},
      {"search-then-ready", Then(Then(SendSearching, SendReady), Idle)},
      {"deaf", Then(CloseFrames, Idle)},
      {"chatty", Chat},
  };
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 2) {
    std::FILE* file = std::fopen(argv[2], "w");
    Require(file != nullptr, argv[2]);
    std::fprintf(file, "%d\n", getpid());
    std::fclose(file);
  }
  const std::string mode = argc > 1 ? argv[1] : "";
  if (mode == "--describe") {
    worker::v1::WorkerFrame frame;
    frame.mutable_description()->add_implementations("per_target/spin/mask_all");
    return worker::WriteFrame(STDOUT_FILENO, frame).ok() ? 0 : 1;
  }
  const auto modes = Modes();
  const auto found = modes.find(mode);
  Require(found != modes.end(), "unknown mode");
  worker::v1::RunTrial run;
  Require(worker::ReadFrame(worker::kFrameFd, run).ok(), "no spec");
  g_cpus = MakeRegion();
  found->second();
  return 0;
}
