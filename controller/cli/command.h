// What every command of crosscallctl gets, and how commands are put together.
#ifndef CONTROLLER_CLI_COMMAND_H_
#define CONTROLLER_CLI_COMMAND_H_

#include <CLI/CLI.hpp>
#include <functional>
#include <ostream>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "controller/cli/client.h"
#include "controller/cli/credentials.h"
#include "controller/cli/exit_code.h"
#include "controller/cli/interrupt.h"
#include "controller/cli/scenario_source.h"
#include "controller/cli/sheet.h"
#include "google/protobuf/message.h"
#include "proto/shared/clock.h"

namespace crosscall::cli {

// The surroundings of the program; all are seams. References outlive the run.
struct Environment {
  std::ostream& out;
  std::ostream& err;
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  const shared::Clock& clock;
  Interrupt& interrupt;
  std::function<void(absl::Duration)> pause;
  std::function<Stubs(const std::string& address, const std::shared_ptr<grpc::ChannelCredentials>&)> connect;
  FileReader read_file;
};

// A command while it runs: data goes to `environment.out`, everything else to `environment.err`.
struct CommandContext {
  const Environment& environment;
  Client& client;
  Format format;
};

using Action = std::function<absl::StatusOr<ExitCode>(CommandContext&)>;

// The command line as parsed. Subcommands set `action`; options are bound to members, so it never moves.
struct Invocation {
  std::string controller = "127.0.0.1:7000";
  CredentialFiles credentials;
  std::string timeout = "10s";
  bool json = false;
  bool csv = false;
  Action action;

  Invocation() = default;
  Invocation(const Invocation&) = delete;
  Invocation& operator=(const Invocation&) = delete;
};

// Each adds its commands to `root`. `invocation` outlives `root`.
void AddBoardCommands(CLI::App& root, Invocation& invocation);
// Those that change a board, to the command `boards`.
void AddBoardOrders(CLI::App& boards, Invocation& invocation);
void AddPowerCommands(CLI::App& boards, Invocation& invocation);
void AddSweepCommands(CLI::App& root, Invocation& invocation);
void AddTrialCommands(CLI::App& root, Invocation& invocation);
void AddResultCommands(CLI::App& root, Invocation& invocation);
void AddReportCommand(CLI::App& root, Invocation& invocation);
void AddHangCommands(CLI::App& root, Invocation& invocation);
void AddExportCommands(CLI::App& root, Invocation& invocation);
void AddScheduleCommands(CLI::App& root, Invocation& invocation);
void AddAccessCommands(CLI::App& root, Invocation& invocation);

// Names as people type them: with or without the collection in front. INVALID_ARGUMENT says the form.
absl::StatusOr<std::string> SweepArgument(const std::string& text);
absl::StatusOr<std::string> ScheduleArgument(const std::string& text);
// `sweeps/S/trials/T`, or S/T for short.
absl::StatusOr<std::string> TrialArgument(const std::string& text);
// `sweeps/S/trials/T/attempts/N`, or S/T/N for short.
absl::StatusOr<std::string> AttemptArgument(const std::string& text);

// The message in the API's JSON form, on one line with its newline; field names as in the protos.
absl::StatusOr<std::string> MessageJson(const google::protobuf::Message& message);

// Writes `message` as JSON if that is the format; `text` as it is for people. INVALID_ARGUMENT for CSV: a resource with
// parts is no row.
absl::Status Print(CommandContext& context, const google::protobuf::Message& message, const std::string& text);

// Rows "key  value" for one resource; rows without a value are left out.
std::string FormatFacts(const std::vector<std::pair<std::string, std::string>>& facts);

}  // namespace crosscall::cli

#endif  // CONTROLLER_CLI_COMMAND_H_
