#!/usr/bin/env bash
# The protocol keeps its style (buf lint, buf format) and its promises (buf breaking against the committed image).
# usage: buf.sh TOOLS_FOLDER          the checks
#        buf.sh TOOLS_FOLDER --accept  make today's protocol the one to keep, after an intended change
set -euo pipefail
buf=$(realpath "${1:?folder with node_modules/.bin/buf, as tests/run.sh installs it}")/node_modules/.bin/buf
here=$(realpath "$(dirname "$0")")
[ -x "$buf" ] || { echo "buf is not installed in $1: run tests/run.sh, which installs it" >&2; exit 1; }
cd "$here/../../proto"
if [ "${2:-}" = --accept ]; then
  "$buf" build -o "$here/protocol.binpb"
  exit 0
fi
"$buf" lint
"$buf" format --diff --exit-code
"$buf" breaking --against "$here/protocol.binpb"

# A broken promise must be found, or the check above checks nothing.
planted=$(mktemp -d)
trap 'rm -rf "$planted"' EXIT
cp -r . "$planted"
sed -i 's/uint64 seed = 8;/uint32 seed = 8;/' "$planted/crosscall/v1/trial.proto"
if (cd "$planted" && "$buf" breaking --against "$here/protocol.binpb" >/dev/null); then
  echo "buf breaking passed a field whose type was changed" >&2
  exit 1
fi
echo "buf: lint, format and breaking pass"
