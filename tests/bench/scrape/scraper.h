// A process that scrapes, as Prometheus does from outside: this very program, started with --scrape.
#ifndef TESTS_BENCH_SCRAPE_SCRAPER_H_
#define TESTS_BENCH_SCRAPE_SCRAPER_H_

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace crosscall::scrape {

// Of one scrape, compressed on its way.
struct Scrape {
  absl::Duration took;
  std::size_t body_bytes = 0;
  std::size_t series = 0;
};

// What the process does: scrapes /metrics/results once, or for ever, and prints a line for each.
int BeScraper(const std::string& address, bool for_ever);

// Not thread-safe.
class Scraper {
 public:
  // `address`: HOST:PORT of the metrics.
  explicit Scraper(std::string address) : address_(std::move(address)) {}

  absl::StatusOr<Scrape> Once() const;

 private:
  const std::string address_;
};

// Scrapes one after the other, in a process of its own, for as long as it lives.
class BusyScraper {
 public:
  static absl::StatusOr<std::unique_ptr<BusyScraper>> Start(const std::string& address);
  ~BusyScraper();
  BusyScraper(const BusyScraper&) = delete;
  BusyScraper& operator=(const BusyScraper&) = delete;

 private:
  explicit BusyScraper(pid_t pid) : pid_(pid) {}
  const pid_t pid_;
};

}  // namespace crosscall::scrape

#endif  // TESTS_BENCH_SCRAPE_SCRAPER_H_
