// `boards power` and `boards set-power`.
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "controller/cli/axis_values.h"
#include "controller/cli/command.h"
#include "controller/cli/units.h"

namespace crosscall::cli {
namespace {

using Action = v1::SwitchBoardPowerRequest;

constexpr absl::Duration kShortestStep = absl::Milliseconds(100);
constexpr absl::Duration kLongestStep = absl::Minutes(10);
constexpr absl::Duration kLongestBoot = absl::Hours(2);

struct SwitchOptions {
  std::string board;
  std::string action = "status";
  std::string reason;
};

struct CommandOptions {
  std::string board;
  std::vector<std::string> argv;
  bool none = false;
  bool nmi = false;
  bool console = false;
  bool cycle_only = false;
  std::string time_limit;
  std::string boot_limit;
};

std::string BoardId(const v1::Board& board) { return board.name().substr(board.name().find('/') + 1); }

std::string Said(const v1::SwitchBoardPowerResponse& response) {
  const std::string id = BoardId(response.board());
  if (!response.has_step()) {
    return absl::StrCat(id, ": ", EnumWords(v1::Board::State_Name(response.board().state()), "STATE_"), " (",
                        response.board().state_reason(), "); `crosscallctl boards show ", id, "` follows it\n");
  }
  const v1::PowerStep& step = response.step();
  const absl::string_view output = absl::StripAsciiWhitespace(step.output());
  return absl::StrCat(id, ": ", step.word(), ": ", step.result(), output.empty() ? "" : "\n", output, "\n");
}

absl::StatusOr<ExitCode> SwitchPower(CommandContext& context, const SwitchOptions& options) {
  absl::StatusOr<std::string> name = ParseBoard(options.board);
  if (!name.ok()) return name.status();
  v1::SwitchBoardPowerRequest request;
  request.set_name(*name);
  request.set_reason(options.reason);
  Action::Action action = Action::ACTION_UNSPECIFIED;
  Action::Action_Parse(absl::StrCat("ACTION_", absl::AsciiStrToUpper(options.action)), &action);
  request.set_action(action);
  absl::StatusOr<v1::SwitchBoardPowerResponse> response = context.client.SwitchBoardPower(request);
  if (!response.ok()) return response.status();
  if (absl::Status status = Print(context, *response, Said(*response)); !status.ok()) return status;
  return ExitCode::kOk;
}

absl::Status SetLimit(const std::string& flag, const std::string& text, absl::Duration least, absl::Duration most,
                      google::protobuf::Duration* (v1::PowerCommand::*mutable_limit)(), v1::PowerCommand& power) {
  if (text.empty()) return absl::OkStatus();
  absl::StatusOr<google::protobuf::Duration> span = ParseSpan(text, least, most);
  if (!span.ok()) return absl::InvalidArgumentError(absl::StrCat(flag, ": ", span.status().message()));
  *(power.*mutable_limit)() = *span;
  return absl::OkStatus();
}

absl::StatusOr<v1::SetBoardPowerRequest> RequestOf(const CommandOptions& options) {
  absl::StatusOr<std::string> name = ParseBoard(options.board);
  if (!name.ok()) return name.status();
  v1::SetBoardPowerRequest request;
  request.set_name(*name);
  if (options.none != options.argv.empty()) {
    return absl::InvalidArgumentError("give either --none, or -- and the command: -- /PATH/OF/EXECUTABLE ARGUMENTS");
  }
  if (options.none) return request;
  v1::PowerCommand& power = *request.mutable_power();
  for (const std::string& word : options.argv) power.add_argv(word);
  power.set_nmi(options.nmi);
  power.set_console(options.console);
  power.set_cycle_only(options.cycle_only);
  absl::Status status = SetLimit("--time-limit", options.time_limit, kShortestStep, kLongestStep,
                                 &v1::PowerCommand::mutable_time_limit, power);
  if (!status.ok()) return status;
  status = SetLimit("--boot-limit", options.boot_limit, absl::Seconds(1), kLongestBoot,
                    &v1::PowerCommand::mutable_boot_limit, power);
  if (!status.ok()) return status;
  return request;
}

absl::StatusOr<ExitCode> SetPower(CommandContext& context, const CommandOptions& options) {
  absl::StatusOr<v1::SetBoardPowerRequest> request = RequestOf(options);
  if (!request.ok()) return request.status();
  absl::StatusOr<v1::Board> board = context.client.SetBoardPower(*request);
  if (!board.ok()) return board.status();
  const std::string line = request->has_power()
                               ? absl::StrCat(BoardId(*board), ": switched by ", request->power().argv(0),
                                              "; try it: crosscallctl boards power ", BoardId(*board), "\n")
                               : absl::StrCat(BoardId(*board), ": switched by nothing\n");
  if (absl::Status status = Print(context, *board, line); !status.ok()) return status;
  return ExitCode::kOk;
}

}  // namespace

void AddPowerCommands(CLI::App& boards, Invocation& invocation) {
  const auto options = std::make_shared<SwitchOptions>();
  CLI::App* power = boards.add_subcommand(
      "power", "Reads or switches a board's power; a cycle is verified by a new boot and a health trial");
  power->add_option("board", options->board, "Name of the board")->required()->type_name("BOARD");
  power->add_option("action", options->action, "status, on, off or cycle")
      ->check(CLI::IsMember({"status", "on", "off", "cycle"}))
      ->capture_default_str()
      ->type_name("ACTION");
  power->add_option("--reason", options->reason, "Why, for others to read")->type_name("TEXT");
  power->callback([&invocation, options] {
    invocation.action = [options](CommandContext& context) { return SwitchPower(context, *options); };
  });

  const auto command = std::make_shared<CommandOptions>();
  CLI::App* set = boards.add_subcommand(
      "set-power", "Says which command on the controller's machine switches a board: -- /PATH/OF/EXECUTABLE ARGUMENTS");
  set->add_option("board", command->board, "Name of the board")->required()->type_name("BOARD");
  set->add_option("command", command->argv,
                  "Absolute path and arguments; on, off, cycle or status is appended, and no shell sees it")
      ->type_name("COMMAND");
  set->add_flag("--none", command->none, "Nothing switches it any more");
  set->add_flag("--nmi", command->nmi, "The command knows nmi: the kernel says where it is, and panics");
  set->add_flag("--console", command->console, "The command knows console: prints what the board said since it was on");
  set->add_flag("--cycle-only", command->cycle_only, "The command cannot hold the board off: cycle is all it can");
  set->add_option("--time-limit", command->time_limit, "How long each of its runs may take")->type_name("SPAN");
  set->add_option("--boot-limit", command->boot_limit, "How long the board may take from on to its agent's call")
      ->type_name("SPAN");
  set->callback([&invocation, command] {
    invocation.action = [command](CommandContext& context) { return SetPower(context, *command); };
  });
}

}  // namespace crosscall::cli
