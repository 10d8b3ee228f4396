#include "agent/scenario/validate.h"

#include <algorithm>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "agent/scenario/limits.h"
#include "agent/scenario/names.h"
#include "agent/scenario/ops.h"
#include "agent/scenario/program_rules.h"
#include "agent/scenario/yaml_tree.h"

namespace crosscall::scenario {
namespace {

using google::protobuf::Message;
using google::protobuf::RepeatedPtrField;
using Kind = v1::Operation;

constexpr absl::string_view kAlgorithms[] = {"call_lock",   "generic_2008", "percpu_record", "per_target",
                                             "server_loop", "rendezvous",   "mailbox_grid"};
constexpr absl::string_view kPolicies[] = {"spin", "poll_completion", "poll_everywhere", "open_window", "fail_fast"};
constexpr absl::string_view kIrqModels[] = {"mask_all", "ipi_open"};
constexpr absl::string_view kVerdicts[] = {"completes", "deadlock", "livelock", "violation", "refused"};

template <class Range>
bool Contains(const Range& range, absl::string_view text) {
  return std::find(std::begin(range), std::end(range), text) != std::end(range);
}

class Validator {
 public:
  Validator(const v1::Scenario& scenario, Locator locate) : scenario_(scenario), locate_(locate) {}

  absl::Status Run() {
    // Names first, so that bodies can be held against them.
    if (Header() && Functions() && Programs() && Interrupts() && Faults() && Expectations()) {
      return CheckPrograms(scenario_, locate_);
    }
    return status_;
  }

 private:
  bool Fail(const Message& where, absl::string_view found, absl::string_view allowed) {
    status_ = absl::InvalidArgumentError(absl::StrCat(locate_(where), ": found ", found, "; allowed ", allowed));
    return false;
  }
  bool AtMost(int size, int most, absl::string_view what) {
    return size <= most || Fail(scenario_, absl::StrCat(size, " ", what), absl::StrCat("at most ", most));
  }
  bool Cpu(const Message& where, std::uint32_t cpu) {
    if (cpu < scenario_.cpu_count()) return true;
    return Fail(where, absl::StrCat("CPU ", cpu),
                absl::StrCat("CPUs 0 to ", scenario_.cpu_count() - 1, ", since ", scenario_.cpu_count(), " take part"));
  }
  bool InRange(const Message& where, std::uint64_t value, std::uint64_t most, absl::string_view what) {
    if (value >= 1 && value <= most) return true;
    return Fail(where, absl::StrCat(what, " ", value), absl::StrCat("1 to ", most));
  }

  bool Header() {
    if (!IsScenarioId(scenario_.id())) {
      return Fail(scenario_, absl::StrCat("the scenario id ", Quote(scenario_.id())), kScenarioIdForm);
    }
    if (scenario_.about().size() > kMaxAboutBytes) {
      return Fail(scenario_, "a longer about", absl::StrCat("at most ", kMaxAboutBytes, " bytes"));
    }
    if (scenario_.cpu_count() < 1 || scenario_.cpu_count() > kMaxScenarioCpus) {
      return Fail(scenario_, absl::StrCat(scenario_.cpu_count(), " CPUs"), absl::StrCat("1 to ", kMaxScenarioCpus));
    }
    if (!AtMost(scenario_.locks_size(), kMaxLocks, "locks") ||
        !AtMost(scenario_.parameters_size(), kMaxParameters, "parameters") ||
        !AtMost(scenario_.functions_size(), kMaxFunctions, "functions") ||
        !AtMost(scenario_.interrupts_size(), kMaxInterrupts, "interrupts") ||
        !AtMost(scenario_.faults_size(), kMaxFaults, "faults") ||
        !AtMost(scenario_.expectations_size(), kMaxExpectations, "expectations")) {
      return false;
    }
    for (const std::string& lock : scenario_.locks()) {
      if (!IsName(lock)) return Fail(scenario_, absl::StrCat("the lock ", Quote(lock)), kNameForm);
      if (!locks_.insert(lock).second)
        return Fail(scenario_, absl::StrCat("the lock ", Quote(lock), " twice"), "each lock once");
    }
    std::set<absl::string_view> parameters;
    for (const v1::Parameter& parameter : scenario_.parameters()) {
      if (!IsParameter(parameter.id()) || !parameters.insert(parameter.id()).second) {
        return Fail(parameter, absl::StrCat("the parameter ", Quote(parameter.id())),
                    absl::StrCat(kParameterForm, ", each once"));
      }
    }
    return true;
  }

