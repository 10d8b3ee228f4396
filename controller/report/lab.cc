#include "controller/report/lab.h"

#include "absl/strings/strip.h"
#include "controller/cli/units.h"
#include "controller/report/digest_json.h"
#include "controller/report/page.h"
#include "proto/shared/json.h"

namespace crosscall::report {
namespace {

void WriteBoard(const v1::Board& board, shared::Json& json) {
  const v1::BoardDescription& description = board.description();
  json.BeginObject().Key("name").String(absl::StripPrefix(board.name(), "boards/"));
  json.Key("state").String(cli::EnumWords(v1::Board::State_Name(board.state()), "STATE_"));
  json.Key("reason").String(board.state_reason()).Key("online").Bool(board.online());
  json.Key("model").String(description.model()).Key("architecture").String(description.architecture());
  json.Key("kernel").String(description.kernel());
  json.Key("cpus").Number(static_cast<std::uint64_t>(description.cpus_size())).Key("labels").BeginArray();
  for (const std::string& label : board.labels()) json.String(label);
  json.EndArray().Key("running").String(board.running_trial());
  json.Key("last_seen").String(cli::FormatInstant(board.last_seen_time())).EndObject();
}

void WriteLabSweep(const v1::Sweep& sweep, shared::Json& json) {
  json.BeginObject().Key("name").String(sweep.name());
  json.Key("state").String(cli::EnumWords(v1::Sweep::State_Name(sweep.state()), "STATE_"));
  json.Key("owner").String(sweep.owner()).Key("schedule").String(sweep.schedule());
  json.Key("created").String(cli::FormatInstant(sweep.create_time()));
  json.Key("ended").String(cli::FormatInstant(sweep.end_time())).Key("coverage").Real(sweep.coverage());
  json.Key("progress");
  WriteProgress(sweep.progress(), json);
  json.EndObject();
}

}  // namespace

std::string MakeLabPage(const Lab& lab, absl::Time now) {
  shared::Json json;
  json.BeginObject().Key("kind").String("lab").Key("version").String(CROSSCALL_VERSION);
  json.Key("made").String(absl::FormatTime("%Y-%m-%d %H:%M:%SZ", now, absl::UTCTimeZone())).Key("boards").BeginArray();
  for (const v1::Board& board : lab.boards) WriteBoard(board, json);
  json.EndArray().Key("sweeps").BeginArray();
  for (const v1::Sweep& sweep : lab.sweeps) WriteLabSweep(sweep, json);
  json.EndArray().Key("more_sweeps").Bool(lab.more_sweeps);
  return MakePage(json.EndObject().Take());
}

}  // namespace crosscall::report
