// A std::mutex with clang's thread-safety annotations.
//
// absl::Mutex is not used: the packaged Abseil is not instrumented, and ThreadSanitizer reports false races through it.
#ifndef PROTO_SHARED_MUTEX_H_
#define PROTO_SHARED_MUTEX_H_

#include <chrono>
#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define CROSSCALL_ANNOTATION(x) __attribute__((x))
#else
#define CROSSCALL_ANNOTATION(x)
#endif
#define CROSSCALL_GUARDED_BY(m) CROSSCALL_ANNOTATION(guarded_by(m))
#define CROSSCALL_REQUIRES(...) CROSSCALL_ANNOTATION(requires_capability(__VA_ARGS__))
#define CROSSCALL_EXCLUDES(...) CROSSCALL_ANNOTATION(locks_excluded(__VA_ARGS__))

namespace crosscall::shared {

class CROSSCALL_ANNOTATION(capability("mutex")) Mutex {
 public:
  void Lock() CROSSCALL_ANNOTATION(acquire_capability()) { mutex_.lock(); }
  void Unlock() CROSSCALL_ANNOTATION(release_capability()) { mutex_.unlock(); }

 private:
  friend class CondVar;
  std::mutex mutex_;
};

class CROSSCALL_ANNOTATION(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) CROSSCALL_ANNOTATION(acquire_capability(mutex)) : mutex_(mutex) { mutex_.Lock(); }
  ~MutexLock() CROSSCALL_ANNOTATION(release_capability()) { mutex_.Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

// Waits release the mutex meanwhile; spurious wake-ups happen, so callers loop over their condition.
class CondVar {
 public:
  void Wait(Mutex& mutex) CROSSCALL_REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    condition_.wait(lock);
    lock.release();
  }
  // Returns false if `timeout` passed without a notification.
  bool WaitFor(Mutex& mutex, std::chrono::nanoseconds timeout) CROSSCALL_REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    const bool notified = condition_.wait_until(lock, WaitClock::now() + timeout) == std::cv_status::no_timeout;
    lock.release();
    return notified;
  }
  void NotifyAll() { condition_.notify_all(); }

 private:
#if defined(__SANITIZE_THREAD__)
  // The packaged ThreadSanitizer does not know pthread_cond_clockwait.
  using WaitClock = std::chrono::system_clock;
#else
  // The system clock may be set meanwhile: back by a day, and the wait would be longer by a day.
  using WaitClock = std::chrono::steady_clock;
#endif
  std::condition_variable condition_;
};

}  // namespace crosscall::shared

#endif  // PROTO_SHARED_MUTEX_H_
