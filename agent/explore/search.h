// The search of all executions of one scenario on one implementation.
//
// Breadth first by number of steps, over states (model_port.h says when two are equal), so that what is found first has
// a shortest way. A state to go on from is reached by running the way to it again, from the last state on that way
// whose machine the port keeps: those on the way to the state before it, and mostly the two ways part late.
//
// What makes it finite and small: equal states are searched once; accesses that commute with everything are no steps
// (locations.h); a state with a single step to take is passed through. All three keep every reachable deadlock,
// livelock and violation. Equal states are told by 128-bit fingerprints (fingerprint.h has the odds).
//
// A verdict is exhaustive or `unknown`; the limit that was reached is named. Deterministic: the same input gives the
// same states, the same verdict and the same way, unless a limit of time or memory ends the search.
//
// Thread safety: a Search lives on one thread; several threads may each have their own.
#ifndef AGENT_EXPLORE_SEARCH_H_
#define AGENT_EXPLORE_SEARCH_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "agent/core/implementation.h"
#include "agent/explore/model_port.h"
#include "agent/explore/state_graph.h"
#include "agent/explore/subject.h"
#include "agent/explore/verdict.h"
#include "agent/scenario/ops.h"

namespace crosscall::explore {

struct SearchLimits {
  u64 max_states = 20'000'000;
  absl::Duration max_time = absl::Seconds(60);
  usize max_bytes = usize{4} << 30;
  // Asked now and then; true ends the search as unknown.
  std::function<bool()> cancelled = [] { return false; };
};

struct SearchInput {
  SubjectFactory factory;
  core::CallOptions options;
  scenario::ScenarioView view;  // outlives the search
  ModelFaults faults;
  bool weak = true;
  bool reduced = true;
  bool ordered_ipis = true;
};

struct Finding {
  Verdict verdict = Verdict::kUnknown;
  std::string reason;  // of a violation: what; of unknown: which limit; of refused calls in some executions: that
  Schedule schedule;   // a shortest way to what was found; empty unless deadlock, livelock or violation
  u64 states = 0;      // different ones, in the last pass
  u64 executions = 0;  // ended or broken off, in all passes
  u64 steps = 0;       // taken, in all executions
  u32 passes = 0;      // until nothing was learned about the memory any more
  usize bytes = 0;     // that the states took
  bool policy_decides = true;  // false: no wait policy was ever asked, so every other one has the same finding
  absl::Duration time;
};

class Search {
 public:
  explicit Search(const SearchInput& input);
  Finding Run(const SearchLimits& limits);

  // The machine, for those who replay a schedule. Its way of telling steps apart depends on what the search learned,
  // so a schedule is replayed on the Search that found it, or on one that has Learned the same.
  ModelPort& port() { return *port_; }
  const Subject& subject() const { return *subject_; }
  // Random executions until what the search needs to know of the memory is known, as Run does it first.
  void Learn();

 private:
  struct End {
    u32 from = 0;  // the node it was reached from
    Schedule way;
    u32 depth = 0;
    Verdict verdict = Verdict::kUnknown;
    std::string reason;
  };
  enum class Arrived { kNode, kFinal, kBad };

  void Walk(u64 seed);
  bool Pass(const SearchLimits& limits, absl::Time deadline, Finding& finding);
  void Expand(u32 node);
  Arrived GoOn(u32 from);
  bool Judge(u32 from);
  void NoteMove(Choice choice, bool first);
  void NoteBad(u32 from, Verdict verdict, std::string reason);
  void Queue(u32 node);
  // Brings the machine to that node.
  void GoTo(u32 node);
  // The same from the start, and it must be the same state as the present one.
  void VerifyKept(u32 node);
  std::string LimitReached(const SearchLimits& limits, absl::Time deadline) const;
  bool OnlyOptional() const;

  const SearchInput input_;
  std::unique_ptr<ModelPort> port_;
  Subject* subject_ = nullptr;
  u64 executions_ = 0;
  // Of the pass at hand.
  std::unique_ptr<StateGraph> graph_;
  std::vector<std::vector<u32>> queues_;  // nodes to expand, by depth
  std::vector<Choice> choices_;           // of the present state
  std::vector<u32> path_;                 // the way to the node last gone to: nodes whose machines the port keeps
  Schedule way_;                          // from the node being expanded to the present state
  u8 moved_ = 0;                          // CPUs that moved on it
  bool stale_ = false;                    // and whether one of them read an old store
  std::unique_ptr<End> worst_;
  bool some_refuse_ = false;
  bool some_accept_ = false;
};

}  // namespace crosscall::explore

#endif  // AGENT_EXPLORE_SEARCH_H_
