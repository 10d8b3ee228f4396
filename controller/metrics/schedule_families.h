// What Prometheus is told about schedules and their sweeps. Sweeps that people asked for have no series: there is no
// end of their names.
#ifndef CONTROLLER_METRICS_SCHEDULE_FAMILIES_H_
#define CONTROLLER_METRICS_SCHEDULE_FAMILIES_H_

#include "absl/time/time.h"
#include "controller/dispatch/snapshot.h"
#include "controller/metrics/exposition.h"

namespace crosscall::metrics {

void WriteSchedules(Exposition& out, const dispatch::Snapshot& snapshot, absl::Time now);

}  // namespace crosscall::metrics

#endif  // CONTROLLER_METRICS_SCHEDULE_FAMILIES_H_
