#include "agent/supervisor/upload_cursor.h"

#include <gtest/gtest.h>

namespace crosscall::supervisor {
namespace {

const shared::AttemptKey kKey{"sweeps/s/trials/t1", 1};

v1::UploadResultResponse Received(std::uint64_t bytes) {
  v1::UploadResultResponse answer;
  answer.set_received_bytes(bytes);
  return answer;
}

TEST(UploadCursor, ChunksAreValidAndMakeUpThePayload) {
  std::string payload;
  for (int i = 0; payload.size() < 3 * shared::kMaxChunkBytes; ++i) payload += std::to_string(i);
  UploadCursor cursor(kKey, payload);
  std::string received;
  while (received.size() < payload.size()) {
    const v1::UploadResultRequest chunk = cursor.NextChunk("boards/b");
    ASSERT_TRUE(shared::Validate(chunk).ok()) << shared::Validate(chunk);
    ASSERT_EQ(chunk.offset(), received.size());
    EXPECT_EQ(chunk.sha256(), Sha256(payload));
    received += chunk.chunk();
    if (received.size() < payload.size()) {
      ASSERT_EQ(cursor.OnAnswer(Received(received.size())), UploadCursor::Step::kSendNext);
    }
  }
  EXPECT_EQ(received, payload);
  v1::UploadResultResponse committed = Received(payload.size());
  committed.set_committed(true);
  EXPECT_EQ(cursor.OnAnswer(committed), UploadCursor::Step::kDelivered);
}

TEST(UploadCursor, GoesOnWhereTheControllerStands) {
  UploadCursor cursor(kKey, std::string(shared::kMaxChunkBytes * 4, 'x'));
  ASSERT_EQ(cursor.OnAnswer(Received(shared::kMaxChunkBytes * 3)), UploadCursor::Step::kSendNext);
  EXPECT_EQ(cursor.NextChunk("boards/b").offset(), shared::kMaxChunkBytes * 3);
}

TEST(UploadCursor, SupersededIsDeliveredToo) {
  UploadCursor cursor(kKey, "payload");
  v1::UploadResultResponse answer;
  answer.set_superseded(true);
  EXPECT_EQ(cursor.OnAnswer(answer), UploadCursor::Step::kDelivered);
}

TEST(UploadCursor, AnswersThatDoNotGetOnAreStuckAndStartAgain) {
  UploadCursor cursor(kKey, std::string(1000, 'x'));
  EXPECT_EQ(cursor.OnAnswer(Received(0)), UploadCursor::Step::kStuck);
  EXPECT_EQ(cursor.OnAnswer(Received(1000)), UploadCursor::Step::kStuck);
  EXPECT_EQ(cursor.OnAnswer(Received(~std::uint64_t{0})), UploadCursor::Step::kStuck);
  EXPECT_EQ(cursor.NextChunk("boards/b").offset(), 0u);
}

TEST(Sha256, IsTheStandardsFunction) {
  EXPECT_EQ(Sha256("abc").substr(0, 4), "\xba\x78\x16\xbf");
  EXPECT_EQ(Sha256("").size(), kSha256Bytes);
}

}  // namespace
}  // namespace crosscall::supervisor
