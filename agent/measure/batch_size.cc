#include "agent/measure/batch_size.h"

#include <algorithm>
#include <bit>
#include <string>
#include <unordered_map>
#include <vector>

#include "agent/core/stage.h"

namespace crosscall::measure {
namespace {

// What a call stamps (agent/core/account.h): enter, claim, observed and return once; for each target up to a claim,
// publish, kick and kicked; at the target entry, exit and perhaps a later spurious entry, and drain, function entry and
// exit, and completion.
constexpr std::uint64_t kStampsPerCall = 4;
constexpr std::uint64_t kCallerStampsPerTarget = 4;
constexpr std::uint64_t kTargetStamps = 10;
constexpr std::uint64_t kLocalStamps = 3;

constexpr std::uint64_t kSaturated = std::uint64_t{1} << 32;
// Functions that call functions are followed so far; deeper ones, and walks longer than kMaxSteps, saturate.
constexpr int kMaxDepth = 8;
constexpr std::uint64_t kMaxSteps = 20'000'000;

constexpr std::uint32_t kMinRing = 1024;
constexpr std::uint64_t kMaxRing = std::uint64_t{1} << 19;
// 128 MiB for the rings of all CPUs (joining takes five times that), and a hundred thousand stamps between joins if
// nothing asks for more.
constexpr std::uint64_t kMaxAllStamps = (std::uint64_t{128} << 20) / sizeof(core::Stamp);
constexpr std::uint64_t kUsualAllStamps = 128 * 1024;
constexpr std::uint64_t kUsualRing = 16 * 1024;

std::uint64_t Times(std::uint64_t a, std::uint64_t b) {
  return a != 0 && b > kSaturated / a ? kSaturated : std::min(kSaturated, a * b);
}

class Walk {
 public:
  explicit Walk(const v1::Scenario& scenario) : scenario_(scenario), stamps_(scenario.cpu_count()) {
    for (const v1::Function& function : scenario.functions()) functions_[function.id()] = &function;
    for (const v1::Program& program : scenario.programs()) Body(program.body(), program.cpu(), 1, 0);
  }

  std::uint64_t Busiest() const {
    if (steps_ >= kMaxSteps) return kSaturated;
    return stamps_.empty() ? 0 : *std::max_element(stamps_.begin(), stamps_.end());
  }

 private:
  using Operations = google::protobuf::RepeatedPtrField<v1::Operation>;

  void Body(const Operations& body, std::uint32_t cpu, std::uint64_t times, int depth) {
    for (const v1::Operation& operation : body) {
      if (operation.kind() == v1::Operation::KIND_REPEAT) {
        Body(operation.body(), cpu, Times(times, operation.count()), depth);
      } else if (operation.has_targets()) {
        Call(operation, cpu, times, depth);
      }
    }
  }

  void Call(const v1::Operation& operation, std::uint32_t cpu, std::uint64_t times, int depth) {
    const v1::Targets& targets = operation.targets();
    Add(cpu, kStampsPerCall, times);
    if (targets.kind() == v1::Targets::KIND_LIST) {
      for (const std::uint32_t target : targets.cpus()) Reach(operation, cpu, target, times, depth);
    } else if (targets.kind() == v1::Targets::KIND_SELF) {
      Reach(operation, cpu, cpu, times, depth);
    } else {
      for (std::uint32_t target = 0; target < scenario_.cpu_count(); ++target) {
        if (target != cpu || targets.kind() == v1::Targets::KIND_ALL) Reach(operation, cpu, target, times, depth);
      }
    }
  }

  void Reach(const v1::Operation& operation, std::uint32_t cpu, std::uint32_t target, std::uint64_t times, int depth) {
    if (target == cpu) {
      Add(cpu, kLocalStamps, times);
    } else {
      Add(cpu, kCallerStampsPerTarget, times);
      Add(target, kTargetStamps, times);
    }
    const auto function = functions_.find(operation.function());
    if (function == functions_.end() || ++steps_ >= kMaxSteps) return;
    if (depth < kMaxDepth) {
      Body(function->second->body(), target, times, depth + 1);
    } else {
      steps_ = kMaxSteps;
    }
  }

  void Add(std::uint32_t cpu, std::uint64_t stamps, std::uint64_t times) {
    if (cpu < stamps_.size()) stamps_[cpu] = std::min(kSaturated, stamps_[cpu] + Times(stamps, times));
  }

  const v1::Scenario& scenario_;
  std::unordered_map<std::string, const v1::Function*> functions_;
  std::vector<std::uint64_t> stamps_;
  std::uint64_t steps_ = 0;
};

}  // namespace

std::uint64_t EstimateStampsPerRound(const v1::Scenario& scenario) { return Walk(scenario).Busiest(); }

std::uint32_t RingSizeFor(std::uint32_t cpu_count, std::uint64_t stamps_per_round) {
  const std::uint64_t cpus = std::max<std::uint32_t>(1, cpu_count);
  const std::uint64_t usual = std::clamp<std::uint64_t>(kUsualAllStamps / cpus, kMinRing, kUsualRing);
  const std::uint64_t wanted = std::max(usual, 2 * std::min(stamps_per_round, kMaxRing));
  const std::uint64_t bound = std::clamp<std::uint64_t>(kMaxAllStamps / cpus, kMinRing, kMaxRing);
  return static_cast<std::uint32_t>(std::min(std::bit_ceil(wanted), std::bit_floor(bound)));
}

std::uint64_t RoundsOfBatch(std::uint32_t ring_size, std::uint64_t stamps_per_round, std::uint64_t calls_wanted,
                            std::uint64_t calls_per_round) {
  std::uint64_t rounds = ring_size / 2 / std::max<std::uint64_t>(1, stamps_per_round);
  if (calls_wanted != 0 && calls_per_round != 0) {
    rounds = std::min(rounds, (calls_wanted + calls_per_round - 1) / calls_per_round);
  }
  return std::max<std::uint64_t>(1, rounds);
}

}  // namespace crosscall::measure
