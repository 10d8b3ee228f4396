#!/usr/bin/env bash
# Makes the README's picture of a report; or, with FOLDER, pictures of each section in light and dark, to be looked at.
#
# usage: tests/controller/report/picture.sh [FOLDER]       needs the dev build of report_sample_pages, and tests/run.sh's packages
set -euo pipefail
here=$(realpath "$(dirname "$0")")
root=$(realpath "$here/../../..")
export REPORT_SAMPLE_PAGES="$root/build/dev/tests/bin/report_sample_pages"
[ -x "$REPORT_SAMPLE_PAGES" ] || { echo "picture.sh: build it first: cmake --preset dev && ninja -C build/dev report_sample_pages" >&2; exit 1; }
exec node "$here/picture.mjs" "${1:-$root/controller/report/report.png}"
