// Hands pages to whoever asks: made one at a time, few of them held at once, none held for long.
//
// A page of a large lab is tens of megabytes. Readers that do not read must cost neither the controller its memory nor
// the next reader his turn.
#ifndef CONTROLLER_METRICS_PAGE_DESK_H_
#define CONTROLLER_METRICS_PAGE_DESK_H_

#include <atomic>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "proto/shared/clock.h"
#include "proto/shared/mutex.h"

namespace httplib {
struct Response;
}  // namespace httplib

namespace crosscall::metrics {

// Thread-safe. Outlives the responses that it has answered.
class PageDesk {
 public:
  // At most `held` pages at once; each must have been read within `patience` of its making. `clock` outlives the desk.
  PageDesk(int held, absl::Duration patience, const shared::Clock& clock)
      : most_held_(held), patience_(patience), clock_(clock) {}

  // 200 with the page; 404 with the words of a NOT_FOUND; 503 if too many are held.
  void Answer(httplib::Response& response, absl::FunctionRef<absl::StatusOr<std::string>()> make)
      CROSSCALL_EXCLUDES(making_);

 private:
  struct Page;

  const int most_held_;
  const absl::Duration patience_;
  const shared::Clock& clock_;
  std::atomic<int> held_{0};
  shared::Mutex making_;
};

}  // namespace crosscall::metrics

#endif  // CONTROLLER_METRICS_PAGE_DESK_H_
