// What people see in a browser at the metrics port: the lab, and the report of each sweep. Read only.
#ifndef CONTROLLER_PAGES_H_
#define CONTROLLER_PAGES_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "controller/dispatch/snapshot.h"
#include "controller/metrics/http_server.h"
#include "controller/report/report.h"
#include "controller/store/store.h"
#include "proto/shared/clock.h"
#include "proto/shared/mutex.h"

namespace crosscall {

// Thread-safe. Reads a snapshot and the store's reading connection, so that it never makes the dispatcher wait.
class Pages {
 public:
  using TakeSnapshot = std::function<std::shared_ptr<const dispatch::Snapshot>()>;

  // `open`: whoever reaches the port may read, as a viewer may; else every page says what is missing. References
  // outlive the pages.
  Pages(TakeSnapshot snapshot, const store::Store& store, const shared::Clock& clock, bool open)
      : snapshot_(std::move(snapshot)), store_(store), clock_(clock), open_(open) {}

  // The answer to `/`, and to `/sweeps/{sweep}` with `baseline` (an id, or empty).
  metrics::WebPage Lab() const;
  metrics::WebPage Report(const std::string& sweep, const std::string& baseline);

 private:
  // Few reports are made at once: each may take seconds, and scrapes need threads, too.
  bool TakeTurn();
  void GiveTurn();

  const TakeSnapshot snapshot_;
  const store::Store& store_;
  const shared::Clock& clock_;
  const bool open_;
  shared::Mutex mutex_;
  int running_ CROSSCALL_GUARDED_BY(mutex_) = 0;
};

// Who may scrape may read pages, so pages need that somebody is asked for a password or a certificate; `insecure`:
// nobody is asked for anything on this machine.
bool PagesAreOpen(const metrics::HttpSecurity& security, bool insecure);

}  // namespace crosscall

#endif  // CONTROLLER_PAGES_H_
