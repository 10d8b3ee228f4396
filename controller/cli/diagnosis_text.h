// Diagnoses of silent boards, as people read them.
#ifndef CONTROLLER_CLI_DIAGNOSIS_TEXT_H_
#define CONTROLLER_CLI_DIAGNOSIS_TEXT_H_

#include <string>

#include "crosscall/v1/power.pb.h"

namespace crosscall::cli {

// Facts, then each step with its time and what it brought, then what was printed, step by step. Ends with a newline.
std::string DiagnosisText(const v1::Diagnosis& diagnosis);

}  // namespace crosscall::cli

#endif  // CONTROLLER_CLI_DIAGNOSIS_TEXT_H_
