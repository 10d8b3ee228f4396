// What only an onlooker of the whole lab knows: which worker runs where, who was heard when, which result was really
// made. The rules compare the store with it. Not thread-safe.
#ifndef TESTS_SIM_WITNESS_H_
#define TESTS_SIM_WITNESS_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "absl/time/time.h"
#include "crosscall/v1/board_service.pb.h"
#include "crosscall/v1/result.pb.h"

namespace crosscall::sim {

// Trial, attempt, SHA-256 of the payload.
using UploadKey = std::tuple<std::string, std::uint32_t, std::string>;
// Trial, attempt.
using LeaseKey = std::pair<std::string, std::uint32_t>;

class Witness {
 public:
  // A worker of the board runs the lease; `stopped`: it is being killed or has ended.
  void OnWorkerStart(const std::string& board, const LeaseKey& lease) { running_[board].insert(lease); }
  void OnWorkerStop(const std::string& board, const LeaseKey& lease) { running_[board].erase(lease); }
  bool Runs(const std::string& board, const LeaseKey& lease) const {
    const auto found = running_.find(board);
    return found != running_.end() && found->second.count(lease) > 0;
  }
  const std::set<LeaseKey>& Running(const std::string& board) const {
    static const std::set<LeaseKey> kNone;
    const auto found = running_.find(board);
    return found == running_.end() ? kNone : found->second;
  }

  // The payload of an honest worker's result.
  void OnResultMade(UploadKey key, v1::Outcome outcome) { made_[std::move(key)] = outcome; }
  v1::Outcome OutcomeMade(const UploadKey& key) const {
    const auto found = made_.find(key);
    return found == made_.end() ? v1::OUTCOME_UNSPECIFIED : found->second;
  }

  // A call of the agent has reached the controller. One that was overtaken is
  // no sign of life, and a repeated one is not applied.
  void OnReport(const v1::SynchronizeRequest& request, absl::Duration now) {
    Heard& heard = heard_[request.board()];
    const bool known = heard.incarnation == request.incarnation_id();
    if (known && request.sequence() < heard.sequence) return;
    heard.last = now;
    if (known && request.sequence() == heard.sequence) return;
    heard.incarnation = request.incarnation_id();
    heard.sequence = request.sequence();
    heard.listed.clear();
    for (const v1::HeldLease& lease : request.leases()) heard.listed.insert({lease.trial(), lease.attempt()});
    for (const v1::SpooledResult& result : request.spool()) heard.listed.insert({result.trial(), result.attempt()});
    for (const LeaseKey& lease : heard.listed) last_listed_[{request.board(), lease}] = now;
  }
  absl::Duration LastHeard(const std::string& board) const {
    const auto found = heard_.find(board);
    return found == heard_.end() ? -absl::InfiniteDuration() : found->second.last;
  }
  // The board's last report does not list the lease.
  bool LastReportOmits(const std::string& board, const LeaseKey& lease) const {
    const auto found = heard_.find(board);
    return found != heard_.end() && found->second.listed.count(lease) == 0;
  }
  // When the lease was last in a report of that board, or in its spool. A liar may list another board's.
  absl::Duration LastListed(const std::string& board, const LeaseKey& lease) const {
    const auto found = last_listed_.find({board, lease});
    return found == last_listed_.end() ? -absl::InfiniteDuration() : found->second;
  }

  // An operator asks for the board's release.
  void OnReleaseAsked(const std::string& board) { ++releases_asked_[board]; }
  int ReleasesAsked(const std::string& board) const {
    const auto found = releases_asked_.find(board);
    return found == releases_asked_.end() ? 0 : found->second;
  }

  // It was started, or read its world again: it has heard nobody yet.
  void OnControllerStart(absl::Duration now) {
    controller_start_ = now;
    heard_.clear();
  }
  absl::Duration controller_start() const { return controller_start_; }

  // Boards whose words are no evidence (their agent lies, or two machines use their name), and boards that were paused:
  // their workers may outlive what they were told.
  void OnDishonest(const std::string& board) { dishonest_.insert(board); }
  bool IsHonest(const std::string& board) const { return dishonest_.count(board) == 0; }
  void OnPaused(const std::string& board) { paused_.insert(board); }
  // A board stands still from its wedge until its power goes.
  void OnWedged(const std::string& board) {
    OnPaused(board);
    wedged_until_[board] = absl::InfiniteDuration();
  }
  void OnUnwedged(const std::string& board, absl::Duration now) { wedged_until_[board] = now; }
  bool WasWedgedAfter(const std::string& board, absl::Duration time) const {
    const auto found = wedged_until_.find(board);
    return found != wedged_until_.end() && found->second >= time;
  }
  bool WasPaused(const std::string& board) const { return paused_.count(board) > 0; }

 private:
  struct Heard {
    std::string incarnation;
    std::uint64_t sequence = 0;
    absl::Duration last = -absl::InfiniteDuration();
    std::set<LeaseKey> listed;
  };
  std::map<std::string, std::set<LeaseKey>> running_;
  std::map<UploadKey, v1::Outcome> made_;
  std::map<std::string, Heard> heard_;
  std::map<std::pair<std::string, LeaseKey>, absl::Duration> last_listed_;
  std::map<std::string, int> releases_asked_;
  std::set<std::string> dishonest_;
  std::set<std::string> paused_;
  std::map<std::string, absl::Duration> wedged_until_;
  absl::Duration controller_start_ = -absl::InfiniteDuration();
};

}  // namespace crosscall::sim

#endif  // TESTS_SIM_WITNESS_H_
