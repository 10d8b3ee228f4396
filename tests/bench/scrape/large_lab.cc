#include "tests/bench/scrape/large_lab.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "controller/store/store.h"
#include "proto/shared/proto_time.h"
#include "tests/controller/scheduler/boards.h"

namespace crosscall::scrape {
namespace {

std::string Implementation(std::uint64_t number) {
  return absl::StrCat("generic_", 2008 + number, "/poll_completion/mask_all");
}
std::string Scenario(std::uint64_t number) { return absl::StrCat("scenario-", number); }
std::string Model(std::uint64_t number) { return absl::StrCat("ARM Neoverse N1, stepping ", number); }

void AddBoard(store::Transaction& transaction, std::uint64_t number, const metrics::LabSize& size, absl::Time now) {
  store::BoardRow row;
  row.name = BoardName(number);
  row.state = v1::Board::STATE_ACTIVE;
  row.description = scheduler::DescribedBoard(2);
  row.description.set_model(Model(number % size.models));
  row.description.set_architecture("aarch64");
  row.description.set_kernel("6.1.0-18-arm64 #1 SMP Debian 6.1.76-1");
  row.description.set_agent_version("0.1.0");
  row.record.set_wedge_count(1);
  *row.record.mutable_last_wedge_time() = shared::TimestampOf(now);
  row.last_seen_time = now;
  transaction.PutBoard(row);
  for (std::uint64_t i = 0; i < size.implementations; ++i) {
    for (const v1::Outcome outcome : {v1::OUTCOME_COMPLETED, v1::OUTCOME_HUNG}) {
      transaction.AddTally({.board = row.name,
                            .implementation = Implementation(i),
                            .outcome = outcome,
                            .count = 14 * size.pairs,
                            .last_time = now});
    }
    for (std::uint64_t pair = 0; pair < size.pairs; ++pair) {
      store::LatencyRow latency;
      latency.board = row.name;
      latency.scenario = Scenario(pair);
      latency.implementation = Implementation(i);
      latency.summary.calls = 10'000;
      latency.summary.p50_nanos = 1'500 + number;
      latency.summary.p99_nanos = 20'000 + 17 * number;
      latency.summary.p999_nanos = 300'000 + 101 * number;
      latency.summary.max_nanos = 4'000'000 + 1'009 * number;
      latency.commit_time = now;
      transaction.PutLatency(latency);
    }
  }
}

void AddCalls(store::Transaction& transaction, const metrics::LabSize& size) {
  for (std::uint64_t model = 0; model < size.models; ++model) {
    for (std::uint64_t pair = 0; pair < size.pairs; ++pair) {
      for (std::uint64_t i = 0; i < size.implementations; ++i) {
        store::CallLatencyRow row;
        row.model = Model(model);
        row.scenario = Scenario(pair);
        row.implementation = Implementation(i);
        row.calls.counts.fill(1'000'003 * (model + 1));
        row.calls.sum_seconds = 1234.5678;
        transaction.PutCallLatency(row);
      }
    }
  }
}

}  // namespace

std::string BoardName(std::uint64_t number) { return absl::StrFormat("boards/board-%04d", number); }

metrics::Detail DetailOf(const metrics::LabSize& size) {
  metrics::Detail detail;
  for (std::uint64_t i = 0; i < size.implementations; ++i) detail.implementations.insert(Implementation(i));
  for (std::uint64_t pair = 0; pair < size.pairs; ++pair) detail.pairs.push_back({.scenario = Scenario(pair)});
  return detail;
}

absl::Status MakeLargeLab(const std::string& folder, const metrics::LabSize& size) {
  store::Options options;
  options.folder = folder;
  options.durable = false;
  absl::StatusOr<std::unique_ptr<store::Store>> store = store::Store::Open(options);
  if (!store.ok()) return store.status();
  const std::unique_ptr<store::Transaction> transaction = (*store)->Begin();
  const absl::Time now = shared::SystemClock().Wall();
  for (std::uint64_t number = 0; number < size.boards; ++number) AddBoard(*transaction, number, size, now);
  AddCalls(*transaction, size);
  return transaction->Commit();
}

}  // namespace crosscall::scrape
