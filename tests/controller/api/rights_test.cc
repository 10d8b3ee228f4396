// Every method by every kind of caller: the table is whole, and the server does what it says.
#include "controller/api/rights.h"

#include <algorithm>
#include <filesystem>
#include <future>
#include <map>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"
#include "grpcpp/generic/generic_stub.h"
#include "tests/controller/api/secure_fixture.h"

namespace crosscall::api {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// Of methods that change boards or schedules.
constexpr const char* kVerbs[] = {"Create", "Delete", "Pause",   "Resume", "Run",
                                  "Drain",  "Update", "Release", "Retire", "Quarantine"};

// `/package.Service/Method` of every service that lies in proto/crosscall/v1, also of those this test does not know.
std::set<std::string> AllMethods() {
  std::set<std::string> methods;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(PROTO_FOLDER) + "/crosscall/v1")) {
    const std::string name = "crosscall/v1/" + entry.path().filename().string();
    if (!absl::EndsWith(name, "_service.proto")) continue;
    const auto* file = google::protobuf::DescriptorPool::generated_pool()->FindFileByName(name);
    EXPECT_NE(file, nullptr) << name << " is not linked: is its service registered in controller/api/server.cc?";
    for (int i = 0; file != nullptr && i < file->service_count(); ++i) {
      for (int j = 0; j < file->service(i)->method_count(); ++j) {
        methods.insert(absl::StrCat("/", file->service(i)->full_name(), "/", file->service(i)->method(j)->name()));
      }
    }
  }
  return methods;
}

TEST(RightsTest, EveryMethodHasOneRowAndEveryRowAMethod) {
  const std::set<std::string> methods = AllMethods();
  EXPECT_GT(methods.size(), 15u);
  std::multiset<std::string> rows;
  for (const Right& right : Rights()) {
    if (absl::StartsWith(right.method, "/crosscall.")) rows.insert(std::string(right.method));
    EXPECT_NE(right.callers, 0) << right.method;
  }
  for (const std::string& method : methods) EXPECT_EQ(rows.count(method), 1u) << method << " has no row of its own";
  for (const std::string& row : rows) EXPECT_EQ(methods.count(row), 1u) << row << " is no method";
}

TEST(RightsTest, WhatHasNoRowNobodyMayCall) {
  for (const char* method : {"/crosscall.v1.SweepService/Unheard", "", "/crosscall.v1.SweepService/"}) {
    for (const Callers caller : {kAdmins, kAnonymous}) {
      EXPECT_EQ(CheckRight(method, caller).code(), absl::StatusCode::kPermissionDenied) << method;
      EXPECT_EQ(CheckRightOnOthers(method, caller).code(), absl::StatusCode::kPermissionDenied) << method;
    }
  }
}

TEST(RightsTest, ARefusalNamesTheRoleThatIsNeeded) {
  EXPECT_EQ(CheckRight("/crosscall.v1.SweepService/CancelSweep", kViewers).message(),
            "crosscall.v1.SweepService/CancelSweep needs a certificate of role operator or admin, and the caller's is "
            "viewer");
  EXPECT_EQ(CheckRight("/crosscall.v1.SweepService/CancelSweep", kAnonymous).code(),
            absl::StatusCode::kUnauthenticated);
}

TEST(RightsTest, ARefusalNamesTheRightThatIsNeededAndHowOneGetsIt) {
  const std::string drain = "/crosscall.v1.BoardService/DrainBoard";
  EXPECT_EQ(
      CheckRight(drain, kOperators).message(),
      "crosscall.v1.BoardService/DrainBoard needs a certificate of role operator (with right board) or admin, and "
      "the caller's is operator; an administrator gives it with: crosscallctl join-token create --operator NAME "
      "--right board");
  EXPECT_THAT(std::string(CheckRight(drain, kOperators | kPowerOperators).message()),
              HasSubstr("the caller's is operator (with right power); an administrator"));
  EXPECT_THAT(
      std::string(CheckRight(drain, kViewers).message()),
      AllOf(HasSubstr("operator (with right board) or admin, and the caller's is viewer"), Not(HasSubstr("--right"))));
  EXPECT_TRUE(CheckRight(drain, kOperators | kBoardOperators).ok());
}

