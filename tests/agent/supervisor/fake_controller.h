// A controller of a few lines on 127.0.0.1: tests say what it answers and see what arrived.
#ifndef TESTS_AGENT_SUPERVISOR_FAKE_CONTROLLER_H_
#define TESTS_AGENT_SUPERVISOR_FAKE_CONTROLLER_H_

#include <grpcpp/grpcpp.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "agent/supervisor/spans.h"
#include "crosscall/v1/board_service.grpc.pb.h"
#include "proto/shared/mutex.h"

namespace crosscall::supervisor {

// Thread-safe. Synchronize is held while the wanted leases equal the reported ones, as the protocol says.
class FakeController final : public v1::BoardService::Service {
 public:
  FakeController() { Listen(0); }
  ~FakeController() override { Shutdown(); }

  std::string address() const { return absl::StrCat("127.0.0.1:", port_); }

  void Shutdown() {
    {
      shared::MutexLock lock(mutex_);
      closing_ = true;
      changed_.NotifyAll();
    }
    if (server_) server_->Shutdown();
    server_.reset();
  }
  // The same address again, as a restarted controller has it.
  void Restart() {
    Shutdown();
    {
      shared::MutexLock lock(mutex_);
      closing_ = false;
    }
    Listen(port_);
  }

  void Desire(std::vector<v1::DesiredLease> leases) {
    Change([&] { desired_ = std::move(leases); });
  }
  // Answers every Synchronize, or every upload, with that status until told otherwise.
  void FailSynchronize(grpc::Status status) {
    Change([&] { synchronize_status_ = std::move(status); });
  }
  void FailUploads(grpc::Status status) {
    Change([&] { upload_status_ = std::move(status); });
  }
  // Every so many chunks one is dropped and the call fails.
  void DropEveryUpload(int nth) {
    Change([&] { drop_every_ = nth; });
  }

  // Waits until `condition`, over what has arrived, holds; false after a generous time.
  bool Await(const std::function<bool(const FakeController&)>& condition) {
    shared::MutexLock lock(mutex_);
    for (int patience = 0; patience < 600; ++patience) {
      if (condition(*this)) return true;
      changed_.WaitFor(mutex_, std::chrono::milliseconds(100));
    }
    return false;
  }
  // For conditions, and for tests once everything has stopped.
  const std::vector<v1::SynchronizeRequest>& reports() const { return reports_; }
  const std::map<std::string, std::string>& results() const { return results_; }
  int upload_calls() const { return upload_calls_; }

  grpc::Status Synchronize(grpc::ServerContext* context, const v1::SynchronizeRequest* request,
                           v1::SynchronizeResponse* response) override {
    shared::MutexLock lock(mutex_);
    reports_.push_back(*request);
    changed_.NotifyAll();
    *response->mutable_hold_duration() = ToProto(absl::Seconds(5));
    *response->mutable_renewed_time_left() = ToProto(absl::Minutes(3));
    for (;;) {
      if (!synchronize_status_.ok()) return synchronize_status_;
      if (closing_) return grpc::Status(grpc::StatusCode::UNAVAILABLE, "closing");
      if (context->IsCancelled()) return grpc::Status::CANCELLED;
      if (Differs(*request)) break;
      changed_.WaitFor(mutex_, std::chrono::milliseconds(20));
    }
    for (const v1::DesiredLease& lease : desired_) *response->add_leases() = lease;
    return grpc::Status::OK;
  }

  grpc::Status UploadResult(grpc::ServerContext*, const v1::UploadResultRequest* request,
                            v1::UploadResultResponse* response) override {
    shared::MutexLock lock(mutex_);
    ++upload_calls_;
    changed_.NotifyAll();
    if (!upload_status_.ok()) return upload_status_;
    if (drop_every_ != 0 && upload_calls_ % drop_every_ == 0) {
      return grpc::Status(grpc::StatusCode::UNAVAILABLE, "dropped");
    }
    std::string& received = partial_[request->trial()];
    if (request->offset() == received.size()) received += request->chunk();
    response->set_received_bytes(received.size());
    if (received.size() < request->total_bytes()) return grpc::Status::OK;
    results_[request->trial()] = received;
    response->set_committed(true);
    std::erase_if(desired_, [&](const v1::DesiredLease& lease) { return lease.trial() == request->trial(); });
    return grpc::Status::OK;
  }

 private:
  void Listen(int port) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort(absl::StrCat("127.0.0.1:", port), grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
  }
  void Change(const std::function<void()>& change) {
    shared::MutexLock lock(mutex_);
    change();
    changed_.NotifyAll();
  }
  bool Differs(const v1::SynchronizeRequest& report) const {
    std::map<std::string, std::uint32_t> held;
    std::map<std::string, std::uint32_t> wanted;
    for (const v1::HeldLease& lease : report.leases()) held[lease.trial()] = lease.attempt();
    for (const v1::DesiredLease& lease : desired_) wanted[lease.trial()] = lease.attempt();
    return held != wanted;
  }

  mutable shared::Mutex mutex_;
  shared::CondVar changed_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
  bool closing_ = false;
  std::vector<v1::DesiredLease> desired_;
  std::vector<v1::SynchronizeRequest> reports_;
  std::map<std::string, std::string> partial_;
  std::map<std::string, std::string> results_;
  grpc::Status synchronize_status_;
  grpc::Status upload_status_;
  int drop_every_ = 0;
  int upload_calls_ = 0;
};

}  // namespace crosscall::supervisor

#endif  // TESTS_AGENT_SUPERVISOR_FAKE_CONTROLLER_H_
