#include "controller/scheduler/cpu_axis.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "controller/scheduler/coarse_to_fine.h"

namespace crosscall::scheduler {
namespace {

absl::Status CheckRoom(const v1::SweepSpec& spec, const v1::ScenarioRef& scenario, const BoardOffer& board) {
  const std::size_t cpus = static_cast<std::size_t>(board.description->cpus_size());
  if (scenario.cpu_count() <= cpus || spec.oversubscribe()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("scenario \"", scenario.id(), "\" needs ", scenario.cpu_count(), " CPUs, ", board.name, " has ",
                   cpus, " (", absl::StrJoin(board.description->cpus(), ","),
                   "); choose another board, or oversubscribe and have its latencies marked invalid"));
}

absl::Status CheckPairs(const v1::ScenarioRef& scenario, const BoardOffer& board) {
  if (scenario.cpu_count() != 0 && scenario.cpu_count() != 2) {
    return absl::InvalidArgumentError(absl::StrCat("all_cpu_pairs: scenario \"", scenario.id(), "\" needs ",
                                                   scenario.cpu_count(), " CPUs; allowed: scenarios of 2 CPUs"));
  }
  if (board.description->cpus_size() < 2) {
    return absl::FailedPreconditionError(absl::StrCat("all_cpu_pairs: ", board.name, " has only one CPU"));
  }
  return absl::OkStatus();
}

absl::StatusOr<CpuChoice> Listed(const v1::CpuList& list, const v1::ScenarioRef& scenario, const BoardOffer& board) {
  CpuChoice out(list.cpus().begin(), list.cpus().end());
  const auto& present = board.description->cpus();
  for (const std::uint32_t cpu : out) {
    if (std::find(present.begin(), present.end(), cpu) != present.end()) continue;
    return absl::FailedPreconditionError(
        absl::StrCat("CPU ", cpu, " is not on ", board.name, "; its usable CPUs are ", absl::StrJoin(present, ",")));
  }
  if (scenario.cpu_count() == 0 || out.empty()) return out;
  if (out.size() < scenario.cpu_count()) {
    return absl::InvalidArgumentError(absl::StrCat("CPU list ", absl::StrJoin(out, ","), " has ", out.size(),
                                                   " CPUs, scenario \"", scenario.id(), "\" needs ",
                                                   scenario.cpu_count()));
  }
  out.resize(scenario.cpu_count());
  return out;
}

}  // namespace

std::size_t CpuAxis::size() const {
  if (pairs_of_ == nullptr) return lists_.size();
  const std::size_t cpus = static_cast<std::size_t>(pairs_of_->cpus_size());
  return cpus * (cpus - 1);
}

CpuChoice CpuAxis::At(std::size_t index) const {
  if (pairs_of_ == nullptr) return lists_[index];
  const std::size_t targets = static_cast<std::size_t>(pairs_of_->cpus_size()) - 1;
  const int source = static_cast<int>(index / targets);
  const int nth = static_cast<int>(index % targets);
  // The targets of a CPU are the others in ascending order, so from the CPU itself on they move up by one.
  return {pairs_of_->cpus(source), pairs_of_->cpus(nth < source ? nth : nth + 1)};
}

std::uint32_t CpuAxis::GrainAt(std::size_t index) const {
  if (pairs_of_ == nullptr) return GrainOf(index, lists_.size());
  const std::size_t cpus = static_cast<std::size_t>(pairs_of_->cpus_size());
  const std::size_t source = index / (cpus - 1);
  const std::size_t nth = index % (cpus - 1);
  return GrainOfPair(source, nth < source ? nth : nth + 1, cpus);
}

absl::StatusOr<CpuAxis> CpuAxisOf(const v1::SweepSpec& spec, const v1::ScenarioRef& scenario, const BoardOffer& board) {
  if (absl::Status status = CheckRoom(spec, scenario, board); !status.ok()) return status;
  CpuAxis axis;
  if (spec.all_cpu_pairs()) {
    if (absl::Status status = CheckPairs(scenario, board); !status.ok()) return status;
    axis.pairs_of_ = board.description;
    return axis;
  }
  for (const v1::CpuList& list : spec.cpu_lists()) {
    absl::StatusOr<CpuChoice> choice = Listed(list, scenario, board);
    if (!choice.ok()) return choice.status();
    axis.lists_.push_back(*std::move(choice));
  }
  if (axis.lists_.empty()) axis.lists_.emplace_back();
  return axis;
}

}  // namespace crosscall::scheduler
