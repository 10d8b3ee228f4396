// A dispatcher engine without thread, on a clock that only moves when told, over a real store; and agents that follow
// the protocol, one step at a time.
#ifndef TESTS_CONTROLLER_DISPATCH_RIG_H_
#define TESTS_CONTROLLER_DISPATCH_RIG_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/types/optional.h"
#include "controller/dispatch/engine.h"
#include "tests/controller/dispatch/pair_sweep.h"
#include "tests/controller/scheduler/boards.h"
#include "tests/controller/store/rows.h"

namespace crosscall::dispatch {

// Thread-safe.
class FakeClock final : public shared::Clock {
 public:
  absl::Duration Monotonic() const override { return absl::Nanoseconds(nanos_.load()); }
  absl::Time Wall() const override { return absl::FromUnixNanos(wall_offset_.load()) + Monotonic(); }
  void Set(absl::Duration now) { nanos_ = absl::ToInt64Nanoseconds(now); }
  // Wall time jumps, monotonic time does not.
  void SetWall(absl::Time wall) { wall_offset_ = absl::ToUnixNanos(wall - Monotonic()); }

 private:
  std::atomic<std::int64_t> nanos_{1'000'000'000'000};
  std::atomic<std::int64_t> wall_offset_{1'700'000'000'000'000'000};
};

class Rig {
 public:
  explicit Rig(Settings settings = {}) : settings_(std::move(settings)) { Start(); }

  // As if the controller were killed and started again.
  void Restart(absl::Duration down = absl::ZeroDuration()) {
    engine_.reset();
    store_.reset();
    clock_.Set(clock_.Monotonic() + down);
    Start();
  }
  // As another controller on the same store.
  void Restart(Settings settings) {
    settings_ = std::move(settings);
    Restart();
  }

  absl::Status Run(const std::vector<Engine::Event>& events) { return engine_->RunBatch(events); }
  absl::Status Run(const Engine::Event& event) { return Run(std::vector<Engine::Event>{event}); }

  // Lets time pass, running what falls due at its instant.
  void Advance(absl::Duration span) {
    const absl::Duration end = clock_.Monotonic() + span;
    while (engine_->NextDeadline() && *engine_->NextDeadline() <= end) {
      clock_.Set(std::max(clock_.Monotonic(), *engine_->NextDeadline()));
      Run(std::vector<Engine::Event>()).IgnoreError();
    }
    clock_.Set(end);
  }

  absl::StatusOr<v1::Sweep> Create(const v1::CreateSweepRequest& request) {
    absl::StatusOr<v1::CreateSweepResponse> answer = absl::UnknownError("never answered");
    Run(Engine::CreateSweep(request, {}, [&answer](auto got) { answer = std::move(got); })).IgnoreError();
    if (!answer.ok()) return answer.status();
    return answer->sweep();
  }

  // A sweep of `repetitions` trials for each board of `boards`, or for all.
  v1::Sweep Create(std::uint32_t repetitions, const std::vector<std::string>& boards = {}) {
    absl::StatusOr<v1::Sweep> sweep = Create(PairSweep(repetitions, boards));
    EXPECT_TRUE(sweep.ok()) << sweep.status();
    return sweep.ok() ? *std::move(sweep) : v1::Sweep();
  }

  // One call of the schedule desk.
  template <class Request, class Response>
  absl::StatusOr<Response> OnSchedules(absl::StatusOr<Response> (ScheduleDesk::*act)(Batch&, const Request&),
                                       const Request& request) {
    absl::StatusOr<Response> answer = absl::UnknownError("never answered");
    Run(Engine::OnSchedules<Request, Response>(act, request, "", {}, [&answer](auto got) {
      answer = std::move(got);
    })).IgnoreError();
    return answer;
  }

  // What became of the schedule's nominal times, oldest first.
  std::vector<v1::Firing> Firings(const std::string& schedule) {
    v1::ListFiringsRequest request;
    request.set_parent(schedule);
    request.set_page_size(500);
    absl::StatusOr<v1::ListFiringsResponse> page = store_->ListFirings(request);
    EXPECT_TRUE(page.ok()) << page.status();
    if (!page.ok()) return {};
    return {page->firings().rbegin(), page->firings().rend()};
  }

  absl::StatusOr<v1::Sweep> Cancel(const std::string& name) {
    absl::StatusOr<v1::CancelSweepResponse> answer = absl::UnknownError("never answered");
    v1::CancelSweepRequest request;
    request.set_name(name);
    Run(Engine::CancelSweep(request, {}, [&answer](auto got) { answer = std::move(got); })).IgnoreError();
    if (!answer.ok()) return answer.status();
    return answer->sweep();
  }

