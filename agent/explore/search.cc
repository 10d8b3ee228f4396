#include "agent/explore/search.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "agent/explore/livelock.h"
#include "proto/shared/check.h"
#include "proto/shared/random.h"

namespace crosscall::explore {
namespace {

// Steps that a way without a choice may have before its state is kept all the same, so that it cannot go on for ever
// unseen.
constexpr usize kLongestWay = 64;
// Random executions before a search, until so many in a row taught nothing. They only save passes: what they miss, the
// passes learn. Hidden words are looked for in the first ones, since that is slow.
constexpr u64 kIdleWalks = 24;
constexpr u64 kMostWalks = 1000;
constexpr u64 kWatchedWalks = 12;
constexpr u64 kStepsOfWalk = 4000;
constexpr u32 kExpansionsBetweenLooks = 64;
// How often a kept machine is compared with one run from the start.
constexpr u32 kLooksBetweenProofs = 16;

}  // namespace

Search::Search(const SearchInput& input) : input_(input) {
  ModelPort::Options options;
  options.cpus = input.view.cpu_count;
  options.locks = input.view.lock_count + 1;
  options.irq_model = input.options.irq_model;
  options.weak = input.weak;
  options.reduced = input.reduced;
  options.ordered_ipis = input.ordered_ipis;
  options.faults = input.faults;
  options.block_bytes = input.factory.bytes(input.view);
  port_ = std::make_unique<ModelPort>(std::move(options));
  port_->MakeCurrent();
  subject_ = &input_.factory.build(port_->block(), *port_, input_.options, input_.view);
  port_->Seal(ModelPort::Handlers{.program = [this](CpuId cpu) { subject_->RunProgram(cpu); },
                                  .ipi = [this] { subject_->TakeIpi(); },
                                  .device = [this](u32 index) { subject_->TakeDevice(index); }});
}

void Search::Walk(u64 seed) {
  port_->Restart();
  ++executions_;
  for (u64 step = 0; step < kStepsOfWalk && port_->violation() == ModelViolation::kNone; ++step) {
    port_->Choices(choices_);
    if (choices_.empty()) return;
    port_->Take(choices_[shared::NextRandom(seed) % choices_.size()]);
  }
}

void Search::Learn() {
  port_->MakeCurrent();
  u64 idle = 0;
  for (u64 walk = 1; walk <= kMostWalks && idle < kIdleWalks; ++walk) {
    port_->set_watching(walk <= kWatchedWalks);
    port_->Settle();
    Walk(walk);
    idle = port_->HasNews() ? 0 : idle + 1;
  }
  port_->set_watching(false);
}

Finding Search::Run(const SearchLimits& limits) {
  const absl::Time start = absl::Now();
  Finding finding;
  Learn();
  do {
    port_->Settle();
    ++finding.passes;
    if (!Pass(limits, start + limits.max_time, finding)) break;
  } while (port_->LookForNews());
  if (port_->overflowed() && (finding.verdict == Verdict::kCompletes || finding.verdict == Verdict::kRefused)) {
    finding.verdict = Verdict::kUnknown;
    finding.reason =
        absl::StrCat("more than ", WeakMemory::kMaxLocations, " shared cells, the limit of the weak memory model");
  }
  finding.states = graph_->size();
  finding.bytes = graph_->bytes();
  finding.executions = executions_;
  finding.steps = port_->steps();
  finding.policy_decides = port_->policy_asked();
  finding.time = absl::Now() - start;
  return finding;
}

std::string Search::LimitReached(const SearchLimits& limits, absl::Time deadline) const {
  if (graph_->size() > limits.max_states) return absl::StrCat("limit of ", limits.max_states, " states");
  if (graph_->bytes() > limits.max_bytes) return absl::StrCat("limit of ", limits.max_bytes >> 20, " MiB of memory");
  if (absl::Now() > deadline) return absl::StrCat("limit of ", absl::FormatDuration(limits.max_time));
  if (limits.cancelled()) return "cancelled";
  return "";
}

// False if a limit ended it.
bool Search::Pass(const SearchLimits& limits, absl::Time deadline, Finding& finding) {
  finding.schedule.clear();
  finding.reason.clear();
  graph_ = std::make_unique<StateGraph>();
  queues_.clear();
  worst_.reset();
  some_refuse_ = some_accept_ = false;
  way_.clear();
  path_.clear();
  ++executions_;
  port_->Restart();
  graph_->Plant(port_->StatePrint());
  if (!Judge(StateGraph::kRoot)) Queue(StateGraph::kRoot);
  u32 expansions = 0;
  for (usize depth = 0; depth < queues_.size() && (worst_ == nullptr || depth < worst_->depth); ++depth) {
    for (usize i = 0; i < queues_[depth].size(); ++i) {
      const u32 node = queues_[depth][i];
      if (graph_->expanded(node) || graph_->depth(node) != depth) continue;
      Expand(node);
      if (++expansions % (kExpansionsBetweenLooks * kLooksBetweenProofs) == 0) VerifyKept(node);
      if (port_->HasNews()) return true;  // this pass is void
      if (expansions % kExpansionsBetweenLooks != 0) continue;
      finding.reason = LimitReached(limits, deadline);
      if (finding.reason.empty()) continue;
      finding.verdict = Verdict::kUnknown;
      return false;
    }
    queues_[depth] = {};
  }
  if (worst_ == nullptr) {
    const u32 livelock = FindLivelock(*graph_);
    if (livelock != StateGraph::kNoNode) {
      way_.clear();
      NoteBad(livelock, Verdict::kLivelock, "");
    }
  }
  if (worst_ != nullptr) {
    finding.verdict = worst_->verdict;
    finding.reason = worst_->reason;
    finding.schedule = graph_->WayTo(worst_->from);
    finding.schedule.insert(finding.schedule.end(), worst_->way.begin(), worst_->way.end());
    return true;
  }
  finding.verdict = some_refuse_ && !some_accept_ ? Verdict::kRefused : Verdict::kCompletes;
  if (some_refuse_ && some_accept_) finding.reason = "calls are refused in some executions";
  return true;
}

void Search::Queue(u32 node) {
  const usize depth = graph_->depth(node);
  if (queues_.size() <= depth) queues_.resize(depth + 1);
  queues_[depth].push_back(node);
}

void Search::GoTo(u32 node) {
  ++executions_;
  if constexpr (!Fiber::kCopyable) {
    port_->Restart();
    port_->Follow(graph_->WayTo(node));
    return;
  }
  // Down to where its way and the one before part, then up again.
  std::vector<u32> ahead;
  for (u32 back = node; path_.empty() || path_.back() != back;) {
    if (!path_.empty() && graph_->depth(path_.back()) >= graph_->depth(back)) {
      path_.pop_back();
      port_->Pop();
    } else {
      ahead.push_back(back);
      if (back == StateGraph::kRoot) break;
      back = graph_->parent(back);
    }
  }
  if (path_.empty()) {
    port_->Restart();
  } else {
    port_->Return();
  }
  for (; !ahead.empty(); ahead.pop_back()) {
    port_->Follow(graph_->LastWay(ahead.back()));
    path_.push_back(ahead.back());
    port_->Push();
  }
}

// What a snapshot leaves out, words nobody knew to be hidden, has then lasted no longer than since the last proof.
void Search::VerifyKept(u32 node) {
  GoTo(node);
  const Fingerprint kept = port_->StatePrint();
  if (port_->LookForNews()) return;
  port_->Restart();
  path_.clear();
  port_->Follow(graph_->WayTo(node));
  CROSSCALL_CHECK(port_->StatePrint() == kept, "a kept machine is as one that ran from the start");
}

bool Search::OnlyOptional() const {
  for (const Choice& choice : choices_) {
    if (!choice.optional()) return false;
  }
  return true;
}

void Search::Expand(u32 node) {
  graph_->SetExpanded(node);
  GoTo(node);
  std::vector<Choice> choices;
  port_->Choices(choices);
  u8 owed = 0;
  for (const Choice& choice : choices) owed = static_cast<u8>(owed | (choice.optional() ? 0 : 1 << choice.cpu));
  graph_->SetOwed(node, owed);
  for (usize i = 0; i < choices.size(); ++i) {
    if (i > 0) GoTo(node);
    const u64 progress = port_->progress();
    way_.assign(1, choices[i]);
    NoteMove(choices[i], true);
    port_->Take(choices[i]);
    if (GoOn(node) != Arrived::kNode) continue;
    const StateGraph::Arrival arrival = graph_->Reach(node, way_, port_->StatePrint());
    if (arrival.is_new || arrival.is_shorter) Queue(arrival.node);
    if (port_->progress() == progress && !stale_) graph_->AddIdleWay(node, arrival.node, moved_);
  }
}

// A load that returns an old store although there is a newer one cannot do so for ever: every store becomes visible
// some time. So ways with such a load are on no fair cycle.
void Search::NoteMove(Choice choice, bool first) {
  if (first) {
    moved_ = 0;
    stale_ = false;
  }
  moved_ = static_cast<u8>(moved_ | 1 << choice.cpu);
  stale_ = stale_ || (choice.move == Move::kStep && choice.variant > 0);
}

// From a state just reached through all those that leave no choice.
Search::Arrived Search::GoOn(u32 from) {
  for (;;) {
    if (Judge(from)) return Arrived::kBad;
    if (choices_.empty()) return Arrived::kFinal;
    if (choices_.size() > 1 || choices_[0].optional() || way_.size() >= kLongestWay || !input_.reduced)
      return Arrived::kNode;
    way_.push_back(choices_[0]);
    NoteMove(choices_[0], false);
    port_->Take(choices_[0]);
  }
}

// Whether the present state is the end of something bad. Leaves its choices in choices_.
bool Search::Judge(u32 from) {
  for (CpuId cpu = 0; cpu < input_.view.cpu_count; ++cpu) {
    const scenario::ViolationReport& report = subject_->violations(cpu);
    if (report.count == 0) continue;
    NoteBad(from, Verdict::kViolation, absl::StrCat(scenario::ViolationText(report.kind), ", seen by CPU ", cpu));
    return true;
  }
  if (port_->violation() != ModelViolation::kNone) {
    NoteBad(from, Verdict::kViolation,
            absl::StrCat(ModelViolationText(port_->violation()), ", seen by CPU ", port_->violator()));
    return true;
  }
  port_->Choices(choices_);
  if (!OnlyOptional()) return false;
  if (port_->Idle()) {
    bool refused = false;
    for (CpuId cpu = 0; cpu < input_.view.cpu_count; ++cpu) refused = refused || subject_->refused(cpu) > 0;
    (refused ? some_refuse_ : some_accept_) = true;
    return false;
  }
  if (port_->OnlySettling()) {
    NoteBad(from, Verdict::kViolation, ModelViolationText(ModelViolation::kLostRun));
  } else {
    NoteBad(from, Verdict::kDeadlock, "");
  }
  return true;
}

void Search::NoteBad(u32 from, Verdict verdict, std::string reason) {
  const u32 depth = graph_->depth(from) + static_cast<u32>(way_.size());
  if (worst_ != nullptr && worst_->depth <= depth) return;
  worst_ = std::make_unique<End>(End{from, way_, depth, verdict, std::move(reason)});
}

}  // namespace crosscall::explore
