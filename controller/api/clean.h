// The one place where strings from boards become harmless: what passes here is stored, shown and exported as it is.
//
// Pure. Labels (exported to Prometheus) lose control characters and are cut to 256 bytes, an empty one becomes
// "unknown"; reports for people keep newlines. Numbers and names that the validator has checked stay as they are.
#ifndef CONTROLLER_API_CLEAN_H_
#define CONTROLLER_API_CLEAN_H_

#include "crosscall/v1/board_service.pb.h"
#include "crosscall/v1/result.pb.h"

namespace crosscall::api {

void Clean(v1::SynchronizeRequest& request);

// Results travel as opaque bytes, so the dispatcher applies this after it has parsed one.
void Clean(v1::TrialResult& result);

}  // namespace crosscall::api

#endif  // CONTROLLER_API_CLEAN_H_
