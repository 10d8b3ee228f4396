// A port that holds its CPUs up where the explorer's model of a machine does: before each access to an atomic, each
// internal lock, mask change, short section and doorbell, in the gap between publish and kick, and at each fruitless
// look. Otherwise it is the port below it.
//
// B models core::Port; H::AtPoint() is a scheduling point of the calling CPU: async-signal-safe, returns in bounded
// time. G::AtKickGap() is called in that gap.
#ifndef TESTS_EXPLORE_CROSS_CHECK_DELAYING_PORT_H_
#define TESTS_EXPLORE_CROSS_CHECK_DELAYING_PORT_H_

#include "agent/core/port.h"

namespace crosscall::cross_check {

template <core::Port B, class H, class G>
class DelayingPort {
 public:
  template <class T>
  class Atomic {
   public:
    T load(core::Order order) const {
      H::AtPoint();
      return below_.load(order);
    }
    void store(T value, core::Order order) {
      H::AtPoint();
      below_.store(value, order);
    }
    T exchange(T value, core::Order order) {
      H::AtPoint();
      return below_.exchange(value, order);
    }
    T fetch_add(T value, core::Order order) {
      H::AtPoint();
      return below_.fetch_add(value, order);
    }
    T fetch_or(T value, core::Order order) {
      H::AtPoint();
      return below_.fetch_or(value, order);
    }
    T fetch_and(T value, core::Order order) {
      H::AtPoint();
      return below_.fetch_and(value, order);
    }
    bool compare_exchange(T& expected, T desired, core::Order order) {
      H::AtPoint();
      return below_.compare_exchange(expected, desired, order);
    }

   private:
    typename B::template Atomic<T> below_ = {};
  };
  template <class T>
  using Plain = typename B::template Plain<T>;
  class SpinLock {
   public:
    void lock() {
      H::AtPoint();
      below_.lock();
    }
    void unlock() { below_.unlock(); }

   private:
    typename B::SpinLock below_ = {};
  };

  // Both outlive this object.
  DelayingPort(B& below, G& gap) : below_(below), gap_(gap) {}

  B& below() { return below_; }

  core::u32 cpu_count() const { return below_.cpu_count(); }
  core::CpuId Me() const { return below_.Me(); }
  core::u32 Bar() {
    H::AtPoint();
    return below_.Bar();
  }
  void Unbar(core::u32 previous) { below_.Unbar(previous); }
  bool IrqsMasked() const { return below_.IrqsMasked(); }
  void MaskIrqs() {
    H::AtPoint();
    below_.MaskIrqs();
  }
  void OpenIrqs() {
    H::AtPoint();
    below_.OpenIrqs();
  }
  void Window() {
    H::AtPoint();
    below_.Window();
  }
  void SendIpis(const core::CpuSet& targets) {
    H::AtPoint();
    below_.SendIpis(targets);
  }
  void Ack() { below_.Ack(); }
  void BeginWait() { below_.BeginWait(); }
  void BeginLook() { below_.BeginLook(); }
  void Pause() {
    H::AtPoint();
    below_.Pause();
  }
  bool AllocFails() { return below_.AllocFails(); }
  void KickGap(const core::CpuSet& targets) {
    H::AtPoint();
    gap_.AtKickGap();
    below_.KickGap(targets);
  }
  void MutateMask(core::CpuSet& mask) { below_.MutateMask(mask); }
  core::u64 Now() const { return below_.Now(); }
  core::CpuState& state() { return below_.state(); }
  core::CpuState& state_of(core::CpuId cpu) { return below_.state_of(cpu); }
  core::LockState& lock_state(core::u32 index) { return below_.lock_state(index); }
  void StampStage(core::Stage stage, core::u64 call, core::CpuId peer, core::u32 detail) {
    below_.StampStage(stage, call, peer, detail);
  }
  void StampAgain(core::Stage stage, core::u64 call, core::CpuId peer, core::u32 detail) {
    below_.StampAgain(stage, call, peer, detail);
  }

 private:
  B& below_;
  G& gap_;
};

}  // namespace crosscall::cross_check

#endif  // TESTS_EXPLORE_CROSS_CHECK_DELAYING_PORT_H_
