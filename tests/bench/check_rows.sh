#!/usr/bin/env bash
# usage: check_rows.sh PROGRAM...
# Every program runs, and every row of it (of large ones: what is quick) has a share of a limit: more than none, and no more than 20 (a stream is no
# strict bound in caches). A benchmark that forgets its limit, or measures nothing, fails.
set -euo pipefail
[ $# -gt 0 ] || { echo "no programs"; exit 1; }

declare -A filter=(  # what is quick of the large ones
    [bench_attention]='8x256x2/|double|tp/' [bench_collectives]='barrier|/16KiB' [bench_elementwise]='/256/'
    [bench_matmul]='/(256|2048)x256x256|added' [bench_train_step]='single'
    [bench_rendezvous]='fsdp/ranks:2')
for program in "$@"; do
    name=$(basename "$program")
    log=$("$program" --benchmark_min_time=0.001 --benchmark_filter="${filter[$name]:-.}" --benchmark_format=json \
        2>&1) || { code=$?; echo "$log"; echo "$name: exit code $code"; exit 1; }
    awk -v program="$name" '
        function check() {
            if (row != "" && (!(share > 0 && share <= 20))) {
                printf "%s: %s: %s\n", program, row, share == "" ? "has no share of a limit" : "its share is " share
                bad = 1
            }
        }
        /"name":/ { check(); row = $0; gsub(/^.*"name": "|",$/, "", row); share = ""; ++rows }
        /"share":/ { share = $2; sub(/,$/, "", share); if (share ~ /[0-9]/) share += 0 }
        END { check(); if (!rows) { print program ": no rows"; bad = 1 } else if (!bad) print program ": " rows " rows"
            exit bad }' <<<"$log"
done
