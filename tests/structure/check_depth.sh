#!/usr/bin/env bash
# usage: check_depth.sh COMPILER INCLUDE_DIR...
# Depth is a number of trips, not more code: a job of 126 layers compiles in at most 1.5 times the CPU time of one of 2
# layers (best of 3), and their objects differ by at most 1 % in size.
set -euo pipefail
export LC_ALL=C
compiler=$1
shift
source="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/${SHARDTYPE_DEPTH_SOURCE:-depth.cpp}"
object=$(mktemp)
trap 'rm -f "$object"' EXIT
TIMEFORMAT='%U %S'

# compile LAYERS: best CPU seconds of three, and the object's bytes
compile() {
    local best='' spent
    for _ in 1 2 3; do
        spent=$({ time CCACHE_DISABLE=1 "$compiler" -std=c++20 -O2 "-DLAYERS=$1" "${@:2}" -c -o "$object" \
            -x c++ "$source"; } 2>&1) ||
            { echo "$spent" >&2; exit 1; }
        spent=$(tail -n 1 <<<"$spent" | awk '{ print $1 + $2 }')
        best=$(awk -v a="${best:-$spent}" -v b="$spent" 'BEGIN { print a < b ? a : b }')
    done
    echo "$best $(stat -c %s "$object")"
}

read -r time_2 bytes_2 < <(compile 2 "${@/#/-I}")
status=0
echo "  2 layers: $time_2 s, $bytes_2 bytes"
for layers in 6 126; do
    read -r time bytes < <(compile "$layers" "${@/#/-I}")
    printf '%3d layers: %s s, %s bytes\n' "$layers" "$time" "$bytes"
    awk -v t="$time" -v t2="$time_2" 'BEGIN { exit !(t <= 1.5 * t2) }' ||
        { echo "$layers layers take $time s to compile, 2 take $time_2 s"; status=1; }
    awk -v b="$bytes" -v b2="$bytes_2" 'BEGIN { d = b - b2; if (d < 0) d = -d; exit !(b > 0 && d <= 0.01 * b2) }' ||
        { echo "$layers layers make an object of $bytes bytes, 2 one of $bytes_2"; status=1; }
done
exit "$status"
