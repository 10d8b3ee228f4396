#include "controller/protection.h"

#include <utility>
#include <vector>

#include "controller/access/authority_folder.h"
#include "proto/shared/clock.h"

namespace crosscall {

absl::StatusOr<std::unique_ptr<Protection>> Protection::Make(const std::string& state_dir, absl::Duration agent_life,
                                                             dispatch::Dispatcher& dispatcher, store::Store& store,
                                                             api::RequestCounts& counts) {
  absl::StatusOr<std::unique_ptr<access::Authority>> authority = access::LoadAuthority(state_dir);
  if (!authority.ok()) return authority.status();
  const shared::Clock& clock = shared::SystemClock();
  absl::StatusOr<std::unique_ptr<access::Trust>> trust = access::Trust::Make((*authority)->certificate(), clock);
  if (!trust.ok()) return trust.status();
  const absl::StatusOr<std::vector<std::string>> revoked = store.FindRevokedSerials(clock.Wall());
  if (!revoked.ok()) return revoked.status();
  (*trust)->Revoke(*revoked);
  if (absl::Status status = access::CheckServerFile(state_dir, clock.Wall()); !status.ok()) return status;
  return std::unique_ptr<Protection>(
      new Protection(state_dir, agent_life, *std::move(authority), *std::move(trust), dispatcher, store, counts));
}

Protection::Protection(const std::string& state_dir, absl::Duration agent_life,
                       std::unique_ptr<access::Authority> authority, std::unique_ptr<access::Trust> trust,
                       dispatch::Dispatcher& dispatcher, store::Store& store, api::RequestCounts& counts)
    : authority_(std::move(authority)),
      trust_(std::move(trust)),
      registry_(dispatcher, store, *authority_, *trust_, agent_life),
      gate_(*trust_, registry_, counts),
      security_{access::ServerFile(state_dir), gate_, registry_} {}

}  // namespace crosscall
