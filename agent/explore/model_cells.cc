// Accesses to the cells of the model: where they park, what they read, what they break.
#include "agent/core/account.h"
#include "agent/explore/model_port.h"

namespace crosscall::explore {
namespace {

constexpr u64 kStoreMark = 0x201;
constexpr u64 kLockMark = 0x202;

u64 Updated(CellAccess::Update update, u64 before, u64 operand) {
  switch (update) {
    case CellAccess::Update::kExchange:
      return operand;
    case CellAccess::Update::kAdd:
      return before + operand;
    case CellAccess::Update::kOr:
      return before | operand;
    case CellAccess::Update::kAnd:
      return before & operand;
  }
  __builtin_unreachable();
}

// A failed compare-exchange is a load of this order.
core::Order OrderOfFailure(core::Order order) {
  if (order == core::Order::kRelease) return core::Order::kRelaxed;
  return order == core::Order::kAcqRel ? core::Order::kAcquire : order;
}

}  // namespace

void ModelPort::Born(u64* cell, CellKind kind) {
  const u32 word = static_cast<u32>(memory_.WordOf(cell));
  if (word >= memory_.words()) return;  // not of the machine: nobody else can reach it
  memory_.SetAlive(word, true);
  if (!running_) return;
  if (memory_.InBlock(word)) memory_.NoteWrite(word);
  const Location* const location = locations_.Find(word, kind);
  if (location == nullptr || location->index == ~u32{0}) return;
  if (kind == CellKind::kAtomic && options_.weak) weak_.Renew(location->index);
  if (kind == CellKind::kPlain) RenewPlain(*location);
}

void ModelPort::RenewPlain(const Location& location) {
  if (options_.weak) {
    weak_.RenewPlain(location.index);
  } else {
    races_.Forget(location.word);
  }
}

void ModelPort::Died(u64* cell) {
  if (!running_) return;
  const u32 word = static_cast<u32>(memory_.WordOf(cell));
  if (word >= memory_.words()) return;
  memory_.SetAlive(word, false);
  const Location* const location = locations_.Find(word, CellKind::kAtomic);
  if (location != nullptr && InWeakMemory(*location)) {
    weak_.Renew(location->index);
  } else {
    Toggle(cells_, CellPrint(word, *cell));
  }
}

void ModelPort::CheckAlive(u32 word) {
  if (word >= memory_.words() || !memory_.Alive(word)) Halt(ModelViolation::kLifetime);
}

Location& ModelPort::Touch(const u64* cell, CellKind kind, bool write) {
  if (++accesses_ > kMaxAccesses) Halt(ModelViolation::kEndless);
  const u32 word = static_cast<u32>(memory_.WordOf(cell));
  CheckAlive(word);
  if (write && memory_.InBlock(word)) memory_.NoteWrite(word);
  Location& location = locations_.At(word, kind);
  locations_.Note(location, me_, cpus_[me_].depth, write);
  if (location.index == ~u32{0} && (location.shared || kind == CellKind::kLock)) Enroll(location);
  return location;
}

void ModelPort::Enroll(Location& location) {
  if (location.kind == CellKind::kPlain) {
    location.index = options_.weak ? weak_.AddPlain() : 0;
  } else if (location.kind == CellKind::kLock || !options_.weak) {
    location.index = options_.cpus + handovers_++;
  } else if (weak_.atomics() < WeakMemory::kMaxLocations) {
    const u64* const words = reinterpret_cast<const u64*>(memory_.block());
    location.index = weak_.AddAtomic(words[location.word]);
    weak_values_.push_back(memory_.Initial(location.word));
  } else {
    overflowed_ = true;
  }
}

void ModelPort::Release(u32 handover) {
  if (options_.weak) {
    weak_.Release(me_, handover);
  } else {
    races_.Release(me_, handover);
  }
}

void ModelPort::Acquire(u32 handover) {
  if (options_.weak) {
    weak_.Acquire(me_, handover);
  } else {
    races_.Acquire(me_, handover);
  }
}

void ModelPort::Synchronize(const Location& location, bool reads, bool writes) {
  if (options_.weak || location.index == ~u32{0}) return;
  if (reads) Acquire(location.index);
  if (writes) Release(location.index);
}

u32 ModelPort::Await(const Location& location, const Access& access) {
  if (location.shared || !options_.reduced) {
    Cpu& cpu = cpus_[me_];
    const u32 index = InWeakMemory(location) ? location.index : ~u32{0};
    const bool goes_on =
        options_.reduced && cpu.unseen && (index == ~u32{0} || weak_.Outcomes(me_, index, access) == 1);
    if (!goes_on) Park(Parked{.kind = Parking::kAccess, .location = index, .access = access});
    cpu.unseen = false;
    CheckAlive(location.word);
    return goes_on ? 0 : cpu.choice.variant;
  }
  AwaitOwn(location);
  return 0;
}

void ModelPort::AwaitOwn(const Location& location) {
  if ((location.nested >> me_ & 1) == 0 && options_.reduced) return;
  ParkIfInterruptible(Parking::kAccess);
  CheckAlive(location.word);
}

void ModelPort::Overwrite(u64* cell, u32 word, u64 value) {
  *cell = value;
  if (!memory_.InBlock(word)) changed_ |= 1u << memory_.OwnerOf(word);
}

void ModelPort::Replace(u64* cell, u32 word, u64 value) {
  Toggle(cells_, CellPrint(word, *cell));
  Toggle(cells_, CellPrint(word, value));
  Overwrite(cell, word, value);
}

void ModelPort::ObserveRead(const Location& location, u64 value) {
  Observe(value);
  if (!location.shared && (location.nested >> me_ & 1) == 0) return;
  cpus_[me_].context().seen.NoteRead({location.word, InWeakMemory(location) ? location.index : ~u32{0}, value});
}

u64 ModelPort::Load(const u64* cell, core::Order order) {
  if (!running_) return *cell;
  const Location& location = Touch(cell, CellKind::kAtomic, false);
  const u32 outcome = Await(location, Access{AccessKind::kLoad, order, 0});
  const u64 value = InWeakMemory(location) ? weak_.Load(me_, location.index, order, outcome) : *cell;
  Synchronize(location, /*reads=*/true, /*writes=*/false);
  ObserveRead(location, value);
  return value;
}

void ModelPort::Store(u64* cell, u64 value, core::Order order) {
  if (!running_) {
    *cell = value;
    return;
  }
  const Location& location = Touch(cell, CellKind::kAtomic, true);
  const u32 outcome = Await(location, Access{AccessKind::kStore, order, 0});
  if (InWeakMemory(location)) {
    weak_.Store(me_, location.index, value, order, outcome);
    if (outcome == 0) Overwrite(cell, location.word, value);
  } else {
    Replace(cell, location.word, value);
  }
  Synchronize(location, /*reads=*/false, /*writes=*/true);
  Observe(kStoreMark);
}

u64 ModelPort::Modify(u64* cell, Update update, u64 operand, u64 mask, core::Order order) {
  if (!running_) {
    const u64 before = *cell;
    *cell = Updated(update, before, operand) & mask;
    return before;
  }
  const Location& location = Touch(cell, CellKind::kAtomic, true);
  const Access access{AccessKind::kReadModifyWrite, order, 0};
  const u32 outcome = Await(location, access);
  u64 before = *cell;
  if (InWeakMemory(location)) {
    before = weak_.BeginUpdate(me_, location.index, access, outcome);
    const u64 after = Updated(update, before, operand) & mask;
    weak_.FinishUpdate(me_, location.index, after, order);
    if (outcome == 0) Overwrite(cell, location.word, after);
  } else {
    Replace(cell, location.word, Updated(update, before, operand) & mask);
  }
  Synchronize(location, /*reads=*/true, /*writes=*/true);
  ObserveRead(location, before);
  return before;
}

bool ModelPort::CompareExchange(u64* cell, u64& expected, u64 desired, core::Order order) {
  if (!running_) {
    if (*cell != expected) {
      expected = *cell;
      return false;
    }
    *cell = desired;
    return true;
  }
  const Location& location = Touch(cell, CellKind::kAtomic, true);
  const Access access{AccessKind::kCompareExchange, order, expected};
  const u32 outcome = Await(location, access);
  const bool weak = InWeakMemory(location);
  const u64 before = weak ? weak_.BeginUpdate(me_, location.index, access, outcome) : *cell;
  const bool done = before == expected;
  if (done && weak) {
    weak_.FinishUpdate(me_, location.index, desired, order);
    if (outcome == 0) Overwrite(cell, location.word, desired);
  } else if (done) {
    Replace(cell, location.word, desired);
  } else if (weak) {
    weak_.FailUpdate(me_, location.index, OrderOfFailure(order));
  }
  Synchronize(location, /*reads=*/true, /*writes=*/done);
  ObserveRead(location, before);
  expected = before;
  return done;
}

void ModelPort::CheckPlain(Location& location, bool write) {
  if (location.index == ~u32{0}) return;
  bool ordered = false;
  if (!options_.weak) {
    ordered = races_.Access(me_, location.word, write);
  } else {
    ordered = write ? weak_.WritePlain(me_, location.index) : weak_.ReadPlain(me_, location.index);
  }
  if (!ordered) Halt(ModelViolation::kDataRace);
}

u64 ModelPort::Get(const u64* cell) {
  if (!running_) return *cell;
  Location& location = Touch(cell, CellKind::kPlain, false);
  AwaitOwn(location);
  CheckPlain(location, false);
  ObserveRead(location, *cell);
  return *cell;
}

void ModelPort::Set(u64* cell, u64 value) {
  if (!running_) {
    *cell = value;
    return;
  }
  Location& location = Touch(cell, CellKind::kPlain, true);
  AwaitOwn(location);
  CheckPlain(location, true);
  Replace(cell, location.word, value);
  Observe(kStoreMark);
}

void ModelPort::Lock(u64* cell) {
  const Location& location = Touch(cell, CellKind::kLock, true);
  Cpu& cpu = cpus_[me_];
  bool parks = location.shared ? !(options_.reduced && cpu.unseen) : !options_.reduced;
  for (; parks || *cell != 0; parks = false) {
    Park(Parked{.kind = Parking::kLock, .cell = cell});
    cpu.unseen = true;
  }
  CheckAlive(location.word);
  Replace(cell, location.word, 1);
  Acquire(location.index);
  Observe(kLockMark);
}

void ModelPort::Unlock(u64* cell) {
  const Location& location = Touch(cell, CellKind::kLock, true);
  Replace(cell, location.word, 0);
  cpus_[me_].unseen = false;
  Release(location.index);
}

}  // namespace crosscall::explore
