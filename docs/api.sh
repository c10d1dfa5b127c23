#!/usr/bin/env bash
# usage: docs/api.sh [OUTPUT_DIR]
# Makes the pages of the API with Doxygen; begin at OUTPUT_DIR/index.html (build/api/index.html). Exit code 1 for any
# warning: a public name without documentation, an unknown error number, an example that is not there.
set -euo pipefail
case ${1:-} in --help | -h) sed -n '2,4s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" && exit ;; esac
[ $# -le 1 ] || { echo "usage: docs/api.sh [OUTPUT_DIR]" >&2; exit 2; }
command -v doxygen >/dev/null || { echo "docs/api.sh: doxygen is not installed (apt-get install doxygen)" >&2; exit 1; }
output=${1:-$(dirname "${BASH_SOURCE[0]}")/../build/api}
mkdir -p -- "$output"
output=$(cd "$output" && pwd)
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# It is told to be quiet: whatever it says is wrong.
status=0
said=$(SHARDTYPE_API=$output doxygen docs/Doxyfile 2>&1) || status=$?
if [ -n "$said" ] || [ "$status" -ne 0 ]; then
    printf '%s\n' "$said" >&2
    exit 1
fi
echo "docs/api.sh: begin at $output/index.html"
