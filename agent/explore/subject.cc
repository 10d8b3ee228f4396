#include "agent/explore/subject.h"

#include "agent/core/algorithms.h"
#include "agent/explore/subject_of.h"

namespace crosscall::explore {

SubjectFactory FactoryOf(core::AlgorithmKind algorithm) {
  return core::VisitAlgorithm<ModelPort>(algorithm, []<template <class> class A>() { return FactoryFor<A>(); });
}

}  // namespace crosscall::explore
