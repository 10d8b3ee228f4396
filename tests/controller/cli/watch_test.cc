#include "controller/cli/watch.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "controller/cli/client.h"
#include "tests/controller/cli/fake_clock.h"
#include "tests/controller/cli/fake_controller.h"

namespace crosscall::cli {
namespace {

class WatchTest : public testing::Test {
 protected:
  WatchTest() : stubs_(Connect(controller_.address(), grpc::InsecureChannelCredentials())) {
    controller_.sweep.set_name("sweeps/s");
  }

  absl::StatusOr<v1::Sweep> Run() {
    const WatchSeams seams{*stubs_.sweeps, controller_.address(), clock_, interrupt_, [this](absl::Duration span) {
                             pauses_.push_back(span);
                             clock_.Advance(span);
                           }};
    const WatchListener listener{[this](const v1::Sweep& sweep) {
                                   completed_.push_back(sweep.progress().completed_count());
                                   if (on_state_) on_state_();
                                 },
                                 [this](absl::string_view reason) { cuts_.emplace_back(reason); }};
    return FollowSweep(seams, settings_, "sweeps/s", listener);
  }

  static void Send(grpc::ServerWriter<v1::WatchSweepResponse>& writer, std::uint64_t completed,
                   v1::Sweep::State state = v1::Sweep::STATE_RUNNING) {
    v1::WatchSweepResponse response;
    response.mutable_sweep()->set_name("sweeps/s");
    response.mutable_sweep()->set_state(state);
    response.mutable_sweep()->mutable_progress()->set_completed_count(completed);
    writer.Write(response);
  }

  static grpc::Status Cut() { return grpc::Status(grpc::StatusCode::UNAVAILABLE, "going down"); }

