#include "controller/api/server.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "controller/api/status.h"
#include "gmock/gmock.h"
#include "grpcpp/completion_queue.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/support/byte_buffer.h"
#include "gtest/gtest.h"
#include "tests/controller/api/api_fixture.h"

namespace crosscall::api {
namespace {

using ::testing::HasSubstr;

grpc::ByteBuffer ToBuffer(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return {&slice, 1};
}

std::string ToString(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (!buffer.Dump(&slices).ok()) return bytes;
  for (const grpc::Slice& slice : slices) bytes.append(slice.begin(), slice.end());
  return bytes;
}

class ServerTest : public ApiFixture {
 protected:
  absl::Status StartAnother(const std::string& listen) {
    RequestCounts counts;
    return Server::Start(listen, nullptr, *dispatcher_, *store_, counts).status();
  }

  // A call of a service whose protos no package has, with the bytes of its messages.
  grpc::Status CallRaw(const std::string& method, const std::string& request, std::string* response) {
    grpc::GenericStub stub(channel_);
    grpc::CompletionQueue queue;
    grpc::ClientContext context;
    Bound(context);
    const auto stream = stub.PrepareCall(&context, method, &queue);
    const auto step = [&queue] {
      void* tag = nullptr;
      bool ok = false;
      return queue.Next(&tag, &ok) && ok;
    };
    stream->StartCall(nullptr);
    EXPECT_TRUE(step());
    stream->Write(ToBuffer(request), nullptr);
    if (step()) {
      stream->WritesDone(nullptr);
      step();
      grpc::ByteBuffer buffer;
      stream->Read(&buffer, nullptr);
      if (step()) *response = ToString(buffer);
    }
    grpc::Status status;
    stream->Finish(&status, nullptr);
    step();
    return status;
  }
};

TEST_F(ServerTest, AddressesThatAreNotLoopbackAreRefusedWithTheReason) {
  for (const char* listen : {"0.0.0.0:0", "[::]:0", "192.0.2.1:7000"}) {
    const absl::Status status = StartAnother(listen);
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << listen;
    EXPECT_THAT(std::string(status.message()), HasSubstr("certificates"));
  }
  EXPECT_EQ(StartAnother("nonsense").code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(ServerTest, APortInUseIsRefusedByItsName) {
  const absl::Status status = StartAnother(server_->address());
  EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(std::string(status.message()), HasSubstr(server_->address()));
}

TEST_F(ServerTest, ASecondControllerOnTheSameStateFolderIsRefused) {
  store::Options options;
  options.folder = folder_;
  const absl::StatusOr<std::unique_ptr<store::Store>> second = store::Store::Open(std::move(options));
  EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr(folder_));
}

TEST_F(ServerTest, AMessageOverTheLimitIsRefusedAndTheServerGoesOn) {
  v1::CreateSweepRequest request = SmallSweep("s1");
  request.mutable_spec()->mutable_scenarios(0)->set_text(std::string(kMaxReceivedMessageBytes + 1, 'x'));
  grpc::ClientContext context;
  Bound(context);
  v1::CreateSweepResponse response;
  EXPECT_EQ(sweeps_->CreateSweep(&context, request, &response).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  Register("b1");
  Create("s1");
}

TEST_F(ServerTest, HealthSaysServing) {
  std::string response;
  const grpc::Status status = CallRaw("/grpc.health.v1.Health/Check", "", &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  // HealthCheckResponse{status: SERVING}: field 1, varint 1.
  EXPECT_EQ(response, std::string("\x08\x01"));
}

TEST_F(ServerTest, ReflectionNamesTheServices) {
  std::string response;
  // ServerReflectionRequest{list_services: ""}: field 7, length 0.
  CallRaw("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", std::string("\x3A\0", 2), &response);
  for (const char* service : {"BoardService", "SweepService", "ResultService"}) {
    EXPECT_THAT(response, HasSubstr(absl::StrCat("crosscall.v1.", service)));
  }
}

TEST_F(ServerTest, AMethodThatDoesNotExistIsUnimplemented) {
  std::string response;
  EXPECT_EQ(CallRaw("/crosscall.v1.SweepService/Explode", "", &response).error_code(), grpc::StatusCode::UNIMPLEMENTED);
}

TEST_F(ServerTest, StoppingTwiceIsHarmlessAndTheAddressIsFreeAgain) {
  const std::string address = server_->address();
  server_->Stop(absl::ZeroDuration());
  server_->Stop(absl::ZeroDuration());
  RequestCounts counts;
  const absl::StatusOr<std::unique_ptr<Server>> again = Server::Start(address, nullptr, *dispatcher_, *store_, counts);
  EXPECT_TRUE(again.ok()) << again.status();
}

TEST_F(ServerTest, ARefusalThatPassesByWaitingNamesTheDelay) {
  dispatcher_->Stop();
  grpc::ClientContext context;
  Bound(context);
  v1::CreateSweepResponse response;
  EXPECT_EQ(sweeps_->CreateSweep(&context, SmallSweep("s1"), &response).error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(context.GetServerTrailingMetadata().count(kRetryAfterMillisKey), 1U);
}

}  // namespace
}  // namespace crosscall::api
