// The parts of which sample sweeps are made.
#ifndef TESTS_CONTROLLER_REPORT_SAMPLE_TRIALS_H_
#define TESTS_CONTROLLER_REPORT_SAMPLE_TRIALS_H_

#include <cstdint>
#include <initializer_list>
#include <random>
#include <string>

#include "tests/controller/report/sample_sweeps.h"

namespace crosscall::report {

// Adds trials to a sweep, keeps its progress, and makes the payloads of their attempts.
class SampleMaker {
 public:
  explicit SampleMaker(const std::string& id);

  // A trial that ended so at its first attempt, with a payload to be filled.
  v1::Result& Add(const std::string& board, const std::string& scenario, const std::string& implementation,
                  v1::Outcome outcome);
  // Between Add and the next Add: what a worker measures. `median` in nanoseconds; `cpus` took part.
  void Measure(v1::Result& result, double median, std::uint32_t cpus, std::uint32_t calls = 4000);
  // An attempt before the last one, which does not count.
  void AddEarlierAttempt(const v1::Result& last, v1::Outcome outcome, const std::string& reason);
  // The last trial's, which failed after its attempts.
  void Fail(v1::Result& result, const std::string& why);
  static void Hang(v1::Result& result, bool masked);
  static void Explore(v1::Result& result, v1::Exploration::Verdict verdict);

  // In the order in which the report shows them.
  void SetScenarios(std::initializer_list<const char*> scenarios) {
    for (const char* scenario : scenarios) sample_.sweep.mutable_spec()->add_scenarios()->set_id(scenario);
  }
  void SetKernel(const std::string& kernel) { kernel_ = kernel; }
  // Calls of a pair of board CPUs; each node has `node_size` CPUs.
  void AddPair(v1::Result& result, std::uint32_t source, std::uint32_t target, double median,
               std::uint32_t calls = 200);
  SampleSweep Take(v1::Sweep::State state);

 private:
  v1::Histogram Latencies(double median, double spread, std::uint32_t calls);
  void AddStages(v1::TrialResult& payload, double median);

  SampleSweep sample_;
  std::string kernel_ = "6.1.0-25-amd64 #1 SMP PREEMPT_DYNAMIC Debian 6.1.106-3";
  std::mt19937_64 random_;
};

// Parameters of the result's trial, and of the trial itself.
void SetParameter(v1::Result& result, const std::string& id, std::int64_t value);

}  // namespace crosscall::report

#endif  // TESTS_CONTROLLER_REPORT_SAMPLE_TRIALS_H_
