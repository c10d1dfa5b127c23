#!/usr/bin/env bash
# usage: check_config_cost.sh COMPILER LIMIT_SECONDS INCLUDE_DIR...
# A configuration check from nothing, `#include` and all, takes the compiler less than that much CPU time (best of 5).
set -euo pipefail
export LC_ALL=C
compiler=$1 limit=$2
shift 2
file="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/cost/config_check.cpp"
TIMEFORMAT='%U %S'
best=$(for _ in 1 2 3 4 5; do
    { time CCACHE_DISABLE=1 "$compiler" -std=c++20 "${@/#/-I}" -fsyntax-only "$file"; } 2>&1
done | awk 'NF != 2 { print; exit } { t = $1 + $2; if (best == "" || t < best) best = t } END { print best }')
echo "config_check.cpp: $best s of CPU time (limit $limit s)"
awk -v spent="$best" -v limit="$limit" 'BEGIN { exit !(spent + 0 > 0 && spent < limit) }'
