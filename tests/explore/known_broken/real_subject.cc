// The implementations of the project, on trial for bugs that they do not have.
#include "tests/explore/known_broken/judge.h"

namespace crosscall::explore {

SubjectFactory SubjectOnTrial(core::AlgorithmKind algorithm) { return FactoryOf(algorithm); }

}  // namespace crosscall::explore
