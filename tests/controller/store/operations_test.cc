#include "controller/store/operations.h"

#include <numeric>
#include <string>

#include "controller/store/store.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/controller/store/rows.h"

namespace crosscall::store {
namespace {

OperationCount CountOf(const std::vector<OperationCount>& counts, const std::string& operation) {
  for (const OperationCount& one : counts) {
    if (one.operation == operation) return one;
  }
  ADD_FAILURE() << "no operation " << operation;
  return {};
}

TEST(OperationsTest, EachIsCountedByItsDurationAndItsEnd) {
  Operations operations;
  operations.Add(Operation::kCommit, absl::Milliseconds(1), absl::OkStatus());
  operations.Add(Operation::kCommit, absl::Milliseconds(3), absl::ResourceExhaustedError("disk full"));
  operations.Add(Operation::kCommit, absl::Seconds(60), absl::OkStatus());
  operations.Add(Operation::kRead, absl::ZeroDuration(), absl::NotFoundError("an answer, no failure"));
  const OperationCount commit = CountOf(operations.Read(), "commit");
  EXPECT_EQ(commit.count(), 3U);
  EXPECT_EQ(commit.failures, 1U);
  EXPECT_EQ(commit.counts[3], 1U);  // up to 1 ms
  EXPECT_EQ(commit.counts[5], 1U);  // up to 5 ms
  EXPECT_EQ(commit.counts.back(), 1U);
  EXPECT_DOUBLE_EQ(commit.sum_seconds, 60.004);
  EXPECT_EQ(CountOf(operations.Read(), "read").count(), 1U);
  EXPECT_EQ(CountOf(operations.Read(), "read").failures, 0U);
  EXPECT_EQ(CountOf(operations.Read(), "load").count(), 0U);
}

TEST(OperationsTest, TheStoreCountsWhatItDoes) {
  const TestFolder folder;
  Options options;
  options.folder = folder.path();
  options.durable = false;
  absl::Status fault;
  options.fault = [&fault](absl::string_view operation) { return operation == "commit" ? fault : absl::OkStatus(); };
  const absl::StatusOr<std::unique_ptr<Store>> store = Store::Open(options);
  ASSERT_TRUE(store.ok()) << store.status();
  ASSERT_TRUE((*store)->LoadLive().ok());
  EXPECT_FALSE((*store)->GetSweep("sweeps/none").ok());
  ASSERT_TRUE((*store)->FindTrial("sweeps/none/trials/none").ok());
  // Nothing to commit is no commit.
  ASSERT_TRUE((*store)->Begin()->Commit().ok());
  const auto commit = [&] {
    const auto transaction = (*store)->Begin();
    transaction->AddCount("x");
    return transaction->Commit();
  };
  ASSERT_TRUE(commit().ok());
  fault = absl::UnavailableError("I/O error");
  ASSERT_FALSE(commit().ok());
  const std::vector<OperationCount> counts = (*store)->OperationCounts();
  EXPECT_EQ(CountOf(counts, "load").count(), 1U);
  EXPECT_EQ(CountOf(counts, "read").count(), 1U);
  EXPECT_EQ(CountOf(counts, "read").failures, 0U);
  EXPECT_EQ(CountOf(counts, "find").count(), 1U);
  EXPECT_EQ(CountOf(counts, "commit").count(), 2U);
  EXPECT_EQ(CountOf(counts, "commit").failures, 1U);
  EXPECT_GT((*store)->FreeBytes(), 0U);
  // What failed is not counted either.
  EXPECT_EQ((*store)->LoadLive()->counts.at("x"), 1U);
}

}  // namespace
}  // namespace crosscall::store
