// What one context of a CPU has observed: the sum of everything that its state depends on, and what it looked at in the
// wait it may be in.
//
// A wait (BeginWait) is a series of looks at a condition. A fruitless look (EndLook) leaves its CPU as it was when the
// wait began, so the next one (BeginLook) starts from there: what was seen decides nothing any more. Only if the look
// made progress on its way, as a call to several CPUs does that publishes to some of them, is the state after it one to
// start from anew.
#ifndef AGENT_EXPLORE_OBSERVATIONS_H_
#define AGENT_EXPLORE_OBSERVATIONS_H_

#include <vector>

#include "agent/explore/fingerprint.h"

namespace crosscall::explore {

class Observations {
 public:
  // A cell that a look has read, and what it saw there.
  struct Seen {
    u32 word = 0;
    u32 weak_index = 0;  // in weak memory, where "news" is a newer store; ~0: elsewhere, where it is another value
    u64 value = 0;
  };

  void Start(u64 kind) {
    print_ = Fingerprint{};
    print_.Mix(kind);
    BeginWait();
  }
  void Note(u64 value) { print_.Mix(value); }
  void NoteRead(const Seen& seen) { reads_.push_back(seen); }
  // Something that the code does not see at once, but depends on, has changed.
  void Disturb(const Fingerprint& by) {
    print_.Mix(by);
    before_look_.Mix(by);
  }
  void BeginWait() {
    before_look_ = print_;
    progressed_ = false;
    reads_.clear();
  }
  void Progress() { progressed_ = true; }
  // Another look begins.
  void BeginLook() {
    KeepProgress();
    print_ = before_look_;
    reads_.clear();
  }
  // A look was fruitless, and either the CPU pauses or, with what it has read so far, drains its own queue.
  void EndLook(bool pauses) {
    KeepProgress();
    print_ = before_look_;
    print_.Mix(pauses ? kPauses : kDrains);
    if (!pauses) return;
    last_reads_.swap(reads_);
    reads_.clear();
  }

  const Fingerprint& print() const { return print_; }
  // What the last look read.
  const std::vector<Seen>& last_reads() const { return last_reads_; }

 private:
  static constexpr u64 kPauses = 0x401;
  static constexpr u64 kDrains = 0x402;

  void KeepProgress() {
    if (progressed_) before_look_ = print_;
    progressed_ = false;
  }

  Fingerprint print_;
  Fingerprint before_look_;
  bool progressed_ = false;
  std::vector<Seen> reads_;
  std::vector<Seen> last_reads_;
};

}  // namespace crosscall::explore

#endif  // AGENT_EXPLORE_OBSERVATIONS_H_
