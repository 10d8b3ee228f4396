#!/usr/bin/env bash
# crosscall on one machine, from nothing to a table: installs what is needed, builds, starts a controller and an agent
# on loopback, runs deploy/examples/first-light.yaml and shows what it found.
set -euo pipefail

usage() {
  cat <<'END'
Usage: deploy/try.sh [--keep] [--build-dir DIR] [--skip-build]

Builds crosscall, runs the first-light sweep with a controller and an agent on loopback, and prints the result table, one
hang report and where the metrics are. Hangs are what this sweep is there to show; the machine is not harmed by them.
  --keep           leave controller and agent running, and say how to use and how to stop them
  --build-dir DIR  build there (default: build/release)
  --skip-build     use the programs that are in the build folder

State goes to a folder of its own, which is removed at the end unless --keep is given or something went wrong.
Exit codes: 0 first light came out as expected, 1 it did not or something failed (the reason is printed), 2 bad use.
END
}

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
build="$root/build/release"
keep=no
skip_build=no
while (($# > 0)); do
  case "$1" in
    --keep) keep=yes ;;
    --skip-build) skip_build=yes ;;
    --build-dir)
      if (($# < 2)); then
        echo "try.sh: --build-dir needs a folder" >&2
        exit 2
      fi
      build="$2"
      shift
      ;;
    -h | --help)
      usage
      exit 0
      ;;
    *)
      echo "try.sh: found \"$1\"; allowed: --keep, --build-dir DIR, --skip-build, --help" >&2
      exit 2
      ;;
  esac
  shift
done

say() { printf '\n== %s\n' "$*"; }
fail() {
  echo "try.sh: $*" >&2
  exit 1
}

state=""
controller_pid=""
agent_pid=""

# Stops one process of ours by its id, gently first.
stop() {
  local pid="$1"
  [[ -n "$pid" ]] && kill -0 "$pid" 2>/dev/null || return 0
  kill "$pid" 2>/dev/null || return 0
  for _ in {1..100}; do
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.1
  done
  kill -KILL "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
}

finish() {
  local code=$?
  trap - EXIT
  if [[ $code == 0 && $keep == yes ]]; then
    exit 0
  fi
  # The agent first, so that it can take leave of the controller.
  stop "$agent_pid"
  stop "$controller_pid"
  if [[ -n "$state" ]]; then
    if [[ $code == 0 ]]; then
      rm -rf "$state"
    else
      echo "try.sh: logs and state are in $state" >&2
    fi
  fi
  exit "$code"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Waits until the command succeeds; gives up after $1 seconds, or when process $2 ($3 by name) is gone.
wait_until() {
  local seconds="$1" pid="$2" name="$3"
  shift 3
  local end=$((SECONDS + seconds))
  until "$@"; do
    kill -0 "$pid" 2>/dev/null || { tail -n 20 "$state/$name.log" >&2; fail "$name ended; its last lines are above"; }
    ((SECONDS < end)) || { tail -n 20 "$state/$name.log" >&2; fail "$name was not ready after $seconds s"; }
    sleep 0.1
  done
}

endpoint() { sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p" "$state/endpoints.json"; }
board_is_online() { "$ctl" boards list --csv 2>/dev/null | grep -q '^here,active,true,'; }

# The outcomes that first light must show, by implementation.
expected_outcomes() {
  cat <<'END'
call_lock/open_window/mask_all completed
call_lock/spin/mask_all hung
generic_2008/fail_fast/mask_all refused
generic_2008/poll_completion/mask_all completed
generic_2008/spin/ipi_open completed
generic_2008/spin/mask_all hung
per_target/poll_completion/mask_all completed
END
}

# "implementation outcome" of mutual-masked, from the CSV on standard input.
found_outcomes() {
  awk -F, 'NR == 1 { for (i = 1; i <= NF; ++i) column[$i] = i; next }
           $column["scenario"] == "mutual-masked" { print $column["implementation"], $column["outcome"] }' | LC_ALL=C sort
}

if [[ $skip_build == no ]]; then
  say "Installing what the build needs"
  "$root/deploy/install-deps.sh"
  say "Building the programs in $build (some minutes the first time)"
  cmake -S "$root" --preset release -B "$build" -DCROSSCALL_BENCHMARKS=OFF >/dev/null || fail "cmake failed; its output is above"
  cmake --build "$build" --target crosscall-controller crosscall-agent crosscall-worker crosscall crosscallctl
fi
ctl="$build/bin/crosscallctl"
for program in crosscall-controller crosscall-agent crosscall-worker crosscallctl; do
  [[ -x "$build/bin/$program" ]] || fail "$build/bin/$program is not there; run without --skip-build"
done

state="$(mktemp -d "${TMPDIR:-/tmp}/crosscall-try.XXXXXXXX")"
say "Starting a controller and an agent on loopback; state in $state"
"$build/bin/crosscall-controller" --insecure --no-health-trials --state-dir "$state/controller" \
  --listen 127.0.0.1:0 --metrics-listen 127.0.0.1:0 \
  --endpoints-file "$state/endpoints.json" >"$state/crosscall-controller.log" 2>&1 &
controller_pid=$!
wait_until 30 "$controller_pid" crosscall-controller test -s "$state/endpoints.json"
CROSSCALL_CONTROLLER="$(endpoint grpc)"
export CROSSCALL_CONTROLLER
metrics="http://$(endpoint metrics)/metrics/results"

"$build/bin/crosscall-agent" --controller "$CROSSCALL_CONTROLLER" --board here --state-dir "$state/agent" \
  --worker "$build/bin/crosscall-worker" >"$state/crosscall-agent.log" 2>&1 &
agent_pid=$!
wait_until 30 "$agent_pid" crosscall-agent board_is_online
"$ctl" boards list

say "Running deploy/examples/first-light.yaml"
code=0
"$ctl" sweep run "$root/deploy/examples/first-light.yaml" --id first-light --wait || code=$?
# 1: something hung, as it should.
((code <= 1)) || fail "the sweep could not be run (crosscallctl ended with $code)"

hang="$("$ctl" hangs first-light --csv | awk -F, '$3 == "mutual-masked" { print $8; exit }')"
if [[ -n "$hang" ]]; then
  say "One of the hangs: crosscallctl hang show $hang"
  "$ctl" hang show "$hang"
fi

say "Metrics: $metrics"
if command -v curl >/dev/null; then
  curl --silent --show-error --fail --max-time 10 "$metrics" | grep -E '^crosscall_(boards?|trials?|hangs?|call)_' | head -n 12 || true
fi

say "Outcomes of mutual-masked against what they should be"
if "$ctl" results first-light --csv | found_outcomes | diff <(expected_outcomes) -; then
  echo "as expected: it hangs where it can, and each way out works"
else
  fail "mutual-masked did not come out as expected: < should be, > was"
fi

if [[ $keep == yes ]]; then
  say "Left running"
  echo "ask it:   export CROSSCALL_CONTROLLER=$CROSSCALL_CONTROLLER; $ctl --help"
  echo "metrics:  $metrics"
  echo "stop it:  kill $agent_pid $controller_pid; rm -rf $state"
fi
