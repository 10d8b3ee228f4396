#include "agent/supervisor/agent_loop.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "agent/supervisor/spans.h"
#include "proto/shared/log.h"
#include "proto/shared/proto_time.h"
#include "proto/shared/sanitize.h"

namespace crosscall::supervisor {
namespace {

constexpr absl::Duration kUploadLimit = absl::Seconds(30);
constexpr absl::Duration kLongestNap = absl::Seconds(1);
constexpr absl::Duration kSpoolRetry = absl::Seconds(1);
constexpr std::size_t kRefusalBytes = 1024;
constexpr std::size_t kHealthBytes = 1024;
constexpr std::size_t kStartErrorBytes = 1024;

std::string Text(const shared::AttemptKey& key) { return shared::AttemptName(key.trial, key.attempt); }

}  // namespace

AgentLoop::AgentLoop(AgentSettings settings, RunTrial run, Spool& spool, const shared::Clock& clock)
    : settings_(std::move(settings)),
      spool_(spool),
      clock_(clock),
      protocol_(settings_.identity),
      life_signs_(clock.Monotonic()),
      synchronize_backoff_(settings_.backoff, settings_.seed),
      upload_backoff_(settings_.backoff, settings_.seed + 1) {
  TrialRunner::Events events;
  events.running = [this](const shared::AttemptKey& key) { protocol_.OnRunning(key); };
  events.ended = [this](const shared::AttemptKey& key, absl::StatusOr<v1::TrialResult> result) {
    OnTrialEnded(key, std::move(result));
  };
  runner_ = std::make_unique<TrialRunner>(std::move(run), mailbox_, std::move(events));
  client_ = std::make_unique<ControllerClient>(settings_.controller, settings_.credentials, mailbox_);
}

AgentLoop::~AgentLoop() = default;

absl::Status AgentLoop::Run() {
  next_synchronize_ = next_upload_ = next_spool_ = Now();
  while (!stop_ && !fenced_) {
    Advance();
    mailbox_.RunOne(Patience());
  }
  // The runner's end waits for the worker's; its last event, and perhaps a result, is then in the mailbox.
  runner_->StopAll();
  while (runner_->current() != nullptr) mailbox_.RunOne(kLongestNap);
  client_.reset();
  SpoolPending();
  if (!unspooled_.empty()) {
    shared::LogError("agent", absl::StrCat(unspooled_.size(), " result(s) could not be spooled and are lost"));
  }
  return fenced_.value_or(absl::OkStatus());
}

AgentStock AgentLoop::Stock() const {
  AgentStock stock;
  for (const Spool::Entry& entry : spool_.List()) stock.spooled.push_back(entry.key);
  stock.spooled_bytes = spool_.bytes();
  stock.health = Health();
  return stock;
}

std::string AgentLoop::Health() const {
  std::vector<std::string> problems;
  if (settings_.self_check) problems.push_back(settings_.self_check(Now()));
  problems.push_back(spool_.Problem());
  if (spool_.refused_count() > 0) {
    problems.push_back(absl::StrCat(
        spool_.refused_count(), " result(s) were refused by a controller and set aside: look into the spool folder"));
  }
  problems.erase(std::remove(problems.begin(), problems.end(), ""), problems.end());
  return shared::CleanText(absl::StrJoin(problems, "; "), kHealthBytes);
}

void AgentLoop::Advance() {
  const absl::Duration now = Now();
  life_signs_.OnTurn(now, settings_.witness ? settings_.witness() : std::nullopt);
  Apply(protocol_.OnTime(now));
  if (!unspooled_.empty() && now >= next_spool_) SpoolPending();
  if (client_->synchronizing()) {
    if (!superseded_call_ && protocol_.Outdated(Stock())) {
      superseded_call_ = true;
      client_->CancelSynchronize();
    }
  } else if (now >= next_synchronize_) {
    StartSynchronize();
  }
  if (!client_->uploading() && now >= next_upload_) StartUpload();
}

absl::Duration AgentLoop::Patience() const {
  absl::Duration due = protocol_.NextLapse();
  if (!unspooled_.empty()) due = std::min(due, next_spool_);
  if (!client_->synchronizing()) due = std::min(due, next_synchronize_);
  if (!client_->uploading() && !spool_.empty()) due = std::min(due, next_upload_);
  return std::clamp(due - Now(), absl::ZeroDuration(), kLongestNap);
}

void AgentLoop::StartSynchronize() {
  RefreshProgress();
  superseded_call_ = false;
  const absl::Duration sent = Now();
  v1::SynchronizeRequest report = protocol_.Report(Stock(), sent);
  *report.mutable_send_time() = shared::TimestampOf(clock_.Wall());
  *report.mutable_life_signs() = life_signs_.Report(sent);
  client_->Synchronize(
      report, protocol_.hold() + settings_.call_margin,
      [this, sent](const CallEnd& end, const v1::SynchronizeResponse& answer) { OnSynchronized(sent, end, answer); });
}

void AgentLoop::OnSynchronized(absl::Duration sent, const CallEnd& end, const v1::SynchronizeResponse& answer) {
  const absl::Duration now = Now();
  if (end.status.ok()) {
    if (!connected_) shared::LogInfo("agent", absl::StrCat("synchronised with controller ", settings_.controller));
    connected_ = true;
    HearRefusal(shared::CleanText(answer.refusal(), kRefusalBytes));
    synchronize_backoff_.Reset();
    life_signs_.OnAnswered(sent, protocol_.hold(), now);
    const absl::Duration delay = FromProto(answer.resync_delay());
    next_synchronize_ = now + (delay > absl::ZeroDuration() ? synchronize_backoff_.Jittered(delay) : delay);
    Apply(protocol_.OnAnswer(answer, Stock(), sent, now));
    return;
  }
  if (superseded_call_ && end.status.code() == absl::StatusCode::kCancelled) {
    next_synchronize_ = now;
    return;
  }
  if (end.status.code() == absl::StatusCode::kAborted) {
    fenced_ = end.status;
    return;
  }
  life_signs_.OnCallFailed();
  const absl::Duration delay = synchronize_backoff_.Next(end.retry_after);
  if (connected_ || end.status.code() != absl::StatusCode::kUnavailable) {
    shared::LogWarning("agent", absl::StrCat("controller ", settings_.controller, ": ", end.status.ToString(),
                                             "; next call in ", absl::FormatDuration(delay)));
  }
  connected_ = false;
  next_synchronize_ = now + delay;
}

void AgentLoop::HearRefusal(std::string refusal) {
  if (refusal == refusal_) return;
  refusal_ = std::move(refusal);
  if (refusal_.empty()) {
    shared::LogInfo("agent", "the controller gives leases to this board again");
  } else {
    shared::LogWarning("agent", absl::StrCat("the controller gives no lease to this board: it ", refusal_));
  }
}

void AgentLoop::Apply(const AgentActions& actions) {
  for (const shared::AttemptKey& key : actions.stops) {
    shared::LogInfo("agent", absl::StrCat("stop ", Text(key)));
    runner_->Stop(key);
  }
  for (const AgentActions::Start& start : actions.starts) {
    shared::LogInfo("agent", absl::StrCat("start ", Text(start.key)));
    runner_->Start(start.key, start.spec);
  }
}

void AgentLoop::RefreshProgress() {
  const shared::AttemptKey* key = runner_->current();
  if (key == nullptr) return;
  const TrialProgress progress = runner_->progress();
  protocol_.OnProgress(*key, progress.completed_calls, Now() - progress.since_last_call);
}

void AgentLoop::StartUpload() {
  while (!upload_) {
    if (spool_.empty()) return;
    const std::vector<Spool::Entry> entries = spool_.List();
    absl::StatusOr<std::string> payload = spool_.Read(entries.front().key);
    if (payload.ok()) {
      upload_.emplace(entries.front().key, *std::move(payload));
    } else if (payload.status().code() != absl::StatusCode::kDataLoss) {
      shared::LogError("agent", absl::StrCat("reading the spool: ", payload.status().ToString()));
      next_upload_ = Now() + upload_backoff_.Next(absl::ZeroDuration());
      return;
    }
  }
  SendChunk();
}

void AgentLoop::SendChunk() {
  client_->Upload(upload_->NextChunk(settings_.identity.board), kUploadLimit,
                  [this](const CallEnd& end, const v1::UploadResultResponse& answer) { OnUploaded(end, answer); });
}

void AgentLoop::OnUploaded(const CallEnd& end, const v1::UploadResultResponse& answer) {
  if (!end.status.ok()) {
    OnUploadFailed(end);
    return;
  }
  switch (upload_->OnAnswer(answer)) {
    case UploadCursor::Step::kSendNext:
      SendChunk();
      return;
    case UploadCursor::Step::kDelivered: {
      upload_backoff_.Reset();
      const absl::Status removed = spool_.Remove(upload_->key());
      if (!removed.ok()) shared::LogError("agent", absl::StrCat("emptying the spool: ", removed.ToString()));
      if (!removed.ok()) next_upload_ = Now() + upload_backoff_.Next(absl::ZeroDuration());
      upload_.reset();
      return;
    }
    case UploadCursor::Step::kStuck:
      next_upload_ = Now() + upload_backoff_.Next(end.retry_after);
      return;
  }
}

void AgentLoop::OnUploadFailed(const CallEnd& end) {
  switch (end.status.code()) {
    // The controller will never take this one; others may still pass.
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kInvalidArgument: {
      shared::LogError("agent", absl::StrCat("the controller refuses the result of ", Text(upload_->key()), ": ",
                                             end.status.ToString()));
      const absl::Status aside = spool_.SetAsideRefused(upload_->key());
      if (!aside.ok()) shared::LogError("agent", aside.ToString());
      upload_.reset();
      break;
    }
    default:
      break;
  }
  next_upload_ = Now() + upload_backoff_.Next(end.retry_after);
}

void AgentLoop::OnTrialEnded(const shared::AttemptKey& key, absl::StatusOr<v1::TrialResult> result) {
  if (!result.ok()) {
    shared::LogInfo("agent", absl::StrCat(Text(key), ": ", result.status().ToString()));
    if (result.status().code() == absl::StatusCode::kCancelled) return;
    protocol_.OnStartError(key, shared::CleanText(result.status().ToString(), kStartErrorBytes));
    return;
  }
  shared::LogInfo("agent", absl::StrCat(Text(key), ": ", v1::Outcome_Name(result->outcome())));
  unspooled_.push_back({key, result->SerializeAsString()});
  SpoolPending();
}

void AgentLoop::SpoolPending() {
  while (!unspooled_.empty()) {
    const Unspooled& result = unspooled_.front();
    if (absl::Status status = spool_.Put(result.key, result.payload); !status.ok()) {
      shared::LogError("agent", absl::StrCat("spooling ", Text(result.key), ": ", status.ToString()));
      next_spool_ = Now() + kSpoolRetry;
      return;
    }
    protocol_.OnSpooled(result.key);
    unspooled_.pop_front();
  }
}

}  // namespace crosscall::supervisor
