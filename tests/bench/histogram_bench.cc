// What the histogram costs: one record, and one merge of two that were filled by different latencies.
//
// Prints each figure with its limit. Exit status 1 if a limit is missed.
#include "proto/shared/histogram.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <vector>

namespace crosscall::shared {
namespace {

constexpr double kRecordLimitNanos = 5;
constexpr double kMergeLimitMicros = 20;
constexpr int kRuns = 200;

// Latencies as calls have them: around 10 us, a tail up to milliseconds. A linear congruential generator, so that every
// run sees the same values and making them costs nothing while the clock runs.
std::vector<std::uint64_t> Latencies(std::size_t count, std::uint64_t seed) {
  std::vector<std::uint64_t> values(count);
  for (std::uint64_t& value : values) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    const std::uint64_t random = seed >> 33;
    value = 8'000 + random % 4'096;
    if (random % 100 == 0) value += random % 2'000'000;
  }
  return values;
}

// Median nanoseconds of one `body`.
template <class Body>
double MedianNanos(Body&& body) {
  std::vector<double> runs;
  for (int run = 0; run < kRuns; ++run) {
    const auto start = std::chrono::steady_clock::now();
    body();
    runs.push_back(std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count());
  }
  std::nth_element(runs.begin(), runs.begin() + kRuns / 2, runs.end());
  return runs[kRuns / 2];
}

bool Report(const char* what, double figure, double limit, const char* unit) {
  const bool good = figure <= limit;
  std::printf("%-24s %8.2f %s   limit %.0f %s   %s\n", what, figure, unit, limit, unit, good ? "ok" : "MISSED");
  return good;
}

int Run() {
  const std::vector<std::uint64_t> values = Latencies(10'000, 1);
  const auto recorded = std::make_unique<Histogram>();
  const double record = MedianNanos([&] {
                          for (const std::uint64_t value : values) recorded->Record(value);
                        }) /
                        static_cast<double>(values.size());

  const auto other = std::make_unique<Histogram>();
  for (const std::uint64_t value : Latencies(100'000, 2)) other->Record(value);
  // The widest there is: every bucket may have to be looked at.
  other->Record(0);
  other->Record(~std::uint64_t{0});
  const std::uint64_t before = recorded->count();
  const double merge = MedianNanos([&] { recorded->Merge(*other); }) / 1e3;
  if (recorded->count() != before + kRuns * other->count()) {
    std::fprintf(stderr, "histogram_bench: merging lost values; the figures mean nothing\n");
    return 1;
  }
  const bool record_good = Report("record", record, kRecordLimitNanos, "ns");
  const bool merge_good = Report("merge of two", merge, kMergeLimitMicros, "us");
  return record_good && merge_good ? 0 : 1;
}

}  // namespace
}  // namespace crosscall::shared

int main() { return crosscall::shared::Run(); }