TEST(RightsTest, WhatOthersAskedForNeedsTheRightBoard) {
  const std::string cancel = "/crosscall.v1.SweepService/CancelSweep";
  EXPECT_TRUE(CheckRight(cancel, kOperators).ok());
  EXPECT_TRUE(CheckRightOnOthers(cancel, kOperators | kBoardOperators).ok());
  EXPECT_TRUE(CheckRightOnOthers(cancel, kAdmins).ok());
  EXPECT_THAT(
      std::string(CheckRightOnOthers(cancel, kOperators | kPowerOperators).message()),
      HasSubstr("CancelSweep of what another asked for needs a certificate of role operator (with right board)"));
  EXPECT_EQ(CheckRightOnOthers(cancel, kViewers).code(), absl::StatusCode::kPermissionDenied);
  EXPECT_TRUE(CheckRightOnOthers("/crosscall.v1.SweepService/CreateSweep", kOperators).ok());
}

TEST(RightsTest, AnOperatorIsOfOneKindForEachRight) {
  shared::OperatorRights rights;
  EXPECT_EQ(KindsOf(shared::Role::kOperator, rights), kOperators);
  rights.Add(shared::OperatorRight::kPower);
  EXPECT_EQ(KindsOf(shared::Role::kOperator, rights), kOperators | kPowerOperators);
  rights.Add(shared::OperatorRight::kBoard);
  EXPECT_EQ(KindsOf(shared::Role::kOperator, rights), kOperators | kBoardOperators | kPowerOperators);
  EXPECT_EQ(KindsOf(shared::Role::kAdmin, {}), kAdmins);
}

// What the fleet's access table says, in its own words and not in those of the code.
TEST(RightsTest, AgentsServeBoardsAndPeopleDoTheRest) {
  for (const Right& right : Rights()) {
    const bool agents_own = absl::EndsWith(right.method, "/Synchronize") ||
                            absl::EndsWith(right.method, "/UploadResult") || absl::EndsWith(right.method, "/Renew");
    const bool open = absl::EndsWith(right.method, "/Enrol") || absl::StartsWith(right.method, "/grpc.health.");
    EXPECT_EQ((right.callers & kAgents) != 0, agents_own || open) << right.method;
    EXPECT_EQ((right.callers & kAnonymous) != 0, open) << right.method;
    // Whatever one may who has less, one with more may too.
    EXPECT_TRUE((right.callers & kViewers) == 0 || (right.callers & kOperators) != 0) << right.method;
    constexpr Callers kAnyOperators = kOperators | kBoardOperators | kPowerOperators;
    EXPECT_TRUE((right.callers & kAnyOperators) == 0 || (right.callers & kAdmins) != 0) << right.method;
    EXPECT_TRUE(right.others == 0 || (right.others & kAdmins) != 0) << right.method;
    EXPECT_TRUE(!absl::StrContains(right.method, ".AdminService/") || right.callers == kAdmins) << right.method;
  }
}

TEST(RightsTest, BoardsAndSchedulesAreKeptWithTheRightBoard) {
  for (const Right& right : Rights()) {
    const bool changes = std::any_of(std::begin(kVerbs), std::end(kVerbs), [&](const char* verb) {
      return absl::StrContains(right.method, absl::StrCat("/", verb));
    });
    const bool keeps =
        absl::StrContains(right.method, ".BoardService/") || absl::StrContains(right.method, ".ScheduleService/");
    const bool retires = absl::EndsWith(right.method, "/RetireBoard");
    EXPECT_EQ((right.callers & kBoardOperators) != 0, keeps && changes && !retires) << right.method;
    EXPECT_TRUE(!retires || right.callers == kAdmins) << right.method;
    EXPECT_TRUE(!keeps || !changes || (right.callers & kOperators) == 0) << right.method;
  }
}

