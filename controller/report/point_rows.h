// The points of a sweep as rows of numbers, since keys and repeated texts would be most of a large report.
#ifndef CONTROLLER_REPORT_POINT_ROWS_H_
#define CONTROLLER_REPORT_POINT_ROWS_H_

#include "controller/report/digest.h"
#include "proto/shared/json.h"

namespace crosscall::report {

// The keys `point_fields`, `text_fields`, `points` and `strings` of an object. A text field is an index into `strings`,
// what is not known is null.
void WritePoints(const Digest& digest, shared::Json& json);

}  // namespace crosscall::report

#endif  // CONTROLLER_REPORT_POINT_ROWS_H_
