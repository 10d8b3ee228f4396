#include "tests/sim/board_agent.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "agent/supervisor/sha256.h"
#include "agent/supervisor/spans.h"
#include "tests/controller/scheduler/boards.h"

namespace crosscall::sim {
namespace {

constexpr absl::Duration kCallMargin = absl::Seconds(10);
constexpr absl::Duration kUploadLimit = absl::Seconds(30);
constexpr absl::Duration kSpoolRetry = absl::Seconds(1);
constexpr absl::Duration kHangAfter = absl::Seconds(10);

LeaseKey KeyOf(const shared::AttemptKey& key) { return {key.trial, key.attempt}; }
bool Same(const shared::AttemptKey& a, const shared::AttemptKey& b) { return KeyOf(a) == KeyOf(b); }

}  // namespace

BoardAgent::BoardAgent(std::string name, std::string board, Surroundings around, scheduler::Random random)
    : name_(std::move(name)), board_(std::move(board)), around_(around), random_(std::move(random)) {}

void BoardAgent::Start(bool rebooted) {
  if (up() || !powered_) return;
  rebooted = rebooted || std::exchange(boot_is_due_, false);
  if (rebooted) ++boot_;
  ++life_;
  incarnation_ = absl::StrCat(name_, "-life-", life_);
  around_.judge.Note(name_, "starts as ", incarnation_, rebooted ? " after a new boot" : "");
  supervisor::AgentIdentity identity;
  identity.board = board_;
  identity.incarnation_id = incarnation_;
  identity.boot_id = absl::StrCat(name_, "-boot-", boot_);
  identity.description = scheduler::DescribedBoard(2);
  process_ = std::make_unique<Process>(std::move(identity), random_.Next());
  process_->next_synchronize = process_->next_upload = process_->next_spool = now();
  Do(life_, [] {});
}

void BoardAgent::Kill() {
  if (!up()) return;
  around_.judge.Note(name_, "is killed");
  for (const Job& job : process_->jobs) around_.witness.OnWorkerStop(board_, KeyOf(job.key));
  // Its connections break; what comes back for this life finds it over.
  const std::unique_ptr<Process> process = std::move(process_);
  deferred_.clear();
  paused_ = false;
  if (process->synchronizing != nullptr) around_.network.Cancel(process->synchronizing);
  if (process->uploading != nullptr) around_.network.Cancel(process->uploading);
}

void BoardAgent::Pause() {
  around_.judge.Note(name_, "is paused");
  around_.witness.OnPaused(board_);
  paused_ = true;
}

void BoardAgent::Resume() {
  if (wedged_) return;
  around_.judge.Note(name_, "goes on");
  paused_ = false;
  for (const std::function<void()>& step : std::exchange(deferred_, {})) step();
}

void BoardAgent::Wedge() {
  around_.judge.Note(name_, "wedges");
  around_.witness.OnWedged(board_);
  wedged_ = paused_ = true;
}

void BoardAgent::PowerOff() {
  around_.judge.Note(name_, "is without power");
  Kill();
  if (wedged_) around_.witness.OnUnwedged(board_, now());
  powered_ = wedged_ = false;
  boot_is_due_ = true;
}

void BoardAgent::Do(std::uint64_t life, std::function<void()> step) {
  if (life != life_ || !up()) return;
  if (paused_) {
    deferred_.push_back([this, life, step = std::move(step)] { Do(life, step); });
    return;
  }
  step();
  if (life == life_ && up()) Advance();
}

void BoardAgent::After(absl::Duration span, std::function<void()> step) {
  around_.timeline.After(span, [this, life = life_, step = std::move(step)] { Do(life, step); });
}

supervisor::AgentStock BoardAgent::Stock() const {
  supervisor::AgentStock stock;
  for (const auto& [key, payload] : spool_) {
    stock.spooled.push_back(key);
    stock.spooled_bytes += payload.size();
  }
  stock.health = process_->unspooled.empty() ? health : "a result waits for room on the disk";
  return stock;
}

void BoardAgent::Advance() {
  Process& process = *process_;
  Apply(process.protocol.OnTime(now()));
  if (!process.unspooled.empty() && now() >= process.next_spool) SpoolPending();
  if (process.synchronizing != nullptr) {
    if (!process.superseded_call && process.protocol.Outdated(Stock())) {
      process.superseded_call = true;
      // Its end comes back here, and makes the next call.
      return around_.network.Cancel(process.synchronizing);
    }
  } else if (now() >= process.next_synchronize) {
    StartSynchronize();
  }
  if (process.uploading == nullptr && now() >= process.next_upload) StartUpload();
  PlanWakeUp();
}

void BoardAgent::PlanWakeUp() {
  Process& process = *process_;
  absl::Duration due = process.protocol.NextLapse();
  if (!process.unspooled.empty()) due = std::min(due, process.next_spool);
  if (process.synchronizing == nullptr) due = std::min(due, process.next_synchronize);
  if (process.uploading == nullptr && !spool_.empty()) due = std::min(due, process.next_upload);
  due = std::max(due, now());
  if (due == absl::InfiniteDuration() || (process.wake_up > now() && process.wake_up <= due)) return;
  process.wake_up = due;
  After(due - now(), [] {});
}

void BoardAgent::StartSynchronize() {
  Process& process = *process_;
  process.superseded_call = false;
  const absl::Duration sent = now();
  v1::SynchronizeRequest request = process.protocol.Report(Stock(), sent);
  if (lies.report) lies.report(request);
  around_.judge.Note(name_, "call ", request.sequence(), ", holds ", request.leases_size(), ", spool ",
                     request.spool_size());
  const std::uint64_t life = life_;
  process.synchronizing = around_.network.Call<v1::SynchronizeResponse>(
      link, process.protocol.hold() + kCallMargin,
      [this, request](auto done) { return around_.controller.Synchronize(request, std::move(done)); },
      [this, life, sent](const absl::StatusOr<v1::SynchronizeResponse>& answer) {
        Do(life, [this, sent, answer] { OnSynchronized(sent, answer); });
      });
}

void BoardAgent::OnSynchronized(absl::Duration sent, const absl::StatusOr<v1::SynchronizeResponse>& answer) {
  Process& process = *process_;
  process.synchronizing = nullptr;
  if (answer.ok()) {
    around_.judge.Note(name_,
                       answer->unchanged() ? "is told to go on" : absl::StrCat("is to hold ", answer->leases_size()));
    process.synchronize_backoff.Reset();
    const absl::Duration delay = supervisor::FromProto(answer->resync_delay());
    process.next_synchronize =
        now() + (delay > absl::ZeroDuration() ? process.synchronize_backoff.Jittered(delay) : delay);
    return Apply(process.protocol.OnAnswer(*answer, Stock(), sent, now()));
  }
  if (process.superseded_call && answer.status().code() == absl::StatusCode::kCancelled) {
    process.next_synchronize = now();
    return;
  }
  if (answer.status().code() == absl::StatusCode::kAborted) {
    ++aborted_count_;
    around_.judge.Note(name_, "is fenced: ", answer.status().message());
    Kill();
    around_.timeline.After(absl::Seconds(1 + random_.Below(10)), [this] {
      if (restarts) Start();
    });
    return;
  }
  process.next_synchronize = now() + process.synchronize_backoff.Next(absl::ZeroDuration());
}

void BoardAgent::Apply(const supervisor::AgentActions& actions) {
  for (const shared::AttemptKey& key : actions.stops) StopJob(key);
  for (const supervisor::AgentActions::Start& start : actions.starts) {
    Job& job = process_->jobs.emplace_back();
    job.key = start.key;
    if (start.spec.has_time_limit()) job.time_limit = supervisor::FromProto(start.spec.time_limit());
    if (process_->jobs.size() == 1) StartNextJob();
  }
}

void BoardAgent::StartUpload() {
  Process& process = *process_;
  if (!process.upload) {
    if (spool_.empty()) return;
    process.upload.emplace(spool_.front().first, spool_.front().second);
  }
  v1::UploadResultRequest request = process.upload->NextChunk(board_);
  if (lies.upload) lies.upload(request);
  const std::uint64_t life = life_;
  process.uploading = around_.network.Call<v1::UploadResultResponse>(
      link, kUploadLimit,
      [this, request](auto done) {
        around_.controller.Upload(request, std::move(done));
        return std::function<void()>();
      },
      [this, life](const absl::StatusOr<v1::UploadResultResponse>& answer) {
        Do(life, [this, answer] { OnUploaded(answer); });
      });
}

void BoardAgent::OnUploaded(const absl::StatusOr<v1::UploadResultResponse>& answer) {
  using supervisor::UploadCursor;
  Process& process = *process_;
  process.uploading = nullptr;
  const auto forget = [this, &process] {
    const shared::AttemptKey key = process.upload->key();
    std::erase_if(spool_, [&key](const auto& entry) { return Same(entry.first, key); });
    process.upload.reset();
  };
  if (!answer.ok()) {
    const absl::StatusCode code = answer.status().code();
    const bool refused = code == absl::StatusCode::kPermissionDenied || code == absl::StatusCode::kNotFound ||
                         code == absl::StatusCode::kInvalidArgument;
    if (refused) {
      around_.judge.Require(!around_.witness.IsHonest(board_), "honest-result-is-taken", process.upload->key().trial,
                            ": ", answer.status().message());
      forget();
    }
    process.next_upload = now() + process.upload_backoff.Next(absl::ZeroDuration());
    return;
  }
  switch (process.upload->OnAnswer(*answer)) {
    case UploadCursor::Step::kSendNext:
      return;
    case UploadCursor::Step::kDelivered:
      process.upload_backoff.Reset();
      return forget();
    case UploadCursor::Step::kStuck:
      process.next_upload = now() + process.upload_backoff.Next(absl::ZeroDuration());
      return;
  }
}

void BoardAgent::SpoolPending() {
  Process& process = *process_;
  while (!process.unspooled.empty()) {
    if (!disk_takes_writes) {
      process.next_spool = now() + kSpoolRetry;
      return;
    }
    Unspooled& result = process.unspooled.front();
    spool_.emplace_back(result.key, std::move(result.payload));
    process.protocol.OnSpooled(result.key);
    process.unspooled.pop_front();
  }
}

BoardAgent::Job* BoardAgent::CurrentJob(const shared::AttemptKey& key) {
  if (process_->jobs.empty() || !Same(process_->jobs.front().key, key)) return nullptr;
  return &process_->jobs.front();
}

void BoardAgent::StartNextJob() {
  const shared::AttemptKey key = process_->jobs.front().key;
  around_.witness.OnWorkerStart(board_, KeyOf(key));
  After(absl::Milliseconds(50 + random_.Below(1000)), [this, key] { OnJobStarted(key); });
}

void BoardAgent::OnJobStarted(const shared::AttemptKey& key) {
  Job* job = CurrentJob(key);
  if (job == nullptr || job->started || job->stopped) return;
  job->started = true;
  if (random_.Below(1000) < temper.start_error) {
    process_->protocol.OnStartError(key, "simulated: no worker");
    return OnJobEnded(key, v1::OUTCOME_UNSPECIFIED);
  }
  process_->protocol.OnRunning(key);
  if (random_.Below(1000) < temper.stuck) return;
  RunFor(key, DrawOutcome());
}

v1::Outcome BoardAgent::DrawOutcome() {
  std::uint64_t draw = random_.Below(1000);
  for (const auto& [outcome, share] :
       {std::pair(v1::OUTCOME_HUNG, temper.hung), std::pair(v1::OUTCOME_CRASHED, temper.crashed),
        std::pair(v1::OUTCOME_REFUSED, temper.refused), std::pair(v1::OUTCOME_INVALID, temper.invalid)}) {
    if (draw < share) return outcome;
    draw -= share;
  }
  return v1::OUTCOME_COMPLETED;
}

void BoardAgent::RunFor(const shared::AttemptKey& key, v1::Outcome outcome) {
  absl::Duration span = absl::Milliseconds(
      100 + random_.Below(static_cast<std::uint64_t>(absl::ToInt64Milliseconds(temper.longest_trial))));
  span = std::min(span, process_->jobs.front().time_limit);
  if (outcome == v1::OUTCOME_HUNG) span += kHangAfter;
  After(span, [this, key, outcome] {
    const Job* job = CurrentJob(key);
    if (job != nullptr && !job->stopped) OnJobEnded(key, outcome);
  });
}

void BoardAgent::OnJobEnded(const shared::AttemptKey& key, v1::Outcome outcome) {
  around_.witness.OnWorkerStop(board_, KeyOf(key));
  process_->jobs.pop_front();
  if (outcome != v1::OUTCOME_UNSPECIFIED) {
    v1::TrialResult result;
    result.set_outcome(outcome);
    result.set_calls(random_.Below(1'000'000));
    // So that no two results are the same bytes.
    result.set_reason(absl::StrCat(incarnation_, " ", random_.Next()));
    std::string payload = result.SerializeAsString();
    around_.witness.OnResultMade({key.trial, key.attempt, supervisor::Sha256(payload)}, outcome);
    process_->unspooled.push_back({key, std::move(payload)});
    SpoolPending();
  }
  if (!process_->jobs.empty()) StartNextJob();
}

void BoardAgent::StopJob(const shared::AttemptKey& key) {
  std::deque<Job>& jobs = process_->jobs;
  const auto job = std::find_if(jobs.begin(), jobs.end(), [&key](const Job& each) { return Same(each.key, key); });
  if (job == jobs.end()) return;
  around_.witness.OnWorkerStop(board_, KeyOf(key));
  if (job != jobs.begin()) {
    jobs.erase(job);
    return;
  }
  // The worker takes a moment to die; the next one waits for it.
  job->stopped = true;
  After(absl::Milliseconds(1 + random_.Below(2000)), [this, key] {
    if (CurrentJob(key) == nullptr) return;
    process_->jobs.pop_front();
    if (!process_->jobs.empty()) StartNextJob();
  });
}

}  // namespace crosscall::sim
