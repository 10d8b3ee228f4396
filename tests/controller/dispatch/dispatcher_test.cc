// The thread, its queue and its end. The clock is the real one; every wait is for an answer.
#include "controller/dispatch/dispatcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

#include "controller/dispatch/checked_result.h"
#include "controller/dispatch/retry_after.h"
#include "tests/controller/dispatch/rig.h"

namespace crosscall::dispatch {
namespace {

template <class T>
class Waiting {
 public:
  Done<T> done() {
    return [this](absl::StatusOr<T> answer) { promise_.set_value(std::move(answer)); };
  }
  absl::StatusOr<T> Get() { return future_.get(); }
  bool Ready() const { return future_.wait_for(std::chrono::seconds(0)) == std::future_status::ready; }

 private:
  std::promise<absl::StatusOr<T>> promise_;
  std::future<absl::StatusOr<T>> future_ = promise_.get_future();
};

class DispatcherTest : public ::testing::Test {
 protected:
  void SetUp() override { Start(Settings()); }
  void Start(const Settings& settings) {
    dispatcher_.reset();
    dispatcher_ = *Dispatcher::Start(*store_, shared::SystemClock(), settings);
  }

  static v1::SynchronizeRequest Call(const std::string& board, std::uint64_t sequence) {
    v1::SynchronizeRequest request;
    request.set_board(board);
    request.set_incarnation_id("one");
    request.set_boot_id("boot");
    request.set_sequence(sequence);
    if (sequence == 1) *request.mutable_description() = scheduler::DescribedBoard(2);
    return request;
  }
  absl::StatusOr<v1::SynchronizeResponse> Synchronize(const v1::SynchronizeRequest& request) {
    Waiting<v1::SynchronizeResponse> waiting;
    dispatcher_->Synchronize(request, waiting.done());
    return waiting.Get();
  }
  absl::StatusOr<v1::Sweep> Create(const v1::CreateSweepRequest& request) {
    Waiting<v1::CreateSweepResponse> waiting;
    dispatcher_->CreateSweep(request, {}, waiting.done());
    absl::StatusOr<v1::CreateSweepResponse> answer = waiting.Get();
    if (!answer.ok()) return answer.status();
    return answer->sweep();
  }
  absl::StatusOr<v1::UploadResultResponse> Upload(const std::string& board, const v1::DesiredLease& lease,
                                                  const std::string& payload, std::size_t chunk_bytes) {
    absl::StatusOr<v1::UploadResultResponse> answer = absl::UnknownError("no chunk");
    for (std::size_t offset = 0; offset < payload.size(); offset += chunk_bytes) {
      v1::UploadResultRequest request;
      request.set_board(board);
      request.set_trial(lease.trial());
      request.set_attempt(lease.attempt());
      request.set_sha256(Sha256(payload));
      request.set_total_bytes(payload.size());
      request.set_offset(offset);
      request.set_chunk(payload.substr(offset, chunk_bytes));
      Waiting<v1::UploadResultResponse> waiting;
      dispatcher_->UploadResult(request, waiting.done());
      answer = waiting.Get();
      if (!answer.ok()) return answer;
    }
    return answer;
  }

