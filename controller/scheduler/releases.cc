#include "controller/scheduler/releases.h"

#include "absl/strings/str_cat.h"

namespace crosscall::scheduler {

std::string WhyNotServed(std::uint32_t agent, std::uint32_t controller) {
  const std::uint32_t oldest = controller < kReleasesBack ? 0 : controller - kReleasesBack;
  if (agent >= oldest && agent <= controller) return "";
  const std::string served = absl::StrCat("has an agent of release ", agent, ", and this controller serves releases ",
                                          oldest, " to ", controller);
  if (agent < oldest) return absl::StrCat(served, ": upgrade the agent");
  return absl::StrCat(served, ": upgrade the controller, which goes first");
}

}  // namespace crosscall::scheduler
