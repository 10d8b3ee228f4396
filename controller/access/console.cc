#include "controller/access/console.h"

#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/access/authority.h"
#include "controller/access/authority_folder.h"
#include "controller/store/store.h"
#include "proto/shared/durable_file.h"

namespace crosscall::access {
namespace {

absl::StatusOr<std::unique_ptr<store::Store>> OpenStore(const std::string& state_dir) {
  store::Options options;
  options.folder = state_dir;
  return store::Store::Open(std::move(options));
}

absl::Status WriteIdentity(const std::string& folder, const std::string& authority_pem,
                           const std::string& identity_pem) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return shared::ErrnoStatus(error.value(), absl::StrCat("make folder ", folder));
  if (absl::Status status = shared::WriteDurably(folder + "/ca.pem", authority_pem); !status.ok()) return status;
  return shared::WriteDurably(folder + "/identity.pem", identity_pem);
}

// Makes, records and writes the certificate of one person or agent.
absl::Status Issue(store::Store& store, const Authority& authority, const shared::Identity& identity,
                   const std::string& action, const std::string& out, absl::Time now) {
  const absl::StatusOr<shared::KeyAndRequest> made = shared::MakeKeyAndRequest(identity);
  if (!made.ok()) return made.status();
  const absl::StatusOr<CheckedRequest> request = CheckRequest(made->certificate_request);
  if (!request.ok()) return request.status();
  const absl::StatusOr<Issued> issued = authority.Issue(*request, now, kPersonLife);
  if (!issued.ok()) return issued.status();
  const std::string uri = shared::ToUri(identity);
  const std::unique_ptr<store::Transaction> transaction = store.Begin();
  transaction->AddCertificate({.serial = issued->serial,
                               .identity = uri,
                               .key_sha256 = request->key_sha256,
                               .issue_time = now,
                               .expire_time = issued->not_after,
                               .revoke_time = absl::UnixEpoch(),
                               .revoke_reason = "",
                               .rights = ""});
  transaction->AddAudit({.time = now,
                         .actor = "console",
                         .serial = "",
                         .action = action,
                         .object = uri,
                         .outcome = "OK",
                         .detail = absl::StrCat("certificate ", issued->serial),
                         .address = ""});
  if (absl::Status status = transaction->Commit(); !status.ok()) return status;
  return WriteIdentity(out, authority.certificate(), absl::StrCat(made->private_key, issued->pem));
}

}  // namespace

absl::Status InitLab(const NewLab& lab, const shared::Clock& clock) {
  const absl::Time now = clock.Wall();
  absl::StatusOr<std::unique_ptr<Authority>> authority = Authority::Make(lab.lab, now);
  if (!authority.ok()) return authority.status();
  const absl::StatusOr<shared::Identity> admin = shared::ParseIdentityIn(lab.lab, absl::StrCat("admin/", lab.admin));
  if (!admin.ok()) return admin.status();
  const absl::StatusOr<std::string> server = (*authority)->IssueServer(lab.hosts, now, kServerLife);
  if (!server.ok()) return server.status();
  absl::StatusOr<std::unique_ptr<store::Store>> store = OpenStore(lab.state_dir);
  if (!store.ok()) return store.status();
  if (HasAuthority(lab.state_dir)) return SaveAuthority(lab.state_dir, **authority, *server);
  // The authority comes last: what is there without it is worth nothing and is replaced by the next try.
  if (absl::Status status = Issue(**store, **authority, *admin, "init", lab.out, now); !status.ok()) return status;
  return SaveAuthority(lab.state_dir, **authority, *server);
}

absl::Status IssueToFolder(const std::string& state_dir, const std::string& role_and_name, const std::string& out,
                           const shared::Clock& clock) {
  const absl::StatusOr<std::unique_ptr<Authority>> authority = LoadAuthority(state_dir);
  if (!authority.ok()) return authority.status();
  const absl::StatusOr<shared::Identity> identity = shared::ParseIdentityIn((*authority)->lab(), role_and_name);
  if (!identity.ok()) return identity.status();
  absl::StatusOr<std::unique_ptr<store::Store>> store = OpenStore(state_dir);
  if (!store.ok()) return store.status();
  return Issue(**store, **authority, *identity, "issue", out, clock.Wall());
}

absl::Status RenewServer(const std::string& state_dir, const std::vector<std::string>& hosts,
                         const shared::Clock& clock) {
  const absl::StatusOr<std::unique_ptr<Authority>> authority = LoadAuthority(state_dir);
  if (!authority.ok()) return authority.status();
  const absl::StatusOr<std::string> server = (*authority)->IssueServer(hosts, clock.Wall(), kServerLife);
  if (!server.ok()) return server.status();
  return SaveServer(state_dir, *server);
}

}  // namespace crosscall::access
