#include "tests/sim/lies.h"

#include <iterator>
#include <string>

#include "agent/supervisor/sha256.h"
#include "crosscall/v1/result.pb.h"

namespace crosscall::sim {
namespace {

// A trial of any board.
std::string AnyTrial(Lab& lab, scheduler::Random& random) {
  const auto& trials = lab.ledger().trials();
  if (trials.empty()) return "sweeps/none/trials/t1";
  return std::next(trials.begin(), static_cast<std::ptrdiff_t>(random.Below(trials.size())))->second.name;
}

void LieInReport(Lab& lab, scheduler::Random& random, v1::SynchronizeRequest& request) {
  switch (random.Below(12)) {
    case 0: {
      if (request.leases_size() >= 16) return;
      v1::HeldLease& lease = *request.add_leases();
      lease.set_trial(AnyTrial(lab, random));
      lease.set_attempt(1 + static_cast<std::uint32_t>(random.Below(4)));
      lease.set_state(v1::HeldLease::STATE_RUNNING);
      return;
    }
    case 1:
      request.clear_leases();
      return;
    case 2:
      for (v1::HeldLease& lease : *request.mutable_leases()) lease.set_state(v1::HeldLease::STATE_FAILED);
      return;
    case 3:
      request.set_spooled_count(1000);
      return;
    case 4: {
      if (request.spool_size() >= 64) return;
      v1::SpooledResult& result = *request.add_spool();
      result.set_trial(AnyTrial(lab, random));
      result.set_attempt(1);
      request.set_spooled_count(static_cast<std::uint32_t>(request.spool_size()));
      return;
    }
    case 5:
      request.set_sequence(request.sequence() + random.Below(3));
      return;
    case 6:
      request.set_boot_id("another boot");
      return;
    default:
      return;
  }
}

void Replace(v1::UploadResultRequest& request, v1::Outcome outcome) {
  v1::TrialResult result;
  result.set_outcome(outcome);
  const std::string payload = result.SerializeAsString();
  request.set_chunk(payload);
  request.set_offset(0);
  request.set_total_bytes(payload.size());
  request.set_sha256(supervisor::Sha256(payload));
}

void LieInUpload(Lab& lab, scheduler::Random& random, v1::UploadResultRequest& request) {
  switch (random.Below(10)) {
    case 0:
      return request.set_trial(AnyTrial(lab, random));
    case 1:
      return request.set_attempt(1 + static_cast<std::uint32_t>(random.Below(4)));
    case 2:
      return Replace(request, v1::OUTCOME_COMPLETED);
    case 3:
      return Replace(request, v1::OUTCOME_LOST);
    case 4:
      return request.set_sha256(std::string(32, 'x'));
    default:
      return;
  }
}

}  // namespace

void MakeLiar(Lab& lab, BoardAgent& board, scheduler::Random& random) {
  lab.witness().OnDishonest(board.board());
  board.lies.report = [&lab, &random](v1::SynchronizeRequest& request) { LieInReport(lab, random, request); };
  board.lies.upload = [&lab, &random](v1::UploadResultRequest& request) { LieInUpload(lab, random, request); };
}

}  // namespace crosscall::sim
