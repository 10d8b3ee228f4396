// The network between a controller and its clients, one call at a time: requests and answers are delayed, lost, doubled
// and overtaken, in each direction for itself.
//
// A call ends exactly once at its caller: with an answer, at its time limit, when the caller cancels it, or because the
// connection broke. Not thread-safe.
#ifndef TESTS_SIM_NETWORK_H_
#define TESTS_SIM_NETWORK_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "controller/dispatch/done.h"
#include "controller/scheduler/random.h"
#include "tests/sim/timeline.h"

namespace crosscall::sim {

// One client's way to the controller and back.
struct Link {
  bool there = true;
  bool back = true;
  // Of 1000 messages.
  std::uint64_t lost = 0;
  std::uint64_t doubled = 0;
  absl::Duration longest_delay = absl::Milliseconds(5);

  bool clean() const { return there && back && lost == 0; }
};

// A call as both ends see it, whatever its messages are.
class CallState {
 public:
  virtual ~CallState() = default;
  // The caller's end; repeating is harmless.
  virtual void EndWith(const absl::Status& status) = 0;
  bool ended() const { return ended_; }
  const Link& link() const { return *link_; }
  // What the controller does when the caller goes away; one for each copy that arrived.
  std::vector<std::function<void()>> abandons;

 protected:
  explicit CallState(const Link& link) : link_(&link) {}
  bool ended_ = false;
  const Link* link_;
};

class Network {
 public:
  Network(Timeline& timeline, scheduler::Random random) : timeline_(timeline), random_(std::move(random)) {}

  // `serve` is called at the controller for each copy that arrives, and answers by its argument; it may return what
  // shall happen there when the caller goes away first (else null). `link` outlives the network's actions.
  template <class Response>
  std::shared_ptr<CallState> Call(const Link& link, absl::Duration limit,
                                  std::function<std::function<void()>(dispatch::Done<Response>)> serve,
                                  dispatch::Done<Response> done) {
    auto call = std::make_shared<TypedCall<Response>>(link, std::move(done));
    Remember(call);
    timeline_.After(limit, [this, call] { Leave(call, absl::DeadlineExceededError("no answer in time")); });
    const int copies = OneOf(link.doubled) ? 2 : 1;
    for (int copy = 0; copy < copies; ++copy) {
      if (!link.there || OneOf(link.lost)) continue;
      timeline_.After(Delay(link), [this, call, serve] { Arrive(call, serve); });
    }
    return call;
  }

  // The caller ends its call itself, or is no more.
  void Cancel(std::shared_ptr<CallState> call) { Leave(call, absl::CancelledError("cancelled by its caller")); }

  // The controller is gone; callers that can be reached notice.
  void set_controller_up(bool up) {
    controller_up_ = up;
    if (up) return;
    for (const std::weak_ptr<CallState>& weak : std::exchange(calls_, {})) {
      const std::shared_ptr<CallState> call = weak.lock();
      if (call == nullptr || call->ended() || !call->link().back) continue;
      timeline_.After(Delay(call->link()), [call] { call->EndWith(absl::UnavailableError("connection reset")); });
    }
  }

 private:
  // How long the controller's keepalive takes to find a dead path.
  static constexpr absl::Duration kKeepalive = absl::Seconds(30);

  template <class Response>
  class TypedCall final : public CallState {
   public:
    TypedCall(const Link& link, dispatch::Done<Response> done) : CallState(link), done_(std::move(done)) {}
    void EndWith(const absl::Status& status) override { End(status); }
    void End(absl::StatusOr<Response> answer) {
      if (ended_) return;
      ended_ = true;
      // Out of the call first: what it refers to may end with it.
      const dispatch::Done<Response> done = std::move(done_);
      done(std::move(answer));
    }

   private:
    dispatch::Done<Response> done_;
  };

  bool OneOf(std::uint64_t permille) { return permille > 0 && random_.Below(1000) < permille; }
  absl::Duration Delay(const Link& link) {
    return absl::Microseconds(50 +
                              random_.Below(static_cast<std::uint64_t>(absl::ToInt64Microseconds(link.longest_delay))));
  }

  template <class Response>
  void Arrive(const std::shared_ptr<TypedCall<Response>>& call,
              const std::function<std::function<void()>(dispatch::Done<Response>)>& serve) {
    if (!controller_up_) {
      if (!call->link().back) return;
      timeline_.After(Delay(call->link()), [call] { call->EndWith(absl::UnavailableError("connection refused")); });
      return;
    }
    std::function<void()> abandon = serve([this, call](absl::StatusOr<Response> answer) {
      if (!call->link().back || OneOf(call->link().lost)) return;
      timeline_.After(Delay(call->link()), [call, answer = std::move(answer)] { call->End(answer); });
    });
    if (abandon == nullptr) return;
    if (call->ended()) {
      abandon();
    } else {
      call->abandons.push_back(std::move(abandon));
    }
  }

  void Leave(const std::shared_ptr<CallState>& call, const absl::Status& status) {
    if (call->ended()) return;
    const absl::Duration noticed = call->link().there ? Delay(call->link()) : kKeepalive;
    for (std::function<void()>& abandon : std::exchange(call->abandons, {})) {
      timeline_.After(noticed, std::move(abandon));
    }
    call->EndWith(status);
  }

  void Remember(const std::shared_ptr<CallState>& call) {
    constexpr std::size_t kManyCalls = 64;
    if (calls_.size() >= kManyCalls) {
      std::erase_if(calls_, [](const std::weak_ptr<CallState>& weak) { return weak.expired(); });
    }
    calls_.push_back(call);
  }

  Timeline& timeline_;
  scheduler::Random random_;
  bool controller_up_ = true;
  std::vector<std::weak_ptr<CallState>> calls_;
};

}  // namespace crosscall::sim

#endif  // TESTS_SIM_NETWORK_H_
