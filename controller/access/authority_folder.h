// The authority on disk: `authority/` in the controller's state folder.
//
//   ca.pem      its certificate, for everybody
//   ca.key      its key
//   server.pem  the controller's key and certificate, in one file, so that both are replaced at once
//
// Stateless; not for two writers at once.
#ifndef CONTROLLER_ACCESS_AUTHORITY_FOLDER_H_
#define CONTROLLER_ACCESS_AUTHORITY_FOLDER_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "controller/access/authority.h"

namespace crosscall::access {

std::string CertificateFile(const std::string& state_dir);
std::string ServerFile(const std::string& state_dir);

bool HasAuthority(const std::string& state_dir);

// Writes all three files, or none: ALREADY_EXISTS if there is an authority, which is never replaced.
absl::Status SaveAuthority(const std::string& state_dir, const Authority& authority, const std::string& server_pem);
// Replaces the server's; a controller that runs takes it up by itself.
absl::Status SaveServer(const std::string& state_dir, const std::string& server_pem);

// FAILED_PRECONDITION: the server's certificate is damaged or not valid at `now`; says how to replace it.
absl::Status CheckServerFile(const std::string& state_dir, absl::Time now);

// NOT_FOUND: there is none. PERMISSION_DENIED: others may read a key. The server's file is checked too.
absl::StatusOr<std::unique_ptr<Authority>> LoadAuthority(const std::string& state_dir);

}  // namespace crosscall::access

#endif  // CONTROLLER_ACCESS_AUTHORITY_FOLDER_H_
