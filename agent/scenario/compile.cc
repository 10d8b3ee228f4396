#include "agent/scenario/compile.h"

#include <algorithm>
#include <map>
#include <utility>

#include "agent/scenario/limits.h"
#include "agent/scenario/validate.h"

namespace crosscall::scenario {
namespace {

using google::protobuf::RepeatedPtrField;
using Kind = v1::Operation;
using Body = RepeatedPtrField<v1::Operation>;

// A program may have that many nowait calls in flight without waiting for a record; the lower bound is for calls that
// nest. Memory is bounded too: a record has a cell for each CPU.
constexpr std::uint64_t kMinNowaitSlots = 16;
constexpr std::uint64_t kMaxNowaitSlots = 1024;
constexpr std::uint64_t kMaxNowaitCells = 4 << 20;

core::CpuId CpuOf(const v1::Targets& targets) { return targets.cpus(0); }

bool IsNowait(const v1::Operation& operation) {
  return operation.kind() == Kind::KIND_CALL_NOWAIT || operation.kind() == Kind::KIND_RUN_ON_NOWAIT;
}

// Nowait calls that one run of a body queues, saturated at kMaxNowaitSlots.
std::uint64_t CountNowait(const Body& body) {
  std::uint64_t count = 0;
  for (const v1::Operation& operation : body) {
    if (operation.kind() == Kind::KIND_REPEAT) {
      const std::uint64_t inner = CountNowait(operation.body());
      count += inner == 0 ? 0 : std::min(operation.count(), kMaxNowaitSlots) * inner;
    } else if (IsNowait(operation)) {
      ++count;
    }
    count = std::min(count, kMaxNowaitSlots);
  }
  return count;
}

bool GoesOffline(const Body& body) {
  return std::any_of(body.begin(), body.end(), [](const v1::Operation& operation) {
    return operation.kind() == Kind::KIND_OFFLINE || GoesOffline(operation.body());
  });
}

}  // namespace

// Turns one scenario into arrays. Validated input only: every name is defined and every number in range.
class Compiler {
 public:
  explicit Compiler(const v1::Scenario& scenario) : scenario_(scenario) {}

  CompiledScenario Run() {
    out_.cpu_count_ = scenario_.cpu_count();
    out_.lock_names_.assign(scenario_.locks().begin(), scenario_.locks().end());
    out_.function_names_.push_back("noop");
    for (const v1::Function& function : scenario_.functions()) out_.function_names_.push_back(function.id());
    FindSteady();
    out_.functions_.push_back(Size());
    Emit(OpKind::kEnd);  // the body of noop
    for (const v1::Function& function : scenario_.functions()) {
      out_.functions_.push_back(Size());
      CompileWhole(function.body(), core::kNoCpu);
    }
    out_.programs_.assign(out_.cpu_count_, kNoBody);
    for (const v1::Program& program : scenario_.programs()) {
      out_.programs_[program.cpu()] = Size();
      CompileWhole(program.body(), program.cpu());
    }
    CompileBarriers();
    for (const v1::DeviceInterrupt& interrupt : scenario_.interrupts()) {
      const bool window = interrupt.point() == v1::DeviceInterrupt::POINT_QUEUED_NOT_KICKED;
      out_.devices_.push_back(DeviceOp{interrupt.cpu(), FunctionIndex(interrupt.function()), interrupt.times(),
                                       static_cast<core::u8>(window ? 1 : 0)});
    }
    out_.nowait_slots_ = NowaitSlots();
    return std::move(out_);
  }

 private:
  core::u32 Size() const { return static_cast<core::u32>(out_.ops_.size()); }
  Op& Emit(OpKind kind) {
    out_.ops_.push_back(Op{});
    out_.ops_.back().kind = kind;
    return out_.ops_.back();
  }

  void FindSteady() {
    out_.steady_ = core::CpuSet::First(out_.cpu_count_);
    for (const v1::Program& program : scenario_.programs()) {
      if (GoesOffline(program.body())) out_.steady_.Remove(program.cpu());
    }
  }

  // `cpu`: whose program it is, or kNoCpu in a function.
  void CompileWhole(const Body& body, core::CpuId cpu) {
    CompileBody(body, cpu, 0);
    Emit(OpKind::kEnd);
  }

