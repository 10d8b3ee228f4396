// Scenario texts: whatever the bytes, the parser answers with a scenario or with a status; a scenario that it accepts
// compiles, and says of itself in words whether it can be explored.
#include <cstddef>
#include <cstdint>

#include "absl/strings/match.h"
#include "agent/scenario/compile.h"
#include "agent/scenario/parse.h"
#include "proto/shared/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace scenario = crosscall::scenario;
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const auto parsed = scenario::ParseScenario(text, "fuzz.yaml");
  if (!parsed.ok()) {
    CROSSCALL_CHECK(parsed.status().code() == absl::StatusCode::kInvalidArgument, "the text is at fault, nothing else");
    CROSSCALL_CHECK(absl::StrContains(parsed.status().message(), "fuzz.yaml"), "an error names its file");
    return 0;
  }
  CROSSCALL_CHECK(scenario::Compile(*parsed).ok(), "what parses compiles");
  return 0;
}