  bool Functions() {
    for (const v1::Function& function : scenario_.functions()) {
      if (!IsName(function.id())) return Fail(function, absl::StrCat("the function ", Quote(function.id())), kNameForm);
      if (function.id() == "noop") return Fail(function, "a function named noop", "another name; noop exists always");
      if (!functions_.insert(function.id()).second) {
        return Fail(function, absl::StrCat("the function ", Quote(function.id()), " twice"), "each function once");
      }
    }
    for (const v1::Function& function : scenario_.functions()) {
      in_function_ = true;
      if (!Body(function, function.body(), 0)) return false;
    }
    return true;
  }

  bool Programs() {
    if (scenario_.programs().empty()) return Fail(scenario_, "no program", "a program for at least one CPU");
    std::set<std::uint32_t> cpus;
    for (const v1::Program& program : scenario_.programs()) {
      if (!Cpu(program, program.cpu())) return false;
      if (!cpus.insert(program.cpu()).second) {
        return Fail(program, absl::StrCat("a second program for CPU ", program.cpu()), "one program a CPU");
      }
      in_function_ = false;
      if (!Body(program, program.body(), 0)) return false;
    }
    return true;
  }

  bool Body(const Message& owner, const RepeatedPtrField<v1::Operation>& body, std::uint32_t loops) {
    if (body.size() > kMaxBodyOperations) {
      return Fail(owner, absl::StrCat(body.size(), " operations"),
                  absl::StrCat("at most ", kMaxBodyOperations, " in a body"));
    }
    for (const v1::Operation& operation : body) {
      if (++operations_ > kMaxScenarioOperations) {
        return Fail(operation, absl::StrCat("more than ", kMaxScenarioOperations, " operations in all"),
                    "fewer; use repeat");
      }
      if (operation.kind() == Kind::KIND_REPEAT) {
        if (loops == kMaxLoopDepth) {
          return Fail(operation, "a deeper repeat", absl::StrCat("repeats nested ", kMaxLoopDepth, " deep"));
        }
        if (!InRange(operation, operation.count(), kMaxCount, "a repeat of")) return false;
        if (!Body(operation, operation.body(), loops + 1)) return false;
      } else if (!Operation(operation)) {
        return false;
      }
    }
    return true;
  }

  bool Operation(const v1::Operation& operation) {
    switch (operation.kind()) {
      case Kind::KIND_IRQ_OFF:
      case Kind::KIND_WAIT_ALL:
        return true;
      case Kind::KIND_IRQ_ON:
      case Kind::KIND_OFFLINE:
      case Kind::KIND_ONLINE:
        return OutsideFunction(operation);
      case Kind::KIND_LOCK:
      case Kind::KIND_UNLOCK:
      case Kind::KIND_LOCK_IRQSAVE:
      case Kind::KIND_UNLOCK_IRQRESTORE:
        return locks_.contains(operation.lock()) || Fail(operation, absl::StrCat("the lock ", Quote(operation.lock())),
                                                         absl::StrCat("locks: ", Known(locks_)));
      case Kind::KIND_CALL_WAIT:
      case Kind::KIND_CALL_NOWAIT:
      case Kind::KIND_CALL_ASYNC:
      case Kind::KIND_RUN_ON_WAIT:
      case Kind::KIND_RUN_ON_NOWAIT:
        return Function(operation, operation.function()) && Targets(operation);
      case Kind::KIND_IDLE:
        return OutsideFunction(operation) && InRange(operation, operation.duration_nanos(), kMaxSpanNanos, "a span of");
      case Kind::KIND_WORK:
        return InRange(operation, operation.duration_nanos(), kMaxSpanNanos, "a span of");
      case Kind::KIND_BARRIER:
        return OutsideFunction(operation) &&
               (IsName(operation.barrier()) ||
                Fail(operation, absl::StrCat("the barrier ", Quote(operation.barrier())), kNameForm));
      default:
        return Fail(operation, absl::StrCat("operation kind ", operation.kind()), "the kinds of scenario.proto");
    }
  }

  bool OutsideFunction(const v1::Operation& operation) {
    if (!in_function_) return true;
    return Fail(
        operation, absl::StrCat(OperationWord(operation), " in a function"),
        "irq_on, barrier, offline, online and idle in programs only: a function runs as an interrupt handler does");
  }

  bool Function(const Message& where, const std::string& name) {
    if (name == "noop" || functions_.contains(name)) return true;
    return Fail(where, absl::StrCat("the function ", Quote(name)),
                functions_.empty() ? "noop, since functions defines none" : absl::StrCat("noop, ", Known(functions_)));
  }

