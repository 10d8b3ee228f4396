#include "agent/supervisor/agent_protocol.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "agent/supervisor/spans.h"

namespace crosscall::supervisor {
namespace {

constexpr std::size_t kReportedSpool = 64;
constexpr std::size_t kMaxLeases = 16;

}  // namespace

bool AgentProtocol::Active(const Lease& lease) {
  return lease.state == v1::HeldLease::STATE_STARTING || lease.state == v1::HeldLease::STATE_RUNNING;
}

v1::SynchronizeRequest AgentProtocol::Describe(const AgentStock& stock) const {
  v1::SynchronizeRequest report;
  for (const auto& [id, lease] : leases_) {
    v1::HeldLease& held = *report.add_leases();
    held.set_trial(id.first);
    held.set_attempt(id.second);
    held.set_state(lease.state);
    held.set_start_error(lease.start_error);
  }
  for (std::size_t i = 0; i < std::min(stock.spooled.size(), kReportedSpool); ++i) {
    v1::SpooledResult& spooled = *report.add_spool();
    spooled.set_trial(stock.spooled[i].trial);
    spooled.set_attempt(stock.spooled[i].attempt);
  }
  report.set_spooled_count(static_cast<std::uint32_t>(stock.spooled.size()));
  report.set_spooled_bytes(stock.spooled_bytes);
  report.set_health(stock.health);
  return report;
}

// Progress is not in it, nor is the spool: the first alone is no reason for a new report, and the controller knows of
// the second by the uploads.
std::string AgentProtocol::Fingerprint(const v1::SynchronizeRequest& report) {
  v1::SynchronizeRequest told;
  for (const v1::HeldLease& held : report.leases()) *told.add_leases() = held;
  told.set_health(report.health());
  return told.SerializeAsString();
}

v1::SynchronizeRequest AgentProtocol::Report(const AgentStock& stock, absl::Duration now) {
  v1::SynchronizeRequest report = Describe(stock);
  reported_ = Fingerprint(report);
  report.set_board(identity_.board);
  report.set_incarnation_id(identity_.incarnation_id);
  report.set_boot_id(identity_.boot_id);
  report.set_sequence(++sequence_);
  if (description_wanted_) *report.mutable_description() = identity_.description;
  for (v1::HeldLease& held : *report.mutable_leases()) {
    const Lease& lease = leases_.at({held.trial(), held.attempt()});
    if (lease.state != v1::HeldLease::STATE_RUNNING) continue;
    held.set_completed_calls(lease.completed_calls);
    *held.mutable_progress_age() = ToProto(now - lease.last_call);
  }
  return report;
}

bool AgentProtocol::Outdated(const AgentStock& stock) const { return Fingerprint(Describe(stock)) != reported_; }

AgentActions AgentProtocol::OnAnswer(const v1::SynchronizeResponse& answer, const AgentStock& stock,
                                     absl::Duration sent, absl::Duration now) {
  AgentActions actions;
  description_wanted_ = answer.full_state_required();
  if (answer.has_hold_duration()) hold_ = FromProto(answer.hold_duration());
  if (answer.has_renewed_time_left()) Renew(sent + FromProto(answer.renewed_time_left()));
  if (answer.unchanged()) return actions;
  std::set<LeaseId> desired;
  for (const v1::DesiredLease& lease : answer.leases()) {
    const shared::AttemptKey key{lease.trial(), lease.attempt()};
    desired.insert(Id(key));
    const absl::Duration lapses = sent + FromProto(lease.time_left());
    if (Lease* held = Find(key)) {
      held->lapses = lapses;
      continue;
    }
    if (lapses <= now || leases_.size() >= kMaxLeases) continue;
    Lease fresh;
    fresh.lapses = lapses;
    fresh.last_call = now;
    const bool done = std::any_of(stock.spooled.begin(), stock.spooled.end(), [&](const shared::AttemptKey& spooled) {
      return spooled.trial == key.trial && spooled.attempt == key.attempt;
    });
    if (done) fresh.state = v1::HeldLease::STATE_SPOOLED;
    leases_[Id(key)] = fresh;
    if (!done) actions.starts.push_back({key, lease.spec()});
  }
  for (auto lease = leases_.begin(); lease != leases_.end();) {
    if (desired.count(lease->first) != 0) {
      ++lease;
      continue;
    }
    if (Active(lease->second)) actions.stops.push_back({lease->first.first, lease->first.second});
    lease = leases_.erase(lease);
  }
  return actions;
}

AgentActions AgentProtocol::OnTime(absl::Duration now) {
  AgentActions actions;
  for (auto lease = leases_.begin(); lease != leases_.end();) {
    if (!Active(lease->second) || lease->second.lapses > now) {
      ++lease;
      continue;
    }
    actions.stops.push_back({lease->first.first, lease->first.second});
    lease = leases_.erase(lease);
  }
  return actions;
}

absl::Duration AgentProtocol::NextLapse() const {
  absl::Duration next = absl::InfiniteDuration();
  for (const auto& [id, lease] : leases_) {
    if (Active(lease)) next = std::min(next, lease.lapses);
  }
  return next;
}

void AgentProtocol::Renew(absl::Duration lapses) {
  for (auto& [id, lease] : leases_) lease.lapses = lapses;
}

AgentProtocol::Lease* AgentProtocol::Find(const shared::AttemptKey& key) {
  const auto found = leases_.find(Id(key));
  return found == leases_.end() ? nullptr : &found->second;
}

void AgentProtocol::OnRunning(const shared::AttemptKey& key) {
  if (Lease* lease = Find(key)) lease->state = v1::HeldLease::STATE_RUNNING;
}

void AgentProtocol::OnSpooled(const shared::AttemptKey& key) {
  if (Lease* lease = Find(key)) lease->state = v1::HeldLease::STATE_SPOOLED;
}

void AgentProtocol::OnStartError(const shared::AttemptKey& key, absl::string_view error) {
  Lease* lease = Find(key);
  if (lease == nullptr) return;
  lease->state = v1::HeldLease::STATE_FAILED;
  lease->start_error = absl::StrCat(error);
}

void AgentProtocol::OnProgress(const shared::AttemptKey& key, std::uint64_t completed_calls, absl::Duration last_call) {
  Lease* lease = Find(key);
  if (lease == nullptr) return;
  lease->completed_calls = completed_calls;
  lease->last_call = last_call;
}

}  // namespace crosscall::supervisor
