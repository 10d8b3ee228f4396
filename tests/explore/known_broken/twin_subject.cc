// One known-broken twin: the algorithm CROSSCALL_TWIN_ALGORITHM of CROSSCALL_TWIN_HEADER, over headers of which some
// are patched copies. Built once for each twin.
#include CROSSCALL_TWIN_HEADER

#include "agent/explore/subject_of.h"
#include "tests/explore/known_broken/judge.h"

#ifndef CROSSCALL_TWIN_HEADER_SEEN
#error "no patched header was found before the tree's: this would be the real implementation"
#endif

namespace crosscall::explore {

SubjectFactory SubjectOnTrial(core::AlgorithmKind) { return FactoryFor<core::CROSSCALL_TWIN_ALGORITHM>(); }

}  // namespace crosscall::explore
