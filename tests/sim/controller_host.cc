#include "tests/sim/controller_host.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/shared/validate.h"

namespace crosscall::sim {

using dispatch::Done;
using dispatch::Engine;

ControllerHost::ControllerHost(std::string folder, const dispatch::Settings& settings, Surroundings around,
                               scheduler::Random random)
    : settings_(settings), around_(around), random_(std::move(random)) {
  options_.folder = std::move(folder);
  options_.durable = false;
  options_.fault = [this](absl::string_view operation) {
    if (disk_faults_ == 0 || random_.Below(1000) >= disk_faults_) return absl::OkStatus();
    return absl::UnavailableError(absl::StrCat("simulated disk error at ", operation));
  };
}

void ControllerHost::Start() {
  dies_before_answering_ = false;
  if (up()) return;
  around_.judge.Note("controller", "starts");
  absl::StatusOr<std::unique_ptr<store::Store>> store = store::Store::Open(options_);
  if (!store.ok()) return around_.judge.Convict("store-readable", store.status().message());
  store_ = *std::move(store);
  absl::StatusOr<std::unique_ptr<Engine>> engine = Engine::Load(*store_, around_.timeline, settings_);
  if (!engine.ok()) return around_.judge.Convict("store-readable", engine.status().message());
  engine_ = *std::move(engine);
  engine_->DeliverReports([this, life = life_](Engine::Event event) {
    if (life == life_ && up()) Submit(std::move(event));
  });
  uploads_ = std::make_unique<dispatch::UploadAssembler>(settings_);
  around_.witness.OnControllerStart(around_.timeline.now());
  around_.network.set_controller_up(true);
  around_.ledger.LookAtAll();
  around_.judge.Require(sweeps_before_.empty() || sweeps_before_ == OpenSweeps(), "memory-equals-store",
                        "a restart changed what the controller shows of its sweeps");
  PlanWakeUp();
}

void ControllerHost::Kill() {
  if (!up()) return;
  around_.judge.Note("controller", "is killed");
  sweeps_before_ = OpenSweeps();
  ++life_;
  waiting_.clear();
  fenced_calls_.clear();
  batch_planned_ = dies_before_answering_ = dying_ = false;
  engine_.reset();
  uploads_.reset();
  store_.reset();
  around_.network.set_controller_up(false);
}

void ControllerHost::Stop() {
  if (!up()) return;
  RunBatch();
  if (!up()) return;
  engine_->EndAll(absl::UnavailableError("the controller is stopping: try again"));
  Kill();
}

std::vector<std::string> ControllerHost::OpenSweeps() const {
  std::vector<std::string> sweeps;
  const std::shared_ptr<const dispatch::Snapshot> snapshot = engine_->MakeSnapshot();
  for (const auto& sweep : snapshot->open_sweeps) sweeps.push_back(sweep->SerializeAsString());
  return sweeps;
}

void ControllerHost::Submit(Engine::Event event) {
  waiting_.push_back(std::move(event));
  if (batch_planned_) return;
  batch_planned_ = true;
  around_.timeline.After(absl::Microseconds(random_.Below(1000)), [this, life = life_] {
    if (life == life_ && up()) RunBatch();
  });
}

void ControllerHost::RunBatch() {
  batch_planned_ = false;
  const std::vector<Engine::Event> events = std::exchange(waiting_, {});
  around_.judge.Fold(static_cast<std::uint64_t>(absl::ToInt64Nanoseconds(around_.timeline.now())));
  in_batch_ = true;
  const absl::Status status = engine_->RunBatch(events);
  in_batch_ = false;
  around_.ledger.Look();
  // It has read its world again, as after a restart.
  if (!status.ok()) around_.witness.OnControllerStart(around_.timeline.now());
  CheckAnswers(status.ok());
  if (dying_) return Kill();
  PlanWakeUp();
}

void ControllerHost::CheckAnswers(bool committed) {
  const bool promised = !answered_.empty() || !acknowledged_.empty() || !created_.empty();
  around_.judge.Require(committed || !promised, "acknowledged-is-stored",
                        "an answer left, and its batch was not stored");
  for (const auto& [board, incarnation] : std::exchange(answered_, {})) {
    const auto found = around_.ledger.boards().find(board);
    const bool current = found != around_.ledger.boards().end() && found->second.incarnation == incarnation;
    around_.judge.Require(current, "closed-incarnation", board, ": ", incarnation, " was answered, but has no session");
  }
  for (const UploadKey& key : std::exchange(acknowledged_, {})) {
    around_.judge.Require(around_.ledger.Has(key), "acknowledged-is-stored", std::get<0>(key), " attempt ",
                          std::get<1>(key), " was acknowledged and is not in the store");
  }
  for (const std::string& name : std::exchange(created_, {})) {
    const auto& sweeps = around_.ledger.sweeps();
    const bool stored =
        std::any_of(sweeps.begin(), sweeps.end(), [&name](const auto& s) { return s.second.name == name; });
    around_.judge.Require(stored, "acknowledged-is-stored", name, " was acknowledged and is not in the store");
  }
  for (const auto& code : std::exchange(fenced_calls_, {})) {
    if (!committed || dying_) continue;
    around_.judge.Require(*code == absl::StatusCode::kAborted, "closed-incarnation",
                          "a call of a closed incarnation ended with code ", static_cast<int>(*code));
  }
}

void ControllerHost::PlanWakeUp() {
  const absl::optional<absl::Duration> deadline = engine_->NextDeadline();
  const std::uint64_t mine = ++wake_up_;
  if (!deadline) return;
  around_.timeline.At(*deadline, [this, mine, life = life_] {
    if (life == life_ && mine == wake_up_ && up()) RunBatch();
  });
}

std::function<void()> ControllerHost::Synchronize(v1::SynchronizeRequest request, Done<v1::SynchronizeResponse> done) {
  if (absl::Status status = shared::Validate(request); !status.ok()) {
    done(status);
    return nullptr;
  }
  const auto board = around_.ledger.boards().find(request.board());
  const bool fenced =
      board != around_.ledger.boards().end() && board->second.former.count(request.incarnation_id()) > 0;
  auto code = std::make_shared<absl::StatusCode>(absl::StatusCode::kOk);
  if (fenced) {
    fenced_calls_.push_back(code);
  } else {
    around_.witness.OnReport(request, around_.timeline.now());
  }
  const std::uint64_t ticket = ++next_ticket_;
  const std::pair<std::string, std::string> who(request.board(), request.incarnation_id());
  Submit(Engine::Synchronize(ticket, std::move(request),
                             Guarded<v1::SynchronizeResponse>([this, who, code, done = std::move(done)](auto answer) {
                               *code = answer.status().code();
                               if (answer.ok()) answered_.push_back(who);
                               done(std::move(answer));
                             })));
  return [this, ticket, life = life_] {
    if (life == life_ && up()) Submit(Engine::Abandon(ticket));
  };
}

void ControllerHost::Upload(const v1::UploadResultRequest& request, Done<v1::UploadResultResponse> done) {
  if (absl::Status status = shared::Validate(request); !status.ok()) return done(status);
  absl::StatusOr<dispatch::UploadAssembler::Step> step = uploads_->Add(request, around_.timeline.now());
  if (!step.ok()) return done(step.status());
  if (!step->complete) {
    v1::UploadResultResponse response;
    response.set_received_bytes(step->received_bytes);
    return done(std::move(response));
  }
  absl::StatusOr<dispatch::CheckedResult> result = dispatch::Check(*std::move(step->complete), settings_.clean_result);
  if (!result.ok()) return done(result.status());
  const UploadKey key(result->trial, result->attempt, result->sha256);
  Submit(Engine::AcceptResult(*std::move(result),
                              Guarded<v1::UploadResultResponse>([this, key, done = std::move(done)](auto answer) {
                                if (answer.ok() && answer->committed()) acknowledged_.push_back(key);
                                done(std::move(answer));
                              })));
}

void ControllerHost::CreateSweep(v1::CreateSweepRequest request, Done<v1::CreateSweepResponse> done) {
  if (absl::Status status = shared::Validate(request); !status.ok()) return done(status);
  Submit(Engine::CreateSweep(std::move(request), {},
                             Guarded<v1::CreateSweepResponse>([this, done = std::move(done)](auto answer) {
                               if (answer.ok()) created_.push_back(answer->sweep().name());
                               done(std::move(answer));
                             })));
}

void ControllerHost::CancelSweep(v1::CancelSweepRequest request, Done<v1::CancelSweepResponse> done) {
  Submit(Engine::CancelSweep(std::move(request), {}, Guarded<v1::CancelSweepResponse>(std::move(done))));
}

void ControllerHost::OrderBoard(dispatch::BoardOrder order, Done<v1::Board> done) {
  Submit(Engine::OrderBoard(std::move(order), Guarded<v1::Board>(std::move(done))));
}

}  // namespace crosscall::sim
