// The grid of implementations: algorithm x wait policy x irq model, their names, and the way from a name to code.
//
// An implementation is written `generic_2008/poll_completion/mask_all`. Algorithms are class templates over a port; the
// policy and the irq model are run-time values, so that seventy implementations need seven instantiations.
#ifndef AGENT_CORE_IMPLEMENTATION_H_
#define AGENT_CORE_IMPLEMENTATION_H_

#include "agent/core/port.h"
#include "agent/core/types.h"

namespace crosscall::core {

// In the order in which they came to be offered; names, not values, are stored and sent.
enum class AlgorithmKind : u8 {
  kCallLock = 0,
  kGeneric2008 = 1,
  kPercpuRecord = 2,
  kPerTarget = 3,
  kMailboxGrid = 4,
  kServerLoop = 5,
  kRendezvous = 6,
};

inline constexpr u32 kAlgorithmCount = 7;
inline constexpr u32 kPolicyCount = 5;
inline constexpr u32 kIrqModelCount = 2;
inline constexpr u32 kImplementationCount = kAlgorithmCount * kPolicyCount * kIrqModelCount;

// Indexed by the enumerators' values.
inline constexpr const char* kAlgorithmNames[kAlgorithmCount] = {
    "call_lock", "generic_2008", "percpu_record", "per_target", "mailbox_grid", "server_loop", "rendezvous"};
inline constexpr const char* kPolicyNames[kPolicyCount] = {"spin", "poll_completion", "poll_everywhere", "open_window",
                                                           "fail_fast"};
inline constexpr const char* kIrqModelNames[kIrqModelCount] = {"mask_all", "ipi_open"};

struct Implementation {
  AlgorithmKind algorithm = AlgorithmKind::kCallLock;
  WaitPolicy policy = WaitPolicy::kSpin;
  IrqModel irq_model = IrqModel::kMaskAll;

  constexpr bool operator==(const Implementation&) const = default;
};

struct ImplementationList {
  Implementation items[kImplementationCount];

  constexpr const Implementation* begin() const { return items; }
  constexpr const Implementation* end() const { return items + kImplementationCount; }
  constexpr const Implementation& operator[](u32 index) const { return items[index]; }
  static constexpr u32 size() { return kImplementationCount; }
};

// All of them; algorithm varies slowest, irq model fastest. The order is part of output formats and never changes;
// new ones are appended.
inline constexpr ImplementationList kImplementations = [] {
  ImplementationList list;
  for (u32 i = 0; i < kImplementationCount; ++i) {
    list.items[i].irq_model = static_cast<IrqModel>(i % kIrqModelCount);
    list.items[i].policy = static_cast<WaitPolicy>(i / kIrqModelCount % kPolicyCount);
    list.items[i].algorithm = static_cast<AlgorithmKind>(i / kIrqModelCount / kPolicyCount);
  }
  return list;
}();

// Long enough for every formatted name and its terminating NUL.
inline constexpr usize kImplementationNameBytes = 48;

namespace implementation_internal {

// If text[at..] starts with `word`, moves `at` behind it.
constexpr bool Consume(const char* text, usize length, usize& at, const char* word) {
  usize end = at;
  for (; *word != '\0'; ++word, ++end) {
    if (end == length || text[end] != *word) return false;
  }
  at = end;
  return true;
}

// A whole part, ended by '/' or by the end of the text; kNoPart if it is none of the names.
inline constexpr u32 kNoPart = ~u32{0};
constexpr u32 ConsumePart(const char* text, usize length, usize& at, const char* const* names, u32 count) {
  for (u32 i = 0; i < count; ++i) {
    usize end = at;
    if (Consume(text, length, end, names[i]) && (end == length || text[end] == '/')) {
      at = end;
      return i;
    }
  }
  return kNoPart;
}

constexpr usize Append(char* out, usize capacity, usize at, const char* word) {
  for (; *word != '\0'; ++word, ++at) {
    if (at + 1 < capacity) out[at] = *word;
  }
  return at;
}

}  // namespace implementation_internal

// Parses `length` characters, exactly one full name without wildcards. False, and `out` untouched, if it is none.
constexpr bool Parse(const char* text, usize length, Implementation& out) {
  using implementation_internal::Consume;
  using implementation_internal::ConsumePart;
  using implementation_internal::kNoPart;
  usize at = 0;
  const u32 algorithm = ConsumePart(text, length, at, kAlgorithmNames, kAlgorithmCount);
  if (algorithm == kNoPart || !Consume(text, length, at, "/")) return false;
  const u32 policy = ConsumePart(text, length, at, kPolicyNames, kPolicyCount);
  if (policy == kNoPart || !Consume(text, length, at, "/")) return false;
  const u32 irq_model = ConsumePart(text, length, at, kIrqModelNames, kIrqModelCount);
  if (irq_model == kNoPart || at != length) return false;
  out.algorithm = static_cast<AlgorithmKind>(algorithm);
  out.policy = static_cast<WaitPolicy>(policy);
  out.irq_model = static_cast<IrqModel>(irq_model);
  return true;
}

// Writes the name, cut to fit and NUL-terminated if capacity > 0; returns the full name's length.
constexpr usize Format(const Implementation& implementation, char* out, usize capacity) {
  using implementation_internal::Append;
  usize at = Append(out, capacity, 0, kAlgorithmNames[static_cast<u32>(implementation.algorithm)]);
  at = Append(out, capacity, at, "/");
  at = Append(out, capacity, at, kPolicyNames[static_cast<u32>(implementation.policy)]);
  at = Append(out, capacity, at, "/");
  at = Append(out, capacity, at, kIrqModelNames[static_cast<u32>(implementation.irq_model)]);
  if (capacity > 0) out[at < capacity ? at : capacity - 1] = '\0';
  return at;
}

// Defined in call_lock.h and so on; agent/core/algorithms.h includes them all.
template <class P>
class CallLock;
template <class P>
class Generic2008;
template <class P>
class PercpuRecord;
template <class P>
class PerTarget;
template <class P>
class MailboxGrid;
template <class P>
class ServerLoop;
template <class P>
class Rendezvous;

// Calls v.template operator()<A>() with the class template A of that algorithm: a lambda
// `[&]<template <class> class A>() { Calls<P, A> calls(...); ... }`.
template <Port P, class V>
auto VisitAlgorithm(AlgorithmKind kind, V&& v) {
  switch (kind) {
    case AlgorithmKind::kCallLock:
      return v.template operator()<CallLock>();
    case AlgorithmKind::kGeneric2008:
      return v.template operator()<Generic2008>();
    case AlgorithmKind::kPercpuRecord:
      return v.template operator()<PercpuRecord>();
    case AlgorithmKind::kPerTarget:
      return v.template operator()<PerTarget>();
    case AlgorithmKind::kMailboxGrid:
      return v.template operator()<MailboxGrid>();
    case AlgorithmKind::kServerLoop:
      return v.template operator()<ServerLoop>();
    case AlgorithmKind::kRendezvous:
      return v.template operator()<Rendezvous>();
  }
  __builtin_unreachable();
}

}  // namespace crosscall::core

#endif  // AGENT_CORE_IMPLEMENTATION_H_
