// A store in which a large lab has measured all that is tracked, for a dispatcher that starts on it.
#ifndef TESTS_BENCH_SCRAPE_LARGE_LAB_H_
#define TESTS_BENCH_SCRAPE_LARGE_LAB_H_

#include <string>

#include "absl/status/status.h"
#include "controller/metrics/detail.h"
#include "controller/metrics/estimate.h"

namespace crosscall::scrape {

// `boards/board-0000` and so on.
std::string BoardName(std::uint64_t number);

// What tracks exactly what the lab has measured.
metrics::Detail DetailOf(const metrics::LabSize& size);

// Fills a new store in `folder`.
absl::Status MakeLargeLab(const std::string& folder, const metrics::LabSize& size);

}  // namespace crosscall::scrape

#endif  // TESTS_BENCH_SCRAPE_LARGE_LAB_H_
