#include "controller/cli/exit_code.h"

namespace crosscall::cli {

ExitCode ExitCodeOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return ExitCode::kOk;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange:
      return ExitCode::kBadInput;
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kAborted:
      return ExitCode::kRefused;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
      return ExitCode::kUnreachable;
    case absl::StatusCode::kCancelled:
      return ExitCode::kInterrupted;
    default:
      return ExitCode::kInternal;
  }
}

std::string ExitCodeHelp() {
  return "Exit codes:\n"
         "  0    done\n"
         "  1    with --wait: the sweep ended, but something hung, crashed, failed or was cancelled\n"
         "  2    bad use or bad input; nothing was asked of the controller, or it found the request malformed\n"
         "  3    refused by the controller: not found, or not possible now\n"
         "  4    controller not reachable, or no answer within --timeout\n"
         "  5    internal error of the client or the controller\n"
         "  130  interrupted by Ctrl-C\n";
}

}  // namespace crosscall::cli
