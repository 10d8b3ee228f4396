#include "tests/bench/fleet/fleet.h"

#include <cstdint>
#include <utility>

namespace crosscall::fleet {

Fleet::Fleet(const std::string& controller, const std::vector<std::string>& boards, std::function<void()> on_lease)
    : logbook_(std::move(on_lease)) {
  std::uint64_t seed = 1;
  for (const std::string& board : boards) {
    boards_.push_back(std::make_unique<FleetBoard>(board, controller, seed, events_, logbook_));
    seed += 2;
  }
  thread_ = std::thread([this] { Run(); });
}

Fleet::~Fleet() {
  events_.mailbox().Post([this] { stop_ = true; });
  thread_.join();
}

void Fleet::Run() {
  for (const auto& board : boards_) board->Start();
  while (!stop_) events_.RunOnce();
  DisconnectAll();
}

// All fall silent before the first connection goes: the end of a client waits for its calls, and runs what arrives for
// others meanwhile.
void Fleet::DisconnectAll() {
  for (const auto& board : boards_) board->Mute();
  for (const auto& board : boards_) board->Disconnect();
}

}  // namespace crosscall::fleet
