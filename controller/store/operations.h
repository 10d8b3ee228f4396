// How often the store was used, how long that took, and how often the disk failed it.
#ifndef CONTROLLER_STORE_OPERATIONS_H_
#define CONTROLLER_STORE_OPERATIONS_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace crosscall::store {

enum class Operation {
  kCommit,  // the dispatcher's batch becomes durable
  kFind,    // the dispatcher looks something up
  kLoad,    // all that is live is read, at start or after a failure
  kRead,    // what users read
};
inline constexpr std::array<Operation, 4> kOperations = {Operation::kCommit, Operation::kFind, Operation::kLoad,
                                                         Operation::kRead};

// Of one operation, since the store was opened.
struct OperationCount {
  static constexpr std::array<double, 12> kBoundsSeconds = {0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005,
                                                            0.01,   0.02,   0.05,   0.1,   1,     10};

  // `commit`, `find`, `load`, `read`
  const char* operation = "";
  // The disk or a damaged file made it fail; an answer such as NOT_FOUND is none.
  std::uint64_t failures = 0;
  // By duration, not cumulative; the last one counts what is beyond all bounds.
  std::array<std::uint64_t, kBoundsSeconds.size() + 1> counts{};
  double sum_seconds = 0;

  std::uint64_t count() const;
};

// Thread-safe; counting takes no lock.
class Operations {
 public:
  void Add(Operation operation, absl::Duration took, const absl::Status& status);
  // In the order of kOperations, those that never happened included.
  std::vector<OperationCount> Read() const;

 private:
  struct Cells {
    std::array<std::atomic<std::uint64_t>, OperationCount::kBoundsSeconds.size() + 1> counts{};
    std::atomic<std::uint64_t> failures{0};
    std::atomic<std::int64_t> sum_nanos{0};
  };
  std::array<Cells, kOperations.size()> cells_;
};

}  // namespace crosscall::store

#endif  // CONTROLLER_STORE_OPERATIONS_H_
