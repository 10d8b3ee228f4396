// The list of mask requests that `generic_2008` and `percpu_record` share among all CPUs: every handler walks it and
// takes the requests that name its CPU.
//
// Invariants
//   A record is linked from its insertion until the last target has dropped its reference; a CPU inside fn of a record
//   holds a reference, so the record it stands on, and hence its `next`, is up to date when it goes on.
//   The own bit leaves `todo` before fn: neither a second look nor a nested drain runs an entry twice.
//   A walk steps from record to record only inside barred sections; between two of them it stands on a record it holds.
//
// Orders
//   O1, O4  the record's fields are written, and read, under its lock; links change under lock_. `next` and the head
//           are atomic since walkers read them without it: stored with release, loaded with acquire, so that whoever
//           reaches a record sees it filled.
//   O2, O3  as for every queue: the insertion comes before the doorbell, the look after Ack.
//   O5, O6  `waiting` is cleared with release by the last target, who has seen the others' decrements under the lock,
//           and loaded with acquire by the caller.
// Lock order: a record's lock, then lock_.
//
// When a record may be used again after it was unlinked, although a walker may still stand on it, is what the two
// algorithms differ in; see there.
#ifndef AGENT_CORE_MASK_LIST_H_
#define AGENT_CORE_MASK_LIST_H_

#include "agent/core/atomic_set.h"
#include "agent/core/cpu_set.h"
#include "agent/core/runtime.h"
#include "agent/core/section.h"
#include "agent/core/types.h"

namespace crosscall::core {

template <class P>
struct alignas(kCacheLine) MaskRecord {
  template <class T>
  using Plain = typename P::template Plain<T>;

  typename P::template Atomic<MaskRecord*> next = {};
  Plain<MaskRecord*> previous = {};  // under the list's lock
  typename P::SpinLock lock = {};
  // Under `lock`.
  Plain<Function> function = {};
  Plain<void*> argument = {};
  Plain<u64> call = {};
  Plain<u32> references = {};                     // targets whose fn has not ended
  AtomicSet<P> todo;                              // targets that have not taken it; looked at without the lock by Holds
  AtomicSet<P> unfinished;                        // the members of `references`, for the observer
  typename P::template Atomic<u32> waiting = {};  // the caller waits until 0
  typename P::template Atomic<u32> locked = {};   // in use, for records that are used again
  Plain<u64> retired_at = {};                     // epoch, for records that need a grace period
  Plain<u32> pooled = {};                         // comes from a pool, needs retiring

  // Under `lock`, before insertion.
  void Fill(const CallToken& token, const CpuSet& targets, u32 count, u32 words, const Request& request) {
    function.set(request.function);
    argument.set(request.argument);
    call.set(token.id);
    references.set(count);
    // Relaxed, all three: the record's lock and the insertion order them.
    todo.Store(targets, words, Order::kRelaxed);
    unfinished.Store(targets, words, Order::kRelaxed);
    waiting.store(request.wait ? 1 : 0, Order::kRelaxed);
  }
};

// The wait for a mask request's end; `targets` as called, narrowed for the observer as fns end.
template <class P>
void AwaitMaskRecord(Runtime<P>& runtime, const CallToken& call, const CpuSet& targets, const MaskRecord<P>& record) {
  runtime.wait.Until(
      Site::kCompletion, WaitingFor{call.id, kNoCpu, &targets},
      [&] { return record.waiting.load(Order::kAcquire) == 0; },  // O6.
      [&](CpuState& state) {
        // Relaxed: for the observer.
        for (u32 i = 0; i < runtime.words; ++i)
          Poke(state.wait_mask[i], record.unfinished.LoadWord(i, Order::kRelaxed));
      });
  runtime.account.Observed(call);
}

template <class P>
class alignas(kCacheLine) MaskList {
 public:
  // Both inside a barred section.
  void Append(MaskRecord<P>& record) {
    const Locked<P> locked(lock_);
    MaskRecord<P>* const last = tail_.get();
    record.previous.set(last);
    record.next.store(nullptr, Order::kRelaxed);  // Relaxed: the store that links the record releases it.
    (last != nullptr ? last->next : head_).store(&record, Order::kRelease);
    tail_.set(&record);
  }
  void InsertAtHead(MaskRecord<P>& record) {
    const Locked<P> locked(lock_);
    MaskRecord<P>* const first = head_.load(Order::kRelaxed);  // Relaxed: lock_ orders writers.
    record.previous.set(nullptr);
    // Release: a walker that still stands on this record from its former use continues at a filled one.
    record.next.store(first, Order::kRelease);
    if (first != nullptr) {
      first->previous.set(&record);
    } else {
      tail_.set(&record);
    }
    head_.store(&record, Order::kRelease);
  }

