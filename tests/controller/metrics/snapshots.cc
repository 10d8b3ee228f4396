#include "tests/controller/metrics/snapshots.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "proto/shared/proto_time.h"

namespace crosscall::metrics {
namespace {

std::string ImplementationName(std::uint64_t number) {
  return absl::StrCat("generic_", 2008 + number, "/poll_completion/mask_all");
}
std::string ScenarioName(std::uint64_t number) { return absl::StrCat("scenario-", number); }

dispatch::BoardView BusyBoard(std::uint64_t number, const LabSize& size) {
  dispatch::BoardView view = IdleBoard(absl::StrFormat("board-%04d", number));
  view.board.mutable_description()->set_model(absl::StrCat("model ", number % size.models));
  *view.board.mutable_record()->mutable_last_wedge_time() = shared::TimestampOf(kNow);
  view.board.mutable_record()->set_wedge_count(1);
  view.clock_offset = absl::Milliseconds(3);
  view.outcomes[v1::OUTCOME_HUNG] = {1, kNow};
  for (std::uint64_t i = 0; i < size.implementations; ++i) {
    view.hangs[ImplementationName(i)] = {number, kNow};
    for (std::uint64_t pair = 0; pair < size.pairs; ++pair) {
      view.latencies.push_back(Latency(ScenarioName(pair), ImplementationName(i)));
      // Digits as real ones have.
      view.latencies.back().p99_nanos += number * 1009;
    }
  }
  return view;
}

std::vector<std::shared_ptr<const dispatch::CallLatencies>> AllCalls(const LabSize& size) {
  std::vector<std::shared_ptr<const dispatch::CallLatencies>> all;
  for (std::uint64_t model = 0; model < size.models; ++model) {
    for (std::uint64_t pair = 0; pair < size.pairs; ++pair) {
      dispatch::CallLatencies calls;
      calls.model = absl::StrCat("model ", model);
      calls.scenario = ScenarioName(pair);
      for (std::uint64_t i = 0; i < size.implementations; ++i) {
        shared::CallBuckets& buckets = calls.by_implementation[ImplementationName(i)];
        buckets.counts.fill(1'000'003 * (model + 1));
        buckets.sum_seconds = 0.1234567 * static_cast<double>(model + 1);
      }
      all.push_back(std::make_shared<const dispatch::CallLatencies>(std::move(calls)));
    }
  }
  return all;
}

std::shared_ptr<const dispatch::ScheduleView> BusySchedule() {
  auto view = std::make_shared<dispatch::ScheduleView>();
  view->name = "schedules/nightly";
  view->window = absl::Hours(6);
  view->next = kNow + absl::Hours(20);
  view->longest_gap = absl::Hours(72);
  *view->record.mutable_last_start_time() = shared::TimestampOf(kNow - absl::Hours(4));
  *view->record.mutable_last_completion_time() = shared::TimestampOf(kNow - absl::Hours(1));
  *view->record.mutable_last_success_time() = shared::TimestampOf(kNow - absl::Hours(1));
  *view->record.mutable_last_duration() = shared::ProtoOf(absl::Hours(3));
  view->record.mutable_last_boards()->set_missing_count(1);
  view->record.mutable_last_boards()->set_completed_count(9);
  return view;
}

}  // namespace

dispatch::BoardView IdleBoard(const std::string& id) {
  dispatch::BoardView view;
  view.board.set_name("boards/" + id);
  view.board.set_state(v1::Board::STATE_ACTIVE);
  view.board.set_online(true);
  view.board.mutable_last_seen_time()->set_seconds(absl::ToUnixSeconds(kNow));
  v1::BoardDescription& description = *view.board.mutable_description();
  description.set_model("model x");
  description.set_architecture("x86_64");
  description.set_kernel("6.1.0");
  description.set_agent_version("0.1.0");
  description.add_cpus(0);
  description.add_cpus(1);
  description.add_implementations(kSpin);
  description.add_implementations(kPoll);
  return view;
}

std::shared_ptr<dispatch::Snapshot> Lab(std::initializer_list<dispatch::BoardView> boards) {
  auto snapshot = std::make_shared<dispatch::Snapshot>();
  for (const dispatch::BoardView& board : boards) {
    snapshot->boards.push_back(std::make_shared<const dispatch::BoardView>(board));
  }
  return snapshot;
}

dispatch::LatestLatency Latency(const std::string& scenario, const std::string& implementation) {
  dispatch::LatestLatency latest;
  latest.scenario = scenario;
  latest.implementation = implementation;
  latest.calls = 1000;
  latest.p50_nanos = 1'500;
  latest.p99_nanos = 20'000;
  latest.p999_nanos = 300'000;
  latest.max_nanos = 4'000'000;
  return latest;
}

FullLab MakeFullLab(const LabSize& size) {
  FullLab lab;
  auto snapshot = std::make_shared<dispatch::Snapshot>();
  for (std::uint64_t board = 0; board < size.boards; ++board) {
    auto view = std::make_shared<const dispatch::BoardView>(BusyBoard(board, size));
    lab.certificates[view->board.name().substr(sizeof("boards/") - 1)] = kNow + absl::Hours(100);
    snapshot->boards.push_back(std::move(view));
  }
  snapshot->call_latencies = AllCalls(size);
  snapshot->schedules.push_back(BusySchedule());
  lab.snapshot = std::move(snapshot);
  for (std::uint64_t i = 0; i < size.implementations; ++i) lab.detail.implementations.insert(ImplementationName(i));
  for (std::uint64_t pair = 0; pair < size.pairs; ++pair) lab.detail.pairs.push_back({.scenario = ScenarioName(pair)});
  return lab;
}

Sources FullLab::AllSources() const {
  Sources sources;
  sources.snapshot = [picture = snapshot] { return picture; };
  sources.requests = [] { return std::vector<RequestCount>{{"SweepService/GetSweep", "OK", 3}}; };
  sources.store = [] { return StoreFacts{store::Operations().Read(), 1'000'000}; };
  sources.certificates = [] { return std::vector<CertificateEnd>{{"server", kNow + absl::Hours(1)}}; };
  sources.agent_certificates = [ends = certificates] { return ends; };
  return sources;
}

}  // namespace crosscall::metrics
