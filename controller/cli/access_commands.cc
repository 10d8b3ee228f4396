// `join-token`, `enrol`, `certificates`, `revoke` and `audit`.
#include <filesystem>
#include <iostream>
#include <iterator>
#include <memory>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "controller/cli/axis_values.h"
#include "controller/cli/command.h"
#include "controller/cli/units.h"
#include "proto/shared/certificate.h"
#include "proto/shared/certificate_request.h"
#include "proto/shared/durable_file.h"
#include "proto/shared/private_file.h"

namespace crosscall::cli {
namespace {

constexpr std::size_t kDefaultLines = 100;
constexpr absl::Duration kMinTokenLife = absl::Seconds(1);
constexpr absl::Duration kMaxTokenLife = absl::Hours(24);

// Who a command is about.
struct Who {
  std::string board;
  std::string viewer;
  std::string user;
  std::string admin;
};

void AddWho(CLI::App& command, Who& who) {
  command.add_option("--board", who.board, "The agent of this board")->type_name("BOARD");
  command.add_option("--viewer", who.viewer, "A person who may read")->type_name("NAME");
  command.add_option("--operator", who.user, "A person who may also run sweeps, and cancel his own")->type_name("NAME");
  command.add_option("--admin", who.admin, "A person who may do everything")->type_name("NAME");
}

// ROLE/NAME of the one that was given; empty if none was, INVALID_ARGUMENT if several were.
absl::StatusOr<std::string> IdentityOf(const Who& who) {
  const std::pair<const char*, const std::string&> given[] = {
      {"agent/", who.board}, {"viewer/", who.viewer}, {"operator/", who.user}, {"admin/", who.admin}};
  std::string identity;
  for (const auto& [role, name] : given) {
    if (name.empty()) continue;
    if (!identity.empty()) return absl::InvalidArgumentError("give one of --board, --viewer, --operator and --admin");
    identity = absl::StrCat(role, name);
  }
  return identity;
}

absl::StatusOr<ExitCode> CreateJoinToken(CommandContext& context, const Who& who, const std::string& ttl,
                                         const std::vector<std::string>& rights) {
  const absl::StatusOr<std::string> identity = IdentityOf(who);
  if (!identity.ok()) return identity.status();
  if (identity->empty()) {
    return absl::InvalidArgumentError("for whom? Give one of --board, --viewer, --operator and --admin");
  }
  const absl::StatusOr<google::protobuf::Duration> life = ParseSpan(ttl, kMinTokenLife, kMaxTokenLife);
  if (!life.ok()) return absl::InvalidArgumentError(absl::StrCat("--ttl: ", life.status().message()));
  v1::CreateJoinTokenRequest request;
  request.set_identity(*identity);
  *request.mutable_ttl() = *life;
  for (const std::string& right : rights) request.add_rights(right);
  const absl::StatusOr<v1::CreateJoinTokenResponse> token = context.client.CreateJoinToken(request);
  if (!token.ok()) return token.status();
  if (absl::Status status = Print(context, *token, absl::StrCat(token->token(), "\n")); !status.ok()) return status;
  context.environment.err << "for " << *identity << ", once, until " << FormatInstant(token->expire_time()) << "\n";
  return ExitCode::kOk;
}

absl::StatusOr<std::string> ReadToken(const std::string& file) {
  if (file != "-") {
    const absl::StatusOr<std::string> text = shared::ReadPrivateFile(file);
    if (!text.ok()) return text.status();
    return std::string(absl::StripAsciiWhitespace(*text));
  }
  std::string line;
  std::getline(std::cin, line);
  return std::string(absl::StripAsciiWhitespace(line));
}

absl::StatusOr<ExitCode> Enrol(CommandContext& context, const CredentialFiles& files, const std::string& identity,
                               const std::string& token_file, const std::string& out) {
  if (files.ca.empty()) {
    return absl::InvalidArgumentError(
        "enrol needs --ca, the certificate of the lab's authority: the token must not go "
        "to anybody else");
  }
  const absl::StatusOr<std::string> ca = shared::ReadFile(files.ca, shared::kMaxPemBytes);
  if (!ca.ok()) return ca.status();
  const absl::StatusOr<shared::Certificate> authority = shared::ReadCertificate(*ca);
  if (!authority.ok()) return authority.status();
  const absl::StatusOr<shared::Identity> parsed = shared::ParseIdentityIn(authority->lab, identity);
  if (!parsed.ok()) return parsed.status();
  const absl::StatusOr<std::string> token = ReadToken(token_file);
  if (!token.ok()) return token.status();
  const absl::StatusOr<shared::KeyAndRequest> made = shared::MakeKeyAndRequest(*parsed);
  if (!made.ok()) return made.status();
  std::error_code error;
  std::filesystem::create_directories(out, error);
  if (error) return shared::ErrnoStatus(error.value(), absl::StrCat("make folder ", out));
  v1::EnrolRequest request;
  request.set_token(*token);
  request.set_certificate_request(made->certificate_request);
  const absl::StatusOr<std::string> certificate = context.client.Enrol(request);
  if (!certificate.ok()) return certificate.status();
  absl::Status status = shared::WriteDurably(out + "/identity.pem", absl::StrCat(made->private_key, *certificate));
  if (status.ok()) status = shared::WriteDurably(out + "/ca.pem", *ca);
  if (!status.ok()) return status;
  context.environment.err << "use it: export CROSSCALL_CA=" << out << "/ca.pem CROSSCALL_CERT=" << out
                          << "/identity.pem\n";
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> ListCertificates(CommandContext& context, std::size_t limit) {
  const absl::StatusOr<std::vector<v1::Certificate>> certificates = context.client.ListCertificates(limit);
  if (!certificates.ok()) return certificates.status();
  Sheet sheet({{"issue_time", "ISSUED"},
               {"identity", "IDENTITY"},
               {"rights", "RIGHTS"},
               {"serial", "SERIAL"},
               {"expire_time", "EXPIRES"},
               {"revoke_time", "REVOKED"},
               {"revoke_reason", "REASON"}});
  for (const v1::Certificate& certificate : *certificates) {
    const bool revoked = certificate.has_revoke_time();
    sheet.Add({Cell::Text(FormatInstantExactly(certificate.issue_time()), FormatInstant(certificate.issue_time())),
               Cell::Text(certificate.identity()), Cell::Text(absl::StrJoin(certificate.rights(), ",")),
               Cell::Text(certificate.serial()),
               Cell::Text(FormatInstantExactly(certificate.expire_time()), FormatInstant(certificate.expire_time())),
               Cell::Text(revoked ? FormatInstantExactly(certificate.revoke_time()) : "",
                          revoked ? FormatInstant(certificate.revoke_time()) : ""),
               Cell::Text(certificate.revoke_reason())});
  }
  context.environment.out << sheet.Render(context.format);
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> Revoke(CommandContext& context, const Who& who, const std::string& serial,
                                const std::string& reason) {
  const absl::StatusOr<std::string> identity = IdentityOf(who);
  if (!identity.ok()) return identity.status();
  if (identity->empty() == serial.empty()) {
    return absl::InvalidArgumentError("of whom? Give one of --board, --viewer, --operator, --admin and --serial");
  }
  v1::RevokeCertificatesRequest request;
  request.set_identity(*identity);
  request.set_serial(serial);
  request.set_reason(reason);
  const absl::StatusOr<std::uint32_t> count = context.client.RevokeCertificates(request);
  if (!count.ok()) return count.status();
  Sheet sheet({{"revoked", "REVOKED", Align::kRight}});
  sheet.Add({Cell::Number(*count)});
  context.environment.out << sheet.Render(context.format);
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> ListAudit(CommandContext& context, std::size_t limit) {
  const absl::StatusOr<std::vector<v1::AuditEntry>> entries = context.client.ListAuditEntries(limit);
  if (!entries.ok()) return entries.status();
  Sheet sheet({{"time", "TIME"},
               {"actor", "WHO"},
               {"action", "WHAT"},
               {"object", "ON"},
               {"outcome", "OUTCOME"},
               {"detail", "DETAIL"},
               {"address", "FROM"},
               {"serial", "SERIAL", Align::kLeft, Audience::kScripts}});
  for (const v1::AuditEntry& entry : *entries) {
    sheet.Add({Cell::Text(FormatInstantExactly(entry.time()), FormatInstant(entry.time())), Cell::Text(entry.actor()),
               Cell::Text(entry.action()), Cell::Text(entry.object()), Cell::Text(entry.outcome()),
               Cell::Text(entry.detail()), Cell::Text(entry.address()), Cell::Text(entry.serial())});
  }
  context.environment.out << sheet.Render(context.format);
  return ExitCode::kOk;
}

void AddJoinToken(CLI::App& root, Invocation& invocation) {
  CLI::App* token = root.add_subcommand("join-token", "Let a machine or a person into the lab");
  token->require_subcommand(1);
  CLI::App* create = token->add_subcommand("create", "Prints a token that gets one certificate, once");
  const auto who = std::make_shared<Who>();
  const auto ttl = std::make_shared<std::string>("1h");
  AddWho(*create, *who);
  create->add_option("--ttl", *ttl, "How long it can be used, 1s to 24h")->capture_default_str()->type_name("SPAN");
  const auto rights = std::make_shared<std::vector<std::string>>();
  create
      ->add_option(
          "--right", *rights,
          "What an operator may do beyond his role; repeat for more. board: schedules, others' sweeps, and drain, "
          "quarantine, release and label boards; power: switch boards off and on")
      ->allow_extra_args(false)
      ->check(CLI::IsMember({"board", "power"}))
      ->type_name("RIGHT");
  create->callback([&invocation, who, ttl, rights] {
    invocation.action = [who, ttl, rights](CommandContext& context) {
      return CreateJoinToken(context, *who, *ttl, *rights);
    };
  });
}

void AddEnrol(CLI::App& root, Invocation& invocation) {
  CLI::App* enrol = root.add_subcommand("enrol", "Turns a join token into your certificate (agents do it themselves)");
  const auto identity = std::make_shared<std::string>();
  const auto token_file = std::make_shared<std::string>("-");
  const auto out = std::make_shared<std::string>();
  enrol->add_option("identity", *identity, "As the token was made for, such as operator/ann")
      ->required()
      ->type_name("ROLE/NAME");
  enrol->add_option("--join-token-file", *token_file, "File with the token, mode 0600; -: standard input")
      ->capture_default_str()
      ->type_name("FILE");
  enrol->add_option("--out", *out, "Folder for ca.pem and identity.pem")->required()->type_name("DIR");
  enrol->callback([&invocation, identity, token_file, out] {
    invocation.action = [&invocation, identity, token_file, out](CommandContext& context) {
      return Enrol(context, invocation.credentials, *identity, *token_file, *out);
    };
  });
}

void AddRevoke(CLI::App& root, Invocation& invocation) {
  CLI::App* revoke = root.add_subcommand("revoke", "Ends certificates, and unused tokens, at once");
  const auto who = std::make_shared<Who>();
  const auto serial = std::make_shared<std::string>();
  const auto reason = std::make_shared<std::string>();
  AddWho(*revoke, *who);
  revoke->add_option("--serial", *serial, "One certificate; `crosscallctl certificates` shows them")
      ->type_name("SERIAL");
  revoke->add_option("--reason", *reason, "Why, for the audit log")->required()->type_name("TEXT");
  revoke->callback([&invocation, who, serial, reason] {
    invocation.action = [who, serial, reason](CommandContext& context) {
      return Revoke(context, *who, *serial, *reason);
    };
  });
}

}  // namespace

void AddAccessCommands(CLI::App& root, Invocation& invocation) {
  AddJoinToken(root, invocation);
  AddEnrol(root, invocation);
  AddRevoke(root, invocation);
  const auto limit = std::make_shared<std::size_t>(kDefaultLines);
  CLI::App* certificates = root.add_subcommand("certificates", "Certificates of the lab, newest first");
  certificates->add_option("--limit", *limit, "At most so many")->capture_default_str()->type_name("COUNT");
  certificates->callback([&invocation, limit] {
    invocation.action = [limit](CommandContext& context) { return ListCertificates(context, *limit); };
  });
  CLI::App* audit = root.add_subcommand("audit", "Who changed what, and who was refused, newest first");
  audit->add_option("--limit", *limit, "At most so many")->capture_default_str()->type_name("COUNT");
  audit->callback([&invocation, limit] {
    invocation.action = [limit](CommandContext& context) { return ListAudit(context, *limit); };
  });
}

}  // namespace crosscall::cli
