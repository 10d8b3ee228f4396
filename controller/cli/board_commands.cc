// `boards list` and `boards show`.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "controller/cli/axis_values.h"
#include "controller/cli/command.h"
#include "controller/cli/diagnosis_text.h"
#include "controller/cli/units.h"
#include "proto/shared/exploration_text.h"

namespace crosscall::cli {
namespace {

std::string StateOf(const v1::Board& board) { return EnumWords(v1::Board::State_Name(board.state()), "STATE_"); }

std::vector<std::uint32_t> CpusOf(const v1::Board& board) {
  return {board.description().cpus().begin(), board.description().cpus().end()};
}

// Runs of neighbours as ranges: "0-3,8".
std::string Ranges(const std::vector<std::uint32_t>& cpus) {
  std::string out;
  for (std::size_t i = 0; i < cpus.size();) {
    std::size_t end = i;
    while (end + 1 < cpus.size() && cpus[end + 1] == cpus[end] + 1) ++end;
    absl::StrAppend(&out, out.empty() ? "" : ",", cpus[i]);
    if (end != i) absl::StrAppend(&out, "-", cpus[end]);
    i = end + 1;
  }
  return out;
}

absl::StatusOr<ExitCode> ListBoards(CommandContext& context) {
  absl::StatusOr<std::vector<v1::Board>> boards = context.client.ListBoards();
  if (!boards.ok()) return boards.status();
  Sheet sheet({{"board", "BOARD"},
               {"state", "STATE"},
               {"online", "ONLINE"},
               {"cpus", "CPUS", Align::kRight},
               {"realtime", "FIFO"},
               {"model", "MODEL"},
               {"kernel", "KERNEL"},
               {"running_trial", "RUNNING"},
               {"spooled", "SPOOLED", Align::kRight},
               {"last_seen_time", "LAST SEEN"},
               {"last_hang_time", "LAST HANG"},
               {"labels", "LABELS"},
               {"health", "HEALTH"},
               {"reason", "REASON"}});
  for (const v1::Board& board : *boards) {
    sheet.Add({Cell::Text(board.name().substr(board.name().find('/') + 1)), Cell::Text(StateOf(board)),
               Cell::Bool(board.online()), Cell::Number(static_cast<std::uint64_t>(board.description().cpus_size())),
               Cell::Bool(board.description().realtime()), Cell::Text(board.description().model()),
               Cell::Text(board.description().kernel()), Cell::Text(board.running_trial()),
               Cell::Number(board.spooled_count()),
               Cell::Text(FormatInstantExactly(board.last_seen_time()), FormatInstant(board.last_seen_time())),
               Cell::Text(FormatInstantExactly(board.last_hang_time()), FormatInstant(board.last_hang_time())),
               Cell::Text(absl::StrJoin(board.labels(), " ")), Cell::Text(board.health()),
               Cell::Text(board.state_reason())});
  }
  context.environment.out << sheet.Render(context.format);
  if (sheet.empty() && context.format == Format::kTable) {
    context.environment.err
        << "no board has ever called; start one with: crosscall-agent --controller " << context.client.address()
        << " --board NAME --state-dir DIR (with certificates also --ca FILE --join-token-file FILE)\n";
  }
  return ExitCode::kOk;
}

std::string SystemsOf(const v1::BoardDescription& description) {
  return absl::StrJoin(description.target_systems(), " ", [](std::string* out, int system) {
    absl::StrAppend(out, shared::TargetSystemName(static_cast<v1::TargetSystem>(system)));
  });
}

std::string SpanText(const google::protobuf::Duration& span) {
  const absl::Duration value = absl::Seconds(span.seconds()) + absl::Nanoseconds(span.nanos());
  return value == absl::ZeroDuration() ? "" : absl::FormatDuration(value);
}

// Rows of what is kept of the board, and by whom it came into its state.
std::vector<std::pair<std::string, std::string>> RecordFacts(const v1::BoardRecord& record) {
  return {
      {"since", FormatInstant(record.state_time())},
      {"by", record.state_by()},
      {"last check", FormatInstant(record.check_time())},
      {"check", record.check_sweep()},
      {"failed checks", record.failed_check_count() == 0 ? "" : FormatCount(record.failed_check_count())},
      {"strikes",
       record.strike_times().empty() ? "" : FormatCount(static_cast<std::uint64_t>(record.strike_times_size()))},
      {"longest trial", SpanText(record.max_trial_time())},
      {"power", record.power().argv().empty() ? "" : record.power().argv(0)},
      {"wedges",
       record.wedge_times().empty() ? "" : FormatCount(static_cast<std::uint64_t>(record.wedge_times_size()))},
      {"notes", record.notes()},
  };
}

std::string EventsText(const v1::GetBoardResponse& response) {
  if (response.events().empty()) return "";
  std::vector<std::vector<std::string>> rows;
  for (const v1::BoardEvent& event : response.events()) {
    rows.push_back({absl::StrCat("  ", FormatInstant(event.time())), event.kind(), event.detail()});
  }
  return absl::StrCat("\n", FormatTable({{"  WHEN"}, {"EVENT"}, {"DETAIL"}}, rows));
}

std::string BoardText(const v1::GetBoardResponse& response) {
  const v1::Board& board = response.board();
  const v1::BoardDescription& description = board.description();
  std::vector<std::pair<std::string, std::string>> facts = {
      {"board", board.name()},
      {"state", StateOf(board)},
      {"reason", board.state_reason()},
      {"no work because", board.waiting_reason()},
      {"online", board.online() ? "yes" : "no"},
      {"health", board.health()},
      {"running", board.running_trial()},
      {"last seen", FormatInstant(board.last_seen_time())},
      {"last hang", FormatInstant(board.last_hang_time())},
      {"undelivered", board.spooled_count() == 0 ? "" : FormatCount(board.spooled_count())},
      {"model", description.model()},
      {"architecture", description.architecture()},
      {"host name", description.hostname()},
      {"kernel", description.kernel()},
      {"command line", description.command_line()},
      {"cpus", Ranges(CpusOf(board))},
      {"SCHED_FIFO", description.realtime() ? "yes" : "no"},
      {"systems", SystemsOf(description)},
      {"labels", absl::StrJoin(board.labels(), " ")},
      {"agent version", absl::StrCat(description.agent_version(), ", release ", description.release())},
      {"boot", board.boot_id()},
      {"incarnation", board.incarnation_id()},
  };
  const auto record = RecordFacts(board.record());
  facts.insert(facts.begin() + 3, record.begin(), record.end());
  std::string out = FormatFacts(facts);
  std::vector<std::vector<std::string>> rows;
  for (const v1::ScenarioInfo& scenario : description.scenarios()) {
    rows.push_back({absl::StrCat("  ", scenario.id()), absl::StrCat(scenario.cpu_count()), scenario.about()});
  }
  absl::StrAppend(&out, "\n", FormatTable({{"  SCENARIO"}, {"CPUS", Align::kRight}, {"WHY"}}, rows));
  absl::StrAppend(&out, "\n  IMPLEMENTATION\n");
  for (const std::string& implementation : description.implementations()) {
    absl::StrAppend(&out, "  ", implementation, "\n");
  }
  if (board.record().has_diagnosis()) absl::StrAppend(&out, "\n", DiagnosisText(board.record().diagnosis()));
  return out + EventsText(response);
}

absl::StatusOr<ExitCode> ShowBoard(CommandContext& context, const std::string& argument) {
  absl::StatusOr<std::string> name = ParseBoard(argument);
  if (!name.ok()) return name.status();
  absl::StatusOr<v1::GetBoardResponse> response = context.client.GetBoard(*name);
  if (!response.ok()) return response.status();
  if (absl::Status status = Print(context, response->board(), BoardText(*response)); !status.ok()) return status;
  return ExitCode::kOk;
}

}  // namespace

void AddBoardCommands(CLI::App& root, Invocation& invocation) {
  CLI::App* boards =
      root.add_subcommand("boards", "Machines under test and what the lab does with them; lists them by default");
  boards->require_subcommand(0, 1);
  boards->callback([&invocation, boards] {
    if (boards->get_subcommands().empty()) invocation.action = ListBoards;
  });
  boards->add_subcommand("list", "All boards: state, CPUs, what they run")->callback([&invocation] {
    invocation.action = ListBoards;
  });
  CLI::App* show = boards->add_subcommand("show", "One board: state and why, what it offers, its latest events");
  const auto name = std::make_shared<std::string>();
  show->add_option("board", *name, "Name of the board")->required()->type_name("BOARD");
  show->callback([&invocation, name] {
    invocation.action = [name](CommandContext& context) { return ShowBoard(context, *name); };
  });
  AddBoardOrders(*boards, invocation);
  AddPowerCommands(*boards, invocation);
}

}  // namespace crosscall::cli
