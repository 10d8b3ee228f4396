#include "controller/dispatch/dispatcher.h"

#include <atomic>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "controller/dispatch/engine.h"
#include "controller/dispatch/event_queue.h"
#include "controller/dispatch/retry_after.h"
#include "controller/dispatch/upload_assembler.h"
#include "controller/dispatch/upload_counts.h"
#include "proto/shared/mutex.h"
#include "proto/shared/resource_name.h"
#include "proto/shared/validate.h"

namespace crosscall::dispatch {
namespace {

constexpr std::size_t kMaxReasonBytes = 1024;

}  // namespace

class Dispatcher::Impl {
 public:
  Impl(const shared::Clock& clock, const Settings& settings, std::unique_ptr<Engine> engine)
      : clock_(clock),
        settings_(settings),
        queue_(settings.queue_capacity),
        uploads_(settings_),
        engine_(Delivering(std::move(engine))),
        snapshot_(engine_->MakeSnapshot()),
        thread_([this] { Run(); }) {}

  ~Impl() { Stop(); }

  void Stop() {
    queue_.Stop();
    shared::MutexLock lock(stop_mutex_);
    if (thread_.joinable()) thread_.join();
    if (settings_.power.stop) settings_.power.stop();
  }

  std::uint64_t NextTicket() {
    // relaxed: only the number counts, nothing is published with it.
    return next_ticket_.fetch_add(1, std::memory_order_relaxed);
  }

  void Submit(Engine::Event event, bool ends_a_call = false) {
    switch (queue_.Add(event, ends_a_call)) {
      case EventQueue::Admitted::kYes:
        return;
      case EventQueue::Admitted::kStopped:
        return event.refuse(absl::UnavailableError("the controller is stopping: try again"));
      case EventQueue::Admitted::kFull:
        return event.refuse(WithRetryAfter(
            absl::ResourceExhaustedError(absl::StrCat(queue_.capacity(), " calls wait already: try again later")),
            settings_.refusal_delay));
    }
  }

  void UploadResult(const v1::UploadResultRequest& request, const Done<v1::UploadResultResponse>& done) {
    absl::StatusOr<UploadAssembler::Step> step = uploads_.Add(request, clock_.Monotonic());
    if (!step.ok()) return done(step.status());
    if (!step->complete) {
      v1::UploadResultResponse response;
      response.set_received_bytes(step->received_bytes);
      return done(std::move(response));
    }
    absl::StatusOr<CheckedResult> result = Check(*std::move(step->complete), settings_.clean_result);
    if (!result.ok()) {
      Submit(Engine::CountRejected(kDamaged));
      return done(result.status());
    }
    Submit(Engine::AcceptResult(*std::move(result), done));
  }

  std::shared_ptr<const Snapshot> snapshot() const {
    auto now = [this] {
      shared::MutexLock lock(snapshot_mutex_);
      return std::make_shared<Snapshot>(*snapshot_);
    }();
    now->queue_length = queue_.length();
    now->queue_capacity = queue_.capacity();
    now->queue_refused_count = queue_.refused_count();
    now->upload_bytes = uploads_.bytes();
    return now;
  }

  absl::optional<std::string> WhyOverdue(absl::string_view name) const {
    const std::shared_ptr<const Snapshot> last = [this] {
      shared::MutexLock lock(snapshot_mutex_);
      return snapshot_;
    }();
    for (const std::shared_ptr<const ScheduleView>& schedule : last->schedules) {
      if (schedule->name == name) return last->WhyOverdue(*schedule, clock_.Wall());
    }
    return absl::nullopt;
  }

  void Wake() { queue_.Wake(); }

  absl::Status CheckPower(const v1::PowerCommand& power) const {
    if (!settings_.power.check) return absl::FailedPreconditionError("this controller switches no power");
    return settings_.power.check({power.argv().begin(), power.argv().end()});
  }

 private:
  std::unique_ptr<Engine> Delivering(std::unique_ptr<Engine> engine) {
    // A report is the end of what was begun: a full queue must not lose it.
    engine->DeliverReports([this](Engine::Event event) { Submit(std::move(event), true); });
    return engine;
  }

