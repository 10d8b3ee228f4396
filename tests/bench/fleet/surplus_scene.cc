// More agents than the controller takes.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tests/bench/fleet/scenes.h"

namespace crosscall::fleet {
namespace {

// A refused agent leaves nothing behind, so that what is measured is the allocator's play.
constexpr double kGrowthLimitMib = 16;
// By the back-off, the nth refusal comes some 2^n seconds after the first.
constexpr std::uint64_t kFewRefusals = 1;
constexpr std::uint64_t kManyRefusals = 4;
constexpr std::uint32_t kTrials = 3;

std::vector<std::string> Names(char letter, std::size_t count) {
  std::vector<std::string> names;
  for (std::size_t board = 1; board <= count; ++board) names.push_back(absl::StrFormat("boards/%c%04d", letter, board));
  return names;
}

std::vector<std::string> Taking(std::size_t boards) { return {"--max-boards", absl::StrCat(boards)}; }

// Each of those that were let in does its share.
absl::Status WorkBeside(LabUser& user, Fleet& fleet, const std::vector<std::string>& boards) {
  const absl::StatusOr<Asked> asked = user.Ask({.boards = boards, .repetitions = kTrials});
  if (!asked.ok()) return asked.status();
  const absl::StatusOr<SweepTime> done =
      fleet.logbook().AwaitDeliveries(asked->sweep, boards.size() * kTrials, kPatience);
  if (!done.ok()) return done.status();
  if (done->boards.size() == boards.size()) return absl::OkStatus();
  return absl::InternalError(absl::StrCat(boards.size() - done->boards.size(), " boards got no work"));
}

}  // namespace

absl::Status SurplusScene(Stage& stage, const std::string& program, const std::string& folder) {
  const std::size_t cap = stage.boards.size();
  absl::StatusOr<std::unique_ptr<ControllerProcess>> controller =
      ControllerProcess::Start(program, folder, Taking(cap));
  if (!controller.ok()) return controller.status();
  const std::vector<std::string> boards = Names('c', cap);
  Fleet fleet((*controller)->address(), boards);
  if (absl::Status status = fleet.logbook().AwaitContacts(cap, kPatience); !status.ok()) return status;
  const std::vector<std::string> late = Names('s', stage.sizes.surplus);
  Fleet surplus((*controller)->address(), late);
  if (absl::Status status = surplus.logbook().AwaitRefusals(late.size(), kFewRefusals, kPatience); !status.ok()) {
    return status;
  }
  const absl::StatusOr<std::uint64_t> before = (*controller)->MemoryBytes();
  if (!before.ok()) return before.status();
  LabUser user((*controller)->address());
  if (absl::Status status = WorkBeside(user, fleet, boards); !status.ok()) return status;
  if (absl::Status status = surplus.logbook().AwaitRefusals(late.size(), kManyRefusals, kPatience); !status.ok()) {
    return status;
  }
  const absl::StatusOr<std::uint64_t> after = (*controller)->MemoryBytes();
  if (!after.ok()) return after.status();
  const double growth = (static_cast<double>(*after) - static_cast<double>(*before)) / (1 << 20);
  if (growth > kGrowthLimitMib) {
    return absl::InternalError(absl::StrCat("refusing ", late.size(), " agents made the controller grow by ", growth,
                                            " MiB, more than ", kGrowthLimitMib));
  }
  stage.figures.AtMost(absl::StrCat("memory for refusing ", late.size(), " agents beyond ", cap), std::max(growth, 0.0),
                       kGrowthLimitMib, "MiB");
  // Room: all are heard, those of before and those that were delayed.
  if (absl::Status status = (*controller)->Stop(); !status.ok()) return status;
  fleet.logbook().ForgetContacts();
  if (absl::Status status = (*controller)->StartAgain(Taking(cap + late.size())); !status.ok()) return status;
  if (absl::Status status = surplus.logbook().AwaitContacts(late.size(), kPatience); !status.ok()) return status;
  if (absl::Status status = fleet.logbook().AwaitContacts(cap, kPatience); !status.ok()) return status;
  if (absl::Status status = WorkBeside(user, surplus, late); !status.ok()) return status;
  stage.figures.Note(absl::StrCat("each refused with a delay at least ", kManyRefusals, " times, while all of the ",
                                  cap, " worked; let in, and put to work, once there was room"));
  return (*controller)->Stop();
}

}  // namespace crosscall::fleet
