#include "controller/store/operations.h"

#include <algorithm>
#include <numeric>

#include "proto/shared/check.h"

namespace crosscall::store {
namespace {

const char* NameOf(Operation operation) {
  switch (operation) {
    case Operation::kCommit:
      return "commit";
    case Operation::kFind:
      return "find";
    case Operation::kLoad:
      return "load";
    case Operation::kRead:
      return "read";
  }
  CROSSCALL_CHECK(false, "there is no such operation");
  return "";
}

bool IsFailure(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDataLoss:
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kPermissionDenied:
      return true;
    default:
      return false;
  }
}

}  // namespace

std::uint64_t OperationCount::count() const { return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0}); }

void Operations::Add(Operation operation, absl::Duration took, const absl::Status& status) {
  Cells& cells = cells_[static_cast<std::size_t>(operation)];
  const auto& bounds = OperationCount::kBoundsSeconds;
  const auto bound = std::lower_bound(bounds.begin(), bounds.end(), absl::ToDoubleSeconds(took));
  // Relaxed: each cell is a count of its own, and nobody reads other data because of it.
  cells.counts[static_cast<std::size_t>(bound - bounds.begin())].fetch_add(1, std::memory_order_relaxed);
  cells.sum_nanos.fetch_add(absl::ToInt64Nanoseconds(took), std::memory_order_relaxed);
  if (IsFailure(status)) cells.failures.fetch_add(1, std::memory_order_relaxed);
}

std::vector<OperationCount> Operations::Read() const {
  std::vector<OperationCount> read;
  for (const Operation operation : kOperations) {
    const Cells& cells = cells_[static_cast<std::size_t>(operation)];
    OperationCount& one = read.emplace_back();
    one.operation = NameOf(operation);
    // Relaxed: see Add.
    one.failures = cells.failures.load(std::memory_order_relaxed);
    for (std::size_t i = 0; i < one.counts.size(); ++i) {
      one.counts[i] = cells.counts[i].load(std::memory_order_relaxed);
    }
    one.sum_seconds = absl::ToDoubleSeconds(absl::Nanoseconds(cells.sum_nanos.load(std::memory_order_relaxed)));
  }
  return read;
}

}  // namespace crosscall::store
