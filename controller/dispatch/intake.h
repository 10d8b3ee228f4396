// Results on their way home: put together, checked, and stored exactly once.
#ifndef CONTROLLER_DISPATCH_INTAKE_H_
#define CONTROLLER_DISPATCH_INTAKE_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "controller/dispatch/attempts.h"
#include "controller/dispatch/batch.h"
#include "controller/dispatch/checked_result.h"
#include "controller/dispatch/settings.h"
#include "controller/dispatch/upload_counts.h"
#include "controller/dispatch/world.h"
#include "controller/store/store.h"

namespace crosscall::dispatch {

class Intake {
 public:
  Intake(const Settings& settings, store::Store& store, World& world)
      : store_(store), world_(world), attempts_(settings, world) {}

  // Stores a complete payload: as the attempt's own if that is still open, else as evidence; a payload that the store
  // has is only acknowledged. NOT_FOUND: no such trial or attempt. PERMISSION_DENIED: another board's.
  void Accept(Batch& batch, const CheckedResult& result, Done<v1::UploadResultResponse> done);
  // Counts a payload that was not stored; `reason` is one of upload_counts.h.
  void CountRejected(Batch& batch, absl::string_view reason) { Count(batch, RejectedCount(reason)); }

 private:
  // An attempt that waits for its result: the board's lease, one of its spooled attempts, or the one that is diagnosed.
  struct OpenAttempt {
    BoardState* board;
    absl::optional<std::size_t> spooled;
    bool diagnosed = false;
  };

  void Count(Batch& batch, const std::string& name);
  absl::StatusOr<v1::UploadResultResponse> Decide(Batch& batch, const CheckedResult& result);
  absl::optional<OpenAttempt> FindOpen(const CheckedResult& result) const;
  void Complete(Batch& batch, const OpenAttempt& open, const CheckedResult& result);

  store::Store& store_;
  World& world_;
  Attempts attempts_;
};

}  // namespace crosscall::dispatch

#endif  // CONTROLLER_DISPATCH_INTAKE_H_
