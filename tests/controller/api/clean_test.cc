#include "controller/api/clean.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "gtest/gtest.h"

namespace crosscall::api {
namespace {

using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;
using ::google::protobuf::Reflection;

const std::string& Hostile() {
  static const std::string text =
      absl::StrCat("a\xFF\xC0", std::string(1, '\0'), "\x01\r\x7F\"\\", std::string(10'240, 'z'));
  return text;
}

// Fills every string of the message and of all messages in it.
void FillStrings(Message& message, const std::string& text, int depth) {
  const Reflection& reflection = *message.GetReflection();
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor* field = message.GetDescriptor()->field(i);
    if (field->type() == FieldDescriptor::TYPE_STRING) {
      if (field->is_repeated()) {
        reflection.AddString(&message, field, text);
      } else {
        reflection.SetString(&message, field, text);
      }
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && depth > 0) {
      FillStrings(
          field->is_repeated() ? *reflection.AddMessage(&message, field) : *reflection.MutableMessage(&message, field),
          text, depth - 1);
    }
  }
}

template <class Visit>
void ForEachString(const Message& message, const Visit& visit) {
  const Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    const int count = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      if (field->type() == FieldDescriptor::TYPE_STRING) {
        visit(field->full_name(), field->is_repeated() ? reflection.GetRepeatedString(message, field, i)
                                                       : reflection.GetString(message, field));
      } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        ForEachString(field->is_repeated() ? reflection.GetRepeatedMessage(message, field, i)
                                           : reflection.GetMessage(message, field),
                      visit);
      }
    }
  }
}

void ExpectHarmless(const std::string& name, const std::string& text) {
  EXPECT_LE(text.size(), 16384U) << name;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7F || byte == 0xFF || byte == 0xC0) {
      ADD_FAILURE() << name << " kept byte " << static_cast<int>(byte);
      return;
    }
  }
}

TEST(CleanTest, NoStringOfADescriptionOrReportStaysHostile) {
  v1::SynchronizeRequest request;
  FillStrings(request, Hostile(), 3);
  Clean(request);
  // Names are the validator's: a request with a bad one never gets here.
  request.clear_board();
  for (v1::HeldLease& lease : *request.mutable_leases()) lease.clear_trial();
  for (v1::SpooledResult& result : *request.mutable_spool()) result.clear_trial();
  int seen = 0;
  ForEachString(request, [&](const std::string& name, const std::string& text) {
    ExpectHarmless(name, text);
    ++seen;
  });
  EXPECT_GE(seen, 14);
}

TEST(CleanTest, NoStringOfAResultStaysHostile) {
  v1::TrialResult result;
  FillStrings(result, Hostile(), 4);
  Clean(result);
  int seen = 0;
  ForEachString(result, [&](const std::string& name, const std::string& text) {
    ExpectHarmless(name, text);
    ++seen;
  });
  EXPECT_GE(seen, 35);
}

TEST(CleanTest, WhatPrometheusShowsIsAShortLineAndNeverEmpty) {
  v1::SynchronizeRequest request;
  request.mutable_description()->set_model("two\nlines");
  request.mutable_description()->set_agent_version(std::string(10'240, 'v'));
  Clean(request);
  EXPECT_EQ(request.description().model(), "two lines");
  EXPECT_EQ(request.description().kernel(), "unknown");
  EXPECT_EQ(request.description().agent_version().size(), 256U);
}

TEST(CleanTest, ARequestWithoutDescriptionGetsNone) {
  v1::SynchronizeRequest request;
  Clean(request);
  EXPECT_FALSE(request.has_description());
}

TEST(CleanTest, ReportsKeepTheirLines) {
  v1::TrialResult result;
  result.set_worker_log("first\nsecond\n");
  Clean(result);
  EXPECT_EQ(result.worker_log(), "first\nsecond\n");
  EXPECT_FALSE(result.has_hang());
  EXPECT_FALSE(result.has_environment());
}

TEST(CleanTest, ListsBeyondTheirLimitAreCut) {
  v1::TrialResult result;
  for (int i = 0; i < 100; ++i) result.add_misuses("misuse");
  for (int i = 0; i < 300; ++i) result.mutable_hang()->add_timeline();
  Clean(result);
  EXPECT_EQ(result.misuses_size(), 64);
  EXPECT_EQ(result.hang().timeline_size(), 256);
}

TEST(CleanTest, AnExplorationIsBoundedAndItsScheduleIsOneOrNone) {
  v1::TrialResult result;
  v1::Exploration& exploration = *result.mutable_exploration();
  for (int i = 0; i < 5000; ++i) exploration.add_trace()->set_op("irq_off");
  for (int i = 0; i < 100; ++i) exploration.add_waits();
  exploration.set_schedule("0 0.2 1i 1l 0d1 1x");
  Clean(result);
  EXPECT_EQ(exploration.trace_size(), 4096);
  EXPECT_EQ(exploration.waits_size(), 64);
  EXPECT_EQ(exploration.schedule(), "0 0.2 1i 1l 0d1 1x");
  exploration.set_schedule("0 0; rm");
  Clean(result);
  EXPECT_EQ(exploration.schedule(), "");
  exploration.set_schedule(std::string(300'000, '0'));
  Clean(result);
  EXPECT_EQ(exploration.schedule(), "");
}

TEST(CleanTest, WhatTheExplorerKnowsIsNotABoardsToSay) {
  v1::TrialResult result;
  result.mutable_hang()->mutable_known_finding()->set_name("sweeps/s/trials/t/attempts/1");
  Clean(result);
  EXPECT_FALSE(result.hang().has_known_finding());
}

}  // namespace
}  // namespace crosscall::api
