#!/usr/bin/env bash
# usage: bash bench/run.sh [PROGRAM...] [--benchmark_FLAG...]      e.g. bash bench/run.sh matmul --benchmark_filter=tp/
#
# Builds the benchmark programs, bench/PROGRAM.cpp (default: all), runs them one after the other, and prints a Markdown
# table of each on standard output, row by row. A row's best and median are microseconds of one call on all ranks of its
# mesh (threads); its rate is the best one's, its limit what the machine reached in the same run: see
# build/bench/bench_PROGRAM --help. Exit code 1 for a program or flag that is none, or a benchmark that fails.
# Takes about four minutes on two cores; run nothing beside it.
#
#   --help                      this
#   --benchmark_min_time=S      seconds of each row (default: 0.3)
#   --benchmark_filter=REGEX    only the rows whose names match; name the programs that have such
#   SHARDTYPE_BUILD_DIR=FOLDER  where to build (default: build)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source cmake/setup.sh
shardtype_begin bench/run.sh

programs=() flags=()
for argument in "$@"; do
    case $argument in
        --help | -h) shardtype_help bench/run.sh && exit ;;
        -*) flags+=("$argument") ;;
        *) [ -f "bench/$argument.cpp" ] || shardtype_refuse "there is no bench/$argument.cpp"
            programs+=("$argument") ;;
    esac
done
if [ ${#programs[@]} -eq 0 ]; then
    for source in bench/*.cpp; do programs+=("$(basename "$source" .cpp)"); done
fi

shardtype_setup runtime bench
target=shardtype_benchmarks  # all that are asked for
[ ${#programs[@]} -ne 1 ] || target=bench_${programs[0]}
shardtype_build "$target" -DSHARDTYPE_BUILD_BENCH=ON
printf 'Machine: %s, %s CPUs. Command: bash bench/run.sh%s\n' \
    "$(sed -n 's/^model name[[:space:]]*: //p;' /proc/cpuinfo | head -n 1)" "$(nproc)" "${*:+ $*}"
for program in "${programs[@]}"; do
    printf '\n### %s\n\n| benchmark | best us | median us | rate | limit | share | ranks, limit |\n%s\n' "$program" \
        '|---|---|---|---|---|---|---|'
    "$shardtype_build_dir/bench/bench_$program" --benchmark_min_time=0.3 "${flags[@]}" --markdown
done
