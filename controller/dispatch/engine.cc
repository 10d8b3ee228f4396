#include "controller/dispatch/engine.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/dispatch/board_view.h"
#include "controller/dispatch/explain.h"
#include "controller/dispatch/placing.h"
#include "controller/scheduler/transitions.h"
#include "proto/shared/log.h"
#include "proto/shared/resource_name.h"

namespace crosscall::dispatch {

absl::StatusOr<std::unique_ptr<Engine>> Engine::Load(store::Store& store, const shared::Clock& clock,
                                                     Settings settings) {
  std::unique_ptr<Engine> engine(new Engine(store, clock, std::move(settings)));
  if (absl::Status status = engine->ReadWorld(); !status.ok()) return status;
  return engine;
}

absl::Status Engine::ReadWorld() {
  absl::StatusOr<store::LiveState> live = store_.LoadLive();
  if (!live.ok()) return live.status();
  const absl::Duration now = clock_.Monotonic();
  const absl::Time wall = clock_.Wall();
  absl::StatusOr<std::unique_ptr<World>> world = BuildWorld(*std::move(live), settings_, now, wall);
  if (!world.ok()) return world.status();
  parts_ = std::make_unique<Parts>(settings_, store_, *std::move(world), now, wall);
  board_views_.clear();
  sweep_views_.clear();
  for (const auto& [name, board] : parts_->world->boards) board_views_[name] = ViewOf(*board, settings_, now, wall);
  for (const auto& [number, sweep] : parts_->world->sweeps) {
    sweep_views_[number] = std::make_shared<const v1::Sweep>(sweep->row.sweep);
  }
  return absl::OkStatus();
}

Engine::Event Engine::Synchronize(std::uint64_t ticket, v1::SynchronizeRequest request,
                                  const Done<v1::SynchronizeResponse>& done) {
  return {
      .apply = [ticket, request = std::move(request), done](
                   Engine& engine, Batch& batch) { engine.parts_->sessions.Synchronize(batch, ticket, request, done); },
      .refuse = done};
}

Engine::Event Engine::Abandon(std::uint64_t ticket) {
  return {.apply = [ticket](Engine& engine, Batch& batch) { engine.parts_->sessions.Abandon(batch, ticket); },
          .refuse = [](const absl::Status&) {}};
}

Engine::Event Engine::AcceptResult(CheckedResult result, const Done<v1::UploadResultResponse>& done) {
  return {.apply = [result = std::move(result), done](
                       Engine& engine, Batch& batch) { engine.parts_->intake.Accept(batch, result, done); },
          .refuse = done};
}

Engine::Event Engine::CountRejected(std::string reason) {
  return {.apply = [reason = std::move(reason)](Engine& engine,
                                                Batch& batch) { engine.parts_->intake.CountRejected(batch, reason); },
          .refuse = [](const absl::Status&) {}};
}

Engine::Event Engine::CreateSweep(v1::CreateSweepRequest request, Requester by,
                                  const Done<v1::CreateSweepResponse>& done) {
  return {.apply =
              [request = std::move(request), by = std::move(by), done](Engine& engine, Batch& batch) {
                absl::StatusOr<v1::CreateSweepResponse> answer = engine.parts_->desk.Create(batch, request, by.name);
                // Only counting changes nothing.
                if (request.dry_run()) return batch.Reply<v1::CreateSweepResponse>(done, std::move(answer));
                const std::string name = answer.ok() ? answer->sweep().name() : shared::SweepName(request.sweep_id());
                Answer(batch, by, name, done, std::move(answer));
              },
          .refuse = done};
}

Engine::Event Engine::ExplainSweep(v1::ExplainSweepRequest request, const Done<v1::ExplainSweepResponse>& done) {
  return {.apply =
              [request = std::move(request), done](Engine& engine, Batch& batch) {
                absl::StatusOr<v1::Sweep> sweep = engine.parts_->desk.Find(request.name());
                batch.Reply<v1::ExplainSweepResponse>(
                    done, sweep.ok()
                              ? Explain(*engine.parts_->world, engine.settings_, request, batch.now(), batch.wall())
                              : sweep.status());
              },
          .refuse = done};
}

Engine::Event Engine::CancelSweep(v1::CancelSweepRequest request, Requester by,
                                  const Done<v1::CancelSweepResponse>& done) {
  return {.apply =
              [request = std::move(request), by = std::move(by), done](Engine& engine, Batch& batch) {
                absl::StatusOr<v1::Sweep> sweep = engine.parts_->desk.Cancel(batch, request, by);
                absl::StatusOr<v1::CancelSweepResponse> answer = v1::CancelSweepResponse();
                if (sweep.ok()) {
                  *answer->mutable_sweep() = *std::move(sweep);
                } else {
                  answer = sweep.status();
                }
                Answer(batch, by, request.name(), done, std::move(answer));
              },
          .refuse = done};
}

Engine::Event Engine::OrderBoard(BoardOrder order, const Done<v1::Board>& done) {
  return {.apply =
              [order = std::move(order), done](Engine& engine, Batch& batch) {
                Answer(batch, order.by, order.board, done, engine.parts_->boards.Obey(batch, order));
              },
          .refuse = done};
}

Engine::Event Engine::SwitchPower(BoardOrder order, const Done<v1::SwitchBoardPowerResponse>& done) {
  return {.apply =
              [order = std::move(order), done](Engine& engine, Batch& batch) {
                absl::Status status = engine.parts_->boards.Switch(batch, order, done);
                if (order.by.witness) order.by.witness(batch, order.board, status);
                if (!status.ok()) batch.Reply<v1::SwitchBoardPowerResponse>(done, status);
              },
          .refuse = done};
}

void Engine::StartPower(PowerJob job) {
  const PowerRun run = job.run;
  settings_.power.run(run, [deliver = deliver_, job = std::move(job)](const scheduler::CommandReport& report) {
    deliver({.apply = [job, report](Engine& engine,
                                    Batch& batch) { engine.parts_->diagnoses.TakeReport(batch, job, report); },
             .refuse =
                 [job](const absl::Status& status) {
                   if (job.answer) job.answer(status);
                 }});
  });
}

Engine::Event Engine::WatchSweep(std::uint64_t id, std::string name, const SweepWatcher& watcher) {
  return {.apply = [id, name = std::move(name), watcher](Engine& engine,
                                                         Batch& batch) { engine.TellFirst(batch, id, name, watcher); },
          .refuse = [watcher](const absl::Status& status) { watcher(status, true); }};
}

Engine::Event Engine::Unwatch(std::uint64_t id) {
  return {.apply = [id](Engine& engine, Batch&) { engine.watchers_.Remove(id); }, .refuse = [](const absl::Status&) {}};
}

void Engine::TellFirst(Batch& batch, std::uint64_t id, const std::string& name, SweepWatcher watcher) {
  absl::StatusOr<v1::Sweep> sweep = parts_->desk.Find(name);
  const auto open = parts_->world->sweeps_by_name.find(name);
  if (sweep.ok() && open != parts_->world->sweeps_by_name.end()) {
    // Touched, so that the end of the batch tells it the state after the commit.
    batch.Touch(*open->second);
    watchers_.Add(id, name, std::move(watcher));
    return;
  }
  batch.Reply<v1::Sweep>(
      [watcher = std::move(watcher)](absl::StatusOr<v1::Sweep> answer) { watcher(std::move(answer), true); },
      std::move(sweep));
}

absl::Status Engine::RunBatch(const std::vector<Event>& events) {
  if (parts_ == nullptr) {
    if (absl::Status status = ReadWorld(); !status.ok()) {
      not_before_ = clock_.Monotonic() + settings_.refusal_delay;
      shared::LogError("dispatch", absl::StrCat("the store cannot be read: ", status.message()));
      for (const Event& event : events) event.refuse(status);
      return status;
    }
  }
  ++batch_count_;
  Batch batch(store_.Begin(), clock_.Monotonic(), clock_.Wall());
  CheckDeadlines(batch);
  for (const Event& event : events) event.apply(*this, batch);
  EndBatch(batch);
  absl::Status status = batch.tx().Commit();
  if (status.ok()) {
    Committed(batch);
  } else {
    Failed(batch, status);
  }
  return status;
}

void Engine::CheckDeadlines(Batch& batch) {
  World& world = *parts_->world;
  for (const std::string& name : world.board_deadlines.TakeDue(batch.now())) {
    parts_->sessions.CheckDeadlines(batch, *world.boards.at(name));
  }
  for (const std::int64_t number : world.sweep_deadlines.TakeDue(batch.now())) {
    parts_->desk.CheckDue(batch, *world.sweeps.at(number));
  }
  // After the sweeps: one whose window has just closed is no overlap.
  for (const std::int64_t number : world.schedule_deadlines.TakeDue(batch.now())) {
    parts_->schedules.CheckDue(batch, number);
  }
  parts_->retention.CheckDue(batch);
}

void Engine::EndBatch(Batch& batch) {
  World& world = *parts_->world;
  // Diagnoses, health trials and placement may touch sweeps, never other boards; finishing a sweep touches nothing
  // else.
  for (const auto& [name, board] : batch.boards()) {
    parts_->diagnoses.Tend(batch, *board);
    parts_->checks.Tend(batch, *board);
    Place(batch, settings_, world, *board);
    parts_->diagnoses.TendPlan(batch, *board);
    parts_->sessions.AnswerIfDue(batch, *board);
    world.board_deadlines.Set(name, board->NextDeadline(settings_, batch.now()));
  }
  for (const auto& [number, sweep] : batch.sweeps()) parts_->desk.Finish(batch, *sweep);
}

void Engine::Committed(Batch& batch) {
  World& world = *parts_->world;
  batch.Send(absl::OkStatus());
  for (PowerJob& job : batch.TakePowerJobs()) StartPower(std::move(job));
  for (const absl::Duration since : batch.dispatched()) latency_.Record(clock_.Monotonic() - since);
  for (const auto& [name, board] : batch.boards()) {
    board_views_[name] = ViewOf(*board, settings_, batch.now(), batch.wall());
  }
  for (const auto& [number, sweep] : batch.sweeps()) {
    const bool ended = scheduler::HasEnded(sweep->row.sweep.state());
    watchers_.Tell(sweep->row.sweep, ended);
    if (ended) {
      sweep_views_.erase(number);
      world.RemoveSweep(number);
    } else {
      sweep_views_[number] = std::make_shared<const v1::Sweep>(sweep->row.sweep);
    }
  }
}

void Engine::Failed(Batch& batch, const absl::Status& status) {
  ++store_failure_count_;
  shared::LogError("dispatch",
                   absl::StrCat("a batch was not stored, nothing of it is acknowledged: ", status.message()));
  batch.Send(status);
  for (const PowerJob& job : batch.TakePowerJobs()) {
    if (job.answer) job.answer(status);
  }
  EndAll(status);
  parts_.reset();
  not_before_ = clock_.Monotonic() + settings_.refusal_delay;
  if (absl::Status read = ReadWorld(); !read.ok()) {
    shared::LogError("dispatch", absl::StrCat("the store cannot be read: ", read.message()));
  }
}

void Engine::EndHeldCalls(const absl::Status& status) {
  if (parts_ == nullptr) return;
  for (const auto& [name, board] : parts_->world->boards) {
    if (!board->held) continue;
    const HeldCall held = *std::move(board->held);
    board->held.reset();
    held.done(status);
  }
  parts_->world->tickets.clear();
}

absl::optional<absl::Duration> Engine::NextDeadline() const {
  if (parts_ == nullptr) return not_before_;
  const World& world = *parts_->world;
  const absl::Duration next = std::min({world.board_deadlines.Next().value_or(absl::InfiniteDuration()),
                                        world.sweep_deadlines.Next().value_or(absl::InfiniteDuration()),
                                        world.schedule_deadlines.Next().value_or(absl::InfiniteDuration()),
                                        parts_->retention.NextDeadline().value_or(absl::InfiniteDuration())});
  if (next == absl::InfiniteDuration()) return absl::nullopt;
  return std::max(next, not_before_);
}

void Engine::EndAll(const absl::Status& status) {
  EndHeldCalls(status);
  watchers_.EndAll(status);
}

std::shared_ptr<const Snapshot> Engine::MakeSnapshot() {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->time = clock_.Wall();
  snapshot->boards.reserve(board_views_.size());
  for (const auto& [name, view] : board_views_) snapshot->boards.push_back(view);
  for (const auto& [number, view] : sweep_views_) snapshot->open_sweeps.push_back(view);
  snapshot->dispatch_latency = latency_;
  snapshot->batch_count = batch_count_;
  snapshot->store_failure_count = store_failure_count_;
  if (parts_ != nullptr) {
    snapshot->held_call_count = parts_->world->tickets.size();
    snapshot->removals = parts_->world->removals;
    snapshot->counts = parts_->world->counts;
    snapshot->call_latencies.reserve(parts_->world->call_latencies.size());
    for (const auto& [key, calls] : parts_->world->call_latencies) snapshot->call_latencies.push_back(calls);
    schedule_views_.clear();
    for (const auto& [number, schedule] : parts_->world->schedules) schedule_views_.push_back(schedule.view);
  }
  // Without a world the last ones: what is overdue then is so all the more.
  snapshot->schedules = schedule_views_;
  snapshot->overdue_grace = settings_.OverdueGrace();
  snapshot->store_bytes = store_.SizeBytes();
  return snapshot;
}

}  // namespace crosscall::dispatch
