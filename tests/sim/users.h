// Users of a simulated lab: they ask for sweeps, ask again when no answer comes, and change their minds.
#ifndef TESTS_SIM_USERS_H_
#define TESTS_SIM_USERS_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "controller/scheduler/random.h"
#include "tests/sim/lab.h"
#include "tests/sim/network.h"

namespace crosscall::sim {

// Not thread-safe; outlives the lab's actions.
class User {
 public:
  User(Lab& lab, std::string name, scheduler::Random random);

  // Plans the user's sweeps between now and `end`.
  void Plan(int sweeps, absl::Duration end);
  // Sweeps that were asked for and neither made nor refused yet.
  int open_requests() const { return open_requests_; }

  Link link;

 private:
  v1::CreateSweepRequest NewRequest();
  void Create(const v1::CreateSweepRequest& request);
  void OnCreated(const v1::CreateSweepRequest& request, const absl::StatusOr<v1::CreateSweepResponse>& answer);
  void Cancel(const std::string& sweep);

  Lab& lab_;
  const std::string name_;
  scheduler::Random random_;
  int requests_ = 0;
  int open_requests_ = 0;
};

}  // namespace crosscall::sim

#endif  // TESTS_SIM_USERS_H_
