// A real controller in this process: SQLite in a folder of its own, dispatcher, gRPC server on a free port; and the
// calls of an agent and a user over real gRPC.
#ifndef TESTS_CONTROLLER_API_API_FIXTURE_H_
#define TESTS_CONTROLLER_API_API_FIXTURE_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "controller/api/request_counts.h"
#include "controller/api/server.h"
#include "controller/dispatch/dispatcher.h"
#include "controller/store/store.h"
#include "crosscall/v1/board_service.grpc.pb.h"
#include "crosscall/v1/result_service.grpc.pb.h"
#include "crosscall/v1/schedule_service.grpc.pb.h"
#include "crosscall/v1/sweep_service.grpc.pb.h"
#include "gmock/gmock.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "gtest/gtest.h"

namespace crosscall::api {

inline constexpr char kImplementation[] = "generic_2008/poll_completion/mask_all";

// Far beyond what a loaded machine needs: a call that meets it has failed.
inline constexpr std::chrono::seconds kPatience{60};

class ApiFixture : public ::testing::Test {
 protected:
  ApiFixture();
  ~ApiFixture() override;

  // A channel with a connection of its own.
  std::shared_ptr<grpc::Channel> NewChannel() const;
  static void Bound(grpc::ClientContext& context);
  // Looks again until `condition` holds; false after kPatience.
  static bool Await(const std::function<bool()>& condition);

  // The next request of the agent of `boards/{id}`: sequence 1 with a description, then without.
  v1::SynchronizeRequest NextRequest(const std::string& id);
  // Registers the board: sends the first request and waits for the answer.
  void Register(const std::string& id);
  grpc::Status Synchronize(const v1::SynchronizeRequest& request, v1::SynchronizeResponse* response = nullptr) const;
  // Calls as an agent would until the answer has a lease.
  v1::DesiredLease TakeLease(const std::string& board_id);
  // A small result in one chunk.
  static v1::UploadResultRequest WholeUpload(const std::string& board_id, const v1::DesiredLease& lease,
                                             const v1::TrialResult& result);
  // All chunks of a result; the last answer.
  v1::UploadResultResponse Upload(const std::string& board_id, const v1::DesiredLease& lease,
                                  const v1::TrialResult& result) const;

  // One scenario, one implementation, one trial a board.
  static v1::CreateSweepRequest SmallSweep(const std::string& id);
  void Create(const std::string& id) const;
  std::uint64_t Ended(const std::string& method, const std::string& code) const;

  std::string folder_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<dispatch::Dispatcher> dispatcher_;
  RequestCounts counts_;
  std::unique_ptr<Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::BoardService::Stub> boards_;
  std::unique_ptr<v1::SweepService::Stub> sweeps_;
  std::unique_ptr<v1::ResultService::Stub> results_;
  std::unique_ptr<v1::ScheduleService::Stub> schedules_;

 private:
  std::map<std::string, std::uint64_t> sequences_;
};

}  // namespace crosscall::api

#endif  // TESTS_CONTROLLER_API_API_FIXTURE_H_
