#include "controller/report/board_shares.h"

#include "absl/strings/strip.h"
#include "controller/cli/units.h"
#include "controller/report/standing.h"

namespace crosscall::report {
namespace {

constexpr std::size_t kReasonBytes = 300;

}  // namespace

void BoardShares::AddTrial(const std::string& board, const v1::Trial& trial) {
  Share& share = shares_[board];
  Standing standing;
  standing.Count(trial);
  const std::uint64_t without = standing.failed + standing.ended_early;
  if (without != 0 && share.without == 0) share.why = cli::Shorten(trial.state_reason(), kReasonBytes);
  if (share.why.empty() && standing.open != 0) share.why = cli::Shorten(trial.state_reason(), kReasonBytes);
  share.trials += standing.total() - standing.refused;
  share.told += standing.told();
  share.without += without;
  share.open += standing.open;
}

void BoardShares::AddBoard(const v1::Board& board) {
  const auto found = shares_.find(std::string(absl::StripPrefix(board.name(), "boards/")));
  if (found == shares_.end()) return;
  found->second.listed = board.state() != v1::Board::STATE_RETIRED;
  found->second.board = board;
}

void BoardShares::Write(shared::Json& json) const {
  json.BeginArray();
  for (const auto& [name, share] : shares_) {
    const v1::BoardDescription& description = share.board.description();
    json.BeginObject().Key("name").String(name).Key("listed").Bool(share.listed);
    json.Key("online").Bool(share.board.online());
    json.Key("state").String(share.listed ? cli::EnumWords(v1::Board::State_Name(share.board.state()), "STATE_") : "");
    json.Key("reason").String(share.board.state_reason());
    json.Key("model").String(description.model()).Key("architecture").String(description.architecture());
    json.Key("kernel").String(description.kernel());
    json.Key("cpus").Number(static_cast<std::uint64_t>(description.cpus_size()));
    json.Key("trials").Number(share.trials).Key("told").Number(share.told).Key("without").Number(share.without);
    json.Key("open").Number(share.open).Key("why").String(share.why).EndObject();
  }
  json.EndArray();
}

}  // namespace crosscall::report