  absl::StatusOr<v1::Board> Order(const BoardOrder& order) {
    absl::StatusOr<v1::Board> answer = absl::UnknownError("never answered");
    Run(Engine::OrderBoard(order, [&answer](auto got) { answer = std::move(got); })).IgnoreError();
    return answer;
  }
  absl::StatusOr<v1::Board> Order(BoardOrder::Kind kind, const std::string& board, const std::string& reason = "") {
    BoardOrder order;
    order.kind = kind;
    order.board = board;
    order.reason = reason;
    order.by.name = "kim";
    return Order(order);
  }

  v1::Sweep Sweep(const std::string& name) {
    absl::StatusOr<v1::Sweep> sweep = store_->GetSweep(name);
    EXPECT_TRUE(sweep.ok()) << sweep.status();
    return sweep.ok() ? *std::move(sweep) : v1::Sweep();
  }

  std::vector<v1::Trial> Trials(const std::string& sweep) {
    v1::ListTrialsRequest request;
    request.set_parent(sweep);
    request.set_page_size(1000);
    absl::StatusOr<v1::ListTrialsResponse> page = store_->ListTrials(request);
    EXPECT_TRUE(page.ok()) << page.status();
    return {page->trials().begin(), page->trials().end()};
  }

  std::vector<v1::Result> Results(const std::string& sweep, bool evidence = false) {
    v1::ListResultsRequest request;
    request.set_parent(sweep);
    request.set_include_evidence(evidence);
    std::vector<v1::Result> out;
    do {
      absl::StatusOr<v1::ListResultsResponse> page = store_->ListResults(request);
      EXPECT_TRUE(page.ok()) << page.status();
      if (!page.ok()) break;
      out.insert(out.end(), page->results().begin(), page->results().end());
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    return out;
  }

  std::shared_ptr<const Snapshot> snapshot() { return engine_->MakeSnapshot(); }
  BoardView Board(const std::string& name) {
    const auto view = snapshot()->FindBoard(name);
    EXPECT_NE(view, nullptr) << name;
    return view == nullptr ? BoardView() : *view;
  }

  FakeClock& clock() { return clock_; }
  Engine& engine() { return *engine_; }
  store::Store& store() { return *store_; }
  const std::string& folder() const { return folder_.path(); }
  std::uint64_t NextTicket() { return ++ticket_; }

  // What the store's writes answer; OK passes them through.
  absl::Status fault;
  // Which of them: begin, write or commit.
  std::string fault_at = "commit";

 private:
  void Start() {
    store::Options options;
    options.folder = folder_.path();
    options.durable = false;
    options.fault = [this](absl::string_view operation) { return operation == fault_at ? fault : absl::OkStatus(); };
    store_ = *store::Store::Open(options);
    engine_ = *Engine::Load(*store_, clock_, settings_);
    engine_->DeliverReports([this](Engine::Event event) { Run(event).IgnoreError(); });
  }

  store::TestFolder folder_;
  Settings settings_;
  FakeClock clock_;
  std::uint64_t ticket_ = 0;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<Engine> engine_;
};

inline std::string Payload(v1::Outcome outcome, const std::string& reason = "") {
  v1::TrialResult result;
  result.set_outcome(outcome);
  result.set_reason(reason);
  result.set_calls(100);
  return result.SerializeAsString();
}

// One agent, and its spool on an imagined disk: Restarted keeps it.
class FakeAgent {
 public:
  FakeAgent(Rig& rig, std::string board, std::uint32_t cpus = 2)
      : FakeAgent(rig, std::move(board), scheduler::DescribedBoard(cpus)) {}
  FakeAgent(Rig& rig, std::string board, v1::BoardDescription description)
      : rig_(rig), board_(std::move(board)), description_(std::move(description)) {}

  // Sends a Synchronize; an earlier one still held is cut first, as agents do.
  void Call() { Send(Request(++sequence_)); }
  // Sends the last one again.
  void Repeat() { Send(Request(sequence_)); }
  void Send(const v1::SynchronizeRequest& request) {
    last_ = absl::nullopt;
    ticket_ = rig_.NextTicket();
    const std::uint64_t mine = ticket_;
    rig_.Run(Engine::Synchronize(mine, request,
                                 [this, mine](auto answer) {
                                   if (mine == ticket_) last_ = std::move(answer);
                                 }))
        .IgnoreError();
  }

