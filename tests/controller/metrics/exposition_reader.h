// Reads Prometheus's text format back, as far as tests ask: which families there are, with which labels.
#ifndef TESTS_CONTROLLER_METRICS_EXPOSITION_READER_H_
#define TESTS_CONTROLLER_METRICS_EXPOSITION_READER_H_

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace crosscall::metrics {

struct ReadFamily {
  std::string help;
  std::string type;
  // The label names of its series, each combination once, in the order of the text; `le` left out.
  std::set<std::vector<std::string>> labels;
  std::size_t series = 0;
};

// By name. Families that are not announced by HELP and TYPE, and lines of another form, are test failures.
std::map<std::string, ReadFamily> ReadExposition(const std::string& text);

// Lines with a value, but for those about the exporter.
std::size_t CountSeries(const std::string& text);

}  // namespace crosscall::metrics

#endif  // TESTS_CONTROLLER_METRICS_EXPOSITION_READER_H_
