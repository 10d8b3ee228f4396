// Histograms to and from the wire.
#ifndef PROTO_SHARED_HISTOGRAM_PROTO_H_
#define PROTO_SHARED_HISTOGRAM_PROTO_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crosscall/v1/histogram.pb.h"
#include "proto/shared/histogram.h"

namespace crosscall::shared {

v1::Histogram ToProto(const Histogram& histogram);

// INVALID_ARGUMENT for another layout, indices out of range, counts that do not add up, min or max outside their
// buckets: a damaged histogram never becomes a number.
absl::Status CheckHistogram(const v1::Histogram& proto);

// INVALID_ARGUMENT as above.
absl::StatusOr<Histogram> FromProto(const v1::Histogram& proto);

}  // namespace crosscall::shared

#endif  // PROTO_SHARED_HISTOGRAM_PROTO_H_
