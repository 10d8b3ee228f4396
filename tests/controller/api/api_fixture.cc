#include "tests/controller/api/api_fixture.h"

#include <cstdlib>
#include <filesystem>
#include <thread>
#include <utility>

#include "controller/api/clean.h"
#include "controller/dispatch/checked_result.h"
#include "grpcpp/create_channel.h"
#include "proto/shared/clock.h"
#include "proto/shared/release.h"
#include "proto/shared/validate.h"

namespace crosscall::api {
namespace {

dispatch::Settings TestSettings() {
  dispatch::Settings settings;
  // A held call that is answered in a test was answered for its reason, not because its time was over.
  settings.hold_idle = absl::Minutes(10);
  settings.hold_busy = absl::Minutes(10);
  settings.first_term = absl::Minutes(10);
  settings.lease_term = absl::Minutes(10);
  settings.clean_result = [](v1::TrialResult& result) { Clean(result); };
  return settings;
}

}  // namespace

ApiFixture::ApiFixture() : folder_(testing::TempDir() + "/apiXXXXXX") {
  EXPECT_NE(mkdtemp(folder_.data()), nullptr);
  store::Options options;
  options.folder = folder_;
  absl::StatusOr<std::unique_ptr<store::Store>> store = store::Store::Open(std::move(options));
  EXPECT_TRUE(store.ok()) << store.status();
  store_ = *std::move(store);
  absl::StatusOr<std::unique_ptr<dispatch::Dispatcher>> dispatcher =
      dispatch::Dispatcher::Start(*store_, shared::SystemClock(), TestSettings());
  EXPECT_TRUE(dispatcher.ok()) << dispatcher.status();
  dispatcher_ = *std::move(dispatcher);
  absl::StatusOr<std::unique_ptr<Server>> server =
      Server::Start("127.0.0.1:0", nullptr, *dispatcher_, *store_, counts_);
  EXPECT_TRUE(server.ok()) << server.status();
  server_ = *std::move(server);
  channel_ = NewChannel();
  boards_ = v1::BoardService::NewStub(channel_);
  sweeps_ = v1::SweepService::NewStub(channel_);
  results_ = v1::ResultService::NewStub(channel_);
  schedules_ = v1::ScheduleService::NewStub(channel_);
}

ApiFixture::~ApiFixture() {
  dispatcher_->Stop();
  server_->Stop(absl::ZeroDuration());
  dispatcher_.reset();
  store_.reset();
  std::filesystem::remove_all(folder_);
}

std::shared_ptr<grpc::Channel> ApiFixture::NewChannel() const {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(server_->address(), grpc::InsecureChannelCredentials(), arguments);
}

void ApiFixture::Bound(grpc::ClientContext& context) {
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
}

bool ApiFixture::Await(const std::function<bool()>& condition) {
  const auto limit = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > limit) return false;
    // Looks again; the condition decides, not the time.
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

v1::SynchronizeRequest ApiFixture::NextRequest(const std::string& id) {
  v1::SynchronizeRequest request;
  request.set_board("boards/" + id);
  request.set_incarnation_id("incarnation-of-" + id);
  request.set_boot_id("boot-of-" + id);
  request.set_sequence(++sequences_[id]);
  if (request.sequence() == 1) {
    v1::BoardDescription& description = *request.mutable_description();
    description.set_agent_version(CROSSCALL_VERSION);
    description.set_release(shared::Release());
    description.set_architecture("x86_64");
    description.set_model("model of " + id);
    description.set_kernel("6.1.0");
    description.set_hostname(id);
    description.add_cpus(0);
    description.add_cpus(1);
    description.add_implementations(kImplementation);
    v1::ScenarioInfo& scenario = *description.add_scenarios();
    scenario.set_id("ping-pong");
    scenario.set_about("Two CPUs call each other in turn.");
    scenario.set_cpu_count(2);
  }
  return request;
}

grpc::Status ApiFixture::Synchronize(const v1::SynchronizeRequest& request, v1::SynchronizeResponse* response) const {
  grpc::ClientContext context;
  Bound(context);
  v1::SynchronizeResponse unused;
  return boards_->Synchronize(&context, request, response == nullptr ? &unused : response);
}

void ApiFixture::Register(const std::string& id) {
  const grpc::Status status = Synchronize(NextRequest(id));
  ASSERT_TRUE(status.ok()) << status.error_message();
  // The picture follows the answer.
  ASSERT_TRUE(Await([&] { return dispatcher_->snapshot()->FindBoard("boards/" + id) != nullptr; }));
}

v1::DesiredLease ApiFixture::TakeLease(const std::string& board_id) {
  v1::SynchronizeResponse response;
  while (response.leases().empty()) {
    const grpc::Status status = Synchronize(NextRequest(board_id), &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    if (!status.ok()) return {};
  }
  return response.leases(0);
}

v1::UploadResultRequest ApiFixture::WholeUpload(const std::string& board_id, const v1::DesiredLease& lease,
                                                const v1::TrialResult& result) {
  v1::UploadResultRequest request;
  request.set_board("boards/" + board_id);
  request.set_trial(lease.trial());
  request.set_attempt(lease.attempt());
  request.set_chunk(result.SerializeAsString());
  request.set_total_bytes(request.chunk().size());
  request.set_sha256(dispatch::Sha256(request.chunk()));
  return request;
}

v1::UploadResultResponse ApiFixture::Upload(const std::string& board_id, const v1::DesiredLease& lease,
                                            const v1::TrialResult& result) const {
  const std::string payload = result.SerializeAsString();
  v1::UploadResultRequest request = WholeUpload(board_id, lease, result);
  v1::UploadResultResponse response;
  do {
    request.set_offset(response.received_bytes());
    request.set_chunk(payload.substr(response.received_bytes(), shared::kMaxChunkBytes));
    grpc::ClientContext context;
    Bound(context);
    const grpc::Status status = boards_->UploadResult(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    if (!status.ok()) return {};
  } while (!response.committed());
  return response;
}

v1::CreateSweepRequest ApiFixture::SmallSweep(const std::string& id) {
  v1::CreateSweepRequest request;
  request.set_sweep_id(id);
  request.mutable_spec()->add_scenarios()->set_id("ping-pong");
  request.mutable_spec()->add_implementations(kImplementation);
  return request;
}

void ApiFixture::Create(const std::string& id) const {
  grpc::ClientContext context;
  Bound(context);
  v1::CreateSweepResponse response;
  const grpc::Status status = sweeps_->CreateSweep(&context, SmallSweep(id), &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
}

std::uint64_t ApiFixture::Ended(const std::string& method, const std::string& code) const {
  for (const RequestCounts::Count& count : counts_.Read()) {
    if (count.method == method && count.code == code) return count.ended;
  }
  return 0;
}

}  // namespace crosscall::api
