// When is it certain that a run will never end? Pure; the caller brings looks and times.
//
// A slow run on a loaded machine looks like a hung one, so time alone proves nothing. Proved is a hang if, between two
// looks,
//   - every CPU is at the same wait and nothing grows on any of them but the count of fruitless looks;
//   - every CPU has looked at its condition many times: none of them merely got no processor;
//   - no CPU has an interrupt pending that its mask lets in;
//   - all other threads of the process sleep, and longer has passed than any interrupt may still be on its way.
// Then each look sees what the one before it saw, for ever. A CPU that has ended its program waits for the others.
#ifndef TESTS_EXPLORE_CROSS_CHECK_HANG_PROOF_H_
#define TESTS_EXPLORE_CROSS_CHECK_HANG_PROOF_H_

#include <cstdint>
#include <optional>

#include "absl/time/time.h"
#include "agent/watchdog/evidence.h"

namespace crosscall::cross_check {

class HangProof {
 public:
  struct Needs {
    std::uint64_t looks = 32;  // fruitless ones of each CPU
    absl::Duration span;       // longer than any interrupt is on its way
    std::uint64_t interrupts;  // the port's signals, bit n - 1 for signal n
  };

  explicit HangProof(const Needs& needs) : needs_(needs) {}

  // Takes a newer look, with the kernel's view of the threads. True if it proves, with an earlier one, that the run
  // hangs; those two are then first() and second().
  bool Add(const watchdog::Look& look, bool others_sleep, absl::Duration now);
  // What was taken for proof is none after all.
  void Reset() { first_.reset(); }

  const watchdog::Look& first() const { return *first_; }
  const watchdog::Look& second() const { return *second_; }
  absl::Duration gap() const { return gap_; }

 private:
  const Needs needs_;
  std::optional<watchdog::Look> first_;
  std::optional<watchdog::Look> second_;
  absl::Duration since_;
  absl::Duration gap_;
};

// Every CPU is at a wait.
bool AllWait(const watchdog::Look& look);
// Nothing but fruitless looks lies between the two.
bool NothingMoved(const watchdog::Look& before, const watchdog::Look& now);

}  // namespace crosscall::cross_check

#endif  // TESTS_EXPLORE_CROSS_CHECK_HANG_PROOF_H_