  v1::SynchronizeRequest Request(std::uint64_t sequence) const {
    v1::SynchronizeRequest request;
    request.set_board(board_);
    request.set_incarnation_id(incarnation_);
    request.set_boot_id(boot_);
    request.set_sequence(sequence);
    request.set_health(health);
    if (signs) *request.mutable_life_signs() = *signs;
    if (sequence == 1 || describe) *request.mutable_description() = description_;
    for (const v1::HeldLease& lease : leases) *request.add_leases() = lease;
    for (const auto& [key, payload] : spool) {
      v1::SpooledResult& entry = *request.add_spool();
      entry.set_trial(key.first);
      entry.set_attempt(key.second);
    }
    request.set_spooled_count(static_cast<std::uint32_t>(spool.size()));
    return request;
  }

  bool answered() const { return last_.has_value(); }
  const absl::StatusOr<v1::SynchronizeResponse>& answer() const { return *last_; }

  // Takes the desired state of the last answer as its own.
  void Obey() {
    ASSERT_TRUE(answered() && last_->ok());
    describe = (*last_)->full_state_required();
    if ((*last_)->unchanged()) return;
    std::vector<v1::HeldLease> kept;
    for (const v1::DesiredLease& desired : (*last_)->leases()) {
      if (spool.count({desired.trial(), desired.attempt()}) > 0) continue;
      v1::HeldLease lease;
      lease.set_trial(desired.trial());
      lease.set_attempt(desired.attempt());
      lease.set_state(v1::HeldLease::STATE_RUNNING);
      kept.push_back(lease);
    }
    leases = std::move(kept);
  }

  // Calls until it has a lease or nothing more comes at once.
  bool GetLease() {
    for (int i = 0; i < 3 && leases.empty(); ++i) {
      Call();
      if (!answered() || !last_->ok()) return false;
      Obey();
    }
    return !leases.empty();
  }

  // The trial it holds ends; the result is in the spool.
  std::pair<std::string, std::uint32_t> Finish(v1::Outcome outcome, const std::string& reason = "") {
    const v1::HeldLease lease = leases.at(0);
    leases.clear();
    const std::pair<std::string, std::uint32_t> key(lease.trial(), lease.attempt());
    spool[key] = Payload(outcome, reason);
    return key;
  }

  absl::StatusOr<v1::UploadResultResponse> Upload(const std::pair<std::string, std::uint32_t>& key,
                                                  const std::string& payload) {
    absl::StatusOr<v1::UploadResultResponse> answer = absl::UnknownError("never answered");
    CheckedResult result;
    result.board = board_;
    result.trial = key.first;
    result.attempt = key.second;
    result.payload = payload;
    result.sha256 = Sha256(payload);
    absl::StatusOr<CheckedResult> checked = Check(std::move(result));
    if (!checked.ok()) return checked.status();
    rig_.Run(Engine::AcceptResult(*checked, [&answer](auto got) { answer = std::move(got); })).IgnoreError();
    return answer;
  }

  // Uploads its whole spool, deleting what is acknowledged.
  void UploadAll() {
    for (auto it = spool.begin(); it != spool.end();) {
      const auto answer = Upload(it->first, it->second);
      it = answer.ok() && answer->committed() ? spool.erase(it) : std::next(it);
    }
  }

  // One whole trial.
  void RunOne(v1::Outcome outcome = v1::OUTCOME_COMPLETED) {
    ASSERT_TRUE(GetLease());
    Finish(outcome);
    UploadAll();
  }

  void Cut() { rig_.Run(Engine::Abandon(ticket_)).IgnoreError(); }

  // kill -9 and start again: its connection ends, only the spool survives.
  void Restarted(bool new_boot = false) {
    Cut();
    Reincarnate(new_boot);
  }
  void Reincarnate(bool new_boot = false) {
    ++life_;
    incarnation_ = absl::StrCat("life-", life_);
    if (new_boot) boot_ = absl::StrCat("boot-", life_);
    sequence_ = 0;
    leases.clear();
    describe = false;
  }

  const std::string& board() const { return board_; }
  std::uint64_t ticket() const { return ticket_; }
  std::uint64_t sequence() const { return sequence_; }

  std::vector<v1::HeldLease> leases;
  std::map<std::pair<std::string, std::uint32_t>, std::string> spool;
  std::string health;
  // Those of an older release say nothing of themselves.
  absl::optional<v1::LifeSigns> signs;
  bool describe = false;

 private:
  Rig& rig_;
  const std::string board_;
  const v1::BoardDescription description_;
  int life_ = 1;
  std::string incarnation_ = "life-1";
  std::string boot_ = "boot-1";
  std::uint64_t sequence_ = 0;
  std::uint64_t ticket_ = 0;
  absl::optional<absl::StatusOr<v1::SynchronizeResponse>> last_;
};

}  // namespace crosscall::dispatch

#endif  // TESTS_CONTROLLER_DISPATCH_RIG_H_
