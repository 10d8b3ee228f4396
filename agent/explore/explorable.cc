#include "agent/explore/explorable.h"

#include "absl/strings/str_cat.h"
#include "agent/explore/model_port.h"

namespace crosscall::explore {
namespace {

absl::Status Refuse(const v1::Scenario& scenario, int line, const std::string& text) {
  const std::string place = line > 0 ? absl::StrCat(" line ", line) : "";
  return absl::InvalidArgumentError(absl::StrCat("scenario ", scenario.id(), place, ": cannot be explored: ", text));
}

absl::Status CheckBody(const v1::Scenario& scenario, const google::protobuf::RepeatedPtrField<v1::Operation>& body) {
  for (const v1::Operation& operation : body) {
    if (operation.kind() != v1::Operation::KIND_REPEAT) continue;
    if (operation.count() > kMaxRepeat) {
      return Refuse(scenario, static_cast<int>(operation.line()),
                    absl::StrCat("found repeat ", operation.count(), ", every round of which is searched; at most ",
                                 kMaxRepeat, " are (a parameter can make it smaller)"));
    }
    if (absl::Status inner = CheckBody(scenario, operation.body()); !inner.ok()) return inner;
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckExplorable(const v1::Scenario& scenario) {
  if (scenario.cpu_count() > ModelPort::kMaxCpus) {
    return Refuse(
        scenario, 0,
        absl::StrCat("it has ", scenario.cpu_count(), " CPUs; at most ", ModelPort::kMaxCpus, " are searched"));
  }
  for (const v1::Program& program : scenario.programs()) {
    if (absl::Status status = CheckBody(scenario, program.body()); !status.ok()) return status;
  }
  for (const v1::Function& function : scenario.functions()) {
    if (absl::Status status = CheckBody(scenario, function.body()); !status.ok()) return status;
  }
  for (const v1::DeviceInterrupt& interrupt : scenario.interrupts()) {
    if (interrupt.times() <= kMaxDeviceTimes) continue;
    return Refuse(scenario, 0,
                  absl::StrCat("an interrupt of CPU ", interrupt.cpu(), " comes up to ", interrupt.times(),
                               " times; at most ", kMaxDeviceTimes, " are searched"));
  }
  return absl::OkStatus();
}

}  // namespace crosscall::explore
