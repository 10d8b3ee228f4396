#include "controller/scheduler/target_systems.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "proto/shared/exploration_text.h"

namespace crosscall::scheduler {
namespace {

// The only one there was before they were named.
template <class Systems>
bool Lists(const Systems& systems, v1::TargetSystem system) {
  if (systems.empty()) return system == v1::TARGET_SYSTEM_SIGNAL;
  return std::find(systems.begin(), systems.end(), system) != systems.end();
}

}  // namespace

bool Wants(const v1::SweepSpec& spec, v1::TargetSystem system) { return Lists(spec.target_systems(), system); }

bool Offers(const v1::BoardDescription& board, v1::TargetSystem system) {
  return Lists(board.target_systems(), system == v1::TARGET_SYSTEM_UNSPECIFIED ? v1::TARGET_SYSTEM_SIGNAL : system);
}

std::string OfferedTargetSystems(const v1::BoardDescription& board) {
  if (board.target_systems().empty()) return "signal";
  return absl::StrJoin(board.target_systems(), ", ", [](std::string* out, int system) {
    absl::StrAppend(out, shared::TargetSystemName(static_cast<v1::TargetSystem>(system)));
  });
}

absl::Status CheckOffered(const v1::SweepSpec& spec, const BoardOffer& board) {
  for (const v1::TargetSystem system : {v1::TARGET_SYSTEM_SIGNAL, v1::TARGET_SYSTEM_EXPLORE}) {
    if (!Wants(spec, system) || Offers(*board.description, system)) continue;
    return absl::NotFoundError(absl::StrCat("no target system ", shared::TargetSystemName(system), " on ", board.name,
                                            "; it offers: ", OfferedTargetSystems(*board.description),
                                            "; choose other boards, or a newer agent there"));
  }
  return absl::OkStatus();
}

}  // namespace crosscall::scheduler
