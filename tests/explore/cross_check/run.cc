#include "tests/explore/cross_check/run.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <memory>
#include <new>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "agent/measure/fault_plan.h"
#include "agent/ports/flight_region.h"
#include "agent/ports/interrupt_timer.h"
#include "agent/ports/signal_cpu.h"
#include "agent/watchdog/region_reader.h"
#include "agent/watchdog/report.h"
#include "agent/watchdog/thread_reader.h"
#include "agent/watchdog/verdict.h"
#include "proto/shared/durable_file.h"
#include "proto/shared/hang_text.h"
#include "tests/explore/cross_check/hang_proof.h"
#include "tests/explore/cross_check/run_child.h"

namespace crosscall::cross_check {
namespace {

constexpr u32 kRingSize = 512;
constexpr int kFirstLookMillis = 4;
constexpr int kNextLookMillis = 8;
// Interrupts that are sent at all are on their way no longer than the first; those that a timer makes, the second,
// besides what the scenario's faults say.
constexpr absl::Duration kSentSpan = absl::Milliseconds(6);
constexpr absl::Duration kTimerSpan = absl::Milliseconds(40);
constexpr absl::Duration kPatience = absl::Minutes(3);
constexpr const char* kProc = "/proc";

constexpr std::uint64_t SignalBit(int signal) { return std::uint64_t{1} << (signal - 1); }

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor() {
    if (fd_ >= 0) close(fd_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  int get() const { return fd_; }

 private:
  const int fd_;
};

// A report that outlives the process that writes it.
class SharedReport {
 public:
  SharedReport()
      : memory_(mmap(nullptr, sizeof(RunReport), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) {
    if (valid()) ::new (memory_) RunReport;
  }
  ~SharedReport() {
    if (valid()) munmap(memory_, sizeof(RunReport));
  }
  SharedReport(const SharedReport&) = delete;
  SharedReport& operator=(const SharedReport&) = delete;
  bool valid() const { return memory_ != MAP_FAILED; }
  RunReport& get() const { return *static_cast<RunReport*>(memory_); }

 private:
  void* const memory_;
};

// A child of this process; killed and reaped when it goes.
class Child {
 public:
  explicit Child(pid_t pid) : pid_(pid), handle_(static_cast<int>(syscall(SYS_pidfd_open, pid, 0))) {}
  ~Child() {
    if (!reaped_) Kill();
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  pid_t pid() const { return pid_; }
  bool valid() const { return handle_.get() >= 0; }
  // Waits that long for its end.
  bool Ended(int millis) const {
    pollfd ends{handle_.get(), POLLIN, 0};
    return poll(&ends, 1, millis) > 0;
  }
  int Reap() {
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    reaped_ = true;
    return status;
  }
  void Kill() {
    kill(pid_, SIGKILL);
    Reap();
  }

 private:
  const pid_t pid_;
  const FileDescriptor handle_;
  bool reaped_ = false;
};

// Every thread but the CPUs' sleeps: the one that waits for them, and the one that makes interrupts.
bool OthersSleep(pid_t process, const watchdog::Look& look) {
  const std::string folder = absl::StrCat(kProc, "/", process, "/task");
  const std::unique_ptr<DIR, int (*)(DIR*)> tasks(opendir(folder.c_str()), &closedir);
  if (tasks == nullptr) return false;
  while (const dirent* const entry = readdir(tasks.get())) {
    std::uint64_t thread = 0;
    if (!absl::SimpleAtoi(entry->d_name, &thread)) continue;
    const bool is_cpu = std::any_of(look.cpus.begin(), look.cpus.end(),
                                    [thread](const watchdog::CpuLook& cpu) { return cpu.thread_id == thread; });
    if (!is_cpu && watchdog::ReadThread(kProc, process, thread).state != 'S') return false;
  }
  return true;
}

absl::Duration LongestOnItsWay(const v1::Scenario& scenario) {
  if (!ports::InterruptTimer::Needed(measure::FaultPlanOf(scenario))) return kSentSpan;
  absl::Duration span = kTimerSpan;
  for (const v1::Fault& fault : scenario.faults()) {
    span += absl::Nanoseconds(static_cast<std::int64_t>(fault.duration_nanos()));
  }
  return span;
}

class Watch {
 public:
  Watch(const RunSpec& spec, const watchdog::RegionReader& reader, const RunReport& report, Child& child)
      : spec_(spec),
        reader_(reader),
        report_(report),
        child_(child),
        proof_({.span = LongestOnItsWay(spec.scenario),
                .interrupts = SignalBit(ports::kIpiSignal) | SignalBit(ports::kDeviceSignal)}) {}

  RunOutcome Await() {
    const absl::Time start = absl::Now();
    for (int millis = kFirstLookMillis; !child_.Ended(millis); millis = kNextLookMillis) {
      const absl::Duration now = absl::Now() - start;
      watchdog::Look look = reader_.Snapshot();
      if (AllWait(look)) watchdog::ReadThreads(kProc, child_.pid(), look);
      const bool hung = proof_.Add(look, AllWait(look) && OthersSleep(child_.pid(), look), now);
      if (hung) {
        const watchdog::Verdict verdict = watchdog::Judge(EvidenceOf());
        if (!verdict.starved) {
          RunOutcome outcome = End(Ending::kHung, AccountOf(verdict, look));
          outcome.waits = WaitsOf(look);
          return outcome;
        }
        proof_.Reset();
      }
      if (now > kPatience) return End(Ending::kUnclear, StandsText(look));
    }
    return OutcomeOfEnd(child_.Reap());
  }

 private:
  RunOutcome End(Ending ending, std::string account) {
    child_.Kill();
    RunOutcome outcome;
    outcome.ending = ending;
    outcome.account = std::move(account);
    return outcome;
  }

  RunOutcome OutcomeOfEnd(int status) const {
    RunOutcome outcome;
    // Acquire: pairs with the report's release.
    const bool ended = report_.ended.load(std::memory_order_acquire) != 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && ended) {
      outcome.ending = Ending::kEnded;
      outcome.refused = report_.refused;
      outcome.violations = report_.violations;
      outcome.violation.assign(report_.violation, strnlen(report_.violation, RunReport::kTextBytes));
      return outcome;
    }
    outcome.ending = Ending::kDied;
    outcome.account = WIFSIGNALED(status) ? absl::StrCat("killed by signal ", WTERMSIG(status))
                                          : absl::StrCat("exit status ", WEXITSTATUS(status));
    absl::StrAppend(&outcome.account, "\n", StandsText(reader_.Snapshot()));
    return outcome;
  }

  watchdog::Evidence EvidenceOf() const {
    watchdog::Evidence evidence;
    evidence.first = proof_.first();
    evidence.second = proof_.second();
    evidence.gap = proof_.gap();
    evidence.lock_names = spec_.compiled.lock_names();
    evidence.timeline = reader_.Timeline(watchdog::kTimelineStamps);
    evidence.clock = reader_.Clock();
    for (u32 cpu = 0; cpu < evidence.second.cpus.size(); ++cpu) {
      evidence.waited.push_back(proof_.gap());
      if (!evidence.second.cpus[cpu].finished) evidence.overdue.push_back({cpu, proof_.gap()});
    }
    return evidence;
  }

  static std::vector<RunWait> WaitsOf(const watchdog::Look& look) {
    std::vector<RunWait> waits;
    for (u32 id = 0; id < look.cpus.size(); ++id) {
      const watchdog::CpuLook& cpu = look.cpus[id];
      if (!cpu.finished || !cpu.frames.empty()) waits.push_back({id, cpu.site});
    }
    return waits;
  }
  static std::string AccountOf(const watchdog::Verdict& verdict, const watchdog::Look& look) {
    return absl::StrCat(shared::HangClassName(verdict.report.hang_class()), ": ", verdict.report.summary(), "\n",
                        StandsText(look));
  }
  static std::string StandsText(const watchdog::Look& look) {
    constexpr const char* kSites[] = {"none", "lock", "own", "claim", "completion", "barrier"};
    std::string text;
    for (u32 id = 0; id < look.cpus.size(); ++id) {
      const watchdog::CpuLook& cpu = look.cpus[id];
      absl::StrAppend(&text, "  ", watchdog::DescribeCpu(look, id), cpu.finished ? ", program ended" : "", ": site ",
                      kSites[static_cast<u32>(cpu.site)], cpu.ipis_barred ? ", IPIs barred" : "", ", published ",
                      cpu.requests_published, ", taken ", cpu.requests_taken, ", kicked ", cpu.kicks_received,
                      ", entered ", cpu.ipi_entries, ", frames ", cpu.frames.size(), ", thread ",
                      std::string(1, cpu.thread.state), "\n");
    }
    return text;
  }

  const RunSpec& spec_;
  const watchdog::RegionReader& reader_;
  const RunReport& report_;
  Child& child_;
  HangProof proof_;
};

// Never returns. Does not outlive its parent.
[[noreturn]] void BeChild(const RunSpec& spec, pid_t parent, ports::FlightRegion& region, RunReport& report) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
  const absl::Status status = CarryOut(spec, region, report);
  if (status.ok()) _exit(0);
  const std::string text = absl::StrCat(status.ToString(), "\n");
  const bool told = write(STDERR_FILENO, text.data(), text.size()) >= 0;
  _exit(told ? 2 : 3);
}

}  // namespace

absl::StatusOr<RunOutcome> RunOnce(const RunSpec& spec) {
  const FileDescriptor memory(memfd_create("cross-check", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (memory.get() < 0) return shared::ErrnoStatus(errno, "memfd_create for the flight region");
  const auto view = spec.compiled.view();
  absl::StatusOr<ports::FlightRegion> region =
      ports::FlightRegion::Create(memory.get(), view.cpu_count, view.lock_count + 1, kRingSize);
  if (!region.ok()) return region.status();
  if (fcntl(memory.get(), F_ADD_SEALS, F_SEAL_SHRINK) != 0) return shared::ErrnoStatus(errno, "sealing the region");
  absl::StatusOr<std::unique_ptr<watchdog::RegionReader>> reader = watchdog::RegionReader::Open(memory.get());
  if (!reader.ok()) return reader.status();
  const SharedReport report;
  if (!report.valid()) return shared::ErrnoStatus(errno, "mapping the run's report");

  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) return shared::ErrnoStatus(errno, "fork of a run");
  if (pid == 0) BeChild(spec, parent, *region, report.get());
  Child child(pid);
  if (!child.valid()) return shared::ErrnoStatus(errno, "pidfd_open of a run");
  return Watch(spec, **reader, report.get(), child).Await();
}

}  // namespace crosscall::cross_check
