#!/usr/bin/env bash
# usage: check_output.sh PROGRAM EXPECTED
# The program ends well and prints exactly what the file holds.
set -euo pipefail
[ $# -eq 2 ] || { echo "usage: check_output.sh PROGRAM EXPECTED" >&2; exit 2; }
program=$1 expected=$2
[ -r "$expected" ] || { echo "$expected cannot be read" >&2; exit 1; }
said=$(mktemp)
trap 'rm -f "$said"' EXIT
status=0
"$program" >"$said" || status=$?
diff -u --label expected --label printed "$expected" "$said" || status=1
exit "$status"
