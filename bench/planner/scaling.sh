#!/usr/bin/env bash
# usage: bash bench/planner/scaling.sh [--write] [--products PER_MILLE] [--memory PER_MILLE] [--network GB/s] [--svg FILE]
# What the planner predicts for Llama 3 8B, 70B and 405B on 8 to 16,384 H100: markdown, on standard output. Nothing is
# trained; half a minute, most of it the compiler's (CXX).
#   --write               into docs/scaling.md, and the plot to docs/figures/scaling.svg
#   --products, --memory  share of the data sheet's rates that products and other kernels reach (700, 800)
#   --network             of one GPU (50)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
case ${1:-} in --help | -h) sed -n '2,/^[^#]/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" && exit ;; esac
write=''
if [ "${1:-}" = --write ]; then write=yes && shift; fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${CXX:-g++}" -std=c++20 -O1 -Iinclude bench/planner/scaling.cpp -o "$work/scaling"
if [ -z "$write" ]; then exec "$work/scaling" "$@"; fi
mkdir -p docs/figures
"$work/scaling" --svg docs/figures/scaling.svg "$@" >"$work/tables"
awk -v tables="$work/tables" '/^<!-- begin -->/ { print; print ""; while ((getline line < tables) > 0) print line; print ""; skip = 1 }
    /^<!-- end -->/ { skip = 0 } !skip && !/^<!-- begin -->/' docs/scaling.md >"$work/page"
cat "$work/page" >docs/scaling.md
