// One scenario over one implementation on the step port: memory, handlers and the run, for tests.
#ifndef TESTS_AGENT_CORE_STEP_RUN_H_
#define TESTS_AGENT_CORE_STEP_RUN_H_

#include <cstdlib>
#include <functional>
#include <memory>
#include <string>

#include "agent/core/algorithms.h"
#include "tests/agent/core/step_port.h"

namespace crosscall::core {

struct FreeMemory {
  void operator()(void* memory) const { std::free(memory); }  // NOLINT(cppcoreguidelines-no-malloc)
};

// `bytes` of zeroes on a cache line, fresh from the system when large: untouched pages cost nothing.
inline std::unique_ptr<void, FreeMemory> ZeroedMemory(usize bytes, void*& aligned) {
  std::unique_ptr<void, FreeMemory> memory(std::calloc(bytes + kCacheLine, 1));  // NOLINT(cppcoreguidelines-no-malloc)
  const uptr start = reinterpret_cast<uptr>(memory.get());
  aligned = reinterpret_cast<void*>((start + kCacheLine - 1) / kCacheLine * kCacheLine);
  return memory;
}

inline std::string NameOf(const Implementation& implementation) {
  char name[kImplementationNameBytes];
  Format(implementation, name, sizeof name);
  return name;
}

template <template <class> class A>
class StepRun {
 public:
  using C = Calls<StepPort, A>;

  StepRun(const StepPort::Options& port_options, const CallOptions& options)
      : port_(port_options),
        bytes_(C::BytesNeeded(port_options.cpus)),
        memory_(ZeroedMemory(bytes_, aligned_)),
        calls_(port_, options, aligned_, bytes_) {
    port_.SetHandlers([](void* self) { static_cast<StepRun*>(self)->calls_.OnIpi(); },
                      [](void* self) { static_cast<StepRun*>(self)->TakeDevice(); }, this);
  }

  StepPort& port() { return port_; }
  C& calls() { return calls_; }
  void set_device(std::function<void()> device) { device_ = std::move(device); }
  StepPort::Outcome Run(const std::function<void(CpuId)>& body) { return port_.Run(body); }

 private:
  void TakeDevice() { calls_.OnDevice(0, device_); }

  StepPort port_;
  usize bytes_;
  void* aligned_ = nullptr;
  std::unique_ptr<void, FreeMemory> memory_;
  C calls_;
  std::function<void()> device_ = [] {};
};

}  // namespace crosscall::core

#endif  // TESTS_AGENT_CORE_STEP_RUN_H_
