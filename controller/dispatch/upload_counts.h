// Under which names uploads are counted in the store.
#ifndef CONTROLLER_DISPATCH_UPLOAD_COUNTS_H_
#define CONTROLLER_DISPATCH_UPLOAD_COUNTS_H_

#include <array>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace crosscall::dispatch {

// A payload was stored, as a result or as evidence.
inline constexpr char kResultsReceived[] = "results_received";

// Why a payload was not stored.
inline constexpr char kDamaged[] = "damaged";      // not what an agent of ours sends
inline constexpr char kDuplicate[] = "duplicate";  // it is there already; acknowledged
inline constexpr char kForeign[] = "foreign";      // the trial is another board's
inline constexpr char kUnknown[] = "unknown";      // there is no such trial or attempt
inline constexpr std::array<const char*, 4> kRejectReasons = {kDamaged, kDuplicate, kForeign, kUnknown};

inline std::string RejectedCount(absl::string_view reason) { return absl::StrCat("results_rejected/", reason); }

}  // namespace crosscall::dispatch

#endif  // CONTROLLER_DISPATCH_UPLOAD_COUNTS_H_
