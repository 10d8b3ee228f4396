// `crosscall-controller check | backup | restore`: what is done with a state folder beside a running controller.
#ifndef CONTROLLER_MAINTENANCE_H_
#define CONTROLLER_MAINTENANCE_H_

#include <string>

#include "CLI/CLI.hpp"
#include "absl/status/statusor.h"
#include "absl/types/optional.h"

namespace crosscall {

// Not thread-safe. Used once: added to the program's options before they are parsed, run after.
class Maintenance {
 public:
  // `app` has the option --state-dir, which the commands share.
  explicit Maintenance(CLI::App& app);

  // Nothing if no command was given. Else what the command says on stdout when it has done its work; DATA_LOSS: the
  // store, or the backup, is damaged, the text names the problems; for other codes see controller/store/maintenance.h.
  absl::optional<absl::StatusOr<std::string>> Run(const std::string& state_dir) const;

 private:
  CLI::App* check_;
  CLI::App* backup_;
  CLI::App* restore_;
  std::string to_;
  std::string from_;
};

}  // namespace crosscall

#endif  // CONTROLLER_MAINTENANCE_H_
