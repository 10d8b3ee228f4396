// crosscallctl as a function: parse, run one command, report.
#ifndef CONTROLLER_CLI_CLI_H_
#define CONTROLLER_CLI_CLI_H_

#include <string>
#include <vector>

#include "controller/cli/command.h"

namespace crosscall::cli {

// `arguments` without the program's name. Data goes to `environment.out`; progress, hints and errors ("crosscallctl:
// ...", which say what to do) to `environment.err`. Returns an exit code of exit_code.h. Does not throw.
int RunCli(const std::vector<std::string>& arguments, const Environment& environment);

}  // namespace crosscall::cli

#endif  // CONTROLLER_CLI_CLI_H_
