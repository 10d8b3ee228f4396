// Expositions that say the same for ever, for tests of the server alone.
#ifndef TESTS_CONTROLLER_METRICS_FIXED_EXPOSITIONS_H_
#define TESTS_CONTROLLER_METRICS_FIXED_EXPOSITIONS_H_

#include <string>

#include "controller/metrics/http_server.h"

namespace crosscall::metrics {

inline Expositions FixedExpositions(const std::string& text) {
  return {.controller = [text] { return text; },
          .results = [text] { return text; },
          .board = [text](const std::string&) -> absl::StatusOr<std::string> { return text; }};
}

}  // namespace crosscall::metrics

#endif  // TESTS_CONTROLLER_METRICS_FIXED_EXPOSITIONS_H_
