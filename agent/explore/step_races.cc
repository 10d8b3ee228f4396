#include "agent/explore/step_races.h"

#include <algorithm>

namespace crosscall::explore {

void StepRaces::Reset() {
  for (CpuId cpu = 0; cpu < steps_.size(); ++cpu) BeginStep(cpu);
}

void StepRaces::BeginStep(CpuId me) {
  steps_[me].accesses.clear();
  steps_[me].releases.clear();
}

bool StepRaces::Access(CpuId me, u32 word, bool write) {
  for (CpuId other = 0; other < steps_.size(); ++other) {
    if (other == me) continue;
    for (const Made& made : steps_[other].accesses) {
      if (made.word == word && (made.write || write)) return false;
    }
  }
  Step& step = steps_[me];
  const u32 released = step.releases.empty() ? 0 : step.releases.back().count;
  const Made made{word, write};
  if (std::find(step.accesses.begin() + released, step.accesses.end(), made) == step.accesses.end()) {
    step.accesses.push_back(made);
  }
  return true;
}

void StepRaces::Release(CpuId me, u32 cell) {
  Step& step = steps_[me];
  if (!step.accesses.empty()) step.releases.push_back(Released{cell, static_cast<u32>(step.accesses.size())});
}

void StepRaces::Acquire(CpuId me, u32 cell) {
  for (CpuId other = 0; other < steps_.size(); ++other) {
    Step& step = steps_[other];
    if (other == me || step.releases.empty()) continue;
    u32 known = 0;
    for (const Released& released : step.releases) {
      if (released.cell == cell) known = released.count;
    }
    if (known == 0) continue;
    step.accesses.erase(step.accesses.begin(), step.accesses.begin() + known);
    std::erase_if(step.releases, [&](const Released& released) { return released.count <= known; });
    for (Released& released : step.releases) released.count -= known;
  }
}

void StepRaces::Forget(u32 word) {
  for (Step& step : steps_) {
    for (Made& made : step.accesses) {
      if (made.word == word) made = Made{~u32{0}, false};
    }
  }
}

void StepRaces::AddTo(Fingerprint& print) const {
  for (const Step& step : steps_) {
    if (step.accesses.empty()) continue;
    for (const Made& made : step.accesses) print.Mix(u64{made.word} << 1 | (made.write ? 1 : 0));
    for (const Released& released : step.releases) print.Mix(u64{released.cell} << 32 | released.count);
    print.Mix(static_cast<u64>(&step - steps_.data()));
  }
}

}  // namespace crosscall::explore
