// What a sweep found besides latencies: hangs and wedges, verdicts of explorations, and attempts that do not count.
#ifndef CONTROLLER_REPORT_FINDINGS_H_
#define CONTROLLER_REPORT_FINDINGS_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "controller/report/point_key.h"
#include "crosscall/v1/result_service.pb.h"
#include "proto/shared/json.h"

namespace crosscall::report {

// "invalid: 0 of 12 interrupts seen", "lost: its board fell silent".
std::string AttemptWords(const v1::Result& result);

// Not thread-safe. Memory is bounded: of each kind of finding a number is kept, the rest counted.
class Findings {
 public:
  // `decides`: the attempt is its trial's last.
  void Add(const PointKey& key, const v1::Result& result, bool decides);

  // The keys `hangs`, `explorations`, `troubles` and `trouble_counts` of an object.
  void Write(shared::Json& json) const;
  // A sentence for each kind of which something was left out.
  std::vector<std::string> LeftOut() const;

 private:
  // Hangs with the same are one finding: scenario, implementation, class, cycle.
  using Fingerprint = std::tuple<PointKey, int, std::string>;
  struct HangKind {
    PointKey key;
    v1::Result first;
    std::uint64_t count = 0;
    std::set<std::string> boards;
  };
  struct Explored {
    PointKey key;
    std::string attempt;
    v1::Exploration exploration;
  };
  struct Trouble {
    PointKey key;
    std::string attempt;
    std::string outcome;
    std::string reason;
    bool decides = false;
  };

  void AddHang(const PointKey& key, const v1::Result& result);
  void AddTrouble(const PointKey& key, const v1::Result& result, bool decides);
  static void WriteHang(const HangKind& kind, shared::Json& json);
  static void WriteExploration(const Explored& explored, shared::Json& json);

  std::map<Fingerprint, HangKind> hangs_;
  std::vector<Explored> explorations_;
  std::vector<Trouble> troubles_;
  std::map<std::string, std::uint64_t> trouble_counts_;
  std::uint64_t hangs_left_out_ = 0;
  std::uint64_t explorations_left_out_ = 0;
};

}  // namespace crosscall::report

#endif  // CONTROLLER_REPORT_FINDINGS_H_
