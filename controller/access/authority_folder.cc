#include "controller/access/authority_folder.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "proto/shared/durable_file.h"
#include "proto/shared/private_file.h"

namespace crosscall::access {
namespace {

std::string Folder(const std::string& state_dir) { return state_dir + "/authority"; }
std::string KeyFile(const std::string& state_dir) { return Folder(state_dir) + "/ca.key"; }

absl::Status WriteAll(const std::string& folder, const Authority& authority, const std::string& server_pem) {
  const absl::StatusOr<std::string> key = authority.PrivateKey();
  if (!key.ok()) return key.status();
  absl::Status status = shared::WriteDurably(folder + "/ca.key", *key);
  if (status.ok()) status = shared::WriteDurably(folder + "/ca.pem", authority.certificate());
  if (status.ok()) status = shared::WriteDurably(folder + "/server.pem", server_pem);
  return status;
}

}  // namespace

std::string CertificateFile(const std::string& state_dir) { return Folder(state_dir) + "/ca.pem"; }
std::string ServerFile(const std::string& state_dir) { return Folder(state_dir) + "/server.pem"; }

bool HasAuthority(const std::string& state_dir) {
  struct stat status = {};
  return stat(Folder(state_dir).c_str(), &status) == 0;
}

absl::Status SaveAuthority(const std::string& state_dir, const Authority& authority, const std::string& server_pem) {
  if (HasAuthority(state_dir)) {
    return absl::AlreadyExistsError(absl::StrCat(Folder(state_dir),
                                                 " is there already: a lab has one authority, and every certificate "
                                                 "would become worthless with a new one"));
  }
  const std::string partial = Folder(state_dir) + ".partial";
  std::error_code error;
  // Of an init that was cut short.
  std::filesystem::remove_all(partial, error);
  if (mkdir(partial.c_str(), S_IRWXU) != 0) return shared::ErrnoStatus(errno, absl::StrCat("make folder ", partial));
  if (absl::Status status = WriteAll(partial, authority, server_pem); !status.ok()) {
    std::filesystem::remove_all(partial, error);
    return status;
  }
  if (rename(partial.c_str(), Folder(state_dir).c_str()) != 0) {
    return shared::ErrnoStatus(errno, absl::StrCat("rename ", partial));
  }
  return absl::OkStatus();
}

absl::Status SaveServer(const std::string& state_dir, const std::string& server_pem) {
  return shared::WriteDurably(ServerFile(state_dir), server_pem);
}

absl::Status CheckServerFile(const std::string& state_dir, absl::Time now) {
  const absl::StatusOr<std::string> pem = shared::ReadPrivateFile(ServerFile(state_dir));
  if (!pem.ok()) return pem.status();
  const absl::StatusOr<shared::Certificate> certificate = shared::ReadCertificate(*pem);
  const absl::StatusOr<shared::KeyPtr> key = shared::ParseKey(*pem);
  absl::Status status = certificate.ok() ? key.status() : certificate.status();
  if (status.ok()) status = shared::CheckValidity(*certificate, now, "this machine");
  if (status.ok()) return status;
  return absl::FailedPreconditionError(
      absl::StrCat(ServerFile(state_dir), ": ", status.message(),
                   "; a new one comes with: crosscall-controller server-certificate --host HOST"));
}

absl::StatusOr<std::unique_ptr<Authority>> LoadAuthority(const std::string& state_dir) {
  if (!HasAuthority(state_dir)) {
    return absl::NotFoundError(absl::StrCat("no certificates in ", state_dir,
                                            ": make the lab's with `crosscall-controller init`, or serve this machine "
                                            "alone, without certificates, with --insecure"));
  }
  for (const std::string& file : {Folder(state_dir), ServerFile(state_dir)}) {
    if (absl::Status status = shared::CheckPrivate(file); !status.ok()) return status;
  }
  const absl::StatusOr<std::string> key = shared::ReadPrivateFile(KeyFile(state_dir));
  if (!key.ok()) return key.status();
  const absl::StatusOr<std::string> certificate = shared::ReadFile(CertificateFile(state_dir), shared::kMaxPemBytes);
  if (!certificate.ok()) return certificate.status();
  absl::StatusOr<std::unique_ptr<Authority>> authority = Authority::Load(*certificate, *key);
  if (authority.ok()) return authority;
  return absl::Status(authority.status().code(), absl::StrCat(Folder(state_dir), ": ", authority.status().message()));
}

}  // namespace crosscall::access
