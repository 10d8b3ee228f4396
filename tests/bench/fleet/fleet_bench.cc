// A controller with a fleet of simulated boards: what it uses when idle, how soon and how much boards work, what a
// stopped agent does to the others, how long a restart takes, and what becomes of more agents than it takes. Everything
// is real but the workers: the controller's program, with its store, and the agents' protocol, each over a connection
// of its own on loopback.
//
// Prints each figure with its limit. Exit codes: 0 all are met, 1 one is missed (not with --short), or something did
// not work, 2 bad use.
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tests/bench/fleet/board_process.h"
#include "tests/bench/fleet/scenes.h"

namespace crosscall::fleet {
namespace {

struct Flags {
  std::string program = CONTROLLER_PROGRAM;
  std::string folder = std::filesystem::temp_directory_path();
  Sizes sizes;
  double idle_seconds = 60;
  bool brief = false;
  std::string be_board;
  std::string controller;
};

void AddFlags(CLI::App& app, Flags& flags) {
  app.add_option("--boards", flags.sizes.boards, "Simulated boards")->check(CLI::Range(2, 5000))->capture_default_str();
  app.add_option("--idle-seconds", flags.idle_seconds, "How long the idle controller is watched")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--ad-hoc-trials", flags.sizes.ad_hoc_trials, "Samples of the start of a trial")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--stop-rounds", flags.sizes.stop_rounds, "Pairs of stretches, with and without a stopped agent")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--folder", flags.folder, "Where the controller's state folder is made, and removed at the end")
      ->check(CLI::ExistingDirectory)
      ->capture_default_str();
  app.add_option("--program", flags.program, "The crosscall-controller to start")->check(CLI::ExistingFile);
  app.add_flag("--short", flags.brief, "Few boards and a little of all: does it work? Limits are not judged");
  app.add_option("--be-board", flags.be_board, "Be the board that this program stops")->group("");
  app.add_option("--controller", flags.controller, "Of that board")->group("");
}

Sizes ShortSizes() {
  Sizes sizes;
  sizes.boards = 10;
  sizes.idle = absl::Seconds(1);
  sizes.ad_hoc_trials = 20;
  sizes.busy_boards = 5;
  sizes.busy_trials = 4;
  sizes.busy_trial_time = absl::Milliseconds(100);
  sizes.flood_trials = 5;
  sizes.stop_rounds = 1;
  sizes.stop_stretch = absl::Milliseconds(200);
  sizes.restart_trial_time = absl::Seconds(1);
  return sizes;
}

absl::Status Play(Stage& stage) {
  for (const auto& scene : {IdleScene, AdHocScene, BusyScene, FloodScene, StoppedAgentScene, RestartScene}) {
    if (absl::Status status = scene(stage); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status Run(const Flags& flags, Figures& figures) {
  absl::StatusOr<std::unique_ptr<ControllerProcess>> controller = ControllerProcess::Start(flags.program, flags.folder);
  if (!controller.ok()) return controller.status();
  std::vector<std::string> boards;
  for (std::uint32_t board = 1; board <= flags.sizes.boards; ++board) {
    boards.push_back(absl::StrFormat("boards/b%04d", board));
  }
  Fleet fleet((*controller)->address(), boards);
  if (absl::Status status = fleet.logbook().AwaitContacts(boards.size(), kPatience); !status.ok()) return status;
  std::printf("%zu simulated boards, state %s\n", boards.size(),
              (*controller)->state_in_memory() ? "in memory: commits cost no disk" : "on disk");
  LabUser user((*controller)->address());
  Stage stage{.sizes = flags.sizes,
              .boards = boards,
              .controller = **controller,
              .fleet = fleet,
              .user = user,
              .figures = figures};
  absl::Status played = Play(stage);
  if (played.ok()) played = SurplusScene(stage, flags.program, flags.folder);
  if (absl::Status status = played; !status.ok()) {
    return absl::Status(status.code(),
                        absl::StrCat(status.message(), "\ncontroller's log:\n", (*controller)->LogTail()));
  }
  return (*controller)->Stop();
}

int Main(int argc, char** argv) {
  Flags flags;
  CLI::App app("Figures of a controller with many boards, simulated ones.", "fleet_bench");
  AddFlags(app, flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (!flags.be_board.empty()) return BeBoard(flags.controller, flags.be_board);
  if (flags.brief) {
    flags.sizes = ShortSizes();
  } else {
    flags.sizes.idle = absl::Seconds(flags.idle_seconds);
  }
  Figures figures(!flags.brief);
  if (absl::Status status = Run(flags, figures); !status.ok()) {
    std::fprintf(stderr, "fleet_bench: %s\n", status.ToString().c_str());
    return 1;
  }
  return figures.good() ? 0 : 1;
}

}  // namespace
}  // namespace crosscall::fleet

int main(int argc, char** argv) { return crosscall::fleet::Main(argc, argv); }
