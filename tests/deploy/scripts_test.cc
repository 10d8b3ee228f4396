// The scripts in deploy/: how they are used, and what they do to a machine, seen through fake dpkg-query and apt-get.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace crosscall {
namespace {

using testing::HasSubstr;

const std::string kDeploy = CROSSCALL_DEPLOY;

struct Ran {
  int code = 0;
  std::string output;  // both streams
};

Ran RunShell(const std::string& command) {
  Ran ran;
  std::FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) ran.output += static_cast<char>(c);
  const int status = pclose(pipe);
  ran.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return ran;
}

// A folder of fake programs in front of PATH.
class ScriptsTest : public testing::Test {
 protected:
  ScriptsTest() {
    std::string pattern = testing::TempDir() + "/crosscall-deploy-XXXXXX";
    folder_ = mkdtemp(pattern.data());
  }
  ~ScriptsTest() override { std::filesystem::remove_all(folder_); }

  void Fake(const std::string& program, const std::string& body) {
    std::ofstream(folder_ / program) << "#!/bin/sh\n" << body << "\n";
    chmod((folder_ / program).c_str(), 0755);
  }
  Ran RunScript(const std::string& script_and_arguments) {
    return RunShell("PATH=" + folder_.string() + ":$PATH FAKE=" + folder_.string() + " bash " + kDeploy + "/" +
                    script_and_arguments);
  }
  std::string Log() {
    std::ifstream log(folder_ / "log");
    return std::string(std::istreambuf_iterator<char>(log), {});
  }

  std::filesystem::path folder_;
};

TEST_F(ScriptsTest, HelpSaysHowAndBadUseIsTwo) {
  for (const char* script : {"try.sh", "install-deps.sh"}) {
    const Ran help = RunScript(std::string(script) + " --help");
    EXPECT_EQ(help.code, 0);
    EXPECT_THAT(help.output, HasSubstr(std::string("Usage: deploy/") + script));
    EXPECT_THAT(help.output, HasSubstr("Exit codes:"));
    const Ran bad = RunScript(std::string(script) + " --bogus");
    EXPECT_EQ(bad.code, 2);
    EXPECT_THAT(bad.output, HasSubstr("found \"--bogus\"; allowed:"));
  }
}

TEST_F(ScriptsTest, TryWithoutProgramsSaysSo) {
  const Ran ran = RunScript("try.sh --skip-build --build-dir " + folder_.string());
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.output, HasSubstr("/bin/crosscall-controller is not there; run without --skip-build"));
}

TEST_F(ScriptsTest, NothingIsDoneIfAllIsInstalled) {
  Fake("dpkg-query", "printf installed");
  Fake("apt-get", "echo called >>$FAKE/log");
  const Ran ran = RunScript("install-deps.sh --tests");
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.output, "");
  EXPECT_EQ(Log(), "");
}

TEST_F(ScriptsTest, OnlyWhatIsMissingIsInstalledAndTheLockIsWaitedFor) {
  // The last argument is the package.
  Fake("dpkg-query", "for last; do :; done; [ \"$last\" = cmake ] && exit 1; printf installed");
  Fake("apt-get", "echo \"$*\" >>$FAKE/log");
  const Ran ran = RunScript("install-deps.sh");
  if (geteuid() != 0) {
    EXPECT_EQ(ran.code, 1);
    EXPECT_THAT(ran.output, HasSubstr("needs root to install: cmake\n"));
    return;
  }
  EXPECT_EQ(ran.code, 0) << ran.output;
  EXPECT_EQ(ran.output, "install-deps.sh: installing: cmake\n");
  EXPECT_THAT(Log(), HasSubstr("DPkg::Lock::Timeout=600"));
  EXPECT_THAT(Log(), testing::EndsWith(" install --no-install-recommends cmake\n"));
}

TEST_F(ScriptsTest, OldListsAreFetchedAndAFailureIsTold) {
  if (geteuid() != 0) GTEST_SKIP() << "only root installs";
  Fake("dpkg-query", "exit 1");
  Fake("apt-get", "echo \"$*\" >>$FAKE/log; case \"$*\" in *update*) touch $FAKE/fresh ;; esac; [ -e $FAKE/fresh ]");
  EXPECT_EQ(RunScript("install-deps.sh").code, 0);
  EXPECT_THAT(Log(), HasSubstr(" update\n"));
  Fake("apt-get", "echo no such host; exit 100");
  const Ran failed = RunScript("install-deps.sh");
  EXPECT_EQ(failed.code, 1);
  EXPECT_THAT(failed.output, HasSubstr("no such host"));
  EXPECT_THAT(failed.output, HasSubstr("check the network"));
}

}  // namespace
}  // namespace crosscall
