// One scenario over one implementation on the step port: memory, handlers and the run, for tests.
#ifndef TESTS_AGENT_CORE_STEP_RUN_H_
#define TESTS_AGENT_CORE_STEP_RUN_H_

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "agent/core/algorithms.h"
#include "tests/agent/core/step_port.h"
#include "tests/contract/rig.h"

namespace crosscall::core {

inline std::string NameOf(const Implementation& implementation) {
  char name[kImplementationNameBytes];
  Format(implementation, name, sizeof name);
  return name;
}

// gtest allows no slash in a test's name.
inline std::string TestName(const testing::TestParamInfo<Implementation>& test) {
  std::string name = NameOf(test.param);
  for (char& c : name) {
    if (c == '/') c = '_';
  }
  return name;
}

template <template <class> class A>
class StepRun {
 public:
  using C = Calls<StepPort, A>;

  StepRun(const StepPort::Options& port_options, const CallOptions& options)
      : port_(port_options),
        memory_(C::BytesNeeded(port_options.cpus)),
        calls_(port_, options, memory_.address(), memory_.bytes()) {
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
  contract::ZeroedMemory memory_;
  C calls_;
  std::function<void()> device_ = [] {};
};

}  // namespace crosscall::core

#endif  // TESTS_AGENT_CORE_STEP_RUN_H_
