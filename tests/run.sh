#!/usr/bin/env bash
# Sets up a bare Debian 12, builds and runs the tests.
#
# usage: tests/run.sh [PART...]
#   dev         build the dev preset and run its tests (also those of the tree itself: arrows, format, protocol)
#   clang-tidy  clang-tidy over all sources but tests (needs dev's build folder)
#   tsan        ThreadSanitizer, for the tests that link neither gRPC nor the signal port
#   fuzz        every fuzz target for a minute, with Clang, AddressSanitizer and UndefinedBehaviorSanitizer
#   asan        AddressSanitizer and UndefinedBehaviorSanitizer, all tests of compiled code
#   bench       build the release preset and run the benchmarks; each prints its limit and fails if it misses it
#   soak        the long tests
#   repeat      everything that starts processes, ten times in a row
# Without PART: dev clang-tidy tsan fuzz. Environment: JOBS (default: all cores), RETRIES (default 0: a test has one try).
set -euo pipefail
cd "$(dirname "$0")/.."
jobs=${JOBS:-$(nproc)}
tries=$((1 + ${RETRIES:-0}))
export CLICOLOR=0

say() { printf '\n== %s (%s)\n' "$1" "$(date -u +%H:%M:%S)"; }

case "${1:-}" in
  -h | --help) sed -n '2,/^set/{/^set/!s/^# \{0,1\}//p}' "$0"; exit 0 ;;
esac

setup() {
  say "set up"
  deploy/install-deps.sh --tests
  if [ ! -x build/tools/node_modules/.bin/buf ]; then
    mkdir -p build/tools
    npm install --silent --no-audit --no-fund --prefix build/tools @bufbuild/buf@1.50.0
  fi
  npm_packages dashboards
  npm_packages controller/report/page
  npm_packages tests/controller/report
}

# What the folder's lock file pins, unless it is there already. npm leaves a hidden copy of its own, which is not the whole.
npm_packages() { # FOLDER
  if ! cmp --silent "$1/package-lock.json" "$1/node_modules/.installed"; then
    npm ci --silent --no-audit --no-fund --ignore-scripts --prefix "$1"
    cp "$1/package-lock.json" "$1/node_modules/.installed"
  fi
}

build() { # PRESET
  say "build $1"
  mkdir -p build
  cmake --preset "$1" >build/configure.log 2>&1 || { cat build/configure.log; return 1; }
  cmake --build --preset "$1" --parallel "$jobs" -- --quiet
}

run() { # PRESET CTEST_ARGUMENTS...
  local preset=$1
  shift
  say "test $preset $*"
  ctest --test-dir build/"$preset" --output-on-failure --no-tests=error --parallel "$jobs" --repeat until-pass:"$tries" "$@"
}

part() {
  case "$1" in
    dev) build dev && run dev -LE 'clang-tidy|soak' ;;
    clang-tidy) [ -f build/dev/build.ninja ] || build dev; run dev -L clang-tidy ;;
    tsan) build tsan && run tsan -L tsan ;;
    fuzz) build fuzz && run fuzz -L fuzz ;;
    asan) build asan && run asan -LE 'clang-tidy|tidy|soak|dashboards' ;;
    bench) build release && run release -L bench --parallel 1 --verbose ;;
    soak) build dev && run dev -L soak --parallel 1 ;;
    repeat) build dev && tries=1 && for round in $(seq 10); do say "round $round"; run dev -L process || return 1; done ;;
    *) echo "unknown part \"$1\"; see tests/run.sh --help" >&2; return 2 ;;
  esac
}

setup
for name in "${@:-dev clang-tidy tsan fuzz}"; do
  for each in $name; do part "$each"; done
done
say "all parts pass"
