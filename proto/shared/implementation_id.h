// Implementation ids, `algorithm/wait_policy/irq_model`, and patterns over them.
#ifndef PROTO_SHARED_IMPLEMENTATION_ID_H_
#define PROTO_SHARED_IMPLEMENTATION_ID_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace crosscall::shared {

// True if `pattern` matches `id`: part by part, `*` for a whole part; a trailing part left out matches all
// (`generic_2008/*` and `generic_2008` mean `generic_2008/*/*`); `*` alone matches everything.
bool MatchesImplementation(absl::string_view pattern, absl::string_view id);

// The ids of `known` that any of `patterns` matches, each once, in the order of `known`. NOT_FOUND if a pattern matches
// none: the text names it and the parts that exist.
absl::StatusOr<std::vector<std::string>> ExpandImplementations(const std::vector<std::string>& patterns,
                                                               const std::vector<std::string>& known);

}  // namespace crosscall::shared

#endif  // PROTO_SHARED_IMPLEMENTATION_ID_H_
