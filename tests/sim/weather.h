// What goes wrong in a night: faults of each enabled kind come at random and end by themselves.
#ifndef TESTS_SIM_WEATHER_H_
#define TESTS_SIM_WEATHER_H_

#include <functional>
#include <string>

#include "absl/time/time.h"
#include "controller/scheduler/random.h"
#include "tests/sim/lab.h"

namespace crosscall::sim {

// Which kinds a night has.
struct Climate {
  bool agent_crashes = false;
  bool pauses = false;
  bool partitions = false;
  bool lossy_links = false;
  bool full_disks = false;
  bool bad_health = false;
  bool controller_crashes = false;
  bool store_errors = false;
  // One board never comes back.
  bool vanishing = false;
  bool liars = false;
  bool twins = false;
  bool stuck_workers = false;
  bool wedges = false;

  // One night in eight has none.
  static Climate Draw(scheduler::Random& random);
};

// Not thread-safe; outlives the lab's actions.
class Weather {
 public:
  Weather(Lab& lab, const Climate& climate, scheduler::Random random)
      : lab_(lab), climate_(climate), random_(std::move(random)) {}

  // Plans faults from now on; none begins after `end`.
  void Plan(absl::Duration end);

 private:
  absl::Duration Between(absl::Duration least, absl::Duration most);
  // `strike` again and again, `mean` apart.
  void Repeat(absl::Duration mean, const std::function<void()>& strike);
  // A fault of `who` that `heal` ends after a while.
  void Fault(const std::string& who, absl::Duration span, const std::function<void()>& heal);
  BoardAgent& AnyBoard() { return *lab_.boards()[random_.Below(lab_.boards().size())]; }

  void CrashAgent();
  void Pause();
  void Cut();
  void Blur();
  void FillDisk();
  void Sicken();
  void CrashController();
  void SpoilStore();
  void Vanish();
  void Wedge();

  Lab& lab_;
  const Climate climate_;
  scheduler::Random random_;
  absl::Duration end_;
};

}  // namespace crosscall::sim

#endif  // TESTS_SIM_WEATHER_H_
