#include "agent/supervisor/agent_identity.h"

#include <sched.h>
#include <sys/utsname.h>

#include <algorithm>
#include <random>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "agent/supervisor/crash_log.h"
#include "proto/shared/durable_file.h"
#include "proto/shared/release.h"
#include "proto/shared/sanitize.h"

namespace crosscall::supervisor {
namespace {

constexpr std::size_t kProcFileBytes = 4 * 1024 * 1024;
constexpr std::size_t kCommandLineBytes = 4 * 1024;
constexpr std::uint32_t kMaxCpu = 8191;

std::string ReadTrimmed(const std::string& path) {
  const absl::StatusOr<std::string> content = shared::ReadFile(path, kProcFileBytes);
  if (!content.ok()) return "";
  // Device-tree strings end with a NUL.
  absl::string_view text(content->data(), std::min(content->size(), content->find('\0')));
  return std::string(absl::StripAsciiWhitespace(text));
}

std::string CpuModel(const std::string& root) {
  const std::string cpuinfo = ReadTrimmed(root + "/proc/cpuinfo");
  for (absl::string_view line : absl::StrSplit(cpuinfo, '\n')) {
    if (!absl::ConsumePrefix(&line, "model name")) continue;
    line = absl::StripAsciiWhitespace(line);
    absl::ConsumePrefix(&line, ":");
    return shared::CleanLabel(absl::StripAsciiWhitespace(line));
  }
  return shared::CleanLabel(ReadTrimmed(root + "/proc/device-tree/model"));
}

// Their frames are private, and what the agent says of itself is true of what it runs.
absl::Status CheckSameBuild(const worker::v1::Description& worker) {
  if (worker.version() == CROSSCALL_VERSION) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("the worker program is crosscall ",
                                                    shared::CleanText(worker.version(), 80), ", this agent is ",
                                                    CROSSCALL_VERSION, ": install both from one release"));
}

absl::Status BadCpus(absl::string_view part) {
  return absl::InvalidArgumentError(
      absl::StrCat("CPU list: \"", shared::CleanText(part, 80), "\"; wanted numbers and ranges such as 0,2-3"));
}

}  // namespace

std::uint64_t RandomSeed() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}

std::string RandomId() { return absl::StrFormat("%016x%016x", RandomSeed(), RandomSeed()); }

absl::StatusOr<std::string> BootId(const std::string& root) {
  const absl::StatusOr<std::string> id = shared::ReadFile(root + "/proc/sys/kernel/random/boot_id", 256);
  if (!id.ok()) return id.status();
  return std::string(absl::StripAsciiWhitespace(*id));
}

absl::StatusOr<std::vector<std::uint32_t>> ParseCpuList(const std::string& text) {
  std::vector<std::uint32_t> cpus;
  for (const absl::string_view part : absl::StrSplit(text, ',')) {
    const std::vector<absl::string_view> ends = absl::StrSplit(part, '-');
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    if (ends.size() > 2 || !absl::SimpleAtoi(ends.front(), &first) || !absl::SimpleAtoi(ends.back(), &last) ||
        first > last || last > kMaxCpu) {
      return BadCpus(part);
    }
    for (std::uint32_t cpu = first; cpu <= last; ++cpu) cpus.push_back(cpu);
  }
  std::sort(cpus.begin(), cpus.end());
  cpus.erase(std::unique(cpus.begin(), cpus.end()), cpus.end());
  return cpus;
}

std::vector<std::uint32_t> UsableCpus() {
  std::vector<std::uint32_t> cpus;
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) != 0) return cpus;
  for (std::uint32_t cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
  }
  return cpus;
}

absl::StatusOr<v1::BoardDescription> DescribeBoard(const std::string& root, const worker::v1::Description& worker,
                                                   const std::vector<std::uint32_t>& cpus,
                                                   const std::vector<std::string>& labels, bool realtime) {
  if (absl::Status status = CheckSameBuild(worker); !status.ok()) return status;
  const std::vector<std::uint32_t> usable = UsableCpus();
  if (!std::includes(usable.begin(), usable.end(), cpus.begin(), cpus.end())) {
    return absl::FailedPreconditionError(absl::StrCat("not all of CPUs ", absl::StrJoin(cpus, ","),
                                                      " can be used; usable are ", absl::StrJoin(usable, ",")));
  }
  v1::BoardDescription board;
  board.set_agent_version(CROSSCALL_VERSION);
  board.set_release(shared::Release());
  utsname system{};
  if (uname(&system) == 0) {
    board.set_architecture(system.machine);
    board.set_kernel(system.release);
    board.set_hostname(system.nodename);
  }
  board.set_model(CpuModel(root));
  board.set_command_line(shared::CleanText(ReadTrimmed(root + "/proc/cmdline"), kCommandLineBytes));
  for (const std::uint32_t cpu : cpus.empty() ? usable : cpus) board.add_cpus(cpu);
  *board.mutable_target_systems() = worker.target_systems();
  *board.mutable_implementations() = worker.implementations();
  *board.mutable_scenarios() = worker.scenarios();
  board.set_realtime(realtime);
  for (const std::string& label : labels) board.add_labels(label);
  if (absl::optional<v1::CrashLog> log = ReadCrashLog(root)) *board.mutable_crash_log() = *std::move(log);
  return board;
}

}  // namespace crosscall::supervisor
