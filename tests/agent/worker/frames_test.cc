#include "agent/worker/frames.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <thread>

#include "crosscall/worker/v1/frame.pb.h"

namespace crosscall::worker {
namespace {

v1::WorkerFrame ReadyFrame(int locks) {
  v1::WorkerFrame frame;
  frame.mutable_ready()->set_cpu_count(2);
  for (int i = 0; i < locks; ++i) frame.mutable_ready()->add_locks("lock-" + std::to_string(i));
  return frame;
}

class FramesTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fds_), 0); }
  void TearDown() override {
    Close(0);
    Close(1);
  }
  void Close(int end) {
    if (fds_[end] >= 0) close(fds_[end]);
    fds_[end] = -1;
  }
  void SendRaw(const std::string& bytes) {
    ASSERT_EQ(send(fds_[0], bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
  }

  int fds_[2] = {-1, -1};
};

TEST_F(FramesTest, WhatIsWrittenIsRead) {
  // Larger than any socket buffer, so that both sides have to go on after partial transfers.
  const v1::WorkerFrame sent = ReadyFrame(200'000);
  std::thread writer([&] { EXPECT_TRUE(WriteFrame(fds_[0], sent).ok()); });
  v1::WorkerFrame got;
  EXPECT_TRUE(ReadFrame(fds_[1], got).ok());
  writer.join();
  EXPECT_EQ(got.SerializeAsString(), sent.SerializeAsString());
}

TEST_F(FramesTest, WritesToAPipeToo) {
  int pipe_fds[2];
  ASSERT_EQ(pipe(pipe_fds), 0);
  EXPECT_TRUE(WriteFrame(pipe_fds[1], ReadyFrame(1)).ok());
  v1::WorkerFrame got;
  EXPECT_TRUE(ReadFrame(pipe_fds[0], got).ok());
  EXPECT_EQ(got.ready().cpu_count(), 2u);
  close(pipe_fds[0]);
  close(pipe_fds[1]);
}

TEST_F(FramesTest, CleanEndIsToldFromABrokenFrame) {
  SendRaw(std::string("\x05\x00\x00\x00xy", 6));
  Close(0);
  v1::WorkerFrame got;
  EXPECT_EQ(ReadFrame(fds_[1], got).code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(ReadFrame(fds_[1], got).code(), absl::StatusCode::kOutOfRange);
}

TEST_F(FramesTest, LengthOverTheLimitIsRefusedBeforeAllocating) {
  SendRaw("\xff\xff\xff\xff");
  v1::WorkerFrame got;
  EXPECT_EQ(ReadFrame(fds_[1], got).code(), absl::StatusCode::kResourceExhausted);
}

TEST_F(FramesTest, RubbishIsDataLoss) {
  SendRaw(std::string("\x03\x00\x00\x00\xff\xff\xff", 7));
  v1::WorkerFrame got;
  EXPECT_EQ(ReadFrame(fds_[1], got).code(), absl::StatusCode::kDataLoss);
}

TEST_F(FramesTest, WriterWithoutAReaderIsToldSoAndLives) {
  Close(1);
  EXPECT_EQ(WriteFrame(fds_[0], ReadyFrame(1)).code(), absl::StatusCode::kUnavailable);
}

TEST(FrameAssembler, PutsFramesTogetherFromSingleBytes) {
  const std::string two = *EncodeFrame(ReadyFrame(1)) + *EncodeFrame(ReadyFrame(3));
  FrameAssembler assembler;
  std::vector<int> locks;
  for (const char byte : two) {
    assembler.Append(absl::string_view(&byte, 1));
    const auto payload = assembler.Next();
    ASSERT_TRUE(payload.ok());
    if (!payload->has_value()) continue;
    v1::WorkerFrame frame;
    ASSERT_TRUE(DecodeFrame(**payload, frame).ok());
    locks.push_back(frame.ready().locks_size());
  }
  EXPECT_EQ(locks, (std::vector<int>{1, 3}));
  EXPECT_EQ(assembler.pending_bytes(), 0u);
}

TEST(FrameAssembler, RefusesALengthOverTheLimit) {
  FrameAssembler assembler;
  assembler.Append(std::string("\x01\x00\x40\x01", 4));  // 20 MiB + 1
  EXPECT_EQ(assembler.Next().status().code(), absl::StatusCode::kResourceExhausted);
}

TEST(FrameAssembler, TakesTheLargestLength) {
  FrameAssembler assembler;
  assembler.Append(std::string("\x00\x00\x40\x01", 4));
  EXPECT_TRUE(assembler.Next().ok());
}

}  // namespace
}  // namespace crosscall::worker