  // Relaxed: emptiness without the lock relies on the doorbell, as in single_queue.h.
  bool LooksEmpty() const { return head_.load(Order::kRelaxed) == nullptr; }

  // Whether an entry names `me`; inside a read section of `reader`.
  bool Names(CpuId me) const {
    for (const MaskRecord<P>* record = head_.load(Order::kAcquire); record != nullptr;
         record = record->next.load(Order::kAcquire)) {
      if (record->todo.Has(me, Order::kRelaxed)) return true;  // Relaxed: the drain looks again under the lock.
    }
    return false;
  }

  // One walk: runs every entry that names `me`; how many. Reader: Enter(me) and Exit(me) around each barred part of the
  // walk. Ended(record): completes a record that was unlinked, inside such a part.
  template <class Reader, class Ended>
  u32 Drain(Runtime<P>& runtime, CpuId me, Reader& reader, Ended&& ended) {
    if (LooksEmpty()) return 0;
    u32 taken = 0;
    Entry entry = Step(runtime, me, nullptr, reader, ended);
    for (; entry.record != nullptr; entry = Step(runtime, me, entry.record, reader, ended)) {
      ++taken;
      runtime.account.Taken(entry.call);
      runtime.account.Run(entry.call, entry.function, entry.argument);
    }
    return taken;
  }

 private:
  struct Entry {
    MaskRecord<P>* record = nullptr;
    Function function = nullptr;
    void* argument = nullptr;
    u64 call = 0;
  };

  // Ends `done` (none at the walk's start) and takes the next entry that names `me`.
  template <class Reader, class Ended>
  Entry Step(Runtime<P>& runtime, CpuId me, MaskRecord<P>* done, Reader& reader, Ended&& ended) {
    const Barred<P> bar(runtime.port);
    reader.Enter(me);
    MaskRecord<P>* record = done != nullptr ? DropReference(runtime, me, *done, ended) : head_.load(Order::kAcquire);
    Entry entry;
    for (; record != nullptr; record = record->next.load(Order::kAcquire)) {
      const Locked<P> locked(record->lock);
      if (!record->todo.Has(me, Order::kRelaxed)) continue;  // Relaxed, both: under the record's lock.
      record->todo.Remove(me, Order::kRelaxed);
      entry = Entry{record, record->function.get(), record->argument.get(), record->call.get()};
      break;
    }
    reader.Exit(me);
    return entry;
  }

  // fn has ended here. Returns where the walk goes on.
  template <class Ended>
  MaskRecord<P>* DropReference(Runtime<P>& runtime, CpuId me, MaskRecord<P>& record, Ended&& ended) {
    const u64 call = record.call.get();
    MaskRecord<P>* next;
    bool last;
    {
      const Locked<P> locked(record.lock);
      record.unfinished.Remove(me, Order::kRelaxed);  // Relaxed: for the observer.
      const u32 left = record.references.get() - 1;
      record.references.set(left);
      last = left == 0;
      if (last) Unlink(record);
      next = record.next.load(Order::kAcquire);
    }
    if (last) ended(record);
    runtime.account.Completed(call);
    return next;
  }

  void Unlink(MaskRecord<P>& record) {
    const Locked<P> locked(lock_);
    MaskRecord<P>* const before = record.previous.get();
    MaskRecord<P>* const after = record.next.load(Order::kRelaxed);  // Relaxed: lock_ orders writers.
    // Release: a walker that comes this way sees `after` filled.
    (before != nullptr ? before->next : head_).store(after, Order::kRelease);
    if (after != nullptr) {
      after->previous.set(before);
    } else {
      tail_.set(before);
    }
  }

  typename P::SpinLock lock_ = {};
  typename P::template Atomic<MaskRecord<P>*> head_ = {};
  typename P::template Plain<MaskRecord<P>*> tail_ = {};  // under lock_
};

}  // namespace crosscall::core

#endif  // AGENT_CORE_MASK_LIST_H_
