#include "proto/shared/loopback.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "proto/shared/durable_file.h"
#include "proto/shared/sanitize.h"

namespace crosscall::shared {
namespace {

constexpr std::uint32_t kLoopbackNet = 127;
constexpr std::size_t kShownBytes = 80;

absl::Status WrongForm(absl::string_view text) {
  return absl::InvalidArgumentError(absl::StrCat("listen address \"", CleanText(text, kShownBytes),
                                                 "\": want HOST:PORT with a port from 0 (any free one) to 65535, for "
                                                 "example 127.0.0.1:7000 or [::1]:7000"));
}

// Binds and listens once. Returns 0 or the errno.
int TryToListen(const ListenAddress& address) {
  sockaddr_storage storage{};
  socklen_t size = 0;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&storage);
  if (inet_pton(AF_INET, address.host.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(static_cast<std::uint16_t>(address.port));
    size = sizeof(*v4);
  } else if (inet_pton(AF_INET6, address.host.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(static_cast<std::uint16_t>(address.port));
    size = sizeof(*v6);
  } else {
    return EINVAL;
  }
  const int fd = socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  const int on = 1;
  // As servers do: a port in TIME_WAIT is not in use.
  (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  const bool listening = bind(fd, reinterpret_cast<const sockaddr*>(&storage), size) == 0 && listen(fd, 1) == 0;
  const int error = listening ? 0 : errno;
  close(fd);
  return error;
}

}  // namespace

bool IsLoopback(const ListenAddress& address) {
  in_addr v4{};
  if (inet_pton(AF_INET, address.host.c_str(), &v4) == 1) return ntohl(v4.s_addr) >> 24 == kLoopbackNet;
  in6_addr v6{};
  return inet_pton(AF_INET6, address.host.c_str(), &v6) == 1 && std::memcmp(&v6, &in6addr_loopback, sizeof(v6)) == 0;
}

namespace {

// The form alone; the host may be a name.
absl::StatusOr<ListenAddress> Split(absl::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == absl::string_view::npos || colon == 0) return WrongForm(text);
  absl::string_view host = text.substr(0, colon);
  const absl::string_view port = text.substr(colon + 1);
  ListenAddress address;
  // SimpleAtoi would take blanks and signs too.
  const bool digits = std::all_of(port.begin(), port.end(), absl::ascii_isdigit);
  if (!digits || !absl::SimpleAtoi(port, &address.port) || address.port > 65535) return WrongForm(text);
  if (host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (absl::StrContains(host, ':')) {
    return WrongForm(text);
  }
  address.host = host == "localhost" ? "127.0.0.1" : std::string{host};
  return address;
}

}  // namespace

bool IsLoopbackTarget(absl::string_view host_port) {
  const absl::StatusOr<ListenAddress> address = Split(host_port);
  return address.ok() && IsLoopback(*address);
}

absl::StatusOr<ListenAddress> ParseListen(absl::string_view text) {
  absl::StatusOr<ListenAddress> address = Split(text);
  if (!address.ok()) return address;
  in6_addr parsed{};
  if (inet_pton(AF_INET, address->host.c_str(), &parsed) == 1 ||
      inet_pton(AF_INET6, address->host.c_str(), &parsed) == 1) {
    return address;
  }
  return WrongForm(text);
}

absl::StatusOr<ListenAddress> ParseLoopback(absl::string_view text) {
  absl::StatusOr<ListenAddress> address = Split(text);
  if (!address.ok() || IsLoopback(*address)) return address;
  return absl::FailedPreconditionError(absl::StrCat(
      "listen address \"", CleanText(text, kShownBytes),
      "\" is not loopback: without certificates whoever reached it could do as he likes. Listen on 127.0.0.1:PORT, and "
      "reach it from elsewhere through a tunnel, for example ssh -L; or serve gRPC with certificates, see "
      "`crosscall-controller init --help`"));
}

std::string ToString(const ListenAddress& address) {
  const bool v6 = absl::StrContains(address.host, ':');
  return absl::StrCat(v6 ? "[" : "", address.host, v6 ? "]:" : ":", address.port);
}

absl::Status WhyNotListening(const ListenAddress& address) {
  const std::string what = absl::StrCat("cannot listen on ", ToString(address));
  const int error = TryToListen(address);
  if (error == 0) return absl::UnavailableError(absl::StrCat(what, ": the port was in use a moment ago; start again"));
  if (error == EADDRINUSE) {
    return absl::AlreadyExistsError(absl::StrCat(
        what,
        ": the port is in use. Stop the program that has it (`ss -ltnp` shows which) or choose another port; 0 takes "
        "any free one"));
  }
  if (error == EADDRNOTAVAIL || error == EAFNOSUPPORT) {
    return absl::FailedPreconditionError(
        absl::StrCat(what, ": this machine does not have that address; use 127.0.0.1"));
  }
  return ErrnoStatus(error, what);
}

}  // namespace crosscall::shared
