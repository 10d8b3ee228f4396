#include "agent/watchdog/wait_graph.h"

#include <algorithm>

namespace crosscall::watchdog {
namespace {

bool AtBarrier(const CpuLook& cpu) { return cpu.site == core::Site::kBarrier; }

// Depth-first search with an explicit stack: a scenario may have a thousand CPUs.
class Search {
 public:
  Search(const Look& look, std::uint32_t start) : look_(look), entered_(look.cpus.size(), false) { Enter(start); }

  WaitWalk Run() {
    WaitWalk first_walk;
    bool first_ended = false;
    while (!stack_.empty()) {
      Level& top = stack_.back();
      if (top.next == top.edges.size()) {
        if (!first_ended) first_walk.path = path_;
        first_ended = true;
        Leave();
        continue;
      }
      const WaitEdge edge = top.edges[top.next++];
      if (const auto at = OnStack(edge.to)) {
        path_.push_back(edge);
        return {path_, *at};
      }
      if (entered_[edge.to]) continue;
      path_.push_back(edge);
      Enter(edge.to);
    }
    return first_walk;
  }

 private:
  struct Level {
    std::uint32_t cpu;
    std::vector<WaitEdge> edges;
    std::size_t next = 0;
  };

  void Enter(std::uint32_t cpu) {
    entered_[cpu] = true;
    std::vector<WaitEdge> edges = EdgesFrom(look_, cpu);
    std::erase_if(edges, [this](const WaitEdge& edge) { return !Binds(look_, edge); });
    stack_.push_back({cpu, std::move(edges)});
  }

  void Leave() {
    stack_.pop_back();
    if (!path_.empty()) path_.pop_back();
  }

  std::optional<std::size_t> OnStack(std::uint32_t cpu) const {
    for (std::size_t i = 0; i < stack_.size(); ++i) {
      if (stack_[i].cpu == cpu) return i;
    }
    return std::nullopt;
  }

  const Look& look_;
  std::vector<bool> entered_;
  std::vector<Level> stack_;
  std::vector<WaitEdge> path_;
};

}  // namespace

const FrameLook* RunningFunction(const CpuLook& cpu) {
  for (auto frame = cpu.frames.rbegin(); frame != cpu.frames.rend(); ++frame) {
    if (frame->kind == core::FrameKind::kFunction) return &*frame;
  }
  return nullptr;
}

bool RunsFunctionOf(const CpuLook& cpu, std::uint32_t caller) {
  return std::any_of(cpu.frames.begin(), cpu.frames.end(), [caller](const FrameLook& frame) {
    return frame.kind == core::FrameKind::kFunction && frame.call != 0 && core::CallerOf(frame.call) == caller;
  });
}

bool InHandler(const CpuLook& cpu) {
  return std::any_of(cpu.frames.begin(), cpu.frames.end(),
                     [](const FrameLook& frame) { return frame.kind == core::FrameKind::kHandler; });
}

std::vector<WaitEdge> EdgesFrom(const Look& look, std::uint32_t cpu) {
  const CpuLook& waiter = look.cpus[cpu];
  std::vector<WaitEdge> edges;
  if (waiter.finished && waiter.frames.empty()) return edges;
  switch (waiter.site) {
    case core::Site::kLock:
    case core::Site::kOwn:
      if (waiter.wait_lock && look.lock_holders[*waiter.wait_lock]) {
        edges.push_back({cpu, *look.lock_holders[*waiter.wait_lock], waiter.site});
      }
      break;
    case core::Site::kClaim:
    case core::Site::kCompletion:
      for (const std::uint32_t target : waiter.wait_cpus) edges.push_back({cpu, target, waiter.site});
      break;
    case core::Site::kBarrier:
      for (std::uint32_t other = 0; other < look.cpus.size(); ++other) {
        if (!look.cpus[other].finished && !AtBarrier(look.cpus[other])) edges.push_back({cpu, other, waiter.site});
      }
      break;
    case core::Site::kNone:
      break;
  }
  return edges;
}

bool Binds(const Look& look, const WaitEdge& edge) {
  if (!edge.OnCall()) return true;
  const CpuLook& target = look.cpus[edge.to];
  if (target.site == core::Site::kNone) return false;
  if (RunsFunctionOf(target, edge.from)) return true;
  return target.queued() > 0 && (target.ipis_barred || RunningFunction(target) != nullptr);
}

WaitWalk FollowWaits(const Look& look, std::uint32_t start) { return Search(look, start).Run(); }

}  // namespace crosscall::watchdog
