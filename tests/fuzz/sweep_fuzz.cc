// Sweep files: an answer for all bytes, and what is accepted is a request that the controller's validator can judge.
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "controller/cli/sweep_yaml.h"
#include "proto/shared/check.h"
#include "proto/shared/validate.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using crosscall::cli::ParseSweep;
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const auto no_files = [](const std::string& path) -> absl::StatusOr<std::string> {
    return absl::InvalidArgumentError(absl::StrCat(path, ": no such file"));
  };
  const auto spec = ParseSweep(text, "fuzz.yaml", no_files);
  const absl::Status status = spec.ok() ? crosscall::shared::Validate(*spec) : spec.status();
  CROSSCALL_CHECK(status.ok() || status.code() == absl::StatusCode::kInvalidArgument,
                  "the text is at fault, nothing else");
  CROSSCALL_CHECK(status.ok() || !status.message().empty(), "an error says what is wrong");
  return 0;
}