  void CompileBody(const Body& body, core::CpuId cpu, core::u32 loops) {
    for (const v1::Operation& operation : body) {
      if (operation.kind() == Kind::KIND_REPEAT) {
        CompileRepeat(operation, cpu, loops);
      } else {
        CompileOperation(operation, cpu);
      }
    }
  }

  void CompileRepeat(const v1::Operation& operation, core::CpuId cpu, core::u32 loops) {
    Op& begin = Emit(OpKind::kRepeat);
    begin.index = loops;
    begin.value = operation.count();
    begin.line = operation.line();
    const core::u32 first = Size();
    CompileBody(operation.body(), cpu, loops + 1);
    Op& end = Emit(OpKind::kRepeatEnd);
    end.index = loops;
    end.jump = first;
    end.line = operation.line();
  }

  void CompileOperation(const v1::Operation& operation, core::CpuId cpu) {
    Op& op = Emit(OpKind::kEnd);
    op.line = operation.line();
    switch (operation.kind()) {
      case Kind::KIND_IRQ_OFF:
        op.kind = OpKind::kIrqOff;
        break;
      case Kind::KIND_IRQ_ON:
        op.kind = OpKind::kIrqOn;
        break;
      case Kind::KIND_LOCK:
        return SetLock(op, OpKind::kLock, operation.lock());
      case Kind::KIND_UNLOCK:
        return SetLock(op, OpKind::kUnlock, operation.lock());
      case Kind::KIND_LOCK_IRQSAVE:
        return SetLock(op, OpKind::kLockIrqsave, operation.lock());
      case Kind::KIND_UNLOCK_IRQRESTORE:
        return SetLock(op, OpKind::kUnlockIrqrestore, operation.lock());
      case Kind::KIND_WAIT_ALL:
        op.kind = OpKind::kWaitAll;
        break;
      case Kind::KIND_WORK:
        op.kind = OpKind::kWork;
        op.value = operation.duration_nanos();
        break;
      case Kind::KIND_IDLE:
        op.kind = OpKind::kIdle;
        op.value = operation.duration_nanos();
        break;
      case Kind::KIND_BARRIER:
        op.kind = OpKind::kBarrier;
        op.index = IndexOf(out_.barrier_names_, operation.barrier());
        break;
      case Kind::KIND_OFFLINE:
        op.kind = OpKind::kOffline;
        break;
      case Kind::KIND_ONLINE:
        op.kind = OpKind::kOnline;
        break;
      default:
        SetCall(op, operation, cpu);
    }
  }

  void SetLock(Op& op, OpKind kind, const std::string& lock) {
    op.kind = kind;
    op.index = IndexOf(out_.lock_names_, lock);
  }

  void SetCall(Op& op, const v1::Operation& operation, core::CpuId cpu) {
    const v1::Targets& targets = operation.targets();
    const bool run_on = operation.kind() == Kind::KIND_RUN_ON_WAIT || operation.kind() == Kind::KIND_RUN_ON_NOWAIT;
    op.wait = operation.kind() == Kind::KIND_CALL_WAIT || operation.kind() == Kind::KIND_RUN_ON_WAIT ? 1 : 0;
    op.function = FunctionIndex(operation.function());
    if (operation.kind() == Kind::KIND_CALL_ASYNC) op.value = out_.async_slots_++;
    // call_single runs on one's own CPU, call_many never does: `call 1` and `call self` are single, sets are not.
    const bool one_cpu = targets.kind() == v1::Targets::KIND_LIST && targets.cpus_size() == 1;
    if (!run_on && (one_cpu || targets.kind() == v1::Targets::KIND_SELF)) {
      op.kind = operation.kind() == Kind::KIND_CALL_ASYNC ? OpKind::kCallAsync : OpKind::kCallSingle;
      op.form = one_cpu ? TargetForm::kFixed : TargetForm::kSelf;
      op.index = one_cpu ? CpuOf(targets) : 0;
      op.transient = one_cpu && !out_.steady_.Has(op.index) ? 1 : 0;
      return;
    }
    op.kind = run_on ? OpKind::kRunOn : OpKind::kCallMany;
    if (cpu == core::kNoCpu && targets.kind() == v1::Targets::KIND_OTHERS) {
      op.form = TargetForm::kOthers;
      op.transient = out_.steady_ == core::CpuSet::First(out_.cpu_count_) ? 0 : 1;
      return;
    }
    if (cpu == core::kNoCpu && targets.kind() == v1::Targets::KIND_SELF) {
      op.form = TargetForm::kSelf;
      return;
    }
    const core::CpuSet set = Resolve(targets, cpu);
    op.index = SetIndex(set);
    op.transient = (set & out_.steady_) == set ? 0 : 1;
  }

