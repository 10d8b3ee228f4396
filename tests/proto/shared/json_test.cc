#include "proto/shared/json.h"

#include <gtest/gtest.h>

namespace crosscall::shared {
namespace {

TEST(JsonTest, EscapesWhatJsonDoesNotAllow) {
  Json json;
  json.BeginObject()
      .Key("a\"b")
      .String(
          "line\nback\\slash\ttab\x01"
          "end")
      .Key("list")
      .BeginArray();
  json.Number(1).Signed(-2).Real(0.5).Bool(true).Null().EndArray().EndObject();
  EXPECT_EQ(json.Take(), "{\"a\\\"b\":\"line\\nback\\\\slash\\ttab end\",\"list\":[1,-2,0.5,true,null]}");
}

}  // namespace
}  // namespace crosscall::shared
