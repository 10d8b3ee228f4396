#!/usr/bin/env bash
# Installs what crosscall needs to build on Debian 12. Does nothing, and needs neither root nor network, if all is there.
set -euo pipefail

usage() {
  cat <<'END'
Usage: deploy/install-deps.sh [--tests]

Installs the Debian packages that the build needs.
  --tests   also what the tests, the checks and the benchmarks need

Exit codes: 0 all is installed, 1 not (the reason is printed), 2 bad use.
END
}

packages=(g++ cmake ninja-build pkg-config ccache python3
  libgrpc++-dev protobuf-compiler protobuf-compiler-grpc libprotobuf-dev libabsl-dev
  prometheus-cpp-dev libcpp-httplib-dev libyaml-cpp-dev libsqlite3-dev libssl-dev zlib1g-dev libcli11-dev libboost-context-dev tzdata
  libgtest-dev libgmock-dev libbenchmark-dev)
test_packages=(clang libclang-rt-14-dev clang-format clang-tidy patch prometheus prometheus-alertmanager openssl libdpdk-dev iproute2 chromium
               fonts-dejavu-core)

with_tests=no
for argument in "$@"; do
  case "$argument" in
    --tests) with_tests=yes ;;
    -h | --help)
      usage
      exit 0
      ;;
    *)
      echo "install-deps.sh: found \"$argument\"; allowed: --tests, --help" >&2
      exit 2
      ;;
  esac
done
if [[ $with_tests == yes ]]; then
  packages+=("${test_packages[@]}")
  # A node that did not come as a package brings its own npm; the packaged one would fight with it.
  command -v npm >/dev/null || packages+=(nodejs npm)
fi

is_installed() {
  [[ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" == installed ]]
}

missing=()
for package in "${packages[@]}"; do
  is_installed "$package" || missing+=("$package")
done
if ((${#missing[@]} == 0)); then
  exit 0
fi

if ((EUID != 0)); then
  echo "install-deps.sh: needs root to install: ${missing[*]}" >&2
  echo "install-deps.sh: run it again as root, for example: sudo $0 $*" >&2
  exit 1
fi

echo "install-deps.sh: installing: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
log="$(mktemp)"
trap 'rm -f "$log"' EXIT
# Another apt may hold the lock for a while, as unattended upgrades do after a boot.
apt=(apt-get -o DPkg::Lock::Timeout=600 -o APT::Update::Error-Mode=any --yes --quiet)
install() {
  "${apt[@]}" install --no-install-recommends "${missing[@]}"
}
# The lists may be old or not there at all: they are fetched once the first try fails.
if ! install >"$log" 2>&1 && ! { "${apt[@]}" update && install; } >>"$log" 2>&1; then
  echo "install-deps.sh: apt-get failed; its last lines:" >&2
  tail -n 20 "$log" >&2
  echo "install-deps.sh: check the network and /etc/apt/sources.list, then run it again" >&2
  exit 1
fi
