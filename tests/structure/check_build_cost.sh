#!/usr/bin/env bash
# usage: check_build_cost.sh LIMIT_SECONDS LIMIT_GIB COMPILER FILE INCLUDE_DIR...
# Compiles FILE as a release does, past any cache, with the compiler's address space (an upper bound of its memory)
# limited to LIMIT_GIB.
set -euo pipefail
export LC_ALL=C
seconds=$1 gib=$2 compiler=$3 file=$4
shift 4
TIMEFORMAT='%U %S'
ulimit -v $((gib * 1024 * 1024))
spent=$({ time CCACHE_DISABLE=1 "$compiler" -std=c++20 -O3 -DNDEBUG -march=native "${@/#/-I}" -DSHARDTYPE_SOURCE_DIR='""' \
    -DTHRUST_HOST_SYSTEM=THRUST_HOST_SYSTEM_CPP -DTHRUST_DEVICE_SYSTEM=THRUST_DEVICE_SYSTEM_CPP \
    -c -o /dev/null "$file"; } 2>&1) || { echo "$spent"; exit 1; }
spent=$(tail -n 1 <<<"$spent" | awk '{ print $1 + $2 }')
echo "$(basename "$file"): $spent s of CPU time (limit $seconds s), the compiler within $gib GiB"
awk -v spent="$spent" -v limit="$seconds" 'BEGIN { exit !(spent < limit) }'
