// A process beside the agent that does nothing but count, a few times a second, in memory that both share. If the agent
// stood still and the witness counted on, the agent alone was stopped; if neither ran, the board stood still.
//
// It has no files and no outputs, ignores what ends the agent, and is killed with the agent, however that ends.
// Thread safety: Start before the process has other threads; Ran on any thread.
#ifndef AGENT_SUPERVISOR_WITNESS_H_
#define AGENT_SUPERVISOR_WITNESS_H_

#include <sys/types.h>

#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace crosscall::supervisor {

class Witness {
 public:
  // It is killed when the calling thread ends, too. RESOURCE_EXHAUSTED or the like: no memory or process to be had.
  static absl::StatusOr<std::unique_ptr<Witness>> Start();
  ~Witness();
  Witness(const Witness&) = delete;
  Witness& operator=(const Witness&) = delete;

  // How long it has run, short by up to kStep; nothing once it is gone.
  std::optional<absl::Duration> Ran() const;

  static constexpr absl::Duration kStep = absl::Milliseconds(250);

 private:
  struct Count;
  Witness(pid_t pid, Count* count) : pid_(pid), count_(count) {}

  pid_t pid_;
  Count* count_;
};

}  // namespace crosscall::supervisor

#endif  // AGENT_SUPERVISOR_WITNESS_H_
