#!/usr/bin/env bash
# usage: check_flags.sh PROGRAM
# A benchmark program's command line: a wrong flag or a filter without a match is named, exit code 1; --help and the
# context say what the columns mean; --markdown prints rows of a table.
set -euo pipefail
program=$1
die() { echo "$(basename "$program"): $*"; exit 1; }
said() { grep -qF -- "$1" <<<"$2" || die "not printed: $1"; }

refused() {  # EXPECTED_TEXT FLAG
    local log status=0
    log=$("$program" "$2" 2>&1) || status=$?
    [ "$status" -eq 1 ] || die "$2: exit code $status, not 1"
    said "$1" "$log"
}
refused "unrecognized command-line flag: --benchmark_fitler=matmul" --benchmark_fitler=matmul
refused "Failed to match any benchmarks" --benchmark_filter=none_is_called_so

log=$("$program" --help)
said "what this machine reached at best in this run" "$log"
said "--benchmark_filter" "$log"
log=$("$program" --benchmark_filter=collective --benchmark_min_time=0.001 2>&1)
said "what this machine reached at best in this run" "$log"
said "command: $program --benchmark_filter=collective" "$log"
log=$("$program" --benchmark_filter=collective --benchmark_min_time=0.001 --markdown)
grep -qE '^\| `bench::collective<.*` \|( [0-9.]+ \|){2} [0-9.]+ GB/s \| [0-9.]+ \| [0-9.]+ % \| 8 ranks' <<<"$log" ||
    die "no row of a table: $log"