  // Before the controller, whose threads use it until they end.
  std::atomic<bool> limit_met_ = false;
  FakeController controller_;
  Stubs stubs_;
  FakeClock clock_;
  Interrupt interrupt_;
  WatchSettings settings_;
  std::function<void()> on_state_;
  std::vector<std::uint64_t> completed_;
  std::vector<std::string> cuts_;
  std::vector<absl::Duration> pauses_;
};

TEST_F(WatchTest, EndsWithTheFinalState) {
  controller_.watch = [](int, auto& writer, auto&) {
    Send(writer, 1);
    Send(writer, 2, v1::Sweep::STATE_SUCCEEDED);
    return grpc::Status::OK;
  };
  const absl::StatusOr<v1::Sweep> sweep = Run();
  ASSERT_TRUE(sweep.ok()) << sweep.status();
  EXPECT_EQ(sweep->state(), v1::Sweep::STATE_SUCCEEDED);
  EXPECT_EQ(completed_, (std::vector<std::uint64_t>{1, 2}));
  EXPECT_TRUE(cuts_.empty());
}

TEST_F(WatchTest, DoesNotWaitForTheServerAfterTheFinalState) {
  controller_.watch = [](int, auto& writer, grpc::ServerContext& context) {
    Send(writer, 2, v1::Sweep::STATE_FAILED);
    while (!context.IsCancelled()) std::this_thread::yield();
    return grpc::Status::OK;
  };
  EXPECT_TRUE(Run().ok());
}

TEST_F(WatchTest, ResumesAfterCutsWithGrowingPauses) {
  controller_.watch = [](int call, auto& writer, auto&) {
    if (call == 0) Send(writer, 1);
    if (call < 4) return Cut();
    Send(writer, 9, v1::Sweep::STATE_SUCCEEDED);
    return grpc::Status::OK;
  };
  EXPECT_TRUE(Run().ok());
  EXPECT_EQ(completed_, (std::vector<std::uint64_t>{1, 9}));
  EXPECT_EQ(cuts_, std::vector<std::string>(4, "going down"));
  EXPECT_EQ(pauses_, (std::vector<absl::Duration>{absl::Milliseconds(200), absl::Milliseconds(400),
                                                  absl::Milliseconds(800), absl::Milliseconds(1600)}));
}

TEST_F(WatchTest, ProgressResetsThePause) {
  controller_.watch = [](int call, auto& writer, auto&) {
    if (call == 3) {
      Send(writer, 9, v1::Sweep::STATE_SUCCEEDED);
      return grpc::Status::OK;
    }
    if (call == 2) Send(writer, 1);
    return Cut();
  };
  EXPECT_TRUE(Run().ok());
  EXPECT_EQ(pauses_,
            (std::vector<absl::Duration>{absl::Milliseconds(200), absl::Milliseconds(400), absl::Milliseconds(200)}));
}

TEST_F(WatchTest, AnEndWithoutAFinalStateIsACut) {
  controller_.watch = [](int call, auto& writer, auto&) {
    Send(writer, 1, call == 0 ? v1::Sweep::STATE_RUNNING : v1::Sweep::STATE_CANCELLED);
    return grpc::Status::OK;
  };
  EXPECT_TRUE(Run().ok());
  EXPECT_EQ(cuts_.size(), 1U);
}

TEST_F(WatchTest, ASilentStreamIsBegunAnew) {
  settings_.stream_limit = absl::Milliseconds(100);
  controller_.watch = [this](int, auto& writer, grpc::ServerContext& context) {
    if (limit_met_) {
      Send(writer, 1, v1::Sweep::STATE_SUCCEEDED);
      return grpc::Status::OK;
    }
    while (!context.IsCancelled()) std::this_thread::yield();
    limit_met_ = true;
    return grpc::Status::OK;
  };
  // However slow the machine is, some stream gets its answer within the limit.
  settings_.patience = absl::InfiniteDuration();
  EXPECT_TRUE(Run().ok());
  EXPECT_EQ(completed_, std::vector<std::uint64_t>{1});
  EXPECT_FALSE(cuts_.empty());
}

TEST_F(WatchTest, GivesUpAfterItsPatience) {
  settings_.patience = absl::Seconds(30);
  controller_.watch = [](int, auto&, auto&) { return Cut(); };
  const absl::StatusOr<v1::Sweep> sweep = Run();
  EXPECT_EQ(sweep.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_NE(sweep.status().message().find(controller_.address()), absl::string_view::npos) << sweep.status();
  EXPECT_EQ(pauses_.back(), settings_.longest_pause);
}

TEST_F(WatchTest, WhatTheControllerRefusesIsNotRepeated) {
  controller_.sweep.set_name("sweeps/other");
  const absl::StatusOr<v1::Sweep> sweep = Run();
  EXPECT_EQ(sweep.status().code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(pauses_.empty());
}

TEST_F(WatchTest, AnInterruptEndsAQuietStream) {
  controller_.watch = [](int, auto& writer, grpc::ServerContext& context) {
    Send(writer, 1);
    while (!context.IsCancelled()) std::this_thread::yield();
    return grpc::Status::OK;
  };
  on_state_ = [this] { EXPECT_TRUE(interrupt_.Raise()); };
  EXPECT_EQ(Run().status().code(), absl::StatusCode::kCancelled);
}

TEST(InterruptTest, NobodyListensBeforeAndAfterAListener) {
  Interrupt before;
  EXPECT_FALSE(before.Raise());
  Interrupt after;
  {
    const Interrupt::Listener listener(after, [] {});
  }
  EXPECT_FALSE(after.Raise());
}

TEST(InterruptTest, ALateListenerHearsOfIt) {
  Interrupt interrupt;
  interrupt.Raise();
  int heard = 0;
  const Interrupt::Listener listener(interrupt, [&] { ++heard; });
  EXPECT_EQ(heard, 1);
}

TEST(InterruptTest, WaitsEndEarly) {
  Interrupt interrupt;
  std::thread raiser([&] { interrupt.Raise(); });
  interrupt.WaitFor(absl::Hours(24));
  raiser.join();
  EXPECT_TRUE(interrupt.raised());
}

}  // namespace
}  // namespace crosscall::cli