  store::TestFolder folder_;
  std::unique_ptr<store::Store> store_ = store::OpenStore(folder_.path());
  std::unique_ptr<Dispatcher> dispatcher_;
};

TEST_F(DispatcherTest, RunsASweepOverItsThread) {
  ASSERT_TRUE(Synchronize(Call("boards/a", 1)).ok());
  ASSERT_TRUE(Create(PairSweep(1)).ok());
  std::promise<v1::Sweep> end;
  dispatcher_->WatchSweep("sweeps/s1", [&end](absl::StatusOr<v1::Sweep> sweep, bool last) {
    if (last && sweep.ok()) end.set_value(*sweep);
  });
  const auto answer = Synchronize(Call("boards/a", 2));
  ASSERT_TRUE(answer.ok());
  ASSERT_EQ(answer->leases_size(), 1);
  const auto uploaded = Upload("boards/a", answer->leases(0), Payload(v1::OUTCOME_COMPLETED, "in chunks"), 3);
  ASSERT_TRUE(uploaded.ok()) << uploaded.status();
  EXPECT_TRUE(uploaded->committed());
  EXPECT_EQ(end.get_future().get().state(), v1::Sweep::STATE_SUCCEEDED);
  dispatcher_->Stop();
  const auto snapshot = dispatcher_->snapshot();
  EXPECT_EQ(snapshot->FindBoard("boards/a")->outcomes.at(v1::OUTCOME_COMPLETED).count, 1u);
  EXPECT_EQ(snapshot->FindBoard("boards/b"), nullptr);
  EXPECT_EQ(snapshot->dispatch_latency.count(), 1u);
  EXPECT_GT(snapshot->store_bytes, 0u);
}

TEST_F(DispatcherTest, BadRequestsAreRefusedBeforeTheyQueue) {
  EXPECT_EQ(Synchronize(Call("nonsense", 1)).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Create({}).status().code(), absl::StatusCode::kInvalidArgument);
  Waiting<v1::UploadResultResponse> upload;
  dispatcher_->UploadResult({}, upload.done());
  EXPECT_EQ(upload.Get().status().code(), absl::StatusCode::kInvalidArgument);
  Waiting<v1::CancelSweepResponse> cancel;
  dispatcher_->CancelSweep({}, {}, cancel.done());
  EXPECT_EQ(cancel.Get().status().code(), absl::StatusCode::kInvalidArgument);
  v1::CancelSweepRequest wordy;
  wordy.set_name("sweeps/s1");
  wordy.set_reason(std::string(1025, 'x'));
  Waiting<v1::CancelSweepResponse> refused;
  dispatcher_->CancelSweep(wordy, {}, refused.done());
  EXPECT_EQ(refused.Get().status().code(), absl::StatusCode::kInvalidArgument);
  absl::StatusCode code = absl::StatusCode::kOk;
  dispatcher_->WatchSweep("x", [&code](absl::StatusOr<v1::Sweep> sweep, bool) { code = sweep.status().code(); });
  EXPECT_EQ(code, absl::StatusCode::kInvalidArgument);
}

TEST_F(DispatcherTest, AHeldCallIsAnsweredByTheClockAlone) {
  Settings settings;
  settings.hold_idle = absl::Milliseconds(20);
  Start(settings);
  ASSERT_TRUE(Synchronize(Call("boards/a", 1)).ok());
  const auto answer = Synchronize(Call("boards/a", 2));
  ASSERT_TRUE(answer.ok());
  EXPECT_TRUE(answer->unchanged());
}

TEST_F(DispatcherTest, AMovedClockIsSeenAfterWake) {
  dispatcher_.reset();
  FakeClock clock;
  dispatcher_ = *Dispatcher::Start(*store_, clock, Settings());
  ASSERT_TRUE(Synchronize(Call("boards/a", 1)).ok());
  Waiting<v1::SynchronizeResponse> held;
  dispatcher_->Synchronize(Call("boards/a", 2), held.done());
  // Another board's call has passed through the queue behind it, so it is held by now.
  ASSERT_TRUE(Synchronize(Call("boards/b", 1)).ok());
  EXPECT_FALSE(held.Ready());
  clock.Set(clock.Monotonic() + absl::Seconds(30));
  dispatcher_->Wake();
  EXPECT_TRUE(held.Get()->unchanged());
  dispatcher_.reset();
}

TEST_F(DispatcherTest, AbandonEndsAHeldCall) {
  ASSERT_TRUE(Synchronize(Call("boards/a", 1)).ok());
  Waiting<v1::SynchronizeResponse> held;
  const std::uint64_t ticket = dispatcher_->Synchronize(Call("boards/a", 2), held.done());
  dispatcher_->Abandon(ticket);
  EXPECT_EQ(held.Get().status().code(), absl::StatusCode::kCancelled);
  dispatcher_->Abandon(ticket);
}

TEST_F(DispatcherTest, AFullQueueRefusesWithADelay) {
  Settings settings;
  settings.queue_capacity = 2;
  Start(settings);
  // The thread is kept inside one callback while the queue fills.
  std::promise<void> entered;
  std::promise<void> release;
  dispatcher_->CreateSweep(PairSweep(1), {}, [&](absl::StatusOr<v1::CreateSweepResponse>) {
    entered.set_value();
    release.get_future().wait();
  });
  entered.get_future().wait();
  std::vector<std::unique_ptr<Waiting<v1::SynchronizeResponse>>> calls;
  for (std::uint64_t i = 0; i < 3; ++i) {
    calls.push_back(std::make_unique<Waiting<v1::SynchronizeResponse>>());
    dispatcher_->Synchronize(Call(absl::StrCat("boards/b", i), 1), calls.back()->done());
  }
  const absl::Status refused = calls[2]->Get().status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(RetryAfter(refused), absl::Seconds(1));
  EXPECT_EQ(dispatcher_->snapshot()->queue_length, 2u);
  EXPECT_EQ(dispatcher_->snapshot()->queue_refused_count, 1u);
  release.set_value();
  EXPECT_TRUE(calls[0]->Get().ok());
  EXPECT_TRUE(calls[1]->Get().ok());
}

TEST_F(DispatcherTest, StopAnswersEverybodyAndRefusesLaterCalls) {
  ASSERT_TRUE(Synchronize(Call("boards/a", 1)).ok());
  Waiting<v1::SynchronizeResponse> held;
  dispatcher_->Synchronize(Call("boards/a", 2), held.done());
  dispatcher_->Stop();
  EXPECT_EQ(held.Get().status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(Create(PairSweep(1)).status().code(), absl::StatusCode::kUnavailable);
  dispatcher_->Stop();
  EXPECT_NE(dispatcher_->snapshot(), nullptr);
}

TEST_F(DispatcherTest, ManyThreadsGetExactlyOneAnswerEach) {
  constexpr int kThreads = 4;
  constexpr int kCalls = 50;
  std::atomic<int> answers{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([this, t, &answers] {
      for (std::uint64_t i = 1; i <= kCalls; ++i) {
        const std::uint64_t ticket = dispatcher_->Synchronize(
            Call(absl::StrCat("boards/b", t), i), [&answers](absl::StatusOr<v1::SynchronizeResponse>) { ++answers; });
        if (i % 3 == 0) dispatcher_->Abandon(ticket);
        EXPECT_NE(dispatcher_->snapshot(), nullptr);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  dispatcher_->Stop();
  EXPECT_EQ(answers.load(), kThreads * kCalls);
}

TEST(RetryAfterTest, TheDelayTravelsWithTheStatus) {
  const absl::Status status = WithRetryAfter(absl::UnavailableError("x"), absl::Milliseconds(1500));
  EXPECT_EQ(RetryAfter(status), absl::Milliseconds(1500));
  EXPECT_EQ(RetryAfter(absl::UnavailableError("x")), absl::nullopt);
  EXPECT_TRUE(WithRetryAfter(absl::OkStatus(), absl::Seconds(1)).ok());
}

TEST(DispatchLatencyTest, EveryValueFallsIntoItsBucket) {
  DispatchLatency latency;
  latency.Record(absl::Microseconds(50));
  latency.Record(absl::Milliseconds(1));
  latency.Record(absl::Seconds(100));
  EXPECT_EQ(latency.counts.front(), 1u);
  EXPECT_EQ(latency.counts[3], 1u);
  EXPECT_EQ(latency.counts.back(), 1u);
  EXPECT_EQ(latency.count(), 3u);
}

TEST_F(DispatcherTest, OverdueIsSaidEvenIfTheThreadDoesNothingAnyMore) {
  dispatcher_.reset();
  FakeClock clock;
  dispatcher_ = *Dispatcher::Start(*store_, clock, Settings());
  v1::CreateScheduleRequest request;
  request.set_schedule_id("nightly");
  request.mutable_schedule()->set_cron("0 1 * * *");
  request.mutable_schedule()->set_time_zone("UTC");
  request.mutable_schedule()->mutable_window()->set_seconds(3600);
  *request.mutable_schedule()->mutable_spec() = PairSweep(1).spec();
  Waiting<v1::CreateScheduleResponse> waiting;
  dispatcher_->CreateSchedule(request, {}, waiting.done());
  ASSERT_TRUE(waiting.Get().ok());
  dispatcher_->Stop();
  EXPECT_FALSE(dispatcher_->WhyOverdue("schedules/nightly"));
  clock.Set(clock.Monotonic() + absl::Hours(25));
  EXPECT_TRUE(dispatcher_->WhyOverdue("schedules/nightly"));
  EXPECT_FALSE(dispatcher_->WhyOverdue("schedules/weekly"));
  dispatcher_.reset();
}

}  // namespace
}  // namespace crosscall::dispatch
