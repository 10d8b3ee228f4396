// Boards for tests of the pure scheduler.
#ifndef TESTS_CONTROLLER_SCHEDULER_BOARDS_H_
#define TESTS_CONTROLLER_SCHEDULER_BOARDS_H_

#include <string>
#include <vector>

#include "controller/scheduler/selector.h"
#include "crosscall/v1/board.pb.h"
#include "proto/shared/release.h"

namespace crosscall::scheduler {

// Has CPUs 0 to `cpus` - 1, four implementations, and the scenarios pair (2 CPUs) and quad (4 CPUs).
inline v1::BoardDescription DescribedBoard(std::uint32_t cpus) {
  v1::BoardDescription description;
  description.set_release(shared::Release());
  for (std::uint32_t cpu = 0; cpu < cpus; ++cpu) description.add_cpus(cpu);
  for (const char* id : {"call_lock/spin/mask_all", "call_lock/spin/ipi_open", "generic_2008/spin/mask_all",
                         "generic_2008/poll_completion/mask_all"}) {
    description.add_implementations(id);
  }
  v1::ScenarioInfo* info = description.add_scenarios();
  info->set_id("pair");
  info->set_cpu_count(2);
  info = description.add_scenarios();
  info->set_id("quad");
  info->set_cpu_count(4);
  return description;
}

inline BoardOffer Offer(const std::string& name, const v1::BoardDescription& description) {
  BoardOffer offer;
  offer.name = name;
  offer.description = &description;
  offer.labels = {description.labels().begin(), description.labels().end()};
  return offer;
}

}  // namespace crosscall::scheduler

#endif  // TESTS_CONTROLLER_SCHEDULER_BOARDS_H_
