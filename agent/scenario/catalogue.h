// The built-in scenarios: catalogue/*.yaml, embedded when the project is configured.
//
// Invariants: sorted by id, each id once and equal to the `scenario:` of its text; every text parses and compiles (a
// test holds it to that). Thread safety: immutable.
#ifndef AGENT_SCENARIO_CATALOGUE_H_
#define AGENT_SCENARIO_CATALOGUE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace crosscall::scenario {

struct CatalogueEntry {
  std::string id;
  std::string about;  // one sentence on why it exists
  absl::string_view yaml;
};

const std::vector<CatalogueEntry>& Catalogue();

// NOT_FOUND names the built-in scenarios there are.
absl::StatusOr<const CatalogueEntry*> FindScenario(absl::string_view id);

}  // namespace crosscall::scenario

#endif  // AGENT_SCENARIO_CATALOGUE_H_
