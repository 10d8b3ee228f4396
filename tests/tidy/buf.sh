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
  "$buf" build --exclude-source-info -o "$here/protocol.binpb"
  exit 0
fi
"$buf" lint
"$buf" format --diff --exit-code
"$buf" breaking --against "$here/protocol.binpb"
echo "buf: lint, format and breaking pass"
