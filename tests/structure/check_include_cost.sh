#!/usr/bin/env bash
# usage: check_include_cost.sh COMPILER LIMIT_SECONDS INCLUDE_DIR...
# What <shardtype/shardtype.hpp> costs a file that includes nothing else: CPU time (user + system) of the best of 5,
# and no run-time library among its dependencies.
set -euo pipefail
export LC_ALL=C
compiler=$1 limit=$2
shift 2
file=$(mktemp --suffix=.cpp)
trap 'rm -f "$file"' EXIT
echo '#include <shardtype/shardtype.hpp>' >"$file"

if "$compiler" -std=c++20 "${@/#/-I}" -M "$file" | tr -s ' \\' '\n' | grep -E '/(thrust|cub|cuda|oneapi|xsimd|Random123)/|/dnnl'; then
    echo "shardtype/shardtype.hpp includes the headers above, which are for the run-time layers only"
    exit 1
fi

TIMEFORMAT='%U %S'
best=$(for _ in 1 2 3 4 5; do
    { time "$compiler" -std=c++20 "${@/#/-I}" -fsyntax-only "$file"; } 2>&1
done | awk '{ t = $1 + $2; if (NF != 2) { print > "/dev/stderr"; bad = 1 } if (NR == 1 || t < b) b = t }
            END { if (bad) exit 1; print b }')
echo "include <shardtype/shardtype.hpp>: $best s of CPU time (best of 5, limit $limit s), neither Thrust nor oneDNN"
awk -v best="$best" -v limit="$limit" 'BEGIN { exit !(best < limit) }'
