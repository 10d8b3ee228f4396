#include "tests/bench/fleet/fleet_board.h"

#include <grpcpp/security/credentials.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "agent/supervisor/agent_identity.h"
#include "agent/supervisor/spans.h"
#include "tests/bench/fleet/simulated_worker.h"

namespace crosscall::fleet {
namespace {

using supervisor::AgentActions;
using supervisor::CallEnd;
using supervisor::UploadCursor;

constexpr absl::Duration kCallMargin = absl::Seconds(10);
constexpr absl::Duration kUploadLimit = absl::Seconds(30);

bool Same(const shared::AttemptKey& a, const shared::AttemptKey& b) {
  return a.trial == b.trial && a.attempt == b.attempt;
}

supervisor::AgentIdentity IdentityOf(const std::string& board) {
  return {.board = board,
          .incarnation_id = supervisor::RandomId(),
          .boot_id = absl::StrCat("boot-of-", board.substr(board.find('/') + 1)),
          .description = SimulatedDescription()};
}

}  // namespace

FleetBoard::FleetBoard(std::string name, const std::string& controller, std::uint64_t seed, FleetThread& thread,
                       Logbook& logbook)
    : name_(std::move(name)),
      thread_(thread),
      logbook_(logbook),
      protocol_(IdentityOf(name_)),
      synchronize_backoff_({}, seed),
      upload_backoff_({}, seed + 1),
      client_(std::make_unique<supervisor::ControllerClient>(controller, grpc::InsecureChannelCredentials(),
                                                             thread.mailbox())) {}

void FleetBoard::Start() {
  next_synchronize_ = next_upload_ = thread_.Now();
  Advance();
}

supervisor::AgentStock FleetBoard::Stock() const {
  supervisor::AgentStock stock;
  for (const auto& [key, payload] : spool_) {
    stock.spooled.push_back(key);
    stock.spooled_bytes += payload.size();
  }
  return stock;
}

void FleetBoard::Advance() {
  if (muted_) return;
  const absl::Duration now = thread_.Now();
  Apply(protocol_.OnTime(now));
  if (client_->synchronizing()) {
    if (!superseded_call_ && protocol_.Outdated(Stock())) {
      superseded_call_ = true;
      client_->CancelSynchronize();
    }
  } else if (now >= next_synchronize_) {
    StartSynchronize();
  }
  if (!client_->uploading() && now >= next_upload_) StartUpload();
  PlanWakeUp();
}

// One alarm at a time, unless an earlier one is needed.
void FleetBoard::PlanWakeUp() {
  const absl::Duration now = thread_.Now();
  absl::Duration due = protocol_.NextLapse();
  if (!client_->synchronizing()) due = std::min(due, next_synchronize_);
  if (!client_->uploading() && !spool_.empty()) due = std::min(due, next_upload_);
  if (due == absl::InfiniteDuration() || (wake_up_ > now && wake_up_ <= due)) return;
  wake_up_ = due;
  thread_.At(due, [this] { Advance(); });
}

void FleetBoard::StartSynchronize() {
  superseded_call_ = false;
  const absl::Duration sent = thread_.Now();
  client_->Synchronize(protocol_.Report(Stock(), sent), protocol_.hold() + kCallMargin,
                       [this, sent](const CallEnd& end, const v1::SynchronizeResponse& answer) {
                         if (muted_) return;
                         OnSynchronized(sent, end, answer);
                         Advance();
                       });
}

void FleetBoard::OnSynchronized(absl::Duration sent, const CallEnd& end, const v1::SynchronizeResponse& answer) {
  const absl::Duration now = thread_.Now();
  if (end.status.ok()) {
    logbook_.OnContact(name_);
    synchronize_backoff_.Reset();
    const absl::Duration delay = supervisor::FromProto(answer.resync_delay());
    next_synchronize_ = now + (delay > absl::ZeroDuration() ? synchronize_backoff_.Jittered(delay) : delay);
    Apply(protocol_.OnAnswer(answer, Stock(), sent, now));
    return;
  }
  if (superseded_call_ && end.status.code() == absl::StatusCode::kCancelled) {
    next_synchronize_ = now;
    return;
  }
  if (end.status.code() == absl::StatusCode::kAborted) {
    muted_ = true;
    return logbook_.OnTrouble(absl::StrCat(name_, " is fenced: ", end.status.message()));
  }
  if (end.status.code() == absl::StatusCode::kResourceExhausted) logbook_.OnRefusal(name_, end.retry_after);
  next_synchronize_ = now + synchronize_backoff_.Next(end.retry_after);
}

void FleetBoard::Apply(const AgentActions& actions) {
  for (const shared::AttemptKey& key : actions.stops) {
    std::erase_if(jobs_, [&key](const Job& job) { return Same(job.key, key); });
  }
  for (const AgentActions::Start& start : actions.starts) {
    logbook_.OnLease(name_, start.key, thread_.Now());
    const absl::Duration length =
        start.spec.has_time_limit() ? supervisor::FromProto(start.spec.time_limit()) : absl::ZeroDuration();
    jobs_.push_back({.key = start.key, .length = length});
  }
  RunNextJob();
}

// The worker is ready on the next turn of the thread: first the lease is reported as starting, as by a real agent.
void FleetBoard::RunNextJob() {
  if (jobs_.empty() || jobs_.front().runs) return;
  Job& job = jobs_.front();
  job.runs = true;
  job.begin = thread_.Now();
  thread_.At(job.begin, [this, key = job.key] {
    protocol_.OnRunning(key);
    Advance();
  });
  thread_.At(job.begin + job.length, [this, key = job.key] {
    OnJobEnded(key);
    Advance();
  });
}

void FleetBoard::OnJobEnded(const shared::AttemptKey& key) {
  if (muted_ || jobs_.empty() || !Same(jobs_.front().key, key)) return;
  const Job job = jobs_.front();
  jobs_.erase(jobs_.begin());
  logbook_.OnTrial(name_, key, job.begin, thread_.Now());
  spool_.emplace_back(key, SimulatedResult(job.length));
  protocol_.OnSpooled(key);
  RunNextJob();
}

void FleetBoard::StartUpload() {
  if (!upload_) {
    if (spool_.empty()) return;
    upload_.emplace(spool_.front().first, spool_.front().second);
  }
  client_->Upload(upload_->NextChunk(name_), kUploadLimit,
                  [this](const CallEnd& end, const v1::UploadResultResponse& answer) {
                    if (muted_) return;
                    OnUploaded(end, answer);
                    Advance();
                  });
}

void FleetBoard::OnUploaded(const CallEnd& end, const v1::UploadResultResponse& answer) {
  if (!end.status.ok()) {
    const absl::StatusCode code = end.status.code();
    if (code == absl::StatusCode::kPermissionDenied || code == absl::StatusCode::kNotFound ||
        code == absl::StatusCode::kInvalidArgument) {
      logbook_.OnTrouble(absl::StrCat("a result of ", name_, " is refused: ", end.status.message()));
    }
    next_upload_ = thread_.Now() + upload_backoff_.Next(end.retry_after);
    return;
  }
  switch (upload_->OnAnswer(answer)) {
    case UploadCursor::Step::kSendNext:
      return;
    case UploadCursor::Step::kDelivered:
      upload_backoff_.Reset();
      logbook_.OnDelivery(upload_->key(), thread_.Now());
      std::erase_if(spool_, [this](const auto& entry) { return Same(entry.first, upload_->key()); });
      upload_.reset();
      return;
    case UploadCursor::Step::kStuck:
      next_upload_ = thread_.Now() + upload_backoff_.Next(end.retry_after);
      return;
  }
}

}  // namespace crosscall::fleet
