// The report of a sweep, and the page of a lab, from wherever their data can be had.
#ifndef CONTROLLER_REPORT_REPORT_H_
#define CONTROLLER_REPORT_REPORT_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "controller/report/digest_json.h"
#include "crosscall/v1/board.pb.h"
#include "crosscall/v1/result_service.pb.h"
#include "crosscall/v1/sweep.pb.h"

namespace crosscall::report {

// Who has the data: crosscallctl asks the controller, the controller its store.
class Source {
 public:
  virtual ~Source() = default;
  virtual absl::StatusOr<v1::Sweep> GetSweep(const std::string& name) = 0;
  // One at a time: a sweep may have more than fits into memory. An error of `each` ends the list.
  virtual absl::Status ForEachTrial(const std::string& sweep,
                                    const std::function<absl::Status(const v1::Trial&)>& each) = 0;
  virtual absl::Status ForEachResult(const std::string& sweep,
                                     const std::function<absl::Status(const v1::Result&)>& each) = 0;
  virtual absl::StatusOr<std::vector<v1::Board>> ListBoards() = 0;
};

// An HTML text. `sweep` and `baseline` (empty: none) are resource names. Codes: those of the source; INVALID_ARGUMENT
// if the two are one; DATA_LOSS for a damaged result.
absl::StatusOr<std::string> MakeReport(Source& source, const std::string& sweep, const std::string& baseline,
                                       absl::Time now, const Limits& limits = {});

}  // namespace crosscall::report

#endif  // CONTROLLER_REPORT_REPORT_H_
