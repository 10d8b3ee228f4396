// `report`: a sweep as a page for people.
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "controller/cli/command.h"
#include "controller/cli/units.h"
#include "controller/report/report.h"
#include "proto/shared/durable_file.h"

namespace crosscall::cli {
namespace {

// The controller behind the client.
class ClientSource final : public report::Source {
 public:
  explicit ClientSource(Client& client) : client_(client) {}

  absl::StatusOr<v1::Sweep> GetSweep(const std::string& name) override { return client_.GetSweep(name); }
  absl::Status ForEachTrial(const std::string& sweep,
                            const std::function<absl::Status(const v1::Trial&)>& each) override {
    return client_.ForEachTrial(sweep, each);
  }
  absl::Status ForEachResult(const std::string& sweep,
                             const std::function<absl::Status(const v1::Result&)>& each) override {
    return client_.ForEachResult(sweep, each);
  }
  absl::StatusOr<std::vector<v1::Board>> ListBoards() override { return client_.ListBoards(); }

 private:
  Client& client_;
};

struct Options {
  std::string sweep;
  std::string baseline;
  std::string file;
};

absl::StatusOr<ExitCode> WriteReport(CommandContext& context, const Options& options) {
  if (context.format != Format::kTable) {
    return absl::InvalidArgumentError("report: found beside --json or --csv; the page has its data in both forms");
  }
  absl::StatusOr<std::string> sweep = SweepArgument(options.sweep);
  if (!sweep.ok()) return sweep.status();
  absl::StatusOr<std::string> baseline = std::string();
  if (!options.baseline.empty()) baseline = SweepArgument(options.baseline);
  if (!baseline.ok()) return baseline.status();
  ClientSource source(context.client);
  absl::StatusOr<std::string> page = report::MakeReport(source, *sweep, *baseline, context.environment.clock.Wall());
  if (!page.ok()) return page.status();
  if (options.file == "-") {
    context.environment.out << *page;
    return ExitCode::kOk;
  }
  if (absl::Status status = shared::WriteDurably(options.file, *page); !status.ok()) return status;
  context.environment.err << options.file << ": " << FormatCount(page->size()) << " bytes\n";
  return ExitCode::kOk;
}

}  // namespace

void AddReportCommand(CLI::App& root, Invocation& invocation) {
  const auto options = std::make_shared<Options>();
  CLI::App* report = root.add_subcommand(
      "report", "A sweep as one page for a browser: results, hangs, curves, comparison; needs nothing else");
  report->add_option("sweep", options->sweep, "Id of the sweep")->required()->type_name("SWEEP");
  report->add_option("-o,--output", options->file, "File to write, replaced only once all of it is on disk; -: print")
      ->required()
      ->type_name("FILE");
  report->add_option("--baseline", options->baseline, "Compare with this sweep")->type_name("SWEEP");
  report->callback([&invocation, options] {
    invocation.action = [options](CommandContext& context) { return WriteReport(context, *options); };
  });
}

}  // namespace crosscall::cli
