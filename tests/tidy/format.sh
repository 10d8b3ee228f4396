#!/usr/bin/env bash
# Every C++ file is as clang-format would write it. Mend: tests/tidy/format.sh --fix
set -euo pipefail
cd "$(dirname "$0")/../.."
mode=(--dry-run -Werror)
[ "${1:-}" = --fix ] && mode=(-i)
git ls-files -z --cached --others --exclude-standard '*.cc' '*.h' | xargs -0 -r clang-format "${mode[@]}" --
