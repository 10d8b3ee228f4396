#include "controller/scheduler/board_labels.h"

#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "proto/shared/proto_time.h"

namespace crosscall::scheduler {
namespace {

std::string KeyOf(absl::string_view label) { return std::string(label.substr(0, label.find('='))); }

}  // namespace

std::vector<std::string> EffectiveLabels(const v1::BoardDescription& description, const v1::BoardRecord& record) {
  std::set<std::string> taken;
  for (const std::string& label : record.labels()) taken.insert(KeyOf(label));
  std::vector<std::string> labels;
  for (const std::string& label : description.labels()) {
    if (taken.count(KeyOf(label)) == 0) labels.push_back(label);
  }
  labels.insert(labels.end(), record.labels().begin(), record.labels().end());
  return labels;
}

absl::Status ApplyUpdate(const v1::UpdateBoardRequest& request, v1::BoardRecord& record) {
  std::map<std::string, std::string> labels;
  for (const std::string& label : record.labels()) labels[KeyOf(label)] = label;
  for (const std::string& key : request.remove_labels()) labels.erase(key);
  for (const std::string& label : request.set_labels()) labels[KeyOf(label)] = label;
  if (labels.size() > kMaxLabLabels) {
    return absl::FailedPreconditionError(
        absl::StrCat(request.name(), " would have ", labels.size(), " labels; allowed: at most ", kMaxLabLabels));
  }
  record.clear_labels();
  for (const auto& [key, label] : labels) record.add_labels(label);
  if (request.has_notes()) record.set_notes(request.notes());
  if (!request.has_max_trial_time()) return absl::OkStatus();
  record.clear_max_trial_time();
  if (shared::SpanOf(request.max_trial_time()) > absl::ZeroDuration()) {
    *record.mutable_max_trial_time() = request.max_trial_time();
  }
  return absl::OkStatus();
}

}  // namespace crosscall::scheduler
