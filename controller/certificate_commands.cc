#include "controller/certificate_commands.h"

#include <memory>
#include <vector>

#include "absl/strings/str_format.h"
#include "controller/access/console.h"
#include "proto/shared/clock.h"

namespace crosscall {
namespace {

constexpr char kHostHelp[] = "DNS name or address by which clients call; repeat for more";

void SayWhereIdentityIs(const std::string& out) {
  absl::PrintF("in %s: ca.pem (for everybody) and identity.pem (secret)\n", out);
  absl::PrintF("use it: export CROSSCALL_CA=%s/ca.pem CROSSCALL_CERT=%s/identity.pem\n", out, out);
}

void AddInit(CLI::App& app, const std::string& state_dir, ConsoleCommand& command) {
  CLI::App* init = app.add_subcommand("init",
                                      "Makes the lab's certificate authority, the controller's certificate and "
                                      "that of the first administrator");
  const auto lab = std::make_shared<access::NewLab>();
  lab->lab = "lab";
  lab->admin = "admin";
  lab->hosts = {"localhost", "127.0.0.1", "::1"};
  init->add_option("--lab", lab->lab, "Name of the lab, [a-z0-9-]{1,63}")->capture_default_str()->type_name("NAME");
  init->add_option("--host", lab->hosts, kHostHelp)->allow_extra_args(false)->capture_default_str()->type_name("HOST");
  init->add_option("--admin", lab->admin, "Name of the first administrator")->capture_default_str()->type_name("NAME");
  init->add_option("--out", lab->out, "Folder for the administrator's files; default: admin/ in the state folder")
      ->type_name("DIR");
  init->callback([&state_dir, &command, lab] {
    command = [&state_dir, lab] {
      lab->state_dir = state_dir;
      if (lab->out.empty()) lab->out = state_dir + "/admin";
      absl::Status status = access::InitLab(*lab, shared::SystemClock());
      if (!status.ok()) return status;
      absl::PrintF("lab %s has its authority in %s/authority\n", lab->lab, state_dir);
      SayWhereIdentityIs(lab->out);
      return status;
    };
  });
}

void AddIssue(CLI::App& app, const std::string& state_dir, ConsoleCommand& command) {
  CLI::App* issue =
      app.add_subcommand("issue",
                         "Issues a certificate here, while the controller is stopped; for an administrator "
                         "without a valid one. Others get join tokens: crosscallctl join-token create");
  const auto identity = std::make_shared<std::string>();
  const auto out = std::make_shared<std::string>();
  issue->add_option("identity", *identity, "Such as admin/ann")->required()->type_name("ROLE/NAME");
  issue->add_option("--out", *out, "Folder for ca.pem and identity.pem")->required()->type_name("DIR");
  issue->callback([&state_dir, &command, identity, out] {
    command = [&state_dir, identity, out] {
      absl::Status status = access::IssueToFolder(state_dir, *identity, *out, shared::SystemClock());
      if (status.ok()) SayWhereIdentityIs(*out);
      return status;
    };
  });
}

void AddServerCertificate(CLI::App& app, const std::string& state_dir, ConsoleCommand& command) {
  CLI::App* server = app.add_subcommand("server-certificate",
                                        "Gives the controller a new key and certificate, valid a "
                                        "year; one that runs takes them up by itself");
  const auto hosts = std::make_shared<std::vector<std::string>>();
  server->add_option("--host", *hosts, kHostHelp)->required()->allow_extra_args(false)->type_name("HOST");
  server->callback([&state_dir, &command, hosts] {
    command = [&state_dir, hosts] { return access::RenewServer(state_dir, *hosts, shared::SystemClock()); };
  });
}

}  // namespace

void AddCertificateCommands(CLI::App& app, const std::string& state_dir, ConsoleCommand& command) {
  AddInit(app, state_dir, command);
  AddIssue(app, state_dir, command);
  AddServerCertificate(app, state_dir, command);
}

}  // namespace crosscall
