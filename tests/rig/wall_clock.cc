// Preloaded into a program: sets its wall clock while it runs, as if somebody had set the machine's.
//
// CROSSCALL_TEST_CLOCK names a file of 8 bytes, nanoseconds to add. What waits for an instant of the wall clock goes by
// the clock that was set, as in the kernel: put back by a day, such a wait takes a day longer. That is what Debian's
// faketime cannot show, since Abseil and gRPC wait by the futex system call.
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdlib>

namespace {

using Nanos = std::int64_t;
constexpr Nanos kSecond = 1'000'000'000;
// A wait looks at the clock that often.
constexpr Nanos kSlice = kSecond / 50;

template <class Function>
Function* Real(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

long RealSyscall(long number, long a, long b, long c, long d, long e, long f) {
  static auto* const real = Real<long(long, ...)>("syscall");
  return real(number, a, b, c, d, e, f);
}

int RealClock(clockid_t clock, timespec* time) {
  static auto* const real = Real<int(clockid_t, timespec*)>("clock_gettime");
  return real(clock, time);
}

const Nanos* MapOffset() {
  static const Nanos none = 0;
  const char* const path = std::getenv("CROSSCALL_TEST_CLOCK");
  const int file = path == nullptr ? -1 : open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return &none;
  void* const mapped = mmap(nullptr, sizeof(Nanos), PROT_READ, MAP_SHARED, file, 0);
  close(file);
  return mapped == MAP_FAILED ? &none : static_cast<const Nanos*>(mapped);
}

Nanos Offset() {
  static const Nanos* const offset = MapOffset();
  return __atomic_load_n(offset, __ATOMIC_RELAXED);
}

Nanos NanosOf(const timespec& time) { return time.tv_sec * kSecond + time.tv_nsec; }
timespec TimespecOf(Nanos nanos) { return {.tv_sec = nanos / kSecond, .tv_nsec = nanos % kSecond}; }

Nanos RealNow() {
  timespec time;
  RealClock(CLOCK_REALTIME, &time);
  return NanosOf(time);
}

// `wait_until` waits for an instant of the machine's clock and returns true if it ended for no other reason.
template <class WaitUntil>
bool WaitedOut(const timespec& deadline, WaitUntil wait_until) {
  for (;;) {
    const Nanos left = NanosOf(deadline) - (RealNow() + Offset());
    const timespec next = TimespecOf(RealNow() + std::clamp(left, Nanos{0}, kSlice));
    if (!wait_until(next)) return false;
    if (NanosOf(deadline) <= RealNow() + Offset()) return true;
  }
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* time) {
  const int result = RealClock(clock, time);
  const bool wall = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
  if (result == 0 && wall) *time = TimespecOf(NanosOf(*time) + Offset());
  return result;
}

time_t time(time_t* out) {
  const time_t now = (RealNow() + Offset()) / kSecond;
  if (out != nullptr) *out = now;
  return now;
}

int gettimeofday(timeval* out, void*) {
  const Nanos now = RealNow() + Offset();
  *out = {.tv_sec = now / kSecond, .tv_usec = now % kSecond / 1000};
  return 0;
}

// For condition variables that were not asked to use another clock, as std::condition_variable's.
int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex, const timespec* deadline) {
  static auto* const real = Real<int(pthread_cond_t*, pthread_mutex_t*, const timespec*)>("pthread_cond_timedwait");
  int result = 0;
  WaitedOut(*deadline, [&](const timespec& next) { return (result = real(condition, mutex, &next)) == ETIMEDOUT; });
  return result;
}

long syscall(long number, ...) {
  va_list list;
  va_start(list, number);
  long a[6];
  for (long& argument : a) argument = va_arg(list, long);
  va_end(list);
  if (number == SYS_clock_gettime)
    return clock_gettime(static_cast<clockid_t>(a[0]), reinterpret_cast<timespec*>(a[1]));
  const bool waits = number == SYS_futex && (a[1] & FUTEX_CMD_MASK) == FUTEX_WAIT_BITSET;
  if (!waits || (a[1] & FUTEX_CLOCK_REALTIME) == 0 || a[3] == 0)
    return RealSyscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
  long result = 0;
  WaitedOut(*reinterpret_cast<const timespec*>(a[3]), [&](const timespec& next) {
    result = RealSyscall(number, a[0], a[1], a[2], reinterpret_cast<long>(&next), a[4], a[5]);
    return result == -1 && errno == ETIMEDOUT;
  });
  return result;
}

}  // extern "C"
