#!/usr/bin/env bash
# usage: bash bench/compile_time/run.sh [COMPILER...]      default: those of g++, clang++-16, clang++-19 and nvcc that are there
# What the library costs the compiler: CPU seconds (user + system, the best of 5 after one warm-up) and the largest memory
# for each program of tests/structure/cost, and for one job on placements done with values and with Boost.Hana's types.
set -euo pipefail
export LC_ALL=C
case ${1:-} in --help | -h) sed -n '2,4s/^# //p' "${BASH_SOURCE[0]}" && exit ;; esac
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
compilers=("$@")
[ ${#compilers[@]} -gt 0 ] || compilers=(g++ clang++-16 clang++-19 nvcc)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

printf '%-12s %-18s %10s %10s\n' compiler program 'CPU s' MiB
for compiler in "${compilers[@]}"; do
    if ! command -v "$compiler" >/dev/null; then
        echo "skipped: $compiler is not installed"
        continue
    fi
    for file in tests/structure/cost/*.cpp bench/compile_time/*_layouts.cpp; do
        command=("$compiler" -std=c++20 -Iinclude -fsyntax-only "$file")
        [[ $(basename "$compiler") != nvcc* ]] || command=("$compiler" -std=c++20 -Iinclude -x cu -cuda -o "$folder/out" "$file")
        best='' memory=0
        for try in 0 1 2 3 4 5; do
            CCACHE_DISABLE=1 /usr/bin/time -o "$folder/time" -f '%U %S %M' "${command[@]}" >"$folder/log" 2>&1 || { cat "$folder/log"; exit 1; }
            read -r user system kilobytes <"$folder/time"
            [ "$try" != 0 ] || continue
            best=$(awk -v b="$best" -v t="$user" -v s="$system" 'BEGIN { t += s; print b == "" || t < b ? t : b }')
            [ "$kilobytes" -le "$memory" ] || memory=$kilobytes
        done
        printf '%-12s %-18s %10.2f %10d\n' "$(basename "$compiler")" "$(basename "$file" .cpp)" "$best" $((memory / 1024))
    done
done
