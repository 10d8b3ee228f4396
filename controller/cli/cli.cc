#include "controller/cli/cli.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "controller/cli/axis_values.h"
#include "controller/cli/completion.h"

namespace crosscall::cli {
namespace {

constexpr char kProgram[] = "crosscallctl";
constexpr absl::Duration kMinTimeout = absl::Milliseconds(10);
constexpr absl::Duration kMaxTimeout = absl::Hours(1);

void AddVersion(CLI::App& root, Invocation& invocation) {
  root.add_subcommand("version", "Version of this program")->callback([&invocation] {
    invocation.action = [](CommandContext& context) -> absl::StatusOr<ExitCode> {
      Sheet sheet({{"program", "PROGRAM"}, {"version", "VERSION"}});
      sheet.Add({Cell::Text(kProgram), Cell::Text(CROSSCALL_VERSION)});
      context.environment.out << (context.format == Format::kTable
                                      ? absl::StrCat(kProgram, " ", CROSSCALL_VERSION, "\n")
                                      : sheet.Render(context.format));
      return ExitCode::kOk;
    };
  });
}

void AddCompletion(CLI::App& root, Invocation& invocation) {
  CLI::App* completion = root.add_subcommand("completion", "Completion script for a shell");
  completion->require_subcommand(1);
  for (const char* shell : {"bash", "zsh", "fish"}) {
    completion->add_subcommand(shell, absl::StrCat("For ", shell))->callback([&root, &invocation, shell] {
      invocation.action = [&root, shell](CommandContext& context) -> absl::StatusOr<ExitCode> {
        absl::StatusOr<std::string> script = CompletionScript(root, shell);
        if (!script.ok()) return script.status();
        context.environment.out << *script;
        return ExitCode::kOk;
      };
    });
  }
}

std::unique_ptr<CLI::App> BuildApp(Invocation& invocation) {
  auto app = std::make_unique<CLI::App>(
      "Asks a crosscall controller for sweeps of cross-call trials and shows results.", kProgram);
  app->footer("Lists have the same columns with --json and --csv. --json on one thing prints the API's own message.\n" +
              ExitCodeHelp());
  // Global options may stand behind the command as well.
  app->fallthrough();
  app->require_subcommand(1);
  app->add_option("--controller", invocation.controller, "Address of the controller")
      ->envname("CROSSCALL_CONTROLLER")
      ->type_name("HOST:PORT")
      ->capture_default_str();
  app->add_option("--ca", invocation.credentials.ca,
                  "Certificate of the lab's authority; without it plain text, to this machine only")
      ->envname("CROSSCALL_CA")
      ->type_name("FILE");
  app->add_option("--cert", invocation.credentials.cert, "Your certificate, and your key if the file has it too")
      ->envname("CROSSCALL_CERT")
      ->type_name("FILE");
  app->add_option("--key", invocation.credentials.key, "Your key, if it is in a file of its own")
      ->envname("CROSSCALL_KEY")
      ->type_name("FILE");
  app->add_option("--timeout", invocation.timeout, "How long each call may take; --wait is not limited by it")
      ->type_name("SPAN")
      ->capture_default_str();
  CLI::Option* json =
      app->add_flag("--json", invocation.json, "One JSON object a line on standard output, nothing else");
  app->add_flag("--csv", invocation.csv, "Comma-separated values on standard output, nothing else")->excludes(json);
  AddBoardCommands(*app, invocation);
  AddSweepCommands(*app, invocation);
  AddTrialCommands(*app, invocation);
  AddResultCommands(*app, invocation);
  AddReportCommand(*app, invocation);
  AddHangCommands(*app, invocation);
  AddExportCommands(*app, invocation);
  AddScheduleCommands(*app, invocation);
  AddAccessCommands(*app, invocation);
  AddVersion(*app, invocation);
  AddCompletion(*app, invocation);
  return app;
}

absl::StatusOr<absl::Duration> TimeoutOf(const Invocation& invocation) {
  const absl::StatusOr<google::protobuf::Duration> span = ParseSpan(invocation.timeout, kMinTimeout, kMaxTimeout);
  if (!span.ok()) return absl::InvalidArgumentError(absl::StrCat("--timeout: ", span.status().message()));
  return absl::Seconds(span->seconds()) + absl::Nanoseconds(span->nanos());
}

absl::StatusOr<ExitCode> RunAction(const Invocation& invocation, const Environment& environment) {
  absl::StatusOr<absl::Duration> timeout = TimeoutOf(invocation);
  if (!timeout.ok()) return timeout.status();
  const absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> credentials =
      MakeCredentials(invocation.credentials, invocation.controller, environment.clock.Wall());
  if (!credentials.ok()) return credentials.status();
  Client client(environment.connect(invocation.controller, *credentials), invocation.controller, *timeout,
                environment.pause);
  const Format format = invocation.json ? Format::kJson : invocation.csv ? Format::kCsv : Format::kTable;
  CommandContext context{environment, client, format};
  return invocation.action(context);
}

}  // namespace

int RunCli(const std::vector<std::string>& arguments, const Environment& environment) {
  Invocation invocation;
  const std::unique_ptr<CLI::App> app = BuildApp(invocation);
  try {
    // CLI11 takes them last first.
    app->parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::ParseError& error) {
    std::ostringstream help;
    std::ostringstream problem;
    const int code = app->exit(error, help, problem);
    environment.out << help.str();
    if (code == 0) return static_cast<int>(ExitCode::kOk);
    environment.err << kProgram << ": " << problem.str();
    return static_cast<int>(ExitCode::kBadInput);
  }
  const absl::StatusOr<ExitCode> code = RunAction(invocation, environment);
  environment.out << std::flush;
  if (!code.ok()) {
    environment.err << kProgram << ": " << std::string(code.status().message()) << "\n";
    return static_cast<int>(ExitCodeOf(code.status()));
  }
  if (!environment.out) {
    environment.err << kProgram << ": standard output could not be written; check the disk or the reader of the pipe\n";
    return static_cast<int>(ExitCode::kInternal);
  }
  return static_cast<int>(*code);
}

}  // namespace crosscall::cli
