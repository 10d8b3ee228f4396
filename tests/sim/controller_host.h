// The controller of a simulated lab: the real engine, store and upload assembler, without threads. What arrives waits
// for the next batch, as in the dispatcher's queue; kills come between batches, before a commit or right after one.
//
// Not thread-safe.
#ifndef TESTS_SIM_CONTROLLER_HOST_H_
#define TESTS_SIM_CONTROLLER_HOST_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "controller/dispatch/engine.h"
#include "controller/dispatch/settings.h"
#include "controller/dispatch/upload_assembler.h"
#include "controller/scheduler/random.h"
#include "controller/store/store.h"
#include "tests/sim/judge.h"
#include "tests/sim/ledger.h"
#include "tests/sim/network.h"
#include "tests/sim/timeline.h"
#include "tests/sim/witness.h"

namespace crosscall::sim {

class ControllerHost {
 public:
  struct Surroundings {
    Timeline& timeline;
    Network& network;
    Witness& witness;
    Judge& judge;
    Ledger& ledger;
  };
  ControllerHost(std::string folder, const dispatch::Settings& settings, Surroundings around, scheduler::Random random);

  bool up() const { return engine_ != nullptr; }
  // If it runs, only calls its planned death off.
  void Start();
  // As kill -9. What it has committed is in the store, what it has not sent is never sent.
  void Kill();
  // Dies in its next batch that answers somebody: after the commit, before the first answer leaves.
  void DieBeforeAnswering() { dies_before_answering_ = true; }
  // As SIGTERM: the callers are told.
  void Stop();

  // The probability, of 1000, that a write or a commit fails.
  void set_disk_faults(std::uint64_t permille) { disk_faults_ = permille; }
  bool disk_is_good() const { return disk_faults_ == 0; }

  // Server ends of the calls; each answers by `done` unless the controller dies.
  std::function<void()> Synchronize(v1::SynchronizeRequest request, dispatch::Done<v1::SynchronizeResponse> done);
  void Upload(const v1::UploadResultRequest& request, dispatch::Done<v1::UploadResultResponse> done);
  void CreateSweep(v1::CreateSweepRequest request, dispatch::Done<v1::CreateSweepResponse> done);
  void CancelSweep(v1::CancelSweepRequest request, dispatch::Done<v1::CancelSweepResponse> done);
  void OrderBoard(dispatch::BoardOrder order, dispatch::Done<v1::Board> done);

  dispatch::Engine& engine() { return *engine_; }

 private:
  // `done`, unless this life of the controller is over or cannot answer any more.
  template <class Response>
  dispatch::Done<Response> Guarded(dispatch::Done<Response> done) {
    return [this, life = life_, done = std::move(done)](absl::StatusOr<Response> answer) {
      if (life != life_) return;
      if (dies_before_answering_ && in_batch_) dying_ = true;
      if (!dying_) done(std::move(answer));
    };
  }
  void Submit(dispatch::Engine::Event event);
  void RunBatch();
  void PlanWakeUp();
  void CheckAnswers(bool committed);
  std::vector<std::string> OpenSweeps() const;

  const dispatch::Settings& settings_;
  const Surroundings around_;
  scheduler::Random random_;
  store::Options options_;
  std::uint64_t disk_faults_ = 0;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<dispatch::Engine> engine_;
  std::unique_ptr<dispatch::UploadAssembler> uploads_;
  std::vector<dispatch::Engine::Event> waiting_;
  std::uint64_t life_ = 0;
  std::uint64_t wake_up_ = 0;
  std::uint64_t next_ticket_ = 0;
  bool batch_planned_ = false;
  bool in_batch_ = false;
  bool dies_before_answering_ = false;
  bool dying_ = false;
  // Told in the last batch: (board, incarnation) that got an answer, results acknowledged, sweeps made.
  std::vector<std::pair<std::string, std::string>> answered_;
  std::vector<UploadKey> acknowledged_;
  std::vector<std::string> created_;
  // How the calls of closed incarnations ended; OK: not at all.
  std::vector<std::shared_ptr<absl::StatusCode>> fenced_calls_;
  // What was shown of the open sweeps before the last kill.
  std::vector<std::string> sweeps_before_;
};

}  // namespace crosscall::sim

#endif  // TESTS_SIM_CONTROLLER_HOST_H_
