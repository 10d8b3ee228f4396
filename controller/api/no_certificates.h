// What calls about certificates get from a controller that has none.
#ifndef CONTROLLER_API_NO_CERTIFICATES_H_
#define CONTROLLER_API_NO_CERTIFICATES_H_

#include "absl/status/status.h"

namespace crosscall::api {

inline absl::Status NoCertificates() {
  return absl::FailedPreconditionError(
      "the controller runs with --insecure, without certificates: there is nothing to enrol for or to revoke. Make the "
      "lab's with `crosscall-controller init` and start it without --insecure");
}

}  // namespace crosscall::api

#endif  // CONTROLLER_API_NO_CERTIFICATES_H_
