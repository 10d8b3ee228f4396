#include "controller/cli/completion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include "tests/controller/cli/cli_fixture.h"

namespace crosscall::cli {
namespace {

using testing::HasSubstr;

class CompletionTest : public CliTest {
 protected:
  std::string Script(const std::string& shell) {
    EXPECT_EQ(Run({"completion", shell}), 0);
    return out_.str();
  }
};

// Every command of the help of every command, without a list in this test.
std::vector<std::string> AllCommands(CliTest& test, std::vector<std::string> path) {
  std::vector<std::string> found;
  std::vector<std::string> arguments = path;
  arguments.push_back("--help");
  EXPECT_EQ(test.Run(arguments), 0);
  std::istringstream help(test.out_.str());
  std::string line;
  while (std::getline(help, line) && line != "Subcommands:") {
  }
  while (std::getline(help, line) && line.substr(0, 2) == "  ") {
    const std::string word = line.substr(2, line.find(' ', 2) - 2);
    if (word.empty()) continue;
    std::vector<std::string> sub = path;
    sub.push_back(word);
    found.push_back(absl::StrJoin(sub, " "));
    for (const std::string& deeper : AllCommands(test, sub)) found.push_back(deeper);
  }
  return found;
}

TEST_F(CompletionTest, EveryShellKnowsEveryCommand) {
  const std::vector<std::string> commands = AllCommands(*this, {});
  EXPECT_THAT(commands, testing::IsSupersetOf({"boards show", "boards drain", "sweep run", "sweep cancel", "results",
                                               "hang show", "version", "completion zsh"}));
  for (const std::string shell : {"bash", "zsh", "fish"}) {
    const std::string script = Script(shell);
    for (const std::string& command : commands) EXPECT_THAT(script, HasSubstr("crosscallctl " + command)) << shell;
    for (const char* option : {"heatmap", "cancel-on-interrupt", "implementation", "controller"}) {
      EXPECT_THAT(script, HasSubstr(option)) << shell;
    }
  }
}

// What bash offers for the words typed, the last one being completed.
std::string Offered(const std::string& script, const std::string& words) {
  const std::string path = testing::TempDir() + "/crosscallctl-completion-" + std::to_string(getpid());
  std::ofstream(path) << script << "COMP_WORDS=(" << words << "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n"
                      << "_crosscallctl; echo \"${COMPREPLY[@]}\"\n";
  std::FILE* pipe = popen(("bash " + path + " 2>&1").c_str(), "r");
  std::string offered;
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) offered += static_cast<char>(c);
  pclose(pipe);
  std::remove(path.c_str());
  return offered;
}

TEST_F(CompletionTest, BashFollowsTheWordsTyped) {
  const std::string script = Script("bash");
  EXPECT_EQ(Offered(script, "crosscallctl swe"), "sweep\n");
  EXPECT_EQ(Offered(script, "crosscallctl sweep ''"), "run resume list show why watch cancel\n");
  EXPECT_EQ(Offered(script, "crosscallctl --json boards sh"), "show\n");
  EXPECT_EQ(Offered(script, "crosscallctl sweep run --ca"), "--calls --cancel-on-interrupt --ca\n");
  EXPECT_EQ(Offered(script, "crosscallctl sweep run --js"), "--json\n");
  EXPECT_EQ(Offered(script, "crosscallctl sweep run my"), "\n");
}

}  // namespace
}  // namespace crosscall::cli
