#include "controller/dispatch/retention.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "proto/shared/log.h"

namespace crosscall::dispatch {
namespace {

constexpr char kSubject[] = "controller";
constexpr char kEvidence[] = "evidence";
constexpr char kEvents[] = "events";
constexpr char kHistograms[] = "histograms";

bool IsSet(absl::Duration span) { return span != absl::InfiniteDuration(); }

// The same if there are none, and if it cannot be read, which `check` tells.
std::string WithoutHistograms(const std::string& payload) {
  v1::TrialResult result;
  if (!result.ParseFromString(payload) || !RemoveHistograms(result)) return payload;
  return result.SerializeAsString();
}

}  // namespace

bool RemoveHistograms(v1::TrialResult& result) {
  bool found = result.has_latency() || result.stages_size() != 0 || result.pairs_size() != 0;
  result.clear_latency();
  result.clear_stages();
  result.clear_pairs();
  for (v1::RouteCount& route : *result.mutable_routes()) {
    found = found || route.has_histogram();
    route.clear_histogram();
  }
  return found;
}

Retention::Retention(const Settings& settings, store::Store& store, World& world, absl::Duration now, absl::Time wall)
    : settings_(settings), store_(store), world_(world), start_(now), start_wall_(wall) {
  if (IsSet(settings.keep_evidence) || IsSet(settings.keep_events) || IsSet(settings.keep_histograms)) next_ = now;
}

absl::optional<absl::Duration> Retention::NextDeadline() const { return next_; }

void Retention::CheckDue(Batch& batch) {
  if (!next_ || batch.now() < *next_) return;
  const absl::StatusOr<bool> more = RemoveSome(batch);
  if (!more.ok()) {
    // The same rows would be in the way again at once.
    shared::LogError("retention", absl::StrCat("nothing is removed for now: ", more.status().message()));
    next_ = batch.now() + kPeriod;
    return;
  }
  next_ = batch.now() + (*more ? kPause : kPeriod);
  if (!*more) EndPass(batch);
}

absl::StatusOr<bool> Retention::RemoveSome(Batch& batch) {
  // A wall clock that is set forward makes nothing older.
  const absl::Time now = std::min(batch.wall(), start_wall_ + (batch.now() - start_));
  bool more = false;
  const auto add = [&more](const absl::StatusOr<bool>& left) {
    more = more || (left.ok() && *left);
    return left.status();
  };
  if (IsSet(settings_.keep_evidence)) {
    if (absl::Status status = add(RemoveFrom(batch, true, now - settings_.keep_evidence)); !status.ok()) return status;
  }
  if (IsSet(settings_.keep_histograms)) {
    if (absl::Status status = add(RemoveFrom(batch, false, now - settings_.keep_histograms)); !status.ok()) {
      return status;
    }
  }
  if (IsSet(settings_.keep_events)) {
    if (absl::Status status = add(RemoveEvents(batch, now - settings_.keep_events)); !status.ok()) return status;
  }
  return more;
}

absl::StatusOr<bool> Retention::RemoveFrom(Batch& batch, bool evidence, absl::Time before) {
  absl::StatusOr<std::vector<store::PayloadRow>> rows = store_.FindOldPayloads(evidence, before, kPayloads);
  if (!rows.ok()) return rows.status();
  std::uint64_t removed = 0;
  for (const store::PayloadRow& row : *rows) {
    const std::string rest = evidence ? "" : WithoutHistograms(row.payload);
    // What does not shrink is left as it is: the store would refuse it, and with it the whole batch.
    if (rest.size() < row.payload.size()) {
      batch.tx().ShrinkPayload(row.result_id, rest, batch.wall());
      ++removed;
    } else {
      batch.tx().SettlePayload(row.result_id);
    }
  }
  Count(batch, evidence ? kEvidence : kHistograms, removed);
  return rows->size() == kPayloads;
}

absl::StatusOr<bool> Retention::RemoveEvents(Batch& batch, absl::Time before) {
  const absl::StatusOr<store::OldEvents> old = store_.FindOldEvents(before, kEventRows);
  if (!old.ok()) return old.status();
  if (old->count == 0) return false;
  batch.tx().RemoveEvents(old->last_id);
  Count(batch, kEvents, old->count);
  return old->count == kEventRows;
}

void Retention::Count(Batch& batch, const std::string& kind, std::uint64_t count) {
  if (count == 0) return;
  batch.tx().AddRemovals(kind, count, batch.wall());
  world_.removals[kind] += count;
  pass_[kind] += count;
}

void Retention::EndPass(Batch& batch) {
  if (pass_.empty()) return;
  const std::string what = absl::StrJoin(
      pass_, ", ", [](std::string* out, const auto& kind) { absl::StrAppend(out, kind.first, " ", kind.second); });
  pass_.clear();
  batch.AddEvent(kSubject, "retention", absl::StrCat("removed what was too old: ", what));
  batch.Reply<bool>(
      [what](const absl::StatusOr<bool>& committed) {
        if (committed.ok()) shared::LogInfo("retention", absl::StrCat("removed what was too old: ", what));
      },
      true);
}

}  // namespace crosscall::dispatch
