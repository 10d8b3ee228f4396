#include "agent/supervisor/agent_identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "agent/supervisor/state_lock.h"
#include "proto/shared/release.h"

namespace crosscall::supervisor {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// What the worker that was installed with this agent says of itself.
worker::v1::Description SameBuild() {
  worker::v1::Description worker;
  worker.set_version(CROSSCALL_VERSION);
  return worker;
}

class AgentIdentityTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string folder = ::testing::TempDir() + "/identity-XXXXXX";
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  void Write(const std::string& path, const std::string& content) {
    std::filesystem::create_directories(std::filesystem::path(folder_ + path).parent_path());
    std::ofstream(folder_ + path) << content;
  }

  std::string folder_;
};

TEST_F(AgentIdentityTest, RandomIdsDiffer) {
  EXPECT_EQ(RandomId().size(), 32u);
  EXPECT_NE(RandomId(), RandomId());
}

TEST_F(AgentIdentityTest, BootIdIsRead) {
  Write("/proc/sys/kernel/random/boot_id", "1234-abcd\n");
  EXPECT_EQ(BootId(folder_).value(), "1234-abcd");
  EXPECT_EQ(BootId(folder_ + "/nowhere").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(AgentIdentityTest, CpuListsAreParsed) {
  EXPECT_THAT(ParseCpuList("3,0-1,1").value(), ElementsAre(0, 1, 3));
  for (const char* bad : {"", "a", "1-", "2-1", "1-2-3", "0,,1", "99999", "-1"}) {
    EXPECT_EQ(ParseCpuList(bad).status().code(), absl::StatusCode::kInvalidArgument) << bad;
  }
}

TEST_F(AgentIdentityTest, BoardIsDescribedFromProc) {
  Write("/proc/cpuinfo", "processor\t: 0\nmodel name\t: Some CPU @ 2 GHz\nmodel name\t: other\n");
  Write("/proc/cmdline", "quiet isolcpus=1\n");
  worker::v1::Description offers = SameBuild();
  offers.add_implementations("call_lock/spin/mask_all");
  offers.add_target_systems(v1::TARGET_SYSTEM_EXPLORE);
  const auto board = DescribeBoard(folder_, offers, {}, {"pool=a"}, true);
  ASSERT_TRUE(board.ok()) << board.status();
  EXPECT_EQ(board->model(), "Some CPU @ 2 GHz");
  EXPECT_EQ(board->command_line(), "quiet isolcpus=1");
  EXPECT_THAT(board->labels(), ElementsAre("pool=a"));
  EXPECT_THAT(board->implementations(), ElementsAre("call_lock/spin/mask_all"));
  EXPECT_THAT(board->target_systems(), ElementsAre(v1::TARGET_SYSTEM_EXPLORE));
  EXPECT_EQ(static_cast<std::size_t>(board->cpus_size()), UsableCpus().size());
  EXPECT_EQ(board->release(), shared::kThisRelease);
}

TEST_F(AgentIdentityTest, AWorkerOfAnotherVersionIsRefused) {
  worker::v1::Description other;
  other.set_version("0.0.9");
  const auto board = DescribeBoard(folder_, other, {}, {}, false);
  EXPECT_EQ(board.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(board.status().message()), AllOf(HasSubstr("0.0.9"), HasSubstr(CROSSCALL_VERSION)));
}

TEST_F(AgentIdentityTest, DeviceTreeNamesBoardsWithoutAModelName) {
  Write("/proc/device-tree/model", std::string("A Board\0", 8));
  EXPECT_EQ(DescribeBoard(folder_, SameBuild(), {}, {}, false)->model(), "A Board");
}

TEST_F(AgentIdentityTest, CpusThatCannotBeUsedAreRefusedByName) {
  const auto board = DescribeBoard(folder_, SameBuild(), {8000}, {}, false);
  EXPECT_EQ(board.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(board.status().message()), HasSubstr("8000"));
}

TEST_F(AgentIdentityTest, SecondAgentWithTheSameStateFolderIsRefused) {
  auto first = StateLock::Take(folder_ + "/state");
  ASSERT_TRUE(first.ok()) << first.status();
  const auto second = StateLock::Take(folder_ + "/state");
  EXPECT_EQ(second.status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr("pid " + std::to_string(getpid())));
  first = absl::CancelledError("let go");
  EXPECT_TRUE(StateLock::Take(folder_ + "/state").ok());
}

}  // namespace
}  // namespace crosscall::supervisor
