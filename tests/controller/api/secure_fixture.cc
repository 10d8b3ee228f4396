#include "tests/controller/api/secure_fixture.h"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <utility>

#include "absl/strings/str_cat.h"
#include "grpcpp/create_channel.h"

namespace crosscall::api {
namespace {

constexpr std::chrono::seconds kPatience{60};

template <class T>
T Take(absl::StatusOr<T> value) {
  EXPECT_TRUE(value.ok()) << value.status();
  return *std::move(value);
}

}  // namespace

SecureFixture::SecureFixture() : folder_(testing::TempDir() + "/secureXXXXXX") {
  EXPECT_NE(mkdtemp(folder_.data()), nullptr);
  authority_ = Take(access::Authority::Make("lab", clock_.Wall()));
  const std::string server = Take(authority_->IssueServer({"127.0.0.1", "first.lab"}, clock_.Wall(), absl::Hours(24)));
  EXPECT_TRUE(access::SaveAuthority(folder_, *authority_, server).ok());
  trust_ = Take(access::Trust::Make(authority_->certificate(), clock_));
  store::Options options;
  options.folder = folder_;
  store_ = Take(store::Store::Open(std::move(options)));
  dispatch::Settings settings;
  settings.hold_idle = absl::Minutes(10);
  dispatcher_ = Take(dispatch::Dispatcher::Start(*store_, clock_, settings));
  registry_ = std::make_unique<access::Registry>(*dispatcher_, *store_, *authority_, *trust_, absl::Hours(1));
  gate_ = std::make_unique<Gate>(*trust_, *registry_, counts_);
  security_.reset(new Security{access::ServerFile(folder_), *gate_, *registry_});
  server_ = Take(Server::Start("127.0.0.1:0", security_.get(), *dispatcher_, *store_, counts_));
}

SecureFixture::~SecureFixture() {
  dispatcher_->Stop();
  server_->Stop(absl::ZeroDuration());
  server_.reset();
  dispatcher_.reset();
  store_.reset();
  std::filesystem::remove_all(folder_);
}

std::string SecureFixture::IdentityFrom(const access::Authority& authority, const shared::Identity& identity,
                                        const shared::OperatorRights& rights) {
  const shared::KeyAndRequest made = Take(shared::MakeKeyAndRequest(identity));
  const auto request = access::CheckRequest(made.certificate_request);
  EXPECT_TRUE(request.ok()) << request.status();
  const access::Issued issued = Take(authority.Issue(*request, shared::SystemClock().Wall(), absl::Hours(1), rights));
  return absl::StrCat(made.private_key, issued.pem);
}

std::shared_ptr<grpc::Channel> SecureFixture::ChannelAs(const std::string& identity, const std::string& host) const {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  if (!host.empty()) arguments.SetSslTargetNameOverride(host);
  return grpc::CreateCustomChannel(server_->address(),
                                   grpc::SslCredentials({authority_->certificate(), identity, identity}), arguments);
}

void SecureFixture::Bound(grpc::ClientContext& context) {
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
}

std::string SecureFixture::Token(const shared::Identity& identity, absl::Duration life,
                                 const shared::OperatorRights& rights) {
  std::promise<std::string> token;
  registry_->CreateJoinToken(
      access::Actor{"test", "", ""}, {identity, rights}, life,
      [&](absl::StatusOr<access::JoinToken> made) { token.set_value(Take(std::move(made)).token); });
  return token.get_future().get();
}

grpc::Status SecureFixture::Enrol(const std::string& token, const std::string& request_der,
                                  std::string* certificate) const {
  grpc::ClientContext context;
  Bound(context);
  v1::EnrolRequest request;
  request.set_token(token);
  request.set_certificate_request(request_der);
  v1::EnrolResponse response;
  const grpc::Status status = v1::EnrolService::NewStub(ChannelAs(""))->Enrol(&context, request, &response);
  if (certificate != nullptr) *certificate = response.certificate();
  return status;
}

grpc::Status SecureFixture::Synchronize(const std::shared_ptr<grpc::Channel>& channel, const std::string& board) const {
  grpc::ClientContext context;
  Bound(context);
  v1::SynchronizeRequest request;
  request.set_board("boards/" + board);
  request.set_incarnation_id("incarnation");
  request.set_boot_id("boot");
  // A gap: answered at once, with the wish for a description.
  request.set_sequence(7);
  v1::SynchronizeResponse response;
  return v1::BoardService::NewStub(channel)->Synchronize(&context, request, &response);
}

std::vector<v1::AuditEntry> SecureFixture::Audit() const {
  const auto page = store_->ListAuditEntries(v1::ListAuditEntriesRequest());
  EXPECT_TRUE(page.ok()) << page.status();
  return {page->entries().begin(), page->entries().end()};
}

}  // namespace crosscall::api
