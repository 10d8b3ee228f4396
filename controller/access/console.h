// What is done on the controller's own machine, with its state folder and no network: the lab's beginning, and what
// must work when no administrator has a valid certificate any more. Each has its audit entry, by `console`.
//
// Not for use beside a running controller, but RenewServer: the folder's lock refuses the others.
#ifndef CONTROLLER_ACCESS_CONSOLE_H_
#define CONTROLLER_ACCESS_CONSOLE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "proto/shared/clock.h"

namespace crosscall::access {

inline constexpr absl::Duration kServerLife = absl::Hours(24 * 365);

struct NewLab {
  std::string state_dir;
  std::string lab;
  // By which clients call the controller.
  std::vector<std::string> hosts;
  std::string admin;
  // Gets ca.pem and identity.pem of the first administrator.
  std::string out;
};

// Makes the authority, the server's certificate and the first administrator's. ALREADY_EXISTS: the folder has an
// authority. After an error there is none, and it can be tried again.
absl::Status InitLab(const NewLab& lab, const shared::Clock& clock);

// Issues a certificate for ROLE/NAME, with a new key, into `out`. NOT_FOUND: there is no authority.
absl::Status IssueToFolder(const std::string& state_dir, const std::string& role_and_name, const std::string& out,
                           const shared::Clock& clock);

// A new key and certificate for the server; a controller that runs takes them up by itself.
absl::Status RenewServer(const std::string& state_dir, const std::vector<std::string>& hosts,
                         const shared::Clock& clock);

}  // namespace crosscall::access

#endif  // CONTROLLER_ACCESS_CONSOLE_H_
