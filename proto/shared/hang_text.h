// Hang reports as people read them, and the reference's names for their classes and wait sites. Both command line tools
// print these, so that a report reads the same wherever it is met.
//
// Pure; thread-safe.
#ifndef PROTO_SHARED_HANG_TEXT_H_
#define PROTO_SHARED_HANG_TEXT_H_

#include <string>

#include "absl/strings/string_view.h"
#include "crosscall/v1/hang.pb.h"

namespace crosscall::shared {

// The name that section 9 of the cross-call reference gives the class: "masked target", "lost IPI". "unknown" for a
// value that this build does not know.
absl::string_view HangClassName(v1::HangClass hang_class);

// "lock", "own", "claim", "completion", "barrier"; "none" if the CPU does not wait.
absl::string_view WaitSiteName(v1::WaitSite site);

// The whole report as lines of text, each ended by a newline: what it is, who waits for whom, the cycle, each CPU, the
// time line, the steps of the decision, and what the explorer knows of the point. Parts that the report does not have
// are left out.
std::string HangText(const v1::HangReport& report);

}  // namespace crosscall::shared

#endif  // PROTO_SHARED_HANG_TEXT_H_
