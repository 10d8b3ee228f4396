// What the modelled machine does wrong, and which device interrupts it has: the faults of the scenario language without
// time. A `deschedule` is not among them: any CPU may stand still anywhere, since every interleaving is searched.
#ifndef AGENT_EXPLORE_MODEL_FAULTS_H_
#define AGENT_EXPLORE_MODEL_FAULTS_H_

#include <vector>

#include "agent/explore/fingerprint.h"
#include "crosscall/v1/scenario.pb.h"

namespace crosscall::explore {

struct ModelFaults {
  enum class IpiFault : u8 {
    kDrop,       // sets no latch
    kDuplicate,  // sets the latch once more, at any later time or never
    kDelay,      // sets the latch at some later time
  };
  struct Ipi {
    IpiFault kind = IpiFault::kDrop;
    CpuId cpu = 0;  // the target
    u64 nth = 0;    // which IPI to that CPU, from 1; 0: every one
  };
  struct Alloc {
    CpuId cpu = 0;
    u64 nth = 1;  // which allocation of that CPU, from 1; 0: every one
  };
  struct Device {
    CpuId cpu = 0;
    u64 times = 0;
    bool in_kick_window = false;  // comes only between publish and kick of that CPU's own calls
  };

  std::vector<Ipi> ipis;
  std::vector<Alloc> allocs;
  std::vector<Device> devices;  // by the index that the device handler is given
  std::vector<CpuId> mutate_masks;
  bool kick_window = false;  // interrupts may fall between publish and kick
};

ModelFaults ModelFaultsOf(const v1::Scenario& scenario);

}  // namespace crosscall::explore

#endif  // AGENT_EXPLORE_MODEL_FAULTS_H_
