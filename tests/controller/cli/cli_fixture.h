// Runs crosscallctl in this process against a fake controller and keeps what it wrote.
#ifndef TESTS_CONTROLLER_CLI_CLI_FIXTURE_H_
#define TESTS_CONTROLLER_CLI_CLI_FIXTURE_H_

#include <gtest/gtest.h>

#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "controller/cli/cli.h"
#include "tests/controller/cli/fake_clock.h"
#include "tests/controller/cli/fake_controller.h"

namespace crosscall::cli {

class CliTest : public testing::Test {
 public:
  // Returns the exit code; `out_` and `err_` have only what this run wrote.
  int Run(std::vector<std::string> arguments) {
    out_.str("");
    err_.str("");
    const Environment environment{out_,
                                  err_,
                                  false,
                                  false,
                                  clock_,
                                  interrupt_,
                                  [this](absl::Duration span) { clock_.Advance(span); },
                                  Connect,
                                  [this](const std::string& path) -> absl::StatusOr<std::string> {
                                    const auto found = files_.find(path);
                                    if (found != files_.end()) return found->second;
                                    return absl::InvalidArgumentError("cannot use the file \"" + path + "\"");
                                  }};
    return RunCli(arguments, environment);
  }

  // The same with the fake controller's address, and time enough for a loaded machine.
  int RunOnController(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--controller", controller_.address(), "--timeout", "5m"});
    return Run(std::move(arguments));
  }

  FakeController controller_;
  FakeClock clock_;
  Interrupt interrupt_;
  std::map<std::string, std::string> files_;
  std::ostringstream out_;
  std::ostringstream err_;
};

}  // namespace crosscall::cli

#endif  // TESTS_CONTROLLER_CLI_CLI_FIXTURE_H_
