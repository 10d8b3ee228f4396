// Limits and rules of requests, in one place: what a machine can check of the comments in the protos.
//
// Pure. Each function returns OK or INVALID_ARGUMENT whose text names the field, what was found and what is allowed.
#ifndef PROTO_SHARED_VALIDATE_H_
#define PROTO_SHARED_VALIDATE_H_

#include <cstdint>

#include "absl/status/status.h"
#include "crosscall/v1/board_service.pb.h"
#include "crosscall/v1/schedule_service.pb.h"
#include "crosscall/v1/sweep_service.pb.h"
#include "crosscall/v1/trial.pb.h"

namespace crosscall::shared {

inline constexpr std::uint64_t kMaxTrialsPerSweep = 100'000;
inline constexpr std::size_t kMaxScenarioTextBytes = 64 * 1024;
inline constexpr std::size_t kMaxResultBytes = 16 * 1024 * 1024;
inline constexpr std::size_t kMaxChunkBytes = 256 * 1024;
inline constexpr std::uint64_t kMaxExploreStates = 1'000'000'000;

absl::Status Validate(const v1::TrialSpec& spec);
absl::Status Validate(const v1::SweepSpec& spec);
absl::Status Validate(const v1::CreateSweepRequest& request);
// Cron, zone, window and policies are checked where they are understood: controller/scheduler/schedule_policy.h.
absl::Status Validate(const v1::CreateScheduleRequest& request);
absl::Status Validate(const v1::PauseScheduleRequest& request);
absl::Status Validate(const v1::RunScheduleRequest& request);
absl::Status Validate(const v1::SynchronizeRequest& request);
absl::Status Validate(const v1::UploadResultRequest& request);
absl::Status Validate(const v1::UpdateBoardRequest& request);
absl::Status Validate(const v1::DrainBoardRequest& request);
absl::Status Validate(const v1::QuarantineBoardRequest& request);
absl::Status Validate(const v1::ReleaseBoardRequest& request);
absl::Status Validate(const v1::RetireBoardRequest& request);
absl::Status Validate(const v1::SetBoardPowerRequest& request);
absl::Status Validate(const v1::SwitchBoardPowerRequest& request);

}  // namespace crosscall::shared

#endif  // PROTO_SHARED_VALIDATE_H_
