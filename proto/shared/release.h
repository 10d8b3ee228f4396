// Releases of crosscall, counted: what an agent and a controller tell each other, so that neither needs the other's day
// of upgrade (rule P9 of the fleet reference). The number grows by one with each release that is installed in labs.
#ifndef PROTO_SHARED_RELEASE_H_
#define PROTO_SHARED_RELEASE_H_

#include <cstdint>

namespace crosscall::shared {

// Of this source. 0 is what an agent states that was made before releases were counted.
inline constexpr std::uint32_t kThisRelease = 1;

// What this program says it is: kThisRelease. A function in a file of its own, so that tests can link programs of
// releases that do not exist yet.
std::uint32_t Release();

}  // namespace crosscall::shared

#endif  // PROTO_SHARED_RELEASE_H_
