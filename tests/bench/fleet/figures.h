// Figures beside their limits, as all benchmarks here print them.
#ifndef TESTS_BENCH_FLEET_FIGURES_H_
#define TESTS_BENCH_FLEET_FIGURES_H_

#include <string>
#include <vector>

#include "absl/time/time.h"

namespace crosscall::fleet {

// Nearest rank; `samples` must not be empty.
absl::Duration Quantile(std::vector<absl::Duration> samples, double quantile);

// "3.21 ms"
std::string Millis(absl::Duration span);

// Not thread-safe.
class Figures {
 public:
  // `judged`: a missed limit counts.
  explicit Figures(bool judged) : judged_(judged) {}

  // A figure that must not be above, or below, its limit.
  void AtMost(const std::string& what, double figure, double limit, const std::string& unit);
  void AtLeast(const std::string& what, double figure, double limit, const std::string& unit);
  // Circumstances.
  void Note(const std::string& text);

  bool good() const { return good_; }

 private:
  void Print(const std::string& what, double figure, const char* bound, double limit, const std::string& unit,
             bool met);

  const bool judged_;
  bool good_ = true;
};

}  // namespace crosscall::fleet

#endif  // TESTS_BENCH_FLEET_FIGURES_H_
