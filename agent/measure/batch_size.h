// How large the stamp rings must be, and how many rounds fit between two joins. Pure; thread-safe.
#ifndef AGENT_MEASURE_BATCH_SIZE_H_
#define AGENT_MEASURE_BATCH_SIZE_H_

#include <cstdint>

#include "crosscall/v1/scenario.pb.h"

namespace crosscall::measure {

// About how many stamps the busiest CPU makes when every program is carried out once. An estimate on the high side; it
// saturates at 2^32.
std::uint64_t EstimateStampsPerRound(const v1::Scenario& scenario);

// Slots of each CPU's ring, a power of two: room for two rounds of that many stamps and for batches that make a join
// worth its while, within a bound on the memory of all rings. A round that does not fit is recognised at the join.
std::uint32_t RingSizeFor(std::uint32_t cpu_count, std::uint64_t stamps_per_round);

// Rounds of the next batch, at least 1: as many as fill half of a ring if every round stamps as much as the busiest
// seen, and no more than the calls that are still wanted need. `calls_wanted` 0: no limit; `calls_per_round` 0:
// unknown.
std::uint64_t RoundsOfBatch(std::uint32_t ring_size, std::uint64_t stamps_per_round, std::uint64_t calls_wanted,
                            std::uint64_t calls_per_round);

}  // namespace crosscall::measure

#endif  // AGENT_MEASURE_BATCH_SIZE_H_
