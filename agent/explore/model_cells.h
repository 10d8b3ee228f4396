// The memory cells of the model port: what Atomic, Plain and SpinLock are in it. Each is one word; every access goes
// through the port that runs on this thread, which may hold the CPU up there, and judges the access.
//
// Outside of an execution (while the algorithm's objects are being built) they are just words.
#ifndef AGENT_EXPLORE_MODEL_CELLS_H_
#define AGENT_EXPLORE_MODEL_CELLS_H_

#include "agent/explore/locations.h"
#include "agent/explore/weak_memory.h"

namespace crosscall::explore {

// How the cells reach their port.
class CellAccess {
 public:
  virtual void Born(u64* cell, CellKind kind) = 0;
  virtual void Died(u64* cell) = 0;
  virtual u64 Load(const u64* cell, core::Order order) = 0;
  virtual void Store(u64* cell, u64 value, core::Order order) = 0;
  enum class Update : u8 { kExchange, kAdd, kOr, kAnd };
  // Returns what was there before.
  virtual u64 Modify(u64* cell, Update update, u64 operand, u64 mask, core::Order order) = 0;
  virtual bool CompareExchange(u64* cell, u64& expected, u64 desired, core::Order order) = 0;
  virtual u64 Get(const u64* cell) = 0;
  virtual void Set(u64* cell, u64 value) = 0;
  virtual void Lock(u64* cell) = 0;
  virtual void Unlock(u64* cell) = 0;

  // Of this thread; null outside of model code.
  static CellAccess* current() { return current_; }
  static void set_current(CellAccess* access) { current_ = access; }

 protected:
  ~CellAccess() = default;

 private:
  static inline constinit thread_local CellAccess* current_ = nullptr;
};

template <class T>
u64 BitsOf(T value) {
  if constexpr (requires { static_cast<u64>(value); }) {
    return static_cast<u64>(value);
  } else {
    return reinterpret_cast<core::uptr>(value);
  }
}
template <class T>
T FromBits(u64 bits) {
  if constexpr (requires { static_cast<T>(bits); }) {
    return static_cast<T>(bits);
  } else {
    return reinterpret_cast<T>(bits);
  }
}

// A word that tells the port of its beginning and end.
class Cell {
 public:
  explicit Cell(CellKind kind) {
    if (CellAccess* port = CellAccess::current()) port->Born(&bits_, kind);
  }
  ~Cell() {
    if (CellAccess* port = CellAccess::current()) port->Died(&bits_);
  }
  Cell(const Cell&) = delete;
  Cell& operator=(const Cell&) = delete;

 protected:
  u64 bits_ = 0;
};

template <class T>
class ModelAtomic : private Cell {
 public:
  ModelAtomic() : Cell(CellKind::kAtomic) {}

  T load(core::Order order) const { return FromBits<T>(CellAccess::current()->Load(&bits_, order)); }
  void store(T value, core::Order order) { CellAccess::current()->Store(&bits_, BitsOf(value), order); }
  T exchange(T value, core::Order order) { return Modify(CellAccess::Update::kExchange, value, order); }
  T fetch_add(T value, core::Order order) { return Modify(CellAccess::Update::kAdd, value, order); }
  T fetch_or(T value, core::Order order) { return Modify(CellAccess::Update::kOr, value, order); }
  T fetch_and(T value, core::Order order) { return Modify(CellAccess::Update::kAnd, value, order); }
  bool compare_exchange(T& expected, T desired, core::Order order) {
    u64 bits = BitsOf(expected);
    const bool done = CellAccess::current()->CompareExchange(&bits_, bits, BitsOf(desired), order);
    if (!done) expected = FromBits<T>(bits);
    return done;
  }

 private:
  T Modify(CellAccess::Update update, T operand, core::Order order) {
    constexpr u64 kMask = sizeof(T) == 8 ? ~u64{0} : (u64{1} << (8 * sizeof(T) % 64)) - 1;
    return FromBits<T>(CellAccess::current()->Modify(&bits_, update, BitsOf(operand), kMask, order));
  }
};

template <class T>
class ModelPlain : private Cell {
 public:
  ModelPlain() : Cell(CellKind::kPlain) {}

  T get() const { return FromBits<T>(CellAccess::current()->Get(&bits_)); }
  void set(T value) { CellAccess::current()->Set(&bits_, BitsOf(value)); }
};

class ModelLock : private Cell {
 public:
  ModelLock() : Cell(CellKind::kLock) {}

  void lock() { CellAccess::current()->Lock(&bits_); }
  void unlock() { CellAccess::current()->Unlock(&bits_); }
};

}  // namespace crosscall::explore

#endif  // AGENT_EXPLORE_MODEL_CELLS_H_
