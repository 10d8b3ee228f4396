#include "agent/scenario/program_rules.h"

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "agent/scenario/yaml_tree.h"

namespace crosscall::scenario {
namespace {

using google::protobuf::RepeatedPtrField;
using Kind = v1::Operation;
using Body = RepeatedPtrField<v1::Operation>;

absl::Status Error(Locator locate, const google::protobuf::Message& where, absl::string_view found,
                   absl::string_view allowed) {
  return absl::InvalidArgumentError(absl::StrCat(locate(where), ": found ", found, "; allowed ", allowed));
}

// What a CPU holds at a point of a body. A body is straight-line code with counted loops, so this is exact; two passes
// of a loop show everything, since each operation sets a state rather than changing it by an amount.
class Walk {
 public:
  Walk(Locator locate, const std::set<std::string>& left_changed, bool is_program)
      : locate_(locate), left_changed_(left_changed), is_program_(is_program) {}

  absl::Status Run(const Body& body) {
    for (const v1::Operation& operation : body) {
      absl::Status status;
      if (operation.kind() == Kind::KIND_REPEAT) {
        status = Run(operation.body());
        if (status.ok() && operation.count() > 1) status = Run(operation.body());
      } else {
        status = Step(operation);
      }
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  // Locks that the body released without having taken them, or still holds at its end.
  std::set<std::string> ChangedLocks() const {
    std::set<std::string> changed = released_unheld_;
    for (const auto& [lock, how] : held_) changed.insert(lock);
    return changed;
  }

 private:
  absl::Status Step(const v1::Operation& operation) {
    switch (operation.kind()) {
      case Kind::KIND_LOCK:
      case Kind::KIND_LOCK_IRQSAVE:
        held_[operation.lock()] = operation.kind();
        return absl::OkStatus();
      case Kind::KIND_UNLOCK:
      case Kind::KIND_UNLOCK_IRQRESTORE:
        return Unlock(operation);
      case Kind::KIND_OFFLINE:
        if (offline_) return Error(locate_, operation, "offline of a CPU that is offline here", "offline after online");
        offline_ = true;
        return absl::OkStatus();
      case Kind::KIND_ONLINE:
        if (!offline_) return Error(locate_, operation, "online of a CPU that is online here", "online after offline");
        offline_ = false;
        return absl::OkStatus();
      default:
        return absl::OkStatus();
    }
  }

  absl::Status Unlock(const v1::Operation& operation) {
    const auto held = held_.find(operation.lock());
    if (held == held_.end()) {
      released_unheld_.insert(operation.lock());
      // A function may release what its CPU's program holds, and the other way round: that shows when it runs.
      if (!is_program_ || left_changed_.contains(operation.lock())) return absl::OkStatus();
      return Error(locate_, operation,
                   absl::StrCat(OperationWord(operation), " of ", operation.lock(), ", which is not held here"),
                   absl::StrCat("only after lock ", operation.lock(), " or lock_irqsave ", operation.lock()));
    }
    if (operation.kind() == Kind::KIND_UNLOCK_IRQRESTORE && held->second == Kind::KIND_LOCK) {
      return Error(locate_, operation, absl::StrCat("unlock_irqrestore of ", operation.lock(), ", which lock took"),
                   absl::StrCat("unlock ", operation.lock(), ", or lock_irqsave ", operation.lock(), " before"));
    }
    held_.erase(held);
    return absl::OkStatus();
  }

  const Locator locate_;
  const std::set<std::string>& left_changed_;
  const bool is_program_;
  std::map<std::string, v1::Operation::Kind> held_;
  std::set<std::string> released_unheld_;
  bool offline_ = false;
};

absl::Status CheckHeldLocks(const v1::Scenario& scenario, Locator locate) {
  std::set<std::string> left_changed;
  for (const v1::Function& function : scenario.functions()) {
    Walk walk(locate, left_changed, /*is_program=*/false);
    absl::Status status = walk.Run(function.body());
    if (!status.ok()) return status;
    left_changed.merge(walk.ChangedLocks());
  }
  for (const v1::Program& program : scenario.programs()) {
    absl::Status status = Walk(locate, left_changed, /*is_program=*/true).Run(program.body());
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

struct Meeting {
  std::uint64_t times = 0;  // in a round, saturated
  const v1::Operation* first = nullptr;
};

void CountMeetings(const Body& body, std::uint64_t repeats, std::map<std::string, Meeting>& meetings) {
  constexpr std::uint64_t kMany = std::numeric_limits<std::uint64_t>::max();
  for (const v1::Operation& operation : body) {
    if (operation.kind() == Kind::KIND_REPEAT) {
      const std::uint64_t count = std::max<std::uint64_t>(operation.count(), 1);
      CountMeetings(operation.body(), repeats > kMany / count ? kMany : repeats * count, meetings);
    } else if (operation.kind() == Kind::KIND_BARRIER) {
      Meeting& meeting = meetings[operation.barrier()];
      meeting.times = meeting.times > kMany - repeats ? kMany : meeting.times + repeats;
      if (meeting.first == nullptr) meeting.first = &operation;
    }
  }
}

absl::Status CheckBarriers(const v1::Scenario& scenario, Locator locate) {
  struct Agreed {
    std::uint64_t times;
    std::uint32_t cpu;
  };
  std::map<std::string, Agreed> agreed;
  for (const v1::Program& program : scenario.programs()) {
    std::map<std::string, Meeting> meetings;
    CountMeetings(program.body(), 1, meetings);
    for (const auto& [barrier, meeting] : meetings) {
      const auto [known, is_new] = agreed.try_emplace(barrier, Agreed{meeting.times, program.cpu()});
      if (is_new || known->second.times == meeting.times) continue;
      return Error(locate, *meeting.first,
                   absl::StrCat("CPU ", program.cpu(), " at barrier ", barrier, " ", meeting.times,
                                " times a round, CPU ", known->second.cpu, " ", known->second.times, " times"),
                   "every program that names a barrier meets it equally often");
    }
  }
  return absl::OkStatus();
}

// Finds a function that, once run, surely runs itself again on the same CPU before it ends.
class EndlessFunctions {
 public:
  EndlessFunctions(const v1::Scenario& scenario, Locator locate) : locate_(locate) {
    for (const v1::Function& function : scenario.functions()) functions_[function.id()] = &function;
  }

  absl::Status Check() {
    for (const auto& [id, function] : functions_) {
      absl::Status status = Visit(*function);
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

 private:
  absl::Status Visit(const v1::Function& function) {
    if (done_.contains(&function)) return absl::OkStatus();
    open_.insert(&function);
    absl::Status status = VisitBody(function.body());
    open_.erase(&function);
    done_.insert(&function);
    return status;
  }
  absl::Status VisitBody(const Body& body) {
    for (const v1::Operation& operation : body) {
      absl::Status status;
      if (operation.kind() == Kind::KIND_REPEAT) {
        status = VisitBody(operation.body());
      } else if (SurelyRunsHere(operation) && functions_.contains(operation.function())) {
        const v1::Function& next = *functions_[operation.function()];
        if (open_.contains(&next)) {
          return Error(locate_, operation,
                       absl::StrCat("the function ", next.id(), " running itself on its own CPU without end"),
                       "a function that calls other CPUs, or another function");
        }
        status = Visit(next);
      }
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }
  // Async calls are left out: the record is busy when the function comes to call again.
  static bool SurelyRunsHere(const v1::Operation& operation) {
    const bool self = operation.targets().kind() == v1::Targets::KIND_SELF;
    switch (operation.kind()) {
      case Kind::KIND_CALL_WAIT:
      case Kind::KIND_CALL_NOWAIT:
        return self;
      case Kind::KIND_RUN_ON_WAIT:
      case Kind::KIND_RUN_ON_NOWAIT:
        return self || operation.targets().kind() == v1::Targets::KIND_ALL;
      default:
        return false;
    }
  }

  const Locator locate_;
  std::map<std::string, const v1::Function*> functions_;
  std::set<const v1::Function*> open_;
  std::set<const v1::Function*> done_;
};

}  // namespace

absl::Status CheckPrograms(const v1::Scenario& scenario, Locator locate) {
  absl::Status status = CheckHeldLocks(scenario, locate);
  if (status.ok()) status = CheckBarriers(scenario, locate);
  if (status.ok()) status = EndlessFunctions(scenario, locate).Check();
  return status;
}

absl::string_view OperationWord(const v1::Operation& operation) {
  switch (operation.kind()) {
    case Kind::KIND_IRQ_OFF:
      return "irq_off";
    case Kind::KIND_IRQ_ON:
      return "irq_on";
    case Kind::KIND_LOCK:
      return "lock";
    case Kind::KIND_UNLOCK:
      return "unlock";
    case Kind::KIND_LOCK_IRQSAVE:
      return "lock_irqsave";
    case Kind::KIND_UNLOCK_IRQRESTORE:
      return "unlock_irqrestore";
    case Kind::KIND_CALL_WAIT:
    case Kind::KIND_CALL_NOWAIT:
      return "call";
    case Kind::KIND_CALL_ASYNC:
      return "call_async";
    case Kind::KIND_RUN_ON_WAIT:
    case Kind::KIND_RUN_ON_NOWAIT:
      return "run_on";
    case Kind::KIND_WAIT_ALL:
      return "wait_all";
    case Kind::KIND_WORK:
      return "work";
    case Kind::KIND_IDLE:
      return "idle";
    case Kind::KIND_BARRIER:
      return "barrier";
    case Kind::KIND_REPEAT:
      return "repeat";
    case Kind::KIND_OFFLINE:
      return "offline";
    case Kind::KIND_ONLINE:
      return "online";
    default:
      return "an unknown operation";
  }
}

}  // namespace crosscall::scenario
