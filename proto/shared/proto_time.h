// Instants and spans between absl and protobuf. Pure.
//
// Instants saturate at the years 1 and 9999, spans at +-10,000 years, so that no conversion can fail.
#ifndef PROTO_SHARED_PROTO_TIME_H_
#define PROTO_SHARED_PROTO_TIME_H_

#include <algorithm>
#include <cstdint>

#include "absl/time/time.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"

namespace crosscall::shared {

inline google::protobuf::Timestamp TimestampOf(absl::Time time) {
  const absl::Time clamped =
      std::clamp(time, absl::FromUnixSeconds(-62'135'596'800), absl::FromUnixSeconds(253'402'300'799));
  google::protobuf::Timestamp out;
  out.set_seconds(absl::ToUnixSeconds(clamped));
  out.set_nanos(static_cast<std::int32_t>(
      absl::ToInt64Nanoseconds(clamped - absl::FromUnixSeconds(absl::ToUnixSeconds(clamped)))));
  return out;
}

inline absl::Time TimeOf(const google::protobuf::Timestamp& timestamp) {
  return absl::FromUnixSeconds(timestamp.seconds()) + absl::Nanoseconds(timestamp.nanos());
}

inline google::protobuf::Duration ProtoOf(absl::Duration span) {
  const absl::Duration limit = absl::Seconds(315'576'000'000);
  absl::Duration rest;
  google::protobuf::Duration out;
  out.set_seconds(absl::IDivDuration(std::clamp(span, -limit, limit), absl::Seconds(1), &rest));
  out.set_nanos(static_cast<std::int32_t>(absl::ToInt64Nanoseconds(rest)));
  return out;
}

inline absl::Duration SpanOf(const google::protobuf::Duration& span) {
  return absl::Seconds(span.seconds()) + absl::Nanoseconds(span.nanos());
}

}  // namespace crosscall::shared

#endif  // PROTO_SHARED_PROTO_TIME_H_
