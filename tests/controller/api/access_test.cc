// Certificates over real TLS: who is let in, as whom, and until when.
#include <fstream>
#include <future>
#include <sstream>
#include <thread>

#include "absl/strings/str_cat.h"
#include "crosscall/v1/schedule_service.grpc.pb.h"
#include "crosscall/v1/sweep_service.grpc.pb.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "tests/controller/api/secure_fixture.h"

namespace crosscall::api {
namespace {

using shared::Role;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class AccessTest : public SecureFixture {
 protected:
  std::shared_ptr<grpc::Channel> Agent(const std::string& board) const {
    return ChannelAs(IdentityOf(Role::kAgent, board));
  }

  static void ExpectStatus(const grpc::Status& status, grpc::StatusCode code, const std::string& text) {
    EXPECT_EQ(status.error_code(), code) << status.error_message();
    EXPECT_THAT(status.error_message(), HasSubstr(text));
  }
  std::uint32_t Revoke(const shared::Identity& identity) {
    std::promise<absl::StatusOr<std::uint32_t>> revoked;
    registry_->RevokeIdentity(access::Actor{"test", "", ""}, identity, "lost",
                              [&](absl::StatusOr<std::uint32_t> count) { revoked.set_value(std::move(count)); });
    absl::StatusOr<std::uint32_t> count = revoked.get_future().get();
    EXPECT_TRUE(count.ok()) << count.status();
    return *count;
  }
  // Enrols with a fresh token; PEM with key and certificate.
  std::string Enrolled(const shared::Identity& identity, const shared::OperatorRights& rights = {}) {
    const auto made = shared::MakeKeyAndRequest(identity);
    std::string certificate;
    const grpc::Status status = Enrol(Token(identity, absl::Hours(1), rights), made->certificate_request, &certificate);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return absl::StrCat(made->private_key, certificate);
  }
  static grpc::Status Drain(const std::shared_ptr<grpc::Channel>& channel) {
    grpc::ClientContext context;
    Bound(context);
    v1::DrainBoardRequest request;
    request.set_name("boards/a");
    request.set_reason("new fan");
    v1::DrainBoardResponse response;
    return v1::BoardService::NewStub(channel)->DrainBoard(&context, request, &response);
  }
  // Of a board that is known, so that a sweep for it can be made.
  void Register(const std::shared_ptr<grpc::Channel>& channel) const {
    grpc::ClientContext context;
    Bound(context);
    v1::SynchronizeRequest request = Introduction();
    // A gap: answered at once.
    request.set_sequence(7);
    v1::SynchronizeResponse response;
    const grpc::Status status = v1::BoardService::NewStub(channel)->Synchronize(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
  }
  static v1::SynchronizeRequest Introduction() {
    v1::SynchronizeRequest request;
    request.set_board("boards/a");
    request.set_incarnation_id("incarnation");
    request.set_boot_id("boot");
    request.set_sequence(1);
    v1::BoardDescription& description = *request.mutable_description();
    description.set_agent_version(CROSSCALL_VERSION);
    description.add_cpus(0);
    description.add_cpus(1);
    description.add_implementations("per_target/spin/mask_all");
    v1::ScenarioInfo& scenario = *description.add_scenarios();
    scenario.set_id("ping-pong");
    scenario.set_cpu_count(2);
    return request;
  }
  static v1::SweepSpec Spec() {
    v1::SweepSpec spec;
    spec.add_scenarios()->set_id("ping-pong");
    spec.add_implementations("per_target/spin/mask_all");
    return spec;
  }
  static std::string RequestFor(const shared::Identity& identity) {
    return shared::MakeKeyAndRequest(identity)->certificate_request;
  }
};

TEST_F(AccessTest, AnAgentSpeaksForItsOwnBoardOnly) {
  const auto channel = Agent("a");
  EXPECT_TRUE(Synchronize(channel, "a").ok());
  ExpectStatus(Synchronize(channel, "b"), grpc::StatusCode::PERMISSION_DENIED, "cannot speak for boards/b");
  grpc::ClientContext context;
  Bound(context);
  v1::UploadResultRequest upload;
  upload.set_board("boards/b");
  upload.set_trial("sweeps/s/trials/t");
  upload.set_attempt(1);
  upload.set_sha256(std::string(32, 'x'));
  upload.set_total_bytes(1);
  upload.set_chunk("x");
  v1::UploadResultResponse response;
  ExpectStatus(v1::BoardService::NewStub(channel)->UploadResult(&context, upload, &response),
               grpc::StatusCode::PERMISSION_DENIED, "cannot speak for boards/b");
  // Both are in the log once an answer of a later batch is here.
  Token(Named(Role::kAgent, "x"));
  const std::vector<v1::AuditEntry> audit = Audit();
  ASSERT_EQ(audit.size(), 3u);
  EXPECT_EQ(audit[1].action(), "BoardService/UploadResult");
  EXPECT_EQ(audit[2].action(), "BoardService/Synchronize");
  EXPECT_EQ(audit[2].actor(), "crosscall://lab/agent/a");
  EXPECT_EQ(audit[2].object(), "boards/b");
  EXPECT_EQ(audit[2].outcome(), "PERMISSION_DENIED");
  EXPECT_THAT(audit[2].address(), HasSubstr("127.0.0.1"));
}

TEST_F(AccessTest, WhateverPeopleChangeIsInTheLogAlsoWhereItFails) {
  const auto channel = ChannelAs(IdentityOf(Role::kAdmin, "ann"));
  const auto boards = v1::BoardService::NewStub(channel);
  const auto schedules = v1::ScheduleService::NewStub(channel);
  const auto sweeps = v1::SweepService::NewStub(channel);
  std::vector<std::string> expected;
  // None of these is there, so each is refused in the batch that would have changed it.
  const auto change = [&](const std::string& action, const std::string& object, auto stub_call, auto request) {
    grpc::ClientContext context;
    Bound(context);
    request.set_name(object);
    ExpectStatus(stub_call(&context, request), grpc::StatusCode::NOT_FOUND, "");
    expected.push_back(absl::StrCat(action, " ", object, " NOT_FOUND"));
  };
  const auto drain = [&](auto* context, const auto& request) {
    v1::DrainBoardResponse response;
    return boards->DrainBoard(context, request, &response);
  };
  v1::DrainBoardRequest drained;
  drained.set_reason("new fan");
  change("BoardService/DrainBoard", "boards/none", drain, drained);
  const auto release = [&](auto* context, const auto& request) {
    v1::ReleaseBoardResponse response;
    return boards->ReleaseBoard(context, request, &response);
  };
  change("BoardService/ReleaseBoard", "boards/none", release, v1::ReleaseBoardRequest());
  const auto pause = [&](auto* context, const auto& request) {
    v1::PauseScheduleResponse response;
    return schedules->PauseSchedule(context, request, &response);
  };
  change("ScheduleService/PauseSchedule", "schedules/none", pause, v1::PauseScheduleRequest());
  const auto remove = [&](auto* context, const auto& request) {
    v1::DeleteScheduleResponse response;
    return schedules->DeleteSchedule(context, request, &response);
  };
  change("ScheduleService/DeleteSchedule", "schedules/none", remove, v1::DeleteScheduleRequest());
  const auto cancel = [&](auto* context, const auto& request) {
    v1::CancelSweepResponse response;
    return sweeps->CancelSweep(context, request, &response);
  };
  change("SweepService/CancelSweep", "sweeps/none", cancel, v1::CancelSweepRequest());

  std::vector<std::string> found;
  for (const v1::AuditEntry& entry : Audit()) {
    EXPECT_EQ(entry.actor(), "crosscall://lab/admin/ann");
    found.insert(found.begin(), absl::StrCat(entry.action(), " ", entry.object(), " ", entry.outcome()));
  }
  EXPECT_EQ(found, expected);
}

TEST_F(AccessTest, AnotherAuthorityIsUnknownWhateverItsCertificateSays) {
  const auto other = access::Authority::Make("lab", clock_.Wall());
  ASSERT_TRUE(other.ok());
  const auto channel = ChannelAs(IdentityFrom(**other, Named(Role::kAgent, "a")));
  ExpectStatus(Synchronize(channel, "a"), grpc::StatusCode::UNAUTHENTICATED, "not one that the authority of lab lab");
  Token(Named(Role::kAgent, "x"));
  EXPECT_EQ(Audit().back().actor(), "anonymous");
  EXPECT_EQ(Audit().back().outcome(), "UNAUTHENTICATED");
}

TEST_F(AccessTest, AnExpiredCertificateIsRefusedOnAnOpenConnectionAndSaysWhy) {
  const auto channel = Agent("a");
  EXPECT_TRUE(Synchronize(channel, "a").ok());
  clock_.shift_seconds = 2 * 3600;
  ExpectStatus(Synchronize(channel, "a"), grpc::StatusCode::UNAUTHENTICATED, "by the clock of the controller");
  clock_.shift_seconds = -2 * 3600;
  ExpectStatus(Synchronize(channel, "a"), grpc::StatusCode::UNAUTHENTICATED, "is valid only from");
}

TEST_F(AccessTest, PlainTextIsNotUnderstood) {
  const auto channel = grpc::CreateChannel(server_->address(), grpc::InsecureChannelCredentials());
  EXPECT_EQ(Synchronize(channel, "a").error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(AccessTest, ATokenGetsOneCertificateForOneIdentity) {
  const shared::Identity identity = Named(Role::kAgent, "a");
  const std::string token = Token(identity);
  ExpectStatus(Enrol(token, RequestFor(Named(Role::kAgent, "b"))), grpc::StatusCode::PERMISSION_DENIED,
               "the join token is for crosscall://lab/agent/a, the request names crosscall://lab/agent/b");
  ExpectStatus(Enrol(token, RequestFor(Named(Role::kAdmin, "a"))), grpc::StatusCode::PERMISSION_DENIED, "is for");
  ExpectStatus(Enrol(token, "nonsense"), grpc::StatusCode::INVALID_ARGUMENT, "PKCS #10");
  ExpectStatus(Enrol("crosscall-join-wrong", RequestFor(identity)), grpc::StatusCode::PERMISSION_DENIED,
               "no such join token");
  // None of these used it up.
  std::string certificate;
  const auto made = shared::MakeKeyAndRequest(identity);
  ASSERT_TRUE(Enrol(token, made->certificate_request, &certificate).ok());
  EXPECT_TRUE(Synchronize(ChannelAs(absl::StrCat(made->private_key, certificate)), "a").ok());
  ExpectStatus(Enrol(token, RequestFor(identity)), grpc::StatusCode::PERMISSION_DENIED, "used for certificate");
}

TEST_F(AccessTest, ATokenEndsWithItsTime) {
  const shared::Identity identity = Named(Role::kAgent, "a");
  const std::string token = Token(identity, absl::Minutes(15));
  clock_.shift_seconds = 15 * 60;
  ExpectStatus(Enrol(token, RequestFor(identity)), grpc::StatusCode::PERMISSION_DENIED, "the join token expired at");
}

TEST_F(AccessTest, NoTokenIsOnTheDiskOrInTheLog) {
  const std::string token = Token(Named(Role::kAgent, "a"));
  ASSERT_GT(token.size(), 40u);
  for (const char* file : {"/crosscall.db", "/crosscall.db-wal"}) {
    std::ostringstream bytes;
    bytes << std::ifstream(folder_ + file).rdbuf();
    EXPECT_EQ(bytes.str().find(token), std::string::npos) << file;
  }
  for (const v1::AuditEntry& entry : Audit()) EXPECT_EQ(entry.DebugString().find(token), std::string::npos);
}

TEST_F(AccessTest, RenewalNeedsANewKeyAndTheSameName) {
  const shared::Identity identity = Named(Role::kAgent, "a");
  const std::string present = Enrolled(identity);
  const auto stub = v1::EnrolService::NewStub(ChannelAs(present));
  const auto renew = [&](const std::string& der, std::string* certificate = nullptr) {
    grpc::ClientContext context;
    Bound(context);
    v1::RenewRequest request;
    request.set_certificate_request(der);
    v1::RenewResponse response;
    const grpc::Status status = stub->Renew(&context, request, &response);
    if (certificate != nullptr) *certificate = response.certificate();
    return status;
  };
  ExpectStatus(renew(RequestFor(Named(Role::kAgent, "b"))), grpc::StatusCode::PERMISSION_DENIED, "the caller is");
  ExpectStatus(renew(RequestFor(Named(Role::kAdmin, "a"))), grpc::StatusCode::PERMISSION_DENIED, "the caller is");
  const auto made = shared::MakeKeyAndRequest(identity);
  std::string next;
  ASSERT_TRUE(renew(made->certificate_request, &next).ok());
  ExpectStatus(renew(made->certificate_request), grpc::StatusCode::PERMISSION_DENIED, "make a new key");
  // Both are good until the former ends.
  EXPECT_TRUE(Synchronize(ChannelAs(absl::StrCat(made->private_key, next)), "a").ok());
  EXPECT_TRUE(Synchronize(ChannelAs(present), "a").ok());
}

TEST_F(AccessTest, ACallThatIsHeldGetsNoLeaseOnceItsCertificateIsRevoked) {
  const shared::Identity identity = Named(Role::kAgent, "a");
  const auto channel = ChannelAs(Enrolled(identity));
  v1::SynchronizeRequest request = Introduction();
  const auto call = [&channel, &request](std::uint64_t sequence) {
    grpc::ClientContext context;
    Bound(context);
    request.set_sequence(sequence);
    v1::SynchronizeResponse response;
    return v1::BoardService::NewStub(channel)->Synchronize(&context, request, &response);
  };
  // The first is answered at once.
  ASSERT_TRUE(call(1).ok());
  std::promise<grpc::Status> ended;
  std::thread agent([&] { ended.set_value(call(2)); });
  // Registered, and so held: nothing is there to do.
  while (dispatcher_->snapshot()->held_call_count == 0) std::this_thread::yield();
  EXPECT_EQ(Revoke(identity), 1u);
  v1::CreateSweepRequest sweep;
  *sweep.mutable_spec() = Spec();
  std::promise<absl::Status> created;
  dispatcher_->CreateSweep(
      sweep, {}, [&](const absl::StatusOr<v1::CreateSweepResponse>& answer) { created.set_value(answer.status()); });
  const absl::Status status = created.get_future().get();
  EXPECT_TRUE(status.ok()) << status;
  ExpectStatus(ended.get_future().get(), grpc::StatusCode::UNAUTHENTICATED, "is revoked");
  agent.join();
}

TEST_F(AccessTest, RevocationEndsCertificatesAndTokensAtOnce) {
  const shared::Identity identity = Named(Role::kAgent, "a");
  const auto channel = ChannelAs(Enrolled(identity));
  const std::string token = Token(identity);
  EXPECT_TRUE(Synchronize(channel, "a").ok());
  EXPECT_EQ(Revoke(identity), 1u);
  ExpectStatus(Synchronize(channel, "a"), grpc::StatusCode::UNAUTHENTICATED, "is revoked");
  ExpectStatus(Enrol(token, RequestFor(identity)), grpc::StatusCode::PERMISSION_DENIED, "revoked");
  EXPECT_EQ(Revoke(identity), 0u) << "again changes nothing";
  // It may come back with a new token, as another certificate.
  EXPECT_TRUE(Synchronize(ChannelAs(Enrolled(identity)), "a").ok());
  const auto revoked = store_->FindRevokedSerials(clock_.Wall());
  ASSERT_TRUE(revoked.ok());
  EXPECT_EQ(revoked->size(), 1u) << "a restarted controller knows it";
}

TEST_F(AccessTest, AnAdministratorCannotRevokeTheCertificateOfTheCall) {
  const auto stub = v1::AdminService::NewStub(ChannelAs(Enrolled(Named(Role::kAdmin, "ann"))));
  grpc::ClientContext context;
  Bound(context);
  v1::RevokeCertificatesRequest request;
  request.set_identity("admin/ann");
  request.set_reason("a slip");
  v1::RevokeCertificatesResponse response;
  ExpectStatus(stub->RevokeCertificates(&context, request, &response), grpc::StatusCode::FAILED_PRECONDITION,
               "another administrator");
}

TEST_F(AccessTest, AnOperatorsRightsAreThoseOfTheTokenAndNotOfTheRequest) {
  const shared::Identity oda = Named(Role::kOperator, "oda");
  ExpectStatus(Drain(ChannelAs(Enrolled(oda))), grpc::StatusCode::PERMISSION_DENIED, "operator (with right board)");
  // Let in, it is another's answer: there is no such board.
  EXPECT_EQ(Drain(ChannelAs(Enrolled(oda, Only(shared::OperatorRight::kBoard)))).error_code(),
            grpc::StatusCode::NOT_FOUND);
  ExpectStatus(Drain(ChannelAs(Enrolled(oda, Only(shared::OperatorRight::kPower)))),
               grpc::StatusCode::PERMISSION_DENIED, "the caller's is operator (with right power)");
  const auto page = store_->ListCertificates(v1::ListCertificatesRequest());
  ASSERT_TRUE(page.ok());
  ASSERT_EQ(page->certificates_size(), 3);
  EXPECT_THAT(page->certificates(0).rights(), ElementsAre("power"));
  EXPECT_THAT(page->certificates(1).rights(), ElementsAre("board"));
  EXPECT_THAT(page->certificates(2).rights(), ElementsAre());
  std::vector<std::string> details;
  for (const v1::AuditEntry& entry : Audit()) details.push_back(entry.detail());
  EXPECT_THAT(details, Contains(HasSubstr("with right board")));
}

TEST_F(AccessTest, OnlyOperatorsHaveRightsAndOnlyTheOnesThereAre) {
  const auto stub = v1::AdminService::NewStub(ChannelAs(Enrolled(Named(Role::kAdmin, "ann"))));
  const auto create = [&](const std::string& identity, const std::string& right) {
    grpc::ClientContext context;
    Bound(context);
    v1::CreateJoinTokenRequest request;
    request.set_identity(identity);
    request.add_rights(right);
    v1::CreateJoinTokenResponse response;
    return stub->CreateJoinToken(&context, request, &response);
  };
  EXPECT_TRUE(create("operator/oda", "power").ok());
  for (const char* other : {"viewer/vic", "admin/eve", "agent/a"}) {
    ExpectStatus(create(other, "board"), grpc::StatusCode::INVALID_ARGUMENT, "are for operators, not for");
  }
  ExpectStatus(create("operator/oda", "Board"), grpc::StatusCode::INVALID_ARGUMENT, "there are board, power");
}

TEST_F(AccessTest, AnOperatorCancelsHisOwnSweepsAndOthersWithTheRight) {
  Register(Agent("a"));
  const auto oda = ChannelAs(IdentityOf(Role::kOperator, "oda"));
  const auto create = [&](const std::shared_ptr<grpc::Channel>& channel, const std::string& id) {
    grpc::ClientContext context;
    Bound(context);
    v1::CreateSweepRequest request;
    request.set_sweep_id(id);
    *request.mutable_spec() = Spec();
    v1::CreateSweepResponse response;
    return v1::SweepService::NewStub(channel)->CreateSweep(&context, request, &response);
  };
  const auto cancel = [&](const std::shared_ptr<grpc::Channel>& channel, const std::string& id) {
    grpc::ClientContext context;
    Bound(context);
    v1::CancelSweepRequest request;
    request.set_name("sweeps/" + id);
    v1::CancelSweepResponse response;
    return v1::SweepService::NewStub(channel)->CancelSweep(&context, request, &response);
  };
  const auto bob = ChannelAs(IdentityOf(Role::kOperator, "bob"));
  for (const char* id : {"mine", "theirs"}) {
    const grpc::Status status = create(std::string(id) == "mine" ? oda : bob, id);
    ASSERT_TRUE(status.ok()) << status.error_message();
  }
  ExpectStatus(cancel(oda, "theirs"), grpc::StatusCode::PERMISSION_DENIED,
               "sweeps/theirs was asked for by crosscall://lab/operator/bob: ");
  EXPECT_EQ(Audit()[0].action(), "SweepService/CancelSweep");
  EXPECT_EQ(Audit()[0].object(), "sweeps/theirs");
  EXPECT_EQ(Audit()[0].outcome(), "PERMISSION_DENIED");
  EXPECT_EQ(Audit()[0].actor(), "crosscall://lab/operator/oda");
  EXPECT_TRUE(cancel(oda, "mine").ok());
  EXPECT_EQ(cancel(oda, "none").error_code(), grpc::StatusCode::NOT_FOUND);
  const auto keeper = ChannelAs(IdentityOf(Role::kOperator, "kim", Only(shared::OperatorRight::kBoard)));
  const grpc::Status status = cancel(keeper, "theirs");
  EXPECT_TRUE(status.ok()) << status.error_message();
  // One that has ended is no more anybody's than before.
  ExpectStatus(cancel(oda, "theirs"), grpc::StatusCode::PERMISSION_DENIED, "with right board");
}

TEST_F(AccessTest, TheServersNewCertificateIsTakenUpWithoutARestart) {
  const std::string admin = IdentityOf(Role::kAgent, "a");
  EXPECT_TRUE(Synchronize(ChannelAs(admin, "first.lab"), "a").ok());
  EXPECT_FALSE(Synchronize(ChannelAs(admin, "second.lab"), "a").ok());
  const auto next = authority_->IssueServer({"second.lab"}, clock_.Wall(), absl::Hours(1));
  ASSERT_TRUE(next.ok());
  ASSERT_TRUE(access::SaveServer(folder_, *next).ok());
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  bool taken_up = false;
  while (!taken_up && std::chrono::steady_clock::now() < limit) {
    taken_up = Synchronize(ChannelAs(admin, "second.lab"), "a").ok();
    // Looks again; the answer decides, not the time.
    if (!taken_up) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_TRUE(taken_up);
  EXPECT_FALSE(Synchronize(ChannelAs(admin, "first.lab"), "a").ok());
}

}  // namespace
}  // namespace crosscall::api
