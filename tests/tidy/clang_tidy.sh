#!/usr/bin/env bash
# clang-tidy over the sources of the product that the given build compiles (tests only if named), on all cores.
# usage: clang_tidy.sh BUILD_FOLDER [FILE...]
set -euo pipefail
build=$(realpath "${1:?build folder with compile_commands.json}")
shift
cd "$(dirname "$0")/../.."
files=("$@")
if [ ${#files[@]} -eq 0 ]; then
  mapfile -t files < <(python3 - "$build" "$PWD" <<'PY'
import json, sys
build, root = sys.argv[1], sys.argv[2] + "/"
paths = {entry["file"] for entry in json.load(open(build + "/compile_commands.json"))}
print("\n".join(sorted(p for p in paths if p.startswith(root) and not p.startswith((build, root + "tests/")))))
PY
  )
fi
# GCC's own warning flags mean nothing to clang; everything else of the build applies.
printf '%s\0' "${files[@]}" |
  xargs -0 -n 1 -P "$(nproc)" clang-tidy --quiet -p "$build" --extra-arg=-Wno-unknown-warning-option
echo "clang-tidy: ${#files[@]} files pass"
