// Spans between absl and protobuf. Pure.
#ifndef AGENT_SUPERVISOR_SPANS_H_
#define AGENT_SUPERVISOR_SPANS_H_

#include <algorithm>

#include "absl/time/time.h"
#include "google/protobuf/duration.pb.h"

namespace crosscall::supervisor {

// Negative spans become zero: on the wire a span is a length.
inline google::protobuf::Duration ToProto(absl::Duration span) {
  const absl::Duration length = std::max(span, absl::ZeroDuration());
  google::protobuf::Duration proto;
  proto.set_seconds(absl::ToInt64Seconds(length));
  proto.set_nanos(static_cast<std::int32_t>(absl::ToInt64Nanoseconds(length - absl::Seconds(proto.seconds()))));
  return proto;
}

inline absl::Duration FromProto(const google::protobuf::Duration& span) {
  return absl::Seconds(span.seconds()) + absl::Nanoseconds(span.nanos());
}

}  // namespace crosscall::supervisor

#endif  // AGENT_SUPERVISOR_SPANS_H_
