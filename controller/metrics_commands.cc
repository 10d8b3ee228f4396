#include "controller/metrics_commands.h"

#include <cstdint>
#include <memory>

#include "absl/strings/str_format.h"
#include "controller/metrics/catalogue.h"
#include "controller/metrics/estimate.h"

namespace crosscall {
namespace {

// So that no product of them overflows.
constexpr std::uint64_t kMostOfEach = 1'000'000;

}  // namespace

void AddMetricsCommand(CLI::App& app, const std::size_t& series_limit, ConsoleCommand& command) {
  CLI::App* tool = app.add_subcommand(kMetricsCommand, "Says which metrics there are, or how many series a lab makes");
  // A lab that would be called large.
  const auto lab = std::make_shared<metrics::LabSize>(
      metrics::LabSize{.boards = 2'000, .models = 20, .implementations = 10, .pairs = 4});
  const auto print_catalogue = std::make_shared<bool>(false);
  const auto print_estimate = std::make_shared<bool>(false);
  CLI::Option* catalogue =
      tool->add_flag("--catalogue", *print_catalogue, "Prints all metrics, as dashboards/README.md shows them");
  CLI::Option* estimate =
      tool->add_flag("--estimate", *print_estimate, "Prints the series budget of a lab of the size given below");
  const struct {
    const char* name;
    std::uint64_t& value;
    const char* help;
  } sizes[] = {{"--boards", lab->boards, "Boards"},
               {"--models", lab->models, "Models of boards"},
               {"--implementations", lab->implementations, "Implementations that are tracked (--track)"},
               {"--pairs", lab->pairs, "Pairs of scenario and target system that are tracked (--track-pair)"}};
  for (const auto& size : sizes) {
    tool->add_option(size.name, size.value, size.help)
        ->capture_default_str()
        ->needs(estimate)
        ->check(CLI::Range(std::uint64_t{1}, kMostOfEach))
        ->type_name("COUNT");
  }
  catalogue->excludes(estimate);
  tool->callback([print_catalogue, print_estimate, lab, &series_limit, &command] {
    if (!*print_catalogue && !*print_estimate) throw CLI::RequiredError("--catalogue or --estimate");
    command = [print_catalogue, lab, &series_limit] {
      absl::PrintF("%s", *print_catalogue ? metrics::CatalogueMarkdown() : metrics::EstimateText(*lab, series_limit));
      return absl::OkStatus();
    };
  });
}

}  // namespace crosscall
