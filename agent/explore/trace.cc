#include "agent/explore/trace.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "agent/scenario/operation_text.h"

namespace crosscall::explore {
namespace {

using core::Stage;
using scenario::OpKind;

bool IsCall(OpKind kind) {
  return kind == OpKind::kCallSingle || kind == OpKind::kCallMany || kind == OpKind::kRunOn ||
         kind == OpKind::kCallAsync;
}
// Nothing that a reader of a trace would look for.
bool IsSilent(OpKind kind) {
  return kind == OpKind::kRepeat || kind == OpKind::kRepeatEnd || kind == OpKind::kWork || kind == OpKind::kIdle;
}

// Makes lines of events. An operation other than a call gets its line when it is done; a call gets one for each stage.
class Teller {
 public:
  Teller(const ModelPort& port, const scenario::CompiledScenario& scenario, Trace& trace)
      : port_(port), scenario_(scenario), trace_(trace) {}

  void Tell(const Event& event) {
    switch (event.kind) {
      case EventKind::kOperation:
        Finish(event);
        Current(event) = event.detail + 1;
        break;
      case EventKind::kProgramEnds:
        Finish(event);
        break;
      case EventKind::kStage:
        TellStage(event, static_cast<Stage>(event.detail & 0xffff), event.detail >> 16);
        break;
      case EventKind::kTakeIpi:
        FinishLock(event);
        Add(event, "take IPI", "");
        break;
      case EventKind::kTakeDevice:
        FinishLock(event);
        Add(event, absl::StrCat("take device interrupt ", event.detail), "");
        break;
      case EventKind::kKick:
        if (event.detail != 0) Add(event, absl::StrCat("IPI to CPU ", event.peer), "lost or delayed");
        break;
      case EventKind::kLatch:
        Add(event, "IPI arrives", "");
        break;
    }
  }

 private:
  static constexpr u32 kDepths = ModelPort::kMaxHandlers + 1;

  u32& Current(const Event& event) { return current_[event.cpu][std::min(event.depth, kDepths - 1)]; }
  void Add(const Event& event, std::string op, std::string stage) {
    trace_.lines.push_back(TraceLine{event.cpu, std::move(op), std::move(stage)});
  }
  // What the context was at is done.
  void Finish(const Event& event) {
    u32& current = Current(event);
    if (current == 0) return;
    const OpKind kind = scenario_.view().ops[current - 1].kind;
    if (!IsCall(kind) && !IsSilent(kind)) Add(event, scenario::OperationText(scenario_, current - 1), "");
    current = 0;
  }
  // The stage of the call that this context makes.
  void AddCall(const Event& event, const char* stage) {
    const u32 current = Current(event);
    if (current != 0) Add(event, scenario::OperationText(scenario_, current - 1), stage);
  }
  void AddFunction(const Event& event, const char* stage) {
    if (event.call != 0) Add(event, absl::StrCat("function for CPU ", core::CallerOf(event.call)), stage);
  }

  void TellStage(const Event& event, Stage stage, u32 detail) {
    switch (stage) {
      case Stage::kClaim:
        return AddCall(event, "claimed");
      case Stage::kKick:
        return AddCall(event, "queued");
      case Stage::kKicked:
        return AddCall(event, "kicked");
      case Stage::kKickSkipped:
        if (detail != static_cast<u32>(core::SkipReason::kSelf)) AddCall(event, "queued, no kick needed");
        return;
      case Stage::kObserved:
        return AddCall(event, "completion seen");
      case Stage::kReturn:
        if (detail != static_cast<u32>(core::Result::kOk)) AddCall(event, "refused");
        return;
      case Stage::kPollHit:
        return Add(event, "poll own queue", "");
      case Stage::kFnEntry:
        return AddFunction(event, "started");
      case Stage::kFnExit:
        Finish(event);
        return AddFunction(event, "finished");
      case Stage::kComplete:
        return AddFunction(event, "completed");
      case Stage::kSpurious:
        return Add(event, "nothing in the queue", "");
      default:
        return;
    }
  }

  // An interrupt may fall between a lock's taking and the next operation.
  void FinishLock(const Event& event) {
    const u32 current = Current(event);
    if (current == 0) return;
    const scenario::Op& op = scenario_.view().ops[current - 1];
    const bool locks = op.kind == OpKind::kLock || op.kind == OpKind::kLockIrqsave;
    if (locks && port_.lock_state(op.index + 1).holder == event.cpu + 1) Finish(event);
  }

  const ModelPort& port_;
  const scenario::CompiledScenario& scenario_;
  Trace& trace_;
  std::array<std::array<u32, kDepths>, ModelPort::kMaxCpus> current_ = {};  // operation + 1
};

std::string HeldBy(u64 holder) { return holder == 0 ? "" : absl::StrCat(" held by CPU ", holder - 1); }

std::string CpusText(const core::CpuState& state, u32 cpus) {
  core::CpuSet waited;
  waited.set_word(0, state.wait_mask[0] & ((u64{1} << cpus) - 1));
  const std::string list = scenario::CpuSetText(waited);
  return absl::StrCat(waited.Count() == 1 ? "CPU " : "CPUs ", list.empty() ? "others" : list);
}

std::string WaitText(const ModelPort& port, const scenario::CompiledScenario& scenario, CpuId cpu) {
  const core::CpuState& state = port.state_of(cpu);
  switch (static_cast<core::Site>(state.site)) {
    case core::Site::kLock:
      return absl::StrCat("lock ", scenario.lock_names()[state.wait_for - 1],
                          HeldBy(port.lock_state(static_cast<u32>(state.wait_for)).holder));
    case core::Site::kOwn:
      return absl::StrCat("the call lock", HeldBy(port.lock_state(0).holder));
    case core::Site::kClaim:
      return absl::StrCat("its record, in use by ", CpusText(state, port.cpu_count()));
    case core::Site::kCompletion:
      return absl::StrCat("completion of call to ", CpusText(state, port.cpu_count()));
    case core::Site::kBarrier:
      return state.wait_for < scenario.barrier_names().size()
                 ? absl::StrCat("barrier ", scenario.barrier_names()[state.wait_for])
                 : "CPUs that enter or leave the callable set";
    case core::Site::kNone:
      return "an internal lock, or its next step";
  }
  return "unknown";
}

}  // namespace

absl::Status TellSchedule(Search& search, const scenario::CompiledScenario& scenario, const Schedule& schedule,
                          Trace& trace) {
  ModelPort& port = search.port();
  Teller teller(port, scenario, trace);
  port.set_listener([&teller](const Event& event) { teller.Tell(event); });
  port.Restart();
  std::vector<Choice> choices;
  absl::Status status;
  for (usize i = 0; i < schedule.size() && status.ok(); ++i) {
    port.Choices(choices);
    if (std::find(choices.begin(), choices.end(), schedule[i]) == choices.end()) {
      status = absl::InvalidArgumentError(absl::StrCat(
          "schedule: step ", i + 1, " (", FormatSchedule({schedule[i]}),
          ") cannot be taken there; the schedule is of another scenario, implementation, memory or version"));
      break;
    }
    port.Take(schedule[i]);
  }
  port.set_listener(nullptr);
  for (CpuId cpu = 0; cpu < port.cpu_count(); ++cpu) {
    if (port.idle(cpu)) continue;
    trace.waits.push_back(WaitLine{cpu, WaitText(port, scenario, cpu), port.masked(cpu), port.latched(cpu)});
  }
  return status;
}

}  // namespace crosscall::explore
