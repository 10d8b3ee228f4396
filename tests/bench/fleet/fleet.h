// A fleet of simulated boards on one thread, beside gRPC's own few.
#ifndef TESTS_BENCH_FLEET_FLEET_H_
#define TESTS_BENCH_FLEET_FLEET_H_

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/bench/fleet/fleet_board.h"
#include "tests/bench/fleet/fleet_thread.h"
#include "tests/bench/fleet/logbook.h"

namespace crosscall::fleet {

// Thread-safe: only the destructor and the logbook touch what the thread uses.
class Fleet {
 public:
  // `boards` are names, `boards/{board}`. All connect at once. `on_lease`: see Logbook.
  Fleet(const std::string& controller, const std::vector<std::string>& boards, std::function<void()> on_lease = {});
  // Ends all calls and connections.
  ~Fleet();

  Logbook& logbook() { return logbook_; }

 private:
  void Run();
  void DisconnectAll();

  Logbook logbook_;
  FleetThread events_;
  std::vector<std::unique_ptr<FleetBoard>> boards_;
  bool stop_ = false;  // of the thread alone: Stop is an event, too
  std::thread thread_;
};

}  // namespace crosscall::fleet

#endif  // TESTS_BENCH_FLEET_FLEET_H_
