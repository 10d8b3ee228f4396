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

// What a power command reads: the tool it asks, what that prints, and what must come of it.
struct Reading {
  const char* command;
  const char* tool;
  const char* prints;
  const char* read;
};

TEST_F(ScriptsTest, PowerCommandsReadThreeValues) {
  const Reading readings[] = {
      {"power/ipmitool.sh h u f status", "ipmitool", "echo Chassis Power is on", "on\n"},
      {"power/ipmitool.sh h u f status", "ipmitool", "echo Chassis Power is off", "off\n"},
      {"power/ipmitool.sh h u f status", "ipmitool", "echo no session >&2; exit 1", "no session\nunknown\n"},
      {"power/labgrid.sh c p status", "labgrid-client", "echo power for place p is on", "on\n"},
      {"power/labgrid.sh c p status", "labgrid-client", "echo place is not acquired", "unknown\n"},
      {"power/uhubctl.sh 1-1 2 status", "uhubctl", "echo '  Port 2: 0103 power enable connect [x]'", "on\n"},
      {"power/uhubctl.sh 1-1 2 status", "uhubctl", "echo '  Port 2: 0000 off'", "off\n"},
      {"power/uhubctl.sh 1-1 2 status", "uhubctl", "echo '  Port 1: 0103 power enable'", "unknown\n"},
      {"power/pdudaemon.sh http://pdu:1 rack 7 status", "curl", "exit 22", "unknown\n"},
  };
  for (const Reading& reading : readings) {
    Fake(reading.tool, reading.prints);
    const Ran ran = RunScript(reading.command);
    EXPECT_EQ(ran.output, reading.read) << reading.command;
    EXPECT_EQ(ran.code, 0) << reading.command;
  }
}

TEST_F(ScriptsTest, PowerCommandsPassFailuresOnAndKnowNoOtherWords) {
  for (const char* tool : {"ipmitool", "labgrid-client", "uhubctl", "curl"}) {
    Fake(tool, "echo \"$@\" >> $FAKE/log; exit 7");
  }
  EXPECT_EQ(RunScript("power/ipmitool.sh h u f nmi").code, 7);
  EXPECT_EQ(RunScript("power/labgrid.sh c p cycle").code, 7);
  EXPECT_EQ(RunScript("power/uhubctl.sh 1-1 2 off").code, 7);
  EXPECT_EQ(RunScript("power/pdudaemon.sh http://pdu:1 'rack 1' 7 cycle").code, 7);
  EXPECT_THAT(Log(), HasSubstr("-f f chassis power diag"));
  EXPECT_THAT(Log(), HasSubstr("hostname=rack 1 --data-urlencode port=7 http://pdu:1/power/control/reboot"));
  for (const char* command : {"power/ipmitool.sh h u f reset", "power/labgrid.sh c p", "power/uhubctl.sh 1-1 2 nmi",
                              "power/pdudaemon.sh http://pdu:1 rack 7 console"}) {
    EXPECT_EQ(RunScript(command).code, 2) << command;
  }
}

}  // namespace
}  // namespace crosscall
