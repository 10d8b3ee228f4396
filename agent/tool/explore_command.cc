#include "agent/tool/explore_command.h"

#include <optional>
#include <ostream>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "agent/tool/explore_json.h"
#include "agent/tool/explore_pairs.h"
#include "agent/tool/explore_report.h"
#include "agent/tool/explore_tally.h"
#include "agent/tool/matrix_svg.h"
#include "agent/tool/verdict_matrix.h"

namespace crosscall::tool {
namespace {

// "Each cell: at most 20000 states; memory weak for up to 2 CPUs, sc for more."
std::string LimitsText(const explore::ExploreOptions& options) {
  std::string text = absl::StrCat("Each cell: at most ", options.limits.max_states, " states");
  if (options.limits.max_time != absl::InfiniteDuration()) {
    absl::StrAppend(&text, " and ", absl::FormatDuration(options.limits.max_time));
  }
  return absl::StrCat(
      text, "; memory model ",
      options.memory ? explore::MemoryModelName(*options.memory) : "weak for up to 2 CPUs, sc for more");
}

// What is known so far, and how it is shown.
class Exploring {
 public:
  Exploring(const ExplorePlan& plan, const ExploreRequest& request, const RunIo& io)
      : plan_(plan), request_(request), io_(io), tally_(request.check), matrix_(plan, LimitsText(request.options)) {
    if (table()) io_.out << ExploreHeader(request_.check) << std::flush;
  }

  void Found(std::size_t pair, const explore::Exploration& exploration) {
    const LoadedScenario& scenario = plan_.scenario(pair);
    const std::string& id = plan_.implementation(pair).id;
    const explore::Verdict verdict = exploration.finding.verdict;
    const std::optional<std::string> expected = ExpectedVerdict(scenario.scenario, id);
    tally_.Add(verdict, expected);
    matrix_.cells[pair] = verdict;
    if (request_.check && CheckVerdict(verdict, expected) == Check::kDiffers) {
      absl::StrAppend(&differences_, "DIFFERS: ", scenario.scenario.id(), " with ", id, ": expected ", *expected,
                      ", found ", explore::VerdictName(verdict), "\n");
    }
    if (request_.matrix) return;
    ClearSign();
    if (!table()) {
      io_.out << ExplorationLine(scenario, id, exploration, request_.check) << "\n" << std::flush;
      return;
    }
    io_.out << ExploreRow(scenario.scenario.id(), id, exploration, request_.check, expected) << std::flush;
    if (!request_.check || CheckVerdict(verdict, expected) != Check::kAsExpected) {
      reports_.Add(scenario.scenario.id(), id, exploration);
    }
  }

  void Waiting(std::size_t next) {
    if (!io_.progress) return;
    std::string sign = absl::StrCat("[", next + 1, "/", plan_.size(), "] ", plan_.scenario(next).scenario.id(), " ",
                                    plan_.implementation(next).id);
    if (sign == sign_) return;
    sign_ = std::move(sign);
    io_.err << "\r\x1b[K" << sign_ << std::flush;
  }

  int End(bool interrupted) {
    ClearSign();
    if (request_.matrix) {
      io_.out << (request_.output == ExploreOutput::kSvg    ? MatrixSvg(matrix_)
                  : request_.output == ExploreOutput::kJson ? MatrixJson(matrix_)
                                                            : MatrixText(matrix_));
    }
    const bool for_people = request_.output == ExploreOutput::kText;
    if (for_people) io_.out << reports_.Text() << "\n";
    // A difference is told in any case, beside an output for machines.
    std::ostream& words = for_people ? io_.out : io_.err;
    words << differences_;
    if (for_people) words << tally_.Summary() << "\n";
    io_.out << std::flush;
    if (!interrupted) return tally_.exit_code();
    io_.err << "crosscall: interrupted; what was not searched until then is missing\n";
    return kExitInterrupted;
  }

 private:
  bool table() const { return !request_.matrix && request_.output == ExploreOutput::kText; }
  void ClearSign() {
    if (!sign_.empty()) io_.err << "\r\x1b[K" << std::flush;
    sign_.clear();
  }

  const ExplorePlan& plan_;
  const ExploreRequest& request_;
  const RunIo& io_;
  ExploreTally tally_;
  VerdictMatrix matrix_;
  TraceReports reports_;
  std::string differences_;
  std::string sign_;
};

}  // namespace

int RunExplore(const ExploreRequest& request, const supervisor::Cancellation& cancellation, const RunIo& io) {
  const absl::StatusOr<ExplorePlan> plan = PlanExploration(request);
  if (!plan.ok()) {
    io.err << "crosscall: " << plan.status().message() << "\n";
    return kExitBadUse;
  }
  ExploreRequest cancellable = request;
  cancellable.options.limits.cancelled = [&cancellation] { return cancellation.cancelled(); };
  Exploring exploring(*plan, cancellable, io);
  const absl::Status searched = ExplorePairs(
      *plan, cancellable,
      PairEvents{[&](std::size_t pair, const explore::Exploration& found) { exploring.Found(pair, found); },
                 [&](std::size_t next) { exploring.Waiting(next); }});
  if (!searched.ok()) {
    io.err << "crosscall: " << searched.message() << "\n";
    return kExitBadUse;
  }
  return exploring.End(cancellation.cancelled());
}

}  // namespace crosscall::tool
