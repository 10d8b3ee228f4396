// What single operators may do beyond their role. A certificate has each right as a URI of its own, behind the
// identity: `crosscall-right:NAME`.
//
// Pure. There is one spelling for each set, so that equal texts and equal sets are the same.
#ifndef PROTO_SHARED_OPERATOR_RIGHTS_H_
#define PROTO_SHARED_OPERATOR_RIGHTS_H_

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "proto/shared/identity.h"

namespace crosscall::shared {

enum class OperatorRight : std::uint8_t { kBoard, kPower };
inline constexpr std::array<OperatorRight, 2> kOperatorRights = {OperatorRight::kBoard, OperatorRight::kPower};

// `board`, `power`.
absl::string_view RightName(OperatorRight right);

// A set of them.
class OperatorRights {
 public:
  void Add(OperatorRight right) { bits_ |= Bit(right); }
  bool Has(OperatorRight right) const { return (bits_ & Bit(right)) != 0; }
  bool empty() const { return bits_ == 0; }

  friend bool operator==(const OperatorRights&, const OperatorRights&) = default;

 private:
  static std::uint32_t Bit(OperatorRight right) { return std::uint32_t{1} << static_cast<std::uint32_t>(right); }

  std::uint32_t bits_ = 0;
};

// In the order of kOperatorRights.
std::vector<std::string> NamesOf(const OperatorRights& rights);
// Any order; a name may be there twice. INVALID_ARGUMENT names what is no right.
absl::StatusOr<OperatorRights> ParseRights(const std::vector<std::string>& names);

// Whom a certificate speaks for, and what it lets him do.
struct Holder {
  Identity identity;
  OperatorRights rights;

  friend bool operator==(const Holder&, const Holder&) = default;
};

// INVALID_ARGUMENT: the rights are not for his role.
absl::Status CheckHolder(const Holder& holder);
// What UrisOf gives, and nothing else: the identity, then each right in the order of kOperatorRights. INVALID_ARGUMENT.
absl::StatusOr<Holder> HolderOf(const std::vector<std::string>& uris);
std::vector<std::string> UrisOf(const Holder& holder);

}  // namespace crosscall::shared

#endif  // PROTO_SHARED_OPERATOR_RIGHTS_H_
