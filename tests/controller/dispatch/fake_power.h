// A power unit for tests of the dispatcher.
#ifndef TESTS_CONTROLLER_DISPATCH_FAKE_POWER_H_
#define TESTS_CONTROLLER_DISPATCH_FAKE_POWER_H_

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "controller/dispatch/power_port.h"

namespace crosscall::dispatch {

// A power unit whose answers the test gives. It outlives restarts of the controller, as real ones do; what was asked by
// a controller that is gone is answered to nobody.
class FakePower {
 public:
  PowerPort Port() {
    PowerPort port;
    port.check = [](const std::vector<std::string>&) { return absl::OkStatus(); };
    port.run = [this](const PowerRun& run, std::function<void(const scheduler::CommandReport&)> done) {
      words.push_back(run.argv.back());
      waiting.push_back(std::move(done));
    };
    return port;
  }
  // Answers the oldest run that waits.
  void Answer(const std::string& output, bool accepted = true) {
    ASSERT_FALSE(waiting.empty());
    const auto done = std::move(waiting.front());
    waiting.pop_front();
    scheduler::CommandReport report;
    report.accepted = accepted;
    report.result = accepted ? "exit status 0" : "exit status 1";
    report.output = output;
    done(report);
  }

  std::vector<std::string> words;
  std::deque<std::function<void(const scheduler::CommandReport&)>> waiting;
};

}  // namespace crosscall::dispatch

#endif  // TESTS_CONTROLLER_DISPATCH_FAKE_POWER_H_
