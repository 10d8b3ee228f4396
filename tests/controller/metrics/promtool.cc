#include "tests/controller/metrics/promtool.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace crosscall::metrics {
namespace {

constexpr int kCommandNotFound = 127;

std::string ReadAll(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

}  // namespace

testing::AssertionResult PromtoolAccepts(const std::string& exposition) {
  std::string folder = testing::TempDir() + "/promtoolXXXXXX";
  if (mkdtemp(folder.data()) == nullptr) return testing::AssertionFailure() << "cannot make " << folder;
  const std::string input = folder + "/metrics";
  const std::string output = folder + "/output";
  std::ofstream(input, std::ios::binary) << exposition;
  // NOLINTNEXTLINE(cert-env33-c): a constant command on files of our own
  const int status = std::system(("promtool check metrics < '" + input + "' > '" + output + "' 2>&1").c_str());
  const std::string said = ReadAll(output);
  unlink(input.c_str());
  unlink(output.c_str());
  rmdir(folder.c_str());
  if (WIFEXITED(status) && WEXITSTATUS(status) == kCommandNotFound) {
    return testing::AssertionFailure() << "promtool is missing: apt-get install prometheus";
  }
  if (status == 0 && said.empty()) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "promtool check metrics, status " << status << ": " << said;
}

}  // namespace crosscall::metrics
