// JSON output, one value at a time: just enough for ours.
//
// Not thread-safe. Invariant: every Begin has its End before Take; keys are given in objects only (the caller's duty).
#ifndef PROTO_SHARED_JSON_H_
#define PROTO_SHARED_JSON_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace crosscall::shared {

class Json {
 public:
  Json& BeginObject() { return Open('{'); }
  Json& EndObject() { return Close('}'); }
  Json& BeginArray() { return Open('['); }
  Json& EndArray() { return Close(']'); }
  // The key of the next value.
  Json& Key(absl::string_view key);

  // Text is made valid UTF-8; what JSON does not allow is escaped.
  Json& String(absl::string_view value);
  Json& Number(std::uint64_t value);
  Json& Signed(std::int64_t value);
  // Not finite becomes null.
  Json& Real(double value);
  Json& Bool(bool value);
  Json& Null();

  std::string Take() { return std::move(text_); }

 private:
  Json& Open(char bracket);
  Json& Close(char bracket);
  // The comma before a value, if one is due.
  void Separate();

  std::string text_;
};

}  // namespace crosscall::shared

#endif  // PROTO_SHARED_JSON_H_
