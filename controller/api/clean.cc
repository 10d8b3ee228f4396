#include "controller/api/clean.h"

#include <cstddef>
#include <string>

#include "google/protobuf/repeated_ptr_field.h"
#include "proto/shared/sanitize.h"

namespace crosscall::api {
namespace {

constexpr std::size_t kNoteBytes = 1024;
constexpr std::size_t kReportBytes = 4096;
constexpr std::size_t kLogBytes = 8192;
constexpr std::size_t kCrashLogBytes = 16 * 1024;
constexpr int kMaxMisuses = 64;
constexpr int kMaxStamps = 256;
constexpr int kMaxSteps = 4096;
constexpr int kMaxWaits = 64;
constexpr std::size_t kScheduleBytes = 256 * 1024;
// Of `crosscall explore --replay`.
constexpr char kScheduleLetters[] = "0123456789.ildx ";

void Label(std::string* text) { *text = shared::CleanLabel(*text); }

// A short text that may be empty.
void Word(std::string* text) { *text = shared::CleanText(*text, shared::kLabelBytes); }

void Note(std::string* text) { *text = shared::CleanText(*text, kNoteBytes); }

void Report(std::string* text, std::size_t limit) { *text = shared::CleanReport(*text, limit); }

void Words(google::protobuf::RepeatedPtrField<std::string>* texts) {
  for (std::string& text : *texts) Word(&text);
}

template <class Messages>
void KeepFirst(Messages* messages, int limit) {
  if (messages->size() > limit) messages->DeleteSubrange(limit, messages->size() - limit);
}

void CleanDescription(v1::BoardDescription* description) {
  Label(description->mutable_agent_version());
  Label(description->mutable_architecture());
  Label(description->mutable_model());
  Label(description->mutable_kernel());
  Report(description->mutable_command_line(), kReportBytes);
  Label(description->mutable_hostname());
  Words(description->mutable_implementations());
  Words(description->mutable_labels());
  if (description->has_crash_log()) {
    Word(description->mutable_crash_log()->mutable_id());
    Report(description->mutable_crash_log()->mutable_text(), kCrashLogBytes);
  }
  for (v1::ScenarioInfo& scenario : *description->mutable_scenarios()) {
    Word(scenario.mutable_id());
    Note(scenario.mutable_about());
  }
}

void CleanEnvironment(v1::Environment* environment) {
  for (std::string* text :
       {environment->mutable_kernel(), environment->mutable_clock_source(), environment->mutable_cpuidle(),
        environment->mutable_governor(), environment->mutable_smt(), environment->mutable_isolated_cpus(),
        environment->mutable_scheduling(), environment->mutable_load(), environment->mutable_microcode(),
        environment->mutable_cpu_model(), environment->mutable_hypervisor(), environment->mutable_version(),
        environment->mutable_build(), environment->mutable_target_state(), environment->mutable_libc()}) {
    Word(text);
  }
  for (std::string* text : {environment->mutable_scheduling_note(), environment->mutable_realtime_limits(),
                            environment->mutable_mitigations(), environment->mutable_idle_states()}) {
    Note(text);
  }
  Report(environment->mutable_command_line(), kReportBytes);
}

void CleanExploration(v1::Exploration* exploration) {
  Note(exploration->mutable_reason());
  KeepFirst(exploration->mutable_trace(), kMaxSteps);
  for (v1::ExplorationStep& step : *exploration->mutable_trace()) {
    Word(step.mutable_op());
    Word(step.mutable_stage());
  }
  KeepFirst(exploration->mutable_waits(), kMaxWaits);
  for (v1::ExplorationWait& wait : *exploration->mutable_waits()) Note(wait.mutable_waits_for());
  // What was cut or mended is no schedule any more.
  const std::string& schedule = exploration->schedule();
  if (schedule.size() > kScheduleBytes || schedule.find_first_not_of(kScheduleLetters) != std::string::npos) {
    exploration->clear_schedule();
  }
}

void CleanHang(v1::HangReport* hang) {
  // The controller looks it up; a board cannot say it.
  hang->clear_known_finding();
  // The controller names the report after the attempt it belongs to; what a board calls it does not matter.
  Word(hang->mutable_name());
  Report(hang->mutable_summary(), kReportBytes);
  Note(hang->mutable_probe());
  Word(hang->mutable_fingerprint());
  for (std::string& step : *hang->mutable_reasoning()) Note(&step);
  for (v1::HangWait& wait : *hang->mutable_waits()) Word(wait.mutable_lock());
  KeepFirst(hang->mutable_timeline(), kMaxStamps);
  for (v1::HangStamp& stamp : *hang->mutable_timeline()) Word(stamp.mutable_stage());
  for (v1::HangCpu& cpu : *hang->mutable_cpus()) {
    Word(cpu.mutable_thread_state());
    Words(cpu.mutable_frames());
    Words(cpu.mutable_held_locks());
    Word(cpu.mutable_kernel_pending());
    Word(cpu.mutable_kernel_blocked());
  }
}

}  // namespace

void Clean(v1::SynchronizeRequest& request) {
  Word(request.mutable_incarnation_id());
  Word(request.mutable_boot_id());
  Note(request.mutable_health());
  for (v1::HeldLease& lease : *request.mutable_leases()) Note(lease.mutable_start_error());
  if (request.has_description()) CleanDescription(request.mutable_description());
}

void Clean(v1::TrialResult& result) {
  Report(result.mutable_reason(), kReportBytes);
  Report(result.mutable_worker_log(), kLogBytes);
  KeepFirst(result.mutable_misuses(), kMaxMisuses);
  Words(result.mutable_misuses());
  for (v1::StageInterval& stage : *result.mutable_stages()) {
    Word(stage.mutable_from());
    Word(stage.mutable_to());
  }
  for (v1::RouteCount& route : *result.mutable_routes()) Word(route.mutable_route());
  if (result.has_ipis()) {
    for (v1::InterruptRow& row : *result.mutable_ipis()->mutable_interrupts()) Word(row.mutable_row());
  }
  if (result.has_overhead()) Word(result.mutable_overhead()->mutable_clock());
  if (result.has_environment()) CleanEnvironment(result.mutable_environment());
  // The controller's to say.
  result.clear_diagnosis();
  if (result.has_hang()) CleanHang(result.mutable_hang());
  if (result.has_exploration()) CleanExploration(result.mutable_exploration());
}

}  // namespace crosscall::api
