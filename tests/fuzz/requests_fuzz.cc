// Requests as they come over the wire: the validators answer for every message that parses, and what was cleaned once
// is clean. The first byte chooses the message.
#include <cstddef>
#include <cstdint>
#include <string>

#include "controller/api/clean.h"
#include "proto/shared/check.h"
#include "proto/shared/validate.h"

namespace {

namespace v1 = crosscall::v1;

template <class Request>
bool Parsed(const std::uint8_t* data, std::size_t size, Request& request) {
  return request.ParseFromArray(data, static_cast<int>(size));
}

template <class Request>
void Judge(const Request& request) {
  const absl::Status status = crosscall::shared::Validate(request);
  CROSSCALL_CHECK(status.ok() || status.code() == absl::StatusCode::kInvalidArgument, "a request is valid or invalid");
  CROSSCALL_CHECK(status.ok() || !status.message().empty(), "an error says what is wrong");
}

template <class Message>
void ExpectCleaned(Message& message) {
  crosscall::api::Clean(message);
  Message again = message;
  crosscall::api::Clean(again);
  CROSSCALL_CHECK(again.SerializeAsString() == message.SerializeAsString(), "what is clean stays as it is");
}

template <class Request>
void ParseAndJudge(const std::uint8_t* data, std::size_t size) {
  Request request;
  if (Parsed(data, size, request)) Judge(request);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::uint8_t choice = data[0] % 6;
  ++data;
  --size;
  if (choice == 0) ParseAndJudge<v1::TrialSpec>(data, size);
  if (choice == 1) ParseAndJudge<v1::SweepSpec>(data, size);
  if (choice == 2) ParseAndJudge<v1::CreateSweepRequest>(data, size);
  if (choice == 3) ParseAndJudge<v1::UploadResultRequest>(data, size);
  if (choice == 4) {
    v1::SynchronizeRequest request;
    if (!Parsed(data, size, request)) return 0;
    Judge(request);
    ExpectCleaned(request);
  }
  if (choice == 5) {
    v1::TrialResult result;
    if (Parsed(data, size, result)) ExpectCleaned(result);
  }
  return 0;
}
