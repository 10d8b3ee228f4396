// The texts of the built-in scenarios, generated from catalogue/*.yaml (EmbedScenarios.cmake). Use catalogue.h instead.
#ifndef AGENT_SCENARIO_CATALOGUE_TEXTS_H_
#define AGENT_SCENARIO_CATALOGUE_TEXTS_H_

#include <cstddef>

namespace crosscall::scenario {

struct CatalogueText {
  const char* id;
  const char* yaml;
};

extern const CatalogueText kCatalogueTexts[];
extern const std::size_t kCatalogueTextCount;

}  // namespace crosscall::scenario

#endif  // AGENT_SCENARIO_CATALOGUE_TEXTS_H_
