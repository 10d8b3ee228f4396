#include "agent/tool/list_command.h"

#include <algorithm>
#include <ostream>

#include "absl/status/statusor.h"
#include "absl/strings/str_format.h"
#include "agent/core/implementation.h"
#include "agent/scenario/catalogue.h"
#include "agent/scenario/parse.h"
#include "crosscall/v1/scenario.pb.h"
#include "proto/shared/check.h"
#include "proto/shared/json.h"

namespace crosscall::tool {
namespace {

// In one line each; the cross-call reference, section 3, has more.
constexpr const char* kAlgorithmAbouts[core::kAlgorithmCount] = {
    "one global record, a global lock held over the wait; x86 before June 2008",
    "per-CPU locked queue for single calls, one shared list for mask calls; Linux 2.6.27, repaired",
    "no allocation: per-CPU records re-used without a grace period; Linux, February 2009",
    "one record for each caller and target, lock-free list for each target; Linux today",
    "one mailbox for each caller and target, found by a bitmap; no queue, no allocation",
    "the initiator serves its own message box until nothing is counted for it any more; illumos",
    "all participants meet, run and leave, in rounds under a global lock; FreeBSD"};

void ListScenarios(bool json, std::ostream& out) {
  for (const scenario::CatalogueEntry& entry : scenario::Catalogue()) {
    const absl::StatusOr<v1::Scenario> parsed = scenario::ParseScenario(entry.yaml, entry.id);
    CROSSCALL_CHECK(parsed.ok(), parsed.status().message());
    if (!json) {
      out << absl::StrFormat("%-24s %2u CPUs  %s\n", entry.id, parsed->cpu_count(), entry.about);
      continue;
    }
    shared::Json line;
    line.BeginObject().Key("kind").String("scenario").Key("id").String(entry.id);
    line.Key("cpus").Number(parsed->cpu_count()).Key("about").String(entry.about).EndObject();
    out << line.Take() << "\n";
  }
}

void ListAlgorithms(bool json, std::ostream& out) {
  for (core::u32 i = 0; i < core::kAlgorithmCount; ++i) {
    if (!json) {
      out << absl::StrFormat("%-16s %s\n", core::kAlgorithmNames[i], kAlgorithmAbouts[i]);
      continue;
    }
    shared::Json line;
    line.BeginObject().Key("kind").String("algorithm").Key("id").String(core::kAlgorithmNames[i]);
    line.Key("about").String(kAlgorithmAbouts[i]).EndObject();
    out << line.Take() << "\n";
  }
}

void ListImplementations(bool json, std::ostream& out) {
  for (const std::string& id : KnownImplementations()) {
    if (!json) {
      out << id << "\n";
      continue;
    }
    shared::Json line;
    line.BeginObject().Key("kind").String("implementation").Key("id").String(id).EndObject();
    out << line.Take() << "\n";
  }
}

}  // namespace

std::vector<std::string> KnownImplementations() {
  std::vector<std::string> ids;
  for (const core::Implementation& implementation : core::kImplementations) {
    char name[core::kImplementationNameBytes];
    core::Format(implementation, name, sizeof(name));
    ids.emplace_back(name);
  }
  return ids;
}

int RunList(const ListRequest& request, std::ostream& out, std::ostream& err) {
  const bool all = request.subject == ListSubject::kAll;
  const bool titles = all && !request.json;
  if (all || request.subject == ListSubject::kScenarios) {
    if (titles) out << "Scenarios\n";
    ListScenarios(request.json, out);
  }
  if (all || request.subject == ListSubject::kAlgorithms) {
    if (titles) out << "\nAlgorithms\n";
    ListAlgorithms(request.json, out);
  }
  if (all || request.subject == ListSubject::kImplementations) {
    if (titles) out << "\nImplementations\n";
    ListImplementations(request.json, out);
  }
  if (request.subject == ListSubject::kProbes) {
    err << "crosscall: no probes: this build has no target system but `signal`, and probes measure the board's "
           "kernel\n";
  }
  return kExitCompleted;
}

}  // namespace crosscall::tool
