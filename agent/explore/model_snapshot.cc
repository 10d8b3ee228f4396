// The machines that a model port keeps.
//
// Most steps change one CPU, so that a kept machine shares the others with those before it: what a CPU was in it is
// found in the last one up to it that holds that CPU. The first one holds all.
#include <algorithm>

#include "agent/explore/model_port.h"
#include "proto/shared/check.h"

namespace crosscall::explore {

void ModelPort::Keep(CpuId id, Kept::KeptCpu& kept) const {
  const Cpu& cpu = cpus_[id];
  kept.registers = cpu;
  kept.contexts.resize(std::max<usize>(kept.contexts.size(), cpu.depth + 1));
  std::copy_n(cpu.contexts.begin(), cpu.depth + 1, kept.contexts.begin());
  memory_.SaveStack(id, cpu.fiber.top(), kept.stack);
  kept.state = states_[id];
}

void ModelPort::BringBack(CpuId id, const Kept::KeptCpu& kept) {
  Cpu& cpu = cpus_[id];
  static_cast<Registers&>(cpu) = kept.registers;
  std::copy_n(kept.contexts.begin(), kept.registers.depth + 1, cpu.contexts.begin());
  memory_.LoadStack(id, kept.stack);
  states_[id] = kept.state;
}

void ModelPort::Push() {
  CROSSCALL_CHECK(violation_ == ModelViolation::kNone, "an execution that has ended is not gone on with");
  if (kept_count_ == kept_.size()) kept_.emplace_back();
  Kept& kept = kept_[kept_count_];
  kept.changed = kept_count_ == 0 ? (1u << options_.cpus) - 1 : changed_;
  ++kept_count_;
  changed_ = 0;
  for (CpuId id = 0; id < options_.cpus; ++id) {
    if ((kept.changed >> id & 1) != 0) Keep(id, kept.cpus[id]);
  }
  memory_.Save(kept.memory);
  if (options_.weak) {
    weak_.Save(kept.weak);
  } else {
    kept.races = races_;
  }
  kept.locks = locks_;
  kept.device_budgets = device_budgets_;
  kept.cells = cells_;
}

void ModelPort::Pop() {
  CROSSCALL_CHECK(kept_count_ > 0, "there is no kept machine");
  changed_ |= kept_[--kept_count_].changed;
}

void ModelPort::Return() {
  CROSSCALL_CHECK(kept_count_ > 0, "there is no kept machine");
  MakeCurrent();
  for (CpuId id = 0; id < options_.cpus; ++id) {
    if ((changed_ >> id & 1) == 0) continue;
    usize holder = kept_count_ - 1;
    while ((kept_[holder].changed >> id & 1) == 0) --holder;
    BringBack(id, kept_[holder].cpus[id]);
  }
  changed_ = 0;
  const Kept& kept = kept_[kept_count_ - 1];
  memory_.Load(kept.memory);
  if (options_.weak) {
    weak_.Load(kept.weak, weak_values_);
  } else {
    races_ = kept.races;
  }
  locks_ = kept.locks;
  device_budgets_ = kept.device_budgets;
  cells_ = kept.cells;
  violation_ = ModelViolation::kNone;
}

}  // namespace crosscall::explore