TEST(RightsTest, BoardsAreSwitchedWithTheRightPowerAsAnAdministratorSaid) {
  const std::string change = "/crosscall.v1.BoardService/SwitchBoardPower";
  EXPECT_TRUE(CheckRight(change, kOperators | kPowerOperators).ok());
  EXPECT_TRUE(CheckRight(change, kAdmins).ok());
  EXPECT_EQ(CheckRight(change, kOperators | kBoardOperators).code(), absl::StatusCode::kPermissionDenied);
  const std::string command = "/crosscall.v1.BoardService/SetBoardPower";
  EXPECT_TRUE(CheckRight(command, kAdmins).ok());
  EXPECT_EQ(CheckRight(command, kOperators | kBoardOperators | kPowerOperators).code(),
            absl::StatusCode::kPermissionDenied);
}

class EnforcedRightsTest : public SecureFixture {
 protected:
  // A call without content, which no service carries out.
  grpc::Status Call(const std::shared_ptr<grpc::Channel>& channel, const std::string& method) const {
    grpc::GenericStub stub(channel);
    grpc::ClientContext context;
    Bound(context);
    grpc::ByteBuffer request;
    grpc::ByteBuffer response;
    const grpc::Slice nothing;
    request = grpc::ByteBuffer(&nothing, 1);
    std::promise<grpc::Status> ended;
    stub.UnaryCall(&context, method, grpc::StubOptions(), &request, &response,
                   [&](grpc::Status status) { ended.set_value(std::move(status)); });
    return ended.get_future().get();
  }
};

TEST_F(EnforcedRightsTest, EveryMethodByEveryKindOfCaller) {
  using shared::OperatorRight;
  shared::OperatorRights both = Only(OperatorRight::kBoard);
  both.Add(OperatorRight::kPower);
  const shared::Role role = shared::Role::kOperator;
  std::map<Callers, std::shared_ptr<grpc::Channel>> channels = {
      {kAnonymous, ChannelAs("")},
      {kAgents, ChannelAs(IdentityOf(shared::Role::kAgent, "a"))},
      {kViewers, ChannelAs(IdentityOf(shared::Role::kViewer, "vic"))},
      {kOperators, ChannelAs(IdentityOf(shared::Role::kOperator, "oda"))},
      {kOperators | kBoardOperators, ChannelAs(IdentityOf(role, "bo", Only(OperatorRight::kBoard)))},
      {kOperators | kPowerOperators, ChannelAs(IdentityOf(role, "po", Only(OperatorRight::kPower)))},
      {kOperators | kBoardOperators | kPowerOperators, ChannelAs(IdentityOf(role, "bopo", both))},
      {kAdmins, ChannelAs(IdentityOf(shared::Role::kAdmin, "ann"))}};
  for (const std::string& method : AllMethods()) {
    const auto right =
        std::find_if(Rights().begin(), Rights().end(), [&](const Right& row) { return row.method == method; });
    ASSERT_NE(right, Rights().end()) << method;
    for (const auto& [caller, channel] : channels) {
      const grpc::Status status = Call(channel, method);
      const bool refused = absl::StrContains(status.error_message(), "needs a certificate of role");
      EXPECT_EQ(refused, (right->callers & caller) == 0)
          << method << " by " << int{caller} << ": " << status.error_code() << " " << status.error_message();
      if (!refused) continue;
      EXPECT_EQ(status.error_code(),
                caller == kAnonymous ? grpc::StatusCode::UNAUTHENTICATED : grpc::StatusCode::PERMISSION_DENIED)
          << method;
    }
  }
  EXPECT_EQ(Call(channels[kAdmins], "/crosscall.v1.SweepService/Unheard").error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
}

}  // namespace
}  // namespace crosscall::api
