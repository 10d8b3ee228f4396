// `boards label`, `drain`, `quarantine`, `release` and `forget`.
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "controller/cli/axis_values.h"
#include "controller/cli/command.h"
#include "controller/cli/units.h"

namespace crosscall::cli {
namespace {

constexpr absl::Duration kLongestTrial = absl::Hours(24);

struct OrderOptions {
  std::string board;
  std::string reason;
  bool now = false;
  std::vector<std::string> labels;
  std::string notes;
  std::string max_trial_time;
};

using Order = std::function<absl::StatusOr<v1::Board>(Client&, const std::string& name, const OrderOptions&)>;

// "a7: draining (new kernel)", as others will see it.
std::string Line(const v1::Board& board) {
  const std::string state = EnumWords(v1::Board::State_Name(board.state()), "STATE_");
  const std::string reason = board.state_reason().empty() ? "" : absl::StrCat(" (", board.state_reason(), ")");
  return absl::StrCat(board.name().substr(board.name().find('/') + 1), ": ", state, reason, "\n");
}

absl::StatusOr<ExitCode> Carry(CommandContext& context, const OrderOptions& options, const Order& order) {
  absl::StatusOr<std::string> name = ParseBoard(options.board);
  if (!name.ok()) return name.status();
  absl::StatusOr<v1::Board> board = order(context.client, *name, options);
  if (!board.ok()) return board.status();
  if (absl::Status status = Print(context, *board, Line(*board)); !status.ok()) return status;
  return ExitCode::kOk;
}

// One command with its board; `order` is sent when it runs.
std::pair<CLI::App*, std::shared_ptr<OrderOptions>> AddOrder(CLI::App& boards, Invocation& invocation,
                                                             const std::string& name, const std::string& about,
                                                             Order order) {
  const auto options = std::make_shared<OrderOptions>();
  CLI::App* command = boards.add_subcommand(name, about);
  command->add_option("board", options->board, "Name of the board")->required()->type_name("BOARD");
  command->callback([&invocation, options, order = std::move(order)] {
    invocation.action = [options, order](CommandContext& context) { return Carry(context, *options, order); };
  });
  return {command, options};
}

template <class Request>
Request RequestOf(const std::string& name, const OrderOptions& options) {
  Request request;
  request.set_name(name);
  request.set_reason(options.reason);
  return request;
}

CLI::Option* AddReason(CLI::App& command, OrderOptions& options) {
  return command.add_option("--reason", options.reason, "Why, for others to read")->type_name("TEXT");
}

absl::StatusOr<v1::Board> Label(Client& client, const std::string& name, const OrderOptions& options, bool with_notes) {
  v1::UpdateBoardRequest request;
  request.set_name(name);
  for (const std::string& label : options.labels) {
    if (absl::EndsWith(label, "-") && !absl::StrContains(label, '=')) {
      request.add_remove_labels(label.substr(0, label.size() - 1));
    } else {
      request.add_set_labels(label);
    }
  }
  if (with_notes) request.set_notes(options.notes);
  if (options.max_trial_time == "0") {
    request.mutable_max_trial_time();
  } else if (!options.max_trial_time.empty()) {
    absl::StatusOr<google::protobuf::Duration> span =
        ParseSpan(options.max_trial_time, absl::Milliseconds(1), kLongestTrial);
    if (!span.ok()) return absl::InvalidArgumentError(absl::StrCat("--max-trial-time: ", span.status().message()));
    *request.mutable_max_trial_time() = *span;
  }
  return client.UpdateBoard(request);
}

void AddLabel(CLI::App& boards, Invocation& invocation) {
  // Filled below; the order runs after parsing.
  const auto notes = std::make_shared<CLI::Option*>(nullptr);
  const auto [command, options] =
      AddOrder(boards, invocation, "label", "Sets labels, notes and limits of a board; what is not given stays",
               [notes](Client& client, const std::string& name, const OrderOptions& given) {
                 return Label(client, name, given, (*notes)->count() > 0);
               });
  command
      ->add_option("labels", options->labels,
                   "key=value sets a label, key- removes it; selectors see it in place of the agent's own")
      ->type_name("LABEL");
  *notes =
      command->add_option("--notes", options->notes, "Notes for people, in place of the former")->type_name("TEXT");
  command->add_option("--max-trial-time", options->max_trial_time, "No trial may take longer here; 0: no such limit")
      ->type_name("SPAN");
}

}  // namespace

void AddBoardOrders(CLI::App& boards, Invocation& invocation) {
  AddLabel(boards, invocation);
  const auto [drain, drained] =
      AddOrder(boards, invocation, "drain", "No new work; drained when what it runs has ended",
               [](Client& client, const std::string& name, const OrderOptions& options) {
                 auto request = RequestOf<v1::DrainBoardRequest>(name, options);
                 request.set_revoke_lease(options.now);
                 return client.DrainBoard(request);
               });
  AddReason(*drain, *drained);
  drain->add_flag("--now", drained->now, "End what it runs, too; that trial is tried again");

  const auto [quarantine, quarantined] =
      AddOrder(boards, invocation, "quarantine", "No work until it is released; what it runs goes on to its end",
               [](Client& client, const std::string& name, const OrderOptions& options) {
                 return client.QuarantineBoard(RequestOf<v1::QuarantineBoardRequest>(name, options));
               });
  AddReason(*quarantine, *quarantined)->required();

  const auto [release, released] =
      AddOrder(boards, invocation, "release", "Back to work from drain or quarantine, through a health trial",
               [](Client& client, const std::string& name, const OrderOptions& options) {
                 return client.ReleaseBoard(RequestOf<v1::ReleaseBoardRequest>(name, options));
               });
  AddReason(*release, *released);

  const auto [forget, forgotten] =
      AddOrder(boards, invocation, "forget", "Retires a board for good: its trials fail, its name is not used again",
               [](Client& client, const std::string& name, const OrderOptions& options) {
                 return client.RetireBoard(RequestOf<v1::RetireBoardRequest>(name, options));
               });
  AddReason(*forget, *forgotten);
}

}  // namespace crosscall::cli
