// The axes of a sweep given as flags of `sweep run`. A flag replaces the same axis of the sweep file, if there is one.
#ifndef CONTROLLER_CLI_SWEEP_FLAGS_H_
#define CONTROLLER_CLI_SWEEP_FLAGS_H_

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "controller/cli/scenario_source.h"
#include "crosscall/v1/sweep.pb.h"

namespace crosscall::cli {

// What was on the command line, as text. Empty lists and unset values were not given.
struct SweepFlags {
  std::vector<std::string> scenarios;
  std::vector<std::string> implementations;
  std::vector<std::string> cpus;
  std::vector<std::string> target_systems;
  std::vector<std::string> target_states;
  std::vector<std::string> parameters;
  std::vector<std::string> arrival_rates;
  std::vector<std::string> boards;
  std::vector<std::string> labels;
  std::optional<std::string> any;
  std::optional<std::string> memory;
  std::optional<std::string> max_states;
  std::optional<std::string> repetitions;
  std::optional<std::string> seed;
  std::optional<std::string> calls;
  std::optional<std::string> time;
  std::optional<std::string> deadline;
  std::optional<std::string> sweep_deadline;
  std::optional<std::string> time_budget;
  bool oversubscribe = false;
  bool strict = false;
  bool fresh_boot = false;
  bool no_realtime = false;
};

// Declares the flags; `flags` must outlive `command`.
void AddSweepFlags(CLI::App& command, SweepFlags& flags);

// INVALID_ARGUMENT names the flag, what was found and what is allowed; `spec` is then half changed. A scenario that has
// a slash or ends in .yaml or .yml is a file, read through `read_file`.
absl::Status ApplySweepFlags(const SweepFlags& flags, const FileReader& read_file, v1::SweepSpec& spec);

}  // namespace crosscall::cli

#endif  // CONTROLLER_CLI_SWEEP_FLAGS_H_
