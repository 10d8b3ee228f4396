#include "agent/measure/environment.h"

#include <gnu/libc-version.h>
#include <sys/resource.h>

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "agent/measure/root_files.h"

namespace crosscall::measure {
namespace {

constexpr char kCpuFolder[] = "/sys/devices/system/cpu";

// "name value" for what could be read, joined by ", ".
class Words {
 public:
  void Add(absl::string_view name, absl::string_view value) {
    if (!value.empty()) words_.push_back(absl::StrCat(name, " ", value));
  }
  std::string Text() const { return absl::StrJoin(words_, ", "); }

 private:
  std::vector<std::string> words_;
};

std::string CpuFile(std::uint32_t cpu, absl::string_view file) {
  return absl::StrCat(kCpuFolder, "/cpu", cpu, "/", file);
}

std::string Kernel(const std::string& root) {
  std::string release = ReadTrimmed(root, "/proc/sys/kernel/osrelease");
  const std::string version = ReadTrimmed(root, "/proc/sys/kernel/version");
  if (version.empty()) return release;
  return absl::StrCat(release, release.empty() ? "" : " ", version);
}

std::string CpuIdle(const std::string& root) {
  Words words;
  words.Add("driver", ReadTrimmed(root, absl::StrCat(kCpuFolder, "/cpuidle/current_driver")));
  std::string governor = ReadTrimmed(root, absl::StrCat(kCpuFolder, "/cpuidle/current_governor"));
  if (governor.empty()) governor = ReadTrimmed(root, absl::StrCat(kCpuFolder, "/cpuidle/current_governor_ro"));
  words.Add("governor", governor);
  return words.Text();
}

// "POLL on, C1 on, C6 off", for the first CPU under test.
std::string IdleStates(const std::string& root, std::uint32_t cpu) {
  Words words;
  for (const std::string& state : ListFolder(root, CpuFile(cpu, "cpuidle"))) {
    if (!absl::StartsWith(state, "state")) continue;
    const std::string folder = CpuFile(cpu, absl::StrCat("cpuidle/", state));
    const std::string disabled = ReadTrimmed(root, folder + "/disable");
    if (disabled.empty()) continue;
    words.Add(ReadTrimmed(root, folder + "/name"), disabled == "0" ? "on" : "off");
  }
  return words.Text();
}

std::string Isolation(const std::string& root) {
  Words words;
  words.Add("isolated", ReadTrimmed(root, absl::StrCat(kCpuFolder, "/isolated")));
  const std::string nohz_full = ReadTrimmed(root, absl::StrCat(kCpuFolder, "/nohz_full"));
  // The kernel prints "(null)" if the feature is built in and unused.
  if (nohz_full != "(null)") words.Add("nohz_full", nohz_full);
  return words.Text();
}

std::string LimitText(int resource) {
  rlimit limit{};
  if (getrlimit(static_cast<__rlimit_resource_t>(resource), &limit) != 0) return "";
  return limit.rlim_cur == RLIM_INFINITY ? "unlimited" : absl::StrCat(limit.rlim_cur);
}

std::string RealtimeLimits(const std::string& root) {
  Words words;
  words.Add("RLIMIT_RTPRIO", LimitText(RLIMIT_RTPRIO));
  words.Add("RLIMIT_MEMLOCK", LimitText(RLIMIT_MEMLOCK));
  words.Add("sched_rt_runtime_us", ReadTrimmed(root, "/proc/sys/kernel/sched_rt_runtime_us"));
  return words.Text();
}

// x86 names the vendor only through CPUID, but cpuinfo carries the flag; device trees name the hypervisor.
std::string Hypervisor(const std::string& root, absl::string_view cpuinfo) {
  std::string type = ReadTrimmed(root, "/sys/hypervisor/type");
  if (!type.empty()) return type;
  const std::string tree = ReadWhole(root, "/proc/device-tree/hypervisor/compatible");
  // Device-tree strings are lists, each ended by NUL.
  if (!tree.empty()) return tree.substr(0, tree.find('\0'));
  const std::string flag_words = ValueOf(cpuinfo, "flags");
  const std::vector<absl::string_view> flags = absl::StrSplit(flag_words, ' ');
  return std::find(flags.begin(), flags.end(), "hypervisor") != flags.end() ? "hypervisor flag set" : "";
}

std::string CpuModel(const std::string& root, absl::string_view cpuinfo) {
  std::string model = ValueOf(cpuinfo, "model name");
  if (model.empty()) model = ReadWhole(root, "/proc/device-tree/model");
  return model.substr(0, model.find('\0'));
}

std::int32_t NumaNode(const std::string& root, std::uint32_t cpu) {
  for (const std::string& name : ListFolder(root, absl::StrCat(kCpuFolder, "/cpu", cpu))) {
    std::int32_t node = 0;
    if (absl::StartsWith(name, "node") && absl::SimpleAtoi(name.substr(4), &node)) return node;
  }
  return -1;
}

// Preempt model and mitigations in words. A kernel under test is often judged by exactly these.
std::string Mitigations(const std::string& root) {
  Words words;
  words.Add("preempt", ReadTrimmed(root, "/sys/kernel/debug/sched/preempt"));
  words.Add("realtime kernel", ReadTrimmed(root, "/sys/kernel/realtime"));
  const std::string folder = absl::StrCat(kCpuFolder, "/vulnerabilities");
  for (const std::string& name : ListFolder(root, folder)) {
    const std::string state = ReadTrimmed(root, absl::StrCat(folder, "/", name));
    if (state != "Not affected") words.Add(absl::StrCat(name, ":"), state);
  }
  return words.Text();
}

std::string Build() {
#if defined(__clang__)
  const std::string compiler = absl::StrCat("clang ", __clang_version__);
#else
  const std::string compiler = absl::StrCat("g++ ", __VERSION__);
#endif
#if defined(__OPTIMIZE__)
  const char* const kind = "optimised";
#else
  const char* const kind = "not optimised";
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return absl::StrCat(compiler, ", ", kind, ", sanitized");
#else
  return absl::StrCat(compiler, ", ", kind);
#endif
}

}  // namespace

v1::Environment ReadEnvironment(const std::string& root, const std::vector<std::uint32_t>& board_cpus) {
  const std::uint32_t first_cpu = board_cpus.empty() ? 0 : board_cpus.front();
  const std::string cpuinfo = ReadWhole(root, "/proc/cpuinfo");
  v1::Environment out;
  out.set_kernel(Kernel(root));
  out.set_command_line(ReadTrimmed(root, "/proc/cmdline"));
  out.set_clock_source(ReadTrimmed(root, "/sys/devices/system/clocksource/clocksource0/current_clocksource"));
  out.set_cpuidle(CpuIdle(root));
  out.set_governor(ReadTrimmed(root, CpuFile(first_cpu, "cpufreq/scaling_governor")));
  out.set_smt(ReadTrimmed(root, absl::StrCat(kCpuFolder, "/smt/control")));
  out.set_isolated_cpus(Isolation(root));
  out.set_realtime_limits(RealtimeLimits(root));
  out.set_load(ReadTrimmed(root, "/proc/loadavg"));
  out.set_microcode(ValueOf(cpuinfo, "microcode"));
  out.set_cpu_model(CpuModel(root, cpuinfo));
  out.set_hypervisor(Hypervisor(root, cpuinfo));
  out.set_version(CROSSCALL_VERSION);
  out.set_build(Build());
  out.set_mitigations(Mitigations(root));
  out.set_idle_states(IdleStates(root, first_cpu));
  out.set_libc(absl::StrCat("glibc ", gnu_get_libc_version()));
  for (const std::uint32_t cpu : board_cpus) {
    out.add_board_cpus(cpu);
    out.add_numa_nodes(NumaNode(root, cpu));
  }
  return out;
}

std::uint64_t ReadThrottleEvents(const std::string& root, const std::vector<std::uint32_t>& board_cpus) {
  std::uint64_t events = 0;
  for (const std::uint32_t cpu : board_cpus) {
    for (const char* const file : {"thermal_throttle/core_throttle_count", "thermal_throttle/package_throttle_count"}) {
      std::uint64_t count = 0;
      if (absl::SimpleAtoi(ReadTrimmed(root, CpuFile(cpu, file)), &count)) events += count;
    }
  }
  return events;
}

}  // namespace crosscall::measure
