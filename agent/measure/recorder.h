// Joins the stage stamps of all CPUs into distributions and counts.
//
// When: between batches, while every CPU is parked outside calls and handlers, never on the timed path. A batch is all
// that was stamped since the join before. The rings must hold a batch; stamps that were overwritten are recognised by
// their index and counted, and make the trial invalid rather than wrong.
//
// Whole-call latency is enter to return (intended start to return for paced calls), less the cost of an empty recorded
// call, never below 0. Intervals between CPUs that come out below the bound of the clocks' skew are recorded as that
// bound: nothing shorter can be told. Latencies of pairs and of routes are those of calls to one
// target; a call to several has no latency of its own for each.
//
// All memory but that of CPU pairs is allocated at construction. Not thread-safe.
#ifndef AGENT_MEASURE_RECORDER_H_
#define AGENT_MEASURE_RECORDER_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "agent/core/stage.h"
#include "agent/measure/call_table.h"
#include "agent/measure/ipi_ledger.h"
#include "agent/measure/latency_book.h"
#include "agent/measure/pacing.h"
#include "agent/measure/tick_scale.h"

namespace crosscall::measure {

// Stamps of one CPU: a ring of a power of two slots, of which `head` were ever written.
struct StampRing {
  const core::Stamp* slots = nullptr;
  std::uint64_t head = 0;
};

struct RecorderOptions {
  std::uint32_t cpu_count = 0;
  std::uint32_t ring_size = 0;
  TickScale scale{std::uint64_t{1} << 32};
  std::uint64_t overhead_nanos = 0;  // subtracted from whole calls
  std::uint64_t skew_nanos = 0;      // bound of the clocks' skew
};

// Handler entries and kicks of one CPU as the stamps tell them.
struct IpiCounts {
  LedgerCounts kicks;
  std::uint64_t entries = 0;
};

class Recorder {
 public:
  explicit Recorder(const RecorderOptions& options);

  // What to subtract from whole calls, and the bound of the clocks' skew. Before the first Join.
  void SetCosts(std::uint64_t overhead_nanos, std::uint64_t skew_nanos) {
    options_.overhead_nanos = overhead_nanos;
    options_.skew_nanos = skew_nanos;
  }

  // Passes over what has been written so far (calibration, for example).
  void SkipTo(const std::vector<StampRing>& rings);

  // Joins what came since. `paced` has the paced starts of each CPU in this batch, or is empty.
  void Join(const std::vector<StampRing>& rings, const std::vector<const Pacer*>& paced);

  const LatencyBook& book() const { return *book_; }
  const IpiCounts& ipis(std::uint32_t cpu) const { return ipis_[cpu]; }
  std::uint64_t lost_stamps() const { return lost_stamps_; }
  // Calls that returned though the stamps say that some stage before it is missing or out of order.
  std::uint64_t broken_calls() const { return broken_calls_; }
  std::uint64_t device_interrupts() const { return device_interrupts_; }
  std::uint64_t spurious_entries() const { return spurious_; }
  // The most stamps that one CPU made in the last batch.
  std::uint64_t largest_share() const { return largest_share_; }
  // The calls that were entered in the last batch.
  std::uint64_t calls_of_batch() const { return calls_of_batch_; }

 private:
  struct OpenHandler {
    std::size_t span;  // in handlers_
    Delivery delivery;
    std::uint64_t entry;
  };

  // Calls `visit(stamp)` for each stamp of the batch on that CPU.
  template <class Visit>
  void ForEachStamp(const StampRing& ring, std::uint32_t cpu, Visit&& visit);
  void JoinCaller(const StampRing& ring, std::uint32_t cpu, const Pacer* pacer);
  void JoinTarget(const StampRing& ring, std::uint32_t cpu);
  void OnHandlerStamp(const core::Stamp& stamp);
  void OnTargetStamp(const core::Stamp& stamp, std::uint32_t cpu);
  void CollectKicks();
  void CloseLedger(std::uint32_t cpu);
  void RecordTarget(const CallRow& row, const TargetRow& target);
  void RecordCall(std::uint32_t caller, const CallRow& row);
  void Between(Interval interval, std::uint64_t from, std::uint64_t to);
  void AcrossCpus(Interval interval, std::uint64_t from, std::uint64_t to);
  static Route RouteOf(const TargetRow& target);

  RecorderOptions options_;
  std::uint64_t back_to_back_ticks_;
  CallTable calls_;
  std::unique_ptr<LatencyBook> book_;  // more than a megabyte: not for stacks
  std::vector<std::uint64_t> tails_;
  std::vector<IpiCounts> ipis_;
  // Of the batch at hand.
  std::vector<std::vector<std::uint64_t>> kicks_;   // by target
  std::vector<std::vector<HandlerSpan>> handlers_;  // by CPU
  std::vector<OpenHandler> open_;
  std::vector<HandlerSpan>* spans_ = nullptr;  // handlers_ of the CPU at hand
  std::uint64_t lost_stamps_ = 0;
  std::uint64_t broken_calls_ = 0;
  std::uint64_t device_interrupts_ = 0;
  std::uint64_t spurious_ = 0;
  std::uint64_t largest_share_ = 0;
  std::uint64_t calls_of_batch_ = 0;
};

}  // namespace crosscall::measure

#endif  // AGENT_MEASURE_RECORDER_H_
