// One trial's result as the line that `crosscall run --json` prints; design/scenario-language.md has the form.
//
// `invalid_reason` carries the result's reason, whatever the outcome, and is empty for `completed`. Pure.
#ifndef AGENT_TOOL_RESULT_JSON_H_
#define AGENT_TOOL_RESULT_JSON_H_

#include <string>

#include "absl/strings/string_view.h"
#include "crosscall/v1/result.pb.h"
#include "crosscall/v1/trial.pb.h"

namespace crosscall::tool {

// "completed", "hung", "crashed", "refused", "invalid" or "lost".
absl::string_view OutcomeName(v1::Outcome outcome);

// Without a newline.
std::string ResultLine(const v1::TrialSpec& spec, const v1::TrialResult& result);

}  // namespace crosscall::tool

#endif  // AGENT_TOOL_RESULT_JSON_H_