  core::CpuSet Resolve(const v1::Targets& targets, core::CpuId cpu) const {
    core::CpuSet set;
    switch (targets.kind()) {
      case v1::Targets::KIND_SELF:
        set.Add(cpu);
        break;
      case v1::Targets::KIND_LIST:
        for (const std::uint32_t target : targets.cpus()) set.Add(target);
        break;
      default:
        set = core::CpuSet::First(out_.cpu_count_);
        if (targets.kind() == v1::Targets::KIND_OTHERS) set.Remove(cpu);
    }
    return set;
  }

  core::u32 SetIndex(const core::CpuSet& set) {
    const auto found = std::find(out_.sets_.begin(), out_.sets_.end(), set);
    if (found != out_.sets_.end()) return static_cast<core::u32>(found - out_.sets_.begin());
    out_.sets_.push_back(set);
    return static_cast<core::u32>(out_.sets_.size() - 1);
  }

  core::u32 FunctionIndex(const std::string& name) { return IndexOf(out_.function_names_, name); }

  static core::u32 IndexOf(std::vector<std::string>& names, const std::string& name) {
    const auto found = std::find(names.begin(), names.end(), name);
    const auto index = static_cast<core::u32>(found - names.begin());
    if (found == names.end()) names.push_back(name);
    return index;
  }

  void CompileBarriers() {
    out_.barrier_parties_.assign(out_.barrier_names_.size(), 0);
    for (const core::u32 program : out_.programs_) {
      if (program == kNoBody) continue;
      std::vector<bool> named(out_.barrier_names_.size(), false);
      for (core::u32 at = program; out_.ops_[at].kind != OpKind::kEnd; ++at) {
        if (out_.ops_[at].kind == OpKind::kBarrier) named[out_.ops_[at].index] = true;
      }
      for (std::size_t i = 0; i < named.size(); ++i) out_.barrier_parties_[i] += named[i] ? 1 : 0;
    }
  }

  core::u32 NowaitSlots() const {
    std::uint64_t wanted = 0;
    for (const v1::Program& program : scenario_.programs()) wanted = std::max(wanted, CountNowait(program.body()));
    for (const v1::Function& function : scenario_.functions()) wanted += CountNowait(function.body()) * kMinNowaitSlots;
    const std::uint64_t affordable = kMaxNowaitCells / (std::uint64_t{out_.cpu_count_} * out_.cpu_count_);
    std::uint64_t slots = kMinNowaitSlots;
    while (slots < wanted && slots < kMaxNowaitSlots && slots * 2 <= affordable) slots *= 2;
    return static_cast<core::u32>(slots);
  }

  const v1::Scenario& scenario_;
  CompiledScenario out_;
};

ScenarioView CompiledScenario::view() const {
  ScenarioView view;
  view.cpu_count = cpu_count_;
  view.ops = ops_.data();
  view.op_count = static_cast<core::u32>(ops_.size());
  view.programs = programs_.data();
  view.functions = functions_.data();
  view.function_count = static_cast<core::u32>(functions_.size());
  view.sets = sets_.data();
  view.set_count = static_cast<core::u32>(sets_.size());
  view.barrier_parties = barrier_parties_.data();
  view.barrier_count = static_cast<core::u32>(barrier_parties_.size());
  view.lock_count = static_cast<core::u32>(lock_names_.size());
  view.async_slots = async_slots_;
  view.nowait_slots = nowait_slots_;
  view.steady = steady_;
  view.devices = devices_.data();
  view.device_count = static_cast<core::u32>(devices_.size());
  return view;
}

absl::StatusOr<CompiledScenario> Compile(const v1::Scenario& scenario) {
  absl::Status valid = ValidateScenario(scenario);
  if (!valid.ok()) return valid;
  return Compiler(scenario).Run();
}

}  // namespace crosscall::scenario
