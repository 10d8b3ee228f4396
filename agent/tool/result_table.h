// Results as rows for people. Pure. Times are microseconds, rows end with a newline.
#ifndef AGENT_TOOL_RESULT_TABLE_H_
#define AGENT_TOOL_RESULT_TABLE_H_

#include <string>

#include "crosscall/v1/result.pb.h"
#include "crosscall/v1/trial.pb.h"

namespace crosscall::tool {

std::string TableHeader();

// A trial that did not complete has no percentiles: they would not mean what they say. The note says why.
std::string TableRow(const v1::TrialSpec& spec, const v1::TrialResult& result);

}  // namespace crosscall::tool

#endif  // AGENT_TOOL_RESULT_TABLE_H_
