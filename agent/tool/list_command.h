// `crosscall list`: what this program knows.
#ifndef AGENT_TOOL_LIST_COMMAND_H_
#define AGENT_TOOL_LIST_COMMAND_H_

#include <iosfwd>
#include <string>
#include <vector>

#include "agent/tool/options.h"

namespace crosscall::tool {

// Ids of all implementations, in the order of output formats.
std::vector<std::string> KnownImplementations();

// Prints to `out`; notes for people that are no part of the list go to `err`. Returns an ExitCode.
int RunList(const ListRequest& request, std::ostream& out, std::ostream& err);

}  // namespace crosscall::tool

#endif  // AGENT_TOOL_LIST_COMMAND_H_
