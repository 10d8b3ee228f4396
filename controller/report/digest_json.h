// The digest of a sweep as the page reads it (page/src/data.ts has the form).
#ifndef CONTROLLER_REPORT_DIGEST_JSON_H_
#define CONTROLLER_REPORT_DIGEST_JSON_H_

#include <cstddef>

#include "controller/report/digest.h"
#include "proto/shared/json.h"

namespace crosscall::report {

// Bounds of what is written; the page says what they left out. The defaults keep a report of 10,000 points below 5 MiB.
struct Limits {
  // With a distribution of their own; those with the slowest p99.
  std::size_t curves = 1500;
  // Cells of all heat maps together; those that come first.
  std::size_t cells = 60'000;
};

// One object.
void WriteSweep(const Digest& digest, const Limits& limits, shared::Json& json);

// An array: the quantiles at which curves are given.
void WriteQuantiles(shared::Json& json);

// `progress` as an object; also of the lab's page.
void WriteProgress(const v1::SweepProgress& progress, shared::Json& json);

}  // namespace crosscall::report

#endif  // CONTROLLER_REPORT_DIGEST_JSON_H_
