#!/bin/sh
# Writes the metric catalogue in README.md anew, as the given controller prints it:
#   dashboards/catalogue.sh build/release/bin/crosscall-controller
set -eu
readme=$(dirname "$0")/README.md
catalogue=$(mktemp)
fresh=$(mktemp)
trap 'rm -f "$catalogue" "$fresh"' EXIT
"$1" metrics --catalogue > "$catalogue"
awk -v catalogue="$catalogue" '
  /^<!-- metric catalogue: end -->$/ { inside = 0 }
  !inside { print }
  /^<!-- metric catalogue: begin -->$/ { inside = 1; while ((getline line < catalogue) > 0) print line }
' "$readme" > "$fresh"
cat "$fresh" > "$readme"
