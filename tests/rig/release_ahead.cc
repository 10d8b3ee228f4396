// Linked before proto/shared/release.cc, makes a program of a release that does not exist yet.
#include "proto/shared/release.h"

namespace crosscall::shared {

std::uint32_t Release() { return kThisRelease + RELEASES_AHEAD; }

}  // namespace crosscall::shared