  bool Targets(const v1::Operation& operation) {
    const v1::Targets& targets = operation.targets();
    const bool async = operation.kind() == Kind::KIND_CALL_ASYNC;
    if (targets.kind() < v1::Targets::KIND_LIST || targets.kind() > v1::Targets::KIND_SELF ||
        (async && targets.kind() != v1::Targets::KIND_LIST && targets.kind() != v1::Targets::KIND_SELF)) {
      return Fail(operation, absl::StrCat("targets of kind ", targets.kind()),
                  async ? "one CPU or self" : "a set of CPUs");
    }
    if (targets.kind() != v1::Targets::KIND_LIST) return true;
    if (targets.cpus().empty() || (async && targets.cpus_size() != 1)) {
      return Fail(operation, absl::StrCat(targets.cpus_size(), " CPUs"), async ? "one CPU" : "at least one CPU");
    }
    for (int i = 0; i < targets.cpus_size(); ++i) {
      if (!Cpu(operation, targets.cpus(i))) return false;
      if (i > 0 && targets.cpus(i) <= targets.cpus(i - 1)) {
        return Fail(operation, absl::StrCat("CPU ", targets.cpus(i), " out of order"), "CPUs ascending, each once");
      }
    }
    return true;
  }

  bool Interrupts() {
    for (const v1::DeviceInterrupt& interrupt : scenario_.interrupts()) {
      if (!Cpu(interrupt, interrupt.cpu()) || !Function(interrupt, interrupt.function()) ||
          !InRange(interrupt, interrupt.times(), kMaxCount, "times")) {
        return false;
      }
      if (!v1::DeviceInterrupt::Point_IsValid(interrupt.point())) {
        return Fail(interrupt, absl::StrCat("point ", interrupt.point()), "the points of scenario.proto");
      }
    }
    return true;
  }

  bool Faults() {
    for (const v1::Fault& fault : scenario_.faults()) {
      switch (fault.kind()) {
        case v1::Fault::KIND_KICK_WINDOW:
          continue;
        case v1::Fault::KIND_DROP_IPI:
        case v1::Fault::KIND_DUP_IPI:
        case v1::Fault::KIND_ALLOC_FAIL:
          if (!InRange(fault, fault.nth(), kMaxCount, "nth")) return false;
          break;
        case v1::Fault::KIND_DELAY_IPI:
        case v1::Fault::KIND_DESCHEDULE:
          if (!InRange(fault, fault.duration_nanos(), kMaxSpanNanos, "a span of")) return false;
          break;
        case v1::Fault::KIND_MUTATE_MASK:
          break;
        default:
          return Fail(fault, absl::StrCat("fault kind ", fault.kind()), "the kinds of scenario.proto");
      }
      if (!Cpu(fault, fault.cpu())) return false;
      if (!v1::Fault::Point_IsValid(fault.point())) {
        return Fail(fault, absl::StrCat("point ", fault.point()), "the points of scenario.proto");
      }
    }
    return true;
  }

  bool Expectations() {
    for (const v1::Expectation& expectation : scenario_.expectations()) {
      if (!Contains(kVerdicts, expectation.verdict())) {
        return Fail(expectation, absl::StrCat("the verdict ", Quote(expectation.verdict())),
                    absl::StrJoin(kVerdicts, ", "));
      }
      if (!Implementation(expectation)) return false;
    }
    return true;
  }

  bool Implementation(const v1::Expectation& expectation) {
    const std::vector<absl::string_view> parts = absl::StrSplit(expectation.implementation(), '/');
    const auto part_is = [&](std::size_t i, const auto& known) { return parts[i] == "*" || Contains(known, parts[i]); };
    // A known-broken twin is written algorithm.defect.
    const absl::string_view algorithm = parts[0].substr(0, parts[0].find('.'));
    if (parts.size() == 3 && (algorithm == "*" || Contains(kAlgorithms, algorithm)) && part_is(1, kPolicies) &&
        part_is(2, kIrqModels)) {
      return true;
    }
    return Fail(expectation, absl::StrCat("the implementation ", Quote(expectation.implementation())),
                absl::StrCat("algorithm/policy/irq_model, each part may be *: ", absl::StrJoin(kAlgorithms, " "), " / ",
                             absl::StrJoin(kPolicies, " "), " / ", absl::StrJoin(kIrqModels, " ")));
  }

  static std::string Known(const std::set<std::string>& names) {
    return names.empty() ? "none is declared" : absl::StrJoin(names, ", ");
  }

  const v1::Scenario& scenario_;
  const Locator locate_;
  absl::Status status_;
  bool in_function_ = false;
  int operations_ = 0;
  std::set<std::string> locks_;
  std::set<std::string> functions_;
};

}  // namespace

absl::Status ValidateScenario(const v1::Scenario& scenario, Locator locate) {
  return Validator(scenario, locate).Run();
}

absl::Status ValidateScenario(const v1::Scenario& scenario) {
  return ValidateScenario(scenario, [&](const Message& where) {
    const auto* operation = dynamic_cast<const v1::Operation*>(&where);
    const std::string name = absl::StrCat("scenario ", Quote(scenario.id()));
    return operation == nullptr || operation->line() == 0 ? name : absl::StrCat(name, " line ", operation->line());
  });
}

}  // namespace crosscall::scenario
