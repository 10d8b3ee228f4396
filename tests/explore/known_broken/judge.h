// What a judge program tries: the subject of one known-broken twin, or those of the project for the acquittals.
#ifndef TESTS_EXPLORE_KNOWN_BROKEN_JUDGE_H_
#define TESTS_EXPLORE_KNOWN_BROKEN_JUDGE_H_

#include "agent/core/implementation.h"
#include "agent/explore/subject.h"

namespace crosscall::explore {

// Defined once in each program: twin_subject.cc or real_subject.cc.
SubjectFactory SubjectOnTrial(core::AlgorithmKind algorithm);

}  // namespace crosscall::explore

#endif  // TESTS_EXPLORE_KNOWN_BROKEN_JUDGE_H_
