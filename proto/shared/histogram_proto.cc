#include "proto/shared/histogram_proto.h"

#include "absl/strings/str_cat.h"

namespace crosscall::shared {

v1::Histogram ToProto(const Histogram& histogram) {
  v1::Histogram proto;
  proto.set_layout(Histogram::kLayout);
  proto.set_count(histogram.count());
  if (histogram.count() == 0) return proto;
  proto.set_min_nanos(histogram.min());
  proto.set_max_nanos(histogram.max());
  proto.set_sum_nanos_low(static_cast<std::uint64_t>(histogram.sum()));
  proto.set_sum_nanos_high(static_cast<std::uint64_t>(histogram.sum() >> 64));
  std::size_t previous = 0;
  const std::size_t last = Histogram::IndexOf(histogram.max());
  for (std::size_t i = Histogram::IndexOf(histogram.min()); i <= last; ++i) {
    if (histogram.bucket(i) == 0) continue;
    proto.add_index_deltas(static_cast<std::uint32_t>(i - previous));
    proto.add_bucket_counts(histogram.bucket(i));
    previous = i;
  }
  return proto;
}

absl::Status CheckHistogram(const v1::Histogram& proto) {
  if (proto.layout() != Histogram::kLayout) {
    return absl::InvalidArgumentError(
        absl::StrCat("histogram layout ", proto.layout(), ", known is ", Histogram::kLayout));
  }
  if (proto.index_deltas_size() != proto.bucket_counts_size()) {
    return absl::InvalidArgumentError(absl::StrCat("histogram with ", proto.index_deltas_size(), " indices and ",
                                                   proto.bucket_counts_size(), " counts"));
  }
  std::uint64_t index = 0;
  std::uint64_t count = 0;
  std::size_t first = 0;
  for (int i = 0; i < proto.index_deltas_size(); ++i) {
    index += proto.index_deltas(i);
    const std::uint64_t add = proto.bucket_counts(i);
    if (index >= Histogram::kBuckets || add == 0 || (i > 0 && proto.index_deltas(i) == 0) || count + add < count) {
      return absl::InvalidArgumentError(absl::StrCat("histogram bucket ", i, ": index ", index, ", count ", add));
    }
    if (i == 0) first = index;
    count += add;
  }
  if (count != proto.count()) {
    return absl::InvalidArgumentError(absl::StrCat("histogram counts add up to ", count, ", stated ", proto.count()));
  }
  if (count == 0) return absl::OkStatus();
  if (Histogram::IndexOf(proto.min_nanos()) != first || Histogram::IndexOf(proto.max_nanos()) != index) {
    return absl::InvalidArgumentError("histogram minimum or maximum lies outside its first or last bucket");
  }
  return absl::OkStatus();
}

absl::StatusOr<Histogram> FromProto(const v1::Histogram& proto) {
  if (absl::Status status = CheckHistogram(proto); !status.ok()) return status;
  Histogram out;
  if (proto.count() == 0) return out;
  std::size_t index = 0;
  for (int i = 0; i < proto.index_deltas_size(); ++i) {
    index += proto.index_deltas(i);
    out.AddBucket(index, proto.bucket_counts(i));
  }
  const unsigned __int128 sum = (static_cast<unsigned __int128>(proto.sum_nanos_high()) << 64) | proto.sum_nanos_low();
  out.AddTotals(proto.count(), proto.min_nanos(), proto.max_nanos(), sum);
  return out;
}

}  // namespace crosscall::shared
