#include "proto/shared/loopback.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crosscall::shared {
namespace {

using ::testing::HasSubstr;

TEST(LoopbackTest, ListenAddressesAreAccepted) {
  for (const char* text : {"127.0.0.1:0", "127.1.2.3:65535", "[::1]:7400"}) {
    const absl::StatusOr<ListenAddress> address = ParseLoopback(text);
    ASSERT_TRUE(address.ok()) << address.status();
    EXPECT_EQ(ToString(*address), text);
  }
  const absl::StatusOr<ListenAddress> localhost = ParseLoopback("localhost:7400");
  ASSERT_TRUE(localhost.ok()) << localhost.status();
  EXPECT_EQ(ToString(*localhost), "127.0.0.1:7400");
}

TEST(LoopbackTest, EveryOtherAddressIsRefusedWithTheReasonAndAWayOut) {
  for (const char* text : {"0.0.0.0:7400", "[::]:7400", "192.168.1.2:7400", "lab.example:7400", "[::ffff:127.0.0.1]:1",
                           "128.0.0.1:7400"}) {
    const absl::StatusOr<ListenAddress> address = ParseLoopback(text);
    ASSERT_EQ(address.status().code(), absl::StatusCode::kFailedPrecondition) << text;
    EXPECT_THAT(std::string(address.status().message()), HasSubstr("certificates"));
    EXPECT_THAT(std::string(address.status().message()), HasSubstr("127.0.0.1:PORT"));
  }
}

TEST(LoopbackTest, AnotherFormIsRefusedWithAnExample) {
  for (const char* text : {"", ":", ":80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:-1", "127.0.0.1:65536", "127.0.0.1:x",
                           "::1:80", "127.0.0.1:80 ", "127.0.0.1:+80"}) {
    const absl::StatusOr<ListenAddress> address = ParseLoopback(text);
    if (address.ok()) ADD_FAILURE() << text << " became " << ToString(*address);
    EXPECT_EQ(address.status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

TEST(LoopbackTest, APortInUseIsNamed) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  ASSERT_GE(fd, 0);
  sockaddr_in bound{};
  bound.sin_family = AF_INET;
  bound.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(bound);
  ASSERT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&bound), size), 0);
  ASSERT_EQ(listen(fd, 1), 0);
  ASSERT_EQ(getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &size), 0);
  const ListenAddress address{"127.0.0.1", ntohs(bound.sin_port)};
  const absl::Status status = WhyNotListening(address);
  EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(std::string(status.message()), HasSubstr(ToString(address)));
  close(fd);
}

}  // namespace
}  // namespace crosscall::shared
