// Asks the real `promtool` what Prometheus would say of an exposition.
#ifndef TESTS_CONTROLLER_METRICS_PROMTOOL_H_
#define TESTS_CONTROLLER_METRICS_PROMTOOL_H_

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crosscall::metrics {

// Success if `promtool check metrics` is silent and content. Fails with what to install if there is no promtool.
testing::AssertionResult PromtoolAccepts(const std::string& exposition);

}  // namespace crosscall::metrics

#endif  // TESTS_CONTROLLER_METRICS_PROMTOOL_H_
