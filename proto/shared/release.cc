#include "proto/shared/release.h"

namespace crosscall::shared {

std::uint32_t Release() { return kThisRelease; }

}  // namespace crosscall::shared
