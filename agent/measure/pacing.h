// When calls start: at once (closed loop), or on a fixed schedule whose instants do not move when a call is late.
//
// A caller that waits for its own slow call starts the next ones late. Counting their latency from the actual start
// would hide the stall (G. Tene: "coordinated omission"); so the schedule goes on, and latency counts from the intended
// start. Pure but for the clock that is handed in; one object a CPU, not thread-safe. Times are raw clock ticks.
#ifndef AGENT_MEASURE_PACING_H_
#define AGENT_MEASURE_PACING_H_

#include <cstdint>
#include <vector>

namespace crosscall::measure {

// A paced call: when it should have started, and when it was allowed to.
struct PacedStart {
  std::uint64_t intended = 0;
  std::uint64_t released = 0;
};

class Pacer {
 public:
  // `interval_ticks` 0: closed loop. `capacity` starts are kept until Clear; further ones are counted as lost.
  Pacer(std::uint64_t interval_ticks, std::size_t capacity) : interval_(interval_ticks) {
    if (interval_ != 0) starts_.reserve(capacity);
  }

  bool paced() const { return interval_ != 0; }

  // The schedule begins, or goes on, at `now`: time spent parked is not on it.
  void Resume(std::uint64_t now) { next_ += now - paused_at_; }
  void Pause(std::uint64_t now) { paused_at_ = now; }

  // Waits for the next intended start and returns it; 0 in closed loop. `now` reads the clock, `relax` is called
  // between fruitless looks.
  template <class Now, class Relax>
  std::uint64_t WaitForStart(Now&& now, Relax&& relax) {
    if (interval_ == 0) return 0;
    const std::uint64_t intended = next_;
    next_ += interval_;
    std::uint64_t released = now();
    while (released < intended) {
      relax();
      released = now();
    }
    if (starts_.size() < starts_.capacity()) {
      starts_.push_back({intended, released});
    } else {
      ++lost_;
    }
    return intended;
  }

  const std::vector<PacedStart>& starts() const { return starts_; }
  std::uint64_t lost() const { return lost_; }
  void Clear() { starts_.clear(); }

 private:
  std::uint64_t interval_;
  std::uint64_t next_ = 0;
  std::uint64_t paused_at_ = 0;
  std::uint64_t lost_ = 0;
  std::vector<PacedStart> starts_;
};

}  // namespace crosscall::measure

#endif  // AGENT_MEASURE_PACING_H_