  void Run() {
    std::vector<Engine::Event> events;
    while (queue_.Take(engine_->NextDeadline(), clock_, events)) {
      // An error was told to everybody concerned and logged; the next batch starts from the store.
      engine_->RunBatch(events).IgnoreError();
      // Their callbacks go with them, not with the next batch.
      events.clear();
      Publish();
    }
    engine_->EndAll(absl::UnavailableError("the controller is stopping: try again"));
  }

  void Publish() {
    std::shared_ptr<const Snapshot> fresh = engine_->MakeSnapshot();
    shared::MutexLock lock(snapshot_mutex_);
    snapshot_.swap(fresh);
  }

  const shared::Clock& clock_;
  const Settings settings_;
  EventQueue queue_;
  UploadAssembler uploads_;
  std::atomic<std::uint64_t> next_ticket_{1};
  // The thread's alone.
  const std::unique_ptr<Engine> engine_;
  mutable shared::Mutex snapshot_mutex_;
  std::shared_ptr<const Snapshot> snapshot_ CROSSCALL_GUARDED_BY(snapshot_mutex_);
  shared::Mutex stop_mutex_;
  // Last: it uses all of the above.
  std::thread thread_;
};

absl::StatusOr<std::unique_ptr<Dispatcher>> Dispatcher::Start(store::Store& store, const shared::Clock& clock,
                                                              const Settings& settings) {
  absl::StatusOr<std::unique_ptr<Engine>> engine = Engine::Load(store, clock, settings);
  if (!engine.ok()) return engine.status();
  return std::unique_ptr<Dispatcher>(new Dispatcher(std::make_unique<Impl>(clock, settings, *std::move(engine))));
}

Dispatcher::Dispatcher(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Dispatcher::~Dispatcher() = default;

void Dispatcher::Stop() { impl_->Stop(); }

std::uint64_t Dispatcher::Synchronize(v1::SynchronizeRequest request, const Done<v1::SynchronizeResponse>& done) {
  const std::uint64_t ticket = impl_->NextTicket();
  if (absl::Status status = shared::Validate(request); !status.ok()) {
    done(status);
    return ticket;
  }
  impl_->Submit(Engine::Synchronize(ticket, std::move(request), done));
  return ticket;
}

void Dispatcher::Abandon(std::uint64_t ticket) { impl_->Submit(Engine::Abandon(ticket), true); }

void Dispatcher::UploadResult(const v1::UploadResultRequest& request, const Done<v1::UploadResultResponse>& done) {
  if (absl::Status status = shared::Validate(request); !status.ok()) return done(status);
  impl_->UploadResult(request, done);
}

void Dispatcher::CreateSweep(v1::CreateSweepRequest request, Requester by, const Done<v1::CreateSweepResponse>& done) {
  if (absl::Status status = shared::Validate(request); !status.ok()) return done(status);
  impl_->Submit(Engine::CreateSweep(std::move(request), std::move(by), done));
}

void Dispatcher::ExplainSweep(v1::ExplainSweepRequest request, const Done<v1::ExplainSweepResponse>& done) {
  if (absl::StatusOr<std::string> id = shared::SweepIdOf(request.name()); !id.ok()) return done(id.status());
  impl_->Submit(Engine::ExplainSweep(std::move(request), done));
}

void Dispatcher::CreateSchedule(v1::CreateScheduleRequest request, Requester by,
                                const Done<v1::CreateScheduleResponse>& done) {
  if (absl::Status status = shared::Validate(request); !status.ok()) return done(status);
  // Here and not only on the thread: it reads the zone's file the first time.
  if (auto rule = scheduler::RuleOf(request.schedule()); !rule.ok()) return done(rule.status());
  request.mutable_schedule()->set_owner(by.name);
  std::string name = shared::ScheduleName(request.schedule_id());
  impl_->Submit(Engine::OnSchedules(&ScheduleDesk::Create, std::move(request), std::move(name), std::move(by), done));
}

void Dispatcher::PauseSchedule(v1::PauseScheduleRequest request, Requester by,
                               const Done<v1::PauseScheduleResponse>& done) {
  if (absl::Status status = shared::Validate(request); !status.ok()) return done(status);
  std::string name = request.name();
  impl_->Submit(Engine::OnSchedules(&ScheduleDesk::Pause, std::move(request), std::move(name), std::move(by), done));
}

void Dispatcher::ResumeSchedule(v1::ResumeScheduleRequest request, Requester by,
                                const Done<v1::ResumeScheduleResponse>& done) {
  if (absl::StatusOr<std::string> id = shared::ScheduleIdOf(request.name()); !id.ok()) return done(id.status());
  std::string name = request.name();
  impl_->Submit(Engine::OnSchedules(&ScheduleDesk::Resume, std::move(request), std::move(name), std::move(by), done));
}

void Dispatcher::RunSchedule(v1::RunScheduleRequest request, Requester by, const Done<v1::RunScheduleResponse>& done) {
  if (absl::Status status = shared::Validate(request); !status.ok()) return done(status);
  std::string name = request.name();
  impl_->Submit(Engine::OnSchedules(&ScheduleDesk::Run, std::move(request), std::move(name), std::move(by), done));
}

void Dispatcher::DeleteSchedule(v1::DeleteScheduleRequest request, Requester by,
                                const Done<v1::DeleteScheduleResponse>& done) {
  if (absl::StatusOr<std::string> id = shared::ScheduleIdOf(request.name()); !id.ok()) return done(id.status());
  std::string name = request.name();
  impl_->Submit(Engine::OnSchedules(&ScheduleDesk::Delete, std::move(request), std::move(name), std::move(by), done));
}

void Dispatcher::CancelSweep(v1::CancelSweepRequest request, Requester by, const Done<v1::CancelSweepResponse>& done) {
  if (absl::StatusOr<std::string> id = shared::SweepIdOf(request.name()); !id.ok()) return done(id.status());
  if (request.reason().size() > kMaxReasonBytes) {
    return done(absl::InvalidArgumentError(
        absl::StrCat("reason (bytes): ", request.reason().size(), "; allowed: at most ", kMaxReasonBytes)));
  }
  impl_->Submit(Engine::CancelSweep(std::move(request), std::move(by), done));
}

void Dispatcher::OrderBoard(BoardOrder order, const Done<v1::Board>& done) {
  if (order.kind == BoardOrder::Kind::kSetPower && !order.power.argv().empty()) {
    // Here and not on the thread: it looks at the disk.
    if (absl::Status status = impl_->CheckPower(order.power); !status.ok()) return done(status);
  }
  impl_->Submit(Engine::OrderBoard(std::move(order), done));
}

void Dispatcher::SwitchPower(BoardOrder order, const Done<v1::SwitchBoardPowerResponse>& done) {
  impl_->Submit(Engine::SwitchPower(std::move(order), done));
}

std::uint64_t Dispatcher::WatchSweep(std::string name, const SweepWatcher& watcher) {
  const std::uint64_t id = impl_->NextTicket();
  if (absl::StatusOr<std::string> sweep = shared::SweepIdOf(name); !sweep.ok()) {
    watcher(sweep.status(), true);
    return id;
  }
  impl_->Submit(Engine::WatchSweep(id, std::move(name), watcher));
  return id;
}

void Dispatcher::Unwatch(std::uint64_t id) { impl_->Submit(Engine::Unwatch(id), true); }

void Dispatcher::Transact(std::function<void(Batch&)> apply, std::function<void(const absl::Status&)> refuse) {
  impl_->Submit(
      {.apply = [apply = std::move(apply)](Engine&, Batch& batch) { apply(batch); }, .refuse = std::move(refuse)});
}

std::shared_ptr<const Snapshot> Dispatcher::snapshot() const { return impl_->snapshot(); }
absl::optional<std::string> Dispatcher::WhyOverdue(absl::string_view schedule) const {
  return impl_->WhyOverdue(schedule);
}

void Dispatcher::Wake() { impl_->Wake(); }

}  // namespace crosscall::dispatch
