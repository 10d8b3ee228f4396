#include "agent/measure/recorder.h"

#include <algorithm>

#include "proto/shared/check.h"

namespace crosscall::measure {
namespace {

// A stamp's peer when it concerns several CPUs.
constexpr std::uint16_t kSeveral = 0xffff;
// From a handler's exit stamp to the end of its return and the delivery of a signal that was pending behind it. An
// interrupt that another CPU had to send takes longer.
constexpr std::uint64_t kBackToBackNanos = 1500;
// Handlers that are open at once on one CPU: those of its own waits, nested in each other.
constexpr std::size_t kOpenHandlers = 128;

void KeepFirst(std::uint64_t& time, std::uint64_t stamp) {
  if (time == 0) time = stamp;
}

}  // namespace

Recorder::Recorder(const RecorderOptions& options)
    : options_(options),
      back_to_back_ticks_(options.scale.ToTicks(kBackToBackNanos)),
      calls_(options.cpu_count, options.ring_size),
      book_(std::make_unique<LatencyBook>()),
      tails_(options.cpu_count),
      ipis_(options.cpu_count),
      kicks_(options.cpu_count),
      handlers_(options.cpu_count) {
  // A kick is one of at least four stamps of its call, a handler one of two of its own.
  for (auto& kicks : kicks_) kicks.reserve(options.ring_size / 4);
  for (auto& spans : handlers_) spans.reserve(options.ring_size / 2);
  open_.reserve(kOpenHandlers);
}

void Recorder::SkipTo(const std::vector<StampRing>& rings) {
  for (std::size_t i = 0; i < tails_.size(); ++i) tails_[i] = rings[i].head;
}

template <class Visit>
void Recorder::ForEachStamp(const StampRing& ring, std::uint32_t cpu, Visit&& visit) {
  std::uint64_t index = tails_[cpu];
  if (ring.head - index > options_.ring_size) index = ring.head - options_.ring_size;
  for (; index < ring.head; ++index) {
    const core::Stamp& stamp = ring.slots[index & (options_.ring_size - 1)];
    if (stamp.index == index) visit(stamp);
  }
}

void Recorder::Join(const std::vector<StampRing>& rings, const std::vector<const Pacer*>& paced) {
  CROSSCALL_CHECK(rings.size() == options_.cpu_count, "one ring for each CPU");
  calls_.BeginBatch();
  largest_share_ = 0;
  calls_of_batch_ = 0;
  for (std::uint32_t cpu = 0; cpu < options_.cpu_count; ++cpu) {
    const std::uint64_t share = rings[cpu].head - tails_[cpu];
    largest_share_ = std::max(largest_share_, share);
    if (share > options_.ring_size) lost_stamps_ += share - options_.ring_size;
    kicks_[cpu].clear();
    handlers_[cpu].clear();
  }
  // Callers first: a target's stamps then find the rows of the calls that they serve.
  for (std::uint32_t cpu = 0; cpu < options_.cpu_count; ++cpu) {
    JoinCaller(rings[cpu], cpu, paced.empty() ? nullptr : paced[cpu]);
  }
  for (std::uint32_t cpu = 0; cpu < options_.cpu_count; ++cpu) JoinTarget(rings[cpu], cpu);
  CollectKicks();
  for (std::uint32_t cpu = 0; cpu < options_.cpu_count; ++cpu) CloseLedger(cpu);
  calls_.ForEachTarget([this](CallRow& row, TargetRow& target) { RecordTarget(row, target); });
  calls_.ForEachCall([this](std::uint32_t caller, CallRow& row) { RecordCall(caller, row); });
  SkipTo(rings);
}

void Recorder::JoinCaller(const StampRing& ring, std::uint32_t cpu, const Pacer* pacer) {
  std::size_t next_start = 0;
  ForEachStamp(ring, cpu, [&](const core::Stamp& stamp) {
    if (stamp.call == 0 || core::CallerOf(stamp.call) != cpu) return;
    const auto stage = static_cast<core::Stage>(stamp.stage);
    CallRow* row = stage == core::Stage::kEnter ? calls_.Call(stamp.call) : calls_.FindCall(stamp.call);
    if (row == nullptr) {
      if (stage == core::Stage::kEnter) ++broken_calls_;
      return;
    }
    const auto target = [&]() -> TargetRow* {
      return stamp.peer == kSeveral ? nullptr : calls_.Target(stamp.call, *row, stamp.peer);
    };
    switch (stage) {
      case core::Stage::kEnter:
        row->enter = row->begin = stamp.time;
        // Calls of function bodies are not paced, and begin before the release of the next paced one.
        if (pacer != nullptr && next_start < pacer->starts().size() &&
            stamp.time >= pacer->starts()[next_start].released) {
          row->begin = pacer->starts()[next_start++].intended;
        }
        break;
      case core::Stage::kClaim:
        KeepFirst(row->claim, stamp.time);
        break;
      case core::Stage::kPublish:
        if (TargetRow* to = target()) {
          to->publish = stamp.time;
        } else {
          row->publish = stamp.time;
        }
        break;
      case core::Stage::kKick:
        if (TargetRow* to = target()) {
          to->kick = stamp.time;
        } else {
          row->kick = stamp.time;
        }
        break;
      case core::Stage::kKicked:
        if (TargetRow* to = target()) {
          to->kicked = stamp.time;
        } else {
          row->kicked = stamp.time;
        }
        break;
      case core::Stage::kKickSkipped:
        if (TargetRow* to = target()) to->skip_reason = stamp.detail;
        break;
      case core::Stage::kObserved:
        row->observed = stamp.time;
        break;
      case core::Stage::kReturn:
        row->returned = stamp.time;
        row->result = stamp.detail;
        break;
      default:
        break;
    }
  });
}

void Recorder::JoinTarget(const StampRing& ring, std::uint32_t cpu) {
  spans_ = &handlers_[cpu];
  open_.clear();
  ForEachStamp(ring, cpu, [&](const core::Stamp& stamp) {
    OnHandlerStamp(stamp);
    if (stamp.call != 0) OnTargetStamp(stamp, cpu);
  });
  for (const HandlerSpan& span : *spans_) ipis_[cpu].entries += span.by_ipi ? 1 : 0;
}

void Recorder::OnHandlerStamp(const core::Stamp& stamp) {
  const auto enter = [&](Delivery delivery) {
    open_.push_back({spans_->size(), delivery, stamp.time});
    spans_->push_back({stamp.time, stamp.time, delivery != Delivery::kPoll});
  };
  switch (static_cast<core::Stage>(stamp.stage)) {
    case core::Stage::kIpiEntry:
      enter(stamp.detail == 0 ? Delivery::kIpi : Delivery::kWindow);
      break;
    case core::Stage::kPollHit:
      enter(Delivery::kPoll);
      break;
    case core::Stage::kHandlerExit:
      if (open_.empty()) break;
      (*spans_)[open_.back().span].exit = stamp.time;
      open_.pop_back();
      break;
    case core::Stage::kSpurious:
      ++spurious_;
      break;
    case core::Stage::kDevice:
      ++device_interrupts_;
      break;
    default:
      break;
  }
}

void Recorder::OnTargetStamp(const core::Stamp& stamp, std::uint32_t cpu) {
  const auto stage = static_cast<core::Stage>(stamp.stage);
  if (stage != core::Stage::kDrain && stage != core::Stage::kFnEntry && stage != core::Stage::kFnExit &&
      stage != core::Stage::kComplete) {
    return;
  }
  CallRow* row = calls_.FindCall(stamp.call);
  TargetRow* target = row == nullptr ? nullptr : calls_.Target(stamp.call, *row, cpu);
  if (target == nullptr) {
    if (stage == core::Stage::kFnExit) ++broken_calls_;
    return;
  }
  switch (stage) {
    case core::Stage::kDrain:
      target->drain = stamp.time;
      if (open_.empty()) break;
      target->delivery = open_.back().delivery;
      if (target->delivery != Delivery::kPoll) target->entry = open_.back().entry;
      break;
    case core::Stage::kFnEntry:
      target->fn_entry = stamp.time;
      break;
    case core::Stage::kFnExit:
      target->fn_exit = stamp.time;
      break;
    default:
      target->complete = stamp.time;
      break;
  }
}

// Completes the rows with what a mask call stamped once for all its targets, and hands the kicks to the ledger.
void Recorder::CollectKicks() {
  calls_.ForEachTarget([this](CallRow& row, TargetRow& target) {
    const bool local = target.target == core::CallerOf(target.call);
    if (local || target.target >= options_.cpu_count) return;
    KeepFirst(target.publish, row.publish);
    if (target.skip_reason != 0 || target.publish == 0) return;
    KeepFirst(target.kick, row.kick);
    KeepFirst(target.kicked, row.kicked);
    if (target.kick != 0) kicks_[target.target].push_back(target.kick);
  });
}

void Recorder::CloseLedger(std::uint32_t cpu) {
  ipis_[cpu].kicks += CountKicks(kicks_[cpu], handlers_[cpu], back_to_back_ticks_);
}

Route Recorder::RouteOf(const TargetRow& target) {
  if (target.target == core::CallerOf(target.call)) return Route::kSelf;
  if (target.skip_reason == static_cast<std::uint16_t>(core::SkipReason::kIdlePoll)) return Route::kIdlePoll;
  if (target.delivery == Delivery::kPoll) return Route::kPolled;
  if (target.delivery == Delivery::kWindow) return Route::kWindow;
  if (target.skip_reason == static_cast<std::uint16_t>(core::SkipReason::kNotFirst)) return Route::kProxied;
  return Route::kIpi;
}

void Recorder::Between(Interval interval, std::uint64_t from, std::uint64_t to) {
  if (from == 0 || to < from) return;
  book_->RecordInterval(interval, options_.scale.ToNanos(to - from));
}

void Recorder::AcrossCpus(Interval interval, std::uint64_t from, std::uint64_t to) {
  if (from == 0 || to == 0) return;
  const std::uint64_t nanos = to > from ? options_.scale.ToNanos(to - from) : 0;
  book_->RecordInterval(interval, std::max(nanos, options_.skew_nanos));
}

void Recorder::RecordTarget(const CallRow& row, const TargetRow& target) {
  if (target.fn_entry == 0) {
    // Published, accepted, and every request is served when joins are made: its stamps must be there.
    if (target.publish != 0 && row.result == static_cast<std::uint16_t>(core::Result::kOk)) ++broken_calls_;
    return;
  }
  const Route route = RouteOf(target);
  book_->CountTarget(route);
  Between(Interval::kFunction, target.fn_entry, target.fn_exit);
  if (route == Route::kSelf) return;
  Between(Interval::kClaimPublish, row.claim, target.publish);
  Between(Interval::kPublishKicked, target.publish, target.kicked);
  AcrossCpus(Interval::kPublishFnEntry, target.publish, target.fn_entry);
  Between(Interval::kDrainFnEntry, target.drain, target.fn_entry);
  // An asynchronous record is free before its function runs: there the completion comes first.
  Between(Interval::kFnExitComplete, target.fn_exit, target.complete);
  if (row.target_count == 1) AcrossCpus(Interval::kCompleteObserved, target.complete, row.observed);
  if (route != Route::kIpi || target.entry == 0) return;
  Between(Interval::kEntryDrain, target.entry, target.drain);
  // Drained by a handler that another kick had entered before: no IPI of this call's.
  if (target.kick == 0 || target.entry < target.kick) return;
  AcrossCpus(Interval::kKickEntry, target.kick, target.entry);
  AcrossCpus(Interval::kKickedEntry, target.kicked, target.entry);
}

void Recorder::RecordCall(std::uint32_t caller, const CallRow& row) {
  ++calls_of_batch_;
  if (row.returned == 0) {
    ++broken_calls_;
    return;
  }
  if (row.result != static_cast<std::uint16_t>(core::Result::kOk)) {
    book_->CountTarget(Route::kRefused);
    return;
  }
  const std::uint64_t measured = row.returned > row.begin ? options_.scale.ToNanos(row.returned - row.begin) : 0;
  const std::uint64_t nanos = measured > options_.overhead_nanos ? measured - options_.overhead_nanos : 0;
  book_->RecordCall(nanos);
  Between(Interval::kEnterClaim, row.enter, row.claim);
  if (row.target_count != 1 || row.first.fn_entry == 0) return;
  book_->RecordPair(caller, row.first.target, nanos);
  book_->RecordRoute(RouteOf(row.first), nanos);
}

}  // namespace crosscall::measure
