// Hangs and explorations of sample sweeps.
#include "absl/strings/str_cat.h"
#include "tests/controller/report/sample_trials.h"

namespace crosscall::report {
namespace {

void AddStamp(v1::HangReport& report, std::uint32_t cpu, const char* stage, std::uint64_t at, std::uint64_t call) {
  v1::HangStamp& stamp = *report.add_timeline();
  stamp.set_cpu(cpu);
  stamp.set_stage(stage);
  stamp.set_at_nanos(at);
  const std::string_view name = stage;
  const bool served =
      name == "ipi_entry" || name == "drain" || name == "fn_entry" || name == "fn_exit" || name == "complete";
  stamp.set_caller(served ? 1 - cpu : cpu);
  stamp.set_call_sequence(call);
  stamp.set_peer(1 - cpu);
}

void AddCpu(v1::HangReport& report, std::uint32_t cpu, bool masked) {
  v1::HangCpu& state = *report.add_cpus();
  state.set_cpu(cpu);
  state.set_board_cpu(cpu + 2);
  state.set_irqs_masked(masked);
  state.set_ipi_pending(masked);
  state.set_queued_requests(masked ? 1 : 0);
  state.set_thread_state("R");
  state.add_frames(absl::StrCat("call 38 -> CPU ", 1 - cpu));
}

void AddWait(v1::HangReport& report, std::uint32_t cpu, std::uint32_t target, std::uint64_t nanos) {
  v1::HangWait& wait = *report.add_waits();
  wait.set_cpu(cpu);
  wait.set_site(v1::WAIT_SITE_COMPLETION);
  wait.add_for_cpus(target);
  wait.set_waited_nanos(nanos);
  wait.set_call_sequence(38);
}

}  // namespace

void SampleMaker::Hang(v1::Result& result, bool masked) {
  v1::TrialResult& payload = *result.mutable_payload();
  payload.set_calls(74);
  v1::HangReport& report = *payload.mutable_hang();
  report.set_hang_class(masked ? v1::HANG_CLASS_MASKED_TARGET : v1::HANG_CLASS_LOST_IPI);
  report.set_summary(
      masked ? "CPU 0 and CPU 1 wait for each other's completion with interrupts masked, so neither takes "
               "the IPI that the other waits for"
             : "CPU 0 waits for CPU 1, which is open and has a request queued, but its IPI was never taken");
  AddCpu(report, 0, masked);
  AddCpu(report, 1, masked);
  AddWait(report, 0, 1, 1'004'300'000);
  if (masked) {
    AddWait(report, 1, 0, 1'004'297'800);
    report.add_cycle(0);
    report.add_cycle(1);
  }
  const std::uint64_t start = 81'204'000;
  const char* const served[] = {"enter", "claim", "publish", "kicked"};
  const char* const serves[] = {"ipi_entry", "drain", "fn_entry", "fn_exit", "complete"};
  std::uint64_t at = start;
  for (const char* stage : served) AddStamp(report, 0, stage, at += 240, 37);
  for (const char* stage : serves) AddStamp(report, 1, stage, at += 180, 37);
  AddStamp(report, 0, "observed", at += 420, 37);
  AddStamp(report, 0, "return", at += 60, 37);
  for (const char* stage : served) {
    AddStamp(report, 0, stage, at += 230, 38);
    if (masked) AddStamp(report, 1, stage, at += 110, 38);
  }
  report.set_detection_nanos(4'300'000);
  report.add_reasoning("call 38 of CPU 0 is overdue by 4.3 ms and made no progress between two looks");
  report.add_reasoning(masked ? "its target, CPU 1, has interrupts masked and an IPI pending"
                              : "its target, CPU 1, has interrupts open, one request queued and no IPI pending");
  report.add_reasoning(masked ? "CPU 1 itself waits for CPU 0: the waits form a cycle" : "the IPI was lost");
}

void SampleMaker::Explore(v1::Result& result, v1::Exploration::Verdict verdict) {
  v1::Trial& trial = *result.mutable_trial();
  trial.mutable_spec()->clear_target_state();
  trial.mutable_spec()->set_target_system(v1::TARGET_SYSTEM_EXPLORE);
  v1::Exploration& exploration = *result.mutable_payload()->mutable_exploration();
  exploration.set_verdict(verdict);
  exploration.set_memory(v1::MEMORY_MODEL_WEAK);
  exploration.set_states(verdict == v1::Exploration::VERDICT_DEADLOCK ? 47 : 488);
  exploration.set_executions(1112);
  exploration.set_elapsed_nanos(9'000'000);
  if (verdict == v1::Exploration::VERDICT_UNKNOWN) exploration.set_reason("20,000 states reached first");
  if (verdict != v1::Exploration::VERDICT_DEADLOCK) return;
  for (std::uint32_t cpu = 0; cpu < 2; ++cpu) {
    for (const char* stage : {"", "claimed", "queued", "kicked"}) {
      v1::ExplorationStep& step = *exploration.add_trace();
      step.set_cpu(cpu);
      step.set_op(*stage == '\0' ? "irq_off" : absl::StrCat("call ", 1 - cpu, " noop wait"));
      step.set_stage(stage);
    }
    v1::ExplorationWait& wait = *exploration.add_waits();
    wait.set_cpu(cpu);
    wait.set_waits_for(absl::StrCat("completion of call to CPU ", 1 - cpu));
    wait.set_masked(true);
    wait.set_ipi_pending(true);
  }
}

}  // namespace crosscall::report
