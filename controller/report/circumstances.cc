#include "controller/report/circumstances.h"

#include <algorithm>
#include <utility>

#include "controller/cli/units.h"

namespace crosscall::report {
namespace {

constexpr std::size_t kMaxValues = 4;
// Kernel command lines are long.
constexpr std::size_t kMaxValueBytes = 1024;

std::vector<std::pair<std::string, std::string>> FieldsOf(const v1::TrialResult& payload) {
  const v1::Environment& environment = payload.environment();
  return {{"kernel", environment.kernel()},
          {"kernel command line", environment.command_line()},
          {"CPU model", environment.cpu_model()},
          {"microcode", environment.microcode()},
          {"hypervisor", environment.hypervisor()},
          {"clock source", environment.clock_source()},
          {"clock of the stamps", payload.overhead().clock()},
          {"cpuidle", environment.cpuidle()},
          {"idle states", environment.idle_states()},
          {"cpufreq governor", environment.governor()},
          {"SMT", environment.smt()},
          {"isolated CPUs", environment.isolated_cpus()},
          {"preemption and mitigations", environment.mitigations()},
          {"scheduling", environment.scheduling()},
          {"scheduling, why so", environment.scheduling_note()},
          {"memory locked", environment.memory_locked() ? "yes" : "no"},
          {"realtime limits", environment.realtime_limits()},
          {"thermal throttling", environment.throttle_count() == 0 ? "" : "seen"},
          {"crosscall", environment.version()},
          {"build", environment.build()},
          {"libc", environment.libc()}};
}

}  // namespace

void Circumstances::Add(const std::string& board, const v1::TrialResult& payload) {
  if (!payload.has_environment()) return;
  for (const auto& [field, text] : FieldsOf(payload)) {
    if (text.empty()) continue;
    const std::string value = cli::Shorten(text, kMaxValueBytes);
    std::vector<std::string>& values = boards_[board][field];
    if (values.size() < kMaxValues && std::find(values.begin(), values.end(), value) == values.end()) {
      values.push_back(value);
      std::sort(values.begin(), values.end());
    }
  }
  const v1::Environment& environment = payload.environment();
  for (int i = 0; i < std::min(environment.board_cpus_size(), environment.numa_nodes_size()); ++i) {
    if (environment.numa_nodes(i) >= 0) nodes_[board][environment.board_cpus(i)] = environment.numa_nodes(i);
  }
  const v1::Overhead& overhead = payload.overhead();
  clock_read_nanos_ = std::max(clock_read_nanos_, overhead.clock_read_nanos());
  empty_call_nanos_ = std::max(empty_call_nanos_, overhead.empty_call_nanos());
  clock_skew_nanos_ = std::max(clock_skew_nanos_, overhead.clock_skew_nanos());
  if (!overhead.clock().empty()) clocks_.insert(overhead.clock());
}

CpuNodes Circumstances::NodesOf(const std::string& board) const {
  const auto found = nodes_.find(board);
  return found == nodes_.end() ? CpuNodes() : found->second;
}

void Circumstances::WriteEnvironments(shared::Json& json) const {
  json.BeginArray();
  for (const auto& [board, fields] : boards_) {
    json.BeginObject().Key("board").String(board).Key("fields").BeginObject();
    for (const auto& [field, values] : fields) {
      json.Key(field).BeginArray();
      for (const std::string& value : values) json.String(value);
      json.EndArray();
    }
    json.EndObject().EndObject();
  }
  json.EndArray();
}

void Circumstances::WriteOverhead(shared::Json& json) const {
  json.BeginObject().Key("clock_read").Number(clock_read_nanos_).Key("empty_call").Number(empty_call_nanos_);
  json.Key("clock_skew").Number(clock_skew_nanos_).Key("clocks").BeginArray();
  for (const std::string& clock : clocks_) json.String(clock);
  json.EndArray().EndObject();
}

}  // namespace crosscall::report
