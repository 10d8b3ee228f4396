#include "controller/scheduler/fair_share.h"

#include <algorithm>

#include "proto/shared/check.h"

namespace crosscall::scheduler {

void FairShare::Enter(const std::string& owner, absl::Duration now) {
  Account& account = accounts_[owner];
  if (account.open_sweeps++ > 0) return;
  absl::Duration least = absl::InfiniteDuration();
  for (const auto& [name, other] : accounts_) {
    if (name != owner && other.open_sweeps > 0) least = std::min(least, Used(other, now));
  }
  if (least != absl::InfiniteDuration()) account.balance += std::max(absl::ZeroDuration(), least - Used(account, now));
}

void FairShare::Leave(const std::string& owner) {
  Account& account = accounts_[owner];
  CROSSCALL_CHECK(account.open_sweeps > 0, "only who entered leaves");
  --account.open_sweeps;
}

void FairShare::Begin(const std::string& owner, absl::Duration now) {
  Account& account = accounts_[owner];
  ++account.boards;
  account.balance -= now;
}

void FairShare::End(const std::string& owner, absl::Duration now) {
  Account& account = accounts_[owner];
  CROSSCALL_CHECK(account.boards > 0, "only what began ends");
  --account.boards;
  account.balance += now;
}

Share FairShare::Of(const std::string& owner, absl::Duration now) const {
  const auto found = accounts_.find(owner);
  if (found == accounts_.end()) return {};
  return {Used(found->second, now), found->second.boards};
}

}  // namespace crosscall::scheduler
