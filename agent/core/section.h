// Short sections that bar this CPU's interrupts and IPIs, as scopes.
#ifndef AGENT_CORE_SECTION_H_
#define AGENT_CORE_SECTION_H_

#include "agent/core/types.h"

namespace crosscall::core {

// The notation's bar{ }. Nests.
template <class P>
class Barred {
 public:
  explicit Barred(P& port) : port_(port), previous_(port.Bar()) {}
  ~Barred() { port_.Unbar(previous_); }
  Barred(const Barred&) = delete;
  Barred& operator=(const Barred&) = delete;

 private:
  P& port_;
  const u32 previous_;
};

// An internal lock, held. The caller has barred: were an IPI let in, its handler could spin on a lock that its own CPU
// holds.
template <class P>
class Locked {
 public:
  explicit Locked(typename P::SpinLock& lock) : lock_(lock) { lock_.lock(); }
  ~Locked() { lock_.unlock(); }
  Locked(const Locked&) = delete;
  Locked& operator=(const Locked&) = delete;

 private:
  typename P::SpinLock& lock_;
};

}  // namespace crosscall::core

#endif  // AGENT_CORE_SECTION_H_
