#!/usr/bin/env bash
# usage: bash bench/planner/mesh_search.sh [COMPILER...]     default: those of g++, clang++-16, clang++-19 and nvcc that are there
# The best of all meshes of so many H100 for Llama-3 8B. At run time, up to 2^14 devices: the mesh, what became of the others,
# milliseconds (best of 5). Then for each compiler (CPU seconds, user + system, best of 3): headers alone, with the search
# among 8 to 64 devices, and with the check of a plan for 1024 devices that a program has found and saved.
set -euo pipefail
export LC_ALL=C
case ${1:-} in --help | -h) sed -n '2,5s/^# //p' "${BASH_SOURCE[0]}" && exit ;; esac
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
compilers=("$@")
[ ${#compilers[@]} -gt 0 ] || compilers=(g++ clang++-16 clang++-19 nvcc)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

g++ -std=c++20 -O2 -Iinclude bench/planner/mesh_search.cpp -o "$folder/mesh_search"
"$folder/mesh_search"
"$folder/mesh_search" --save 1024 2048 >"$folder/saved.hpp"

# cpu_seconds COMMAND...: the best of three
cpu_seconds() {
    local best='' user system left
    for ((left = 3; left > 0; --left)); do
        CCACHE_DISABLE=1 /usr/bin/time -o "$folder/time" -f '%U %S' "$@" >"$folder/log" 2>&1 || { echo fails; return; }
        read -r user system <"$folder/time"
        best=$(awk -v b="$best" -v t="$user" -v s="$system" 'BEGIN { t += s; print b == "" || t < b ? t : b }')
    done
    printf '%.2f' "$best"
}

for compiler in "${compilers[@]}"; do
    command -v "$compiler" >/dev/null || { echo "skipped: $compiler is not installed"; continue; }
    printf '\n%-12s %7s %6s %8s %8s\n' "$(basename "$compiler")" devices batch alone search
    command=("$compiler" -std=c++20 -Iinclude bench/planner/mesh_search.cpp)
    case $(basename "$compiler") in
    nvcc*) command+=(-x cu -cuda -o "$folder/out") ;;
    *) command+=(-fsyntax-only) ;;
    esac
    for size in "8 64" "16 64" "32 64" "64 64" "64 256" "64 1024"; do
        read -r world batch <<<"$size"
        printf '%-12s %7s %6s %8s %8s\n' '' "$world" "$batch" \
            "$(cpu_seconds "${command[@]}" "-DWORLD=$world" "-DBATCH=$batch")" \
            "$(cpu_seconds "${command[@]}" "-DWORLD=$world" "-DBATCH=$batch" -DSEARCH)"
    done
    printf '%-12s %7s %6s %8s %8s  %s\n' '' 1024 2048 \
        "$(cpu_seconds "${command[@]}" -DWORLD=1024 -DBATCH=2048)" \
        "$(cpu_seconds "${command[@]}" -DWORLD=1024 -DBATCH=2048 "-DSAVED=\"$folder/saved.hpp\"")" 'a saved plan checked'
done
