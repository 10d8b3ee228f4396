#include "controller/power_commands.h"

#include <utility>

namespace crosscall {

dispatch::PowerPort PowerPortOver(power::Runner& runner) {
  dispatch::PowerPort port;
  port.check = power::Check;
  port.run = [&runner](const dispatch::PowerRun& run, std::function<void(const scheduler::CommandReport&)> done) {
    runner.Run(run.board, {.argv = run.argv, .time_limit = run.time_limit},
               [done = std::move(done)](const power::Report& report) {
                 done({.accepted = report.exit_status == 0,
                       .result = report.result,
                       .output = report.output,
                       .errors = report.errors});
               });
  };
  port.stop = [&runner] { runner.Stop(); };
  return port;
}

}  // namespace crosscall
