#!/usr/bin/env bash
# usage: bash bench/planner/run.sh [--steps] [COMPILER...]     default: those of g++, clang++-16, clang++-19 and nvcc that are there
# What the exact search costs: at run time (labels, milliseconds), then for each compiler and size at its default limits
# (CPU seconds, user + system, best of 3: headers and problem alone, with the search; once: with the check of its certificate too).
# --steps: also the least -fconstexpr-steps of the search in one variable, by bisection with clang (minutes).
set -euo pipefail
export LC_ALL=C
case ${1:-} in --help | -h) sed -n '2,5s/^# //p' "${BASH_SOURCE[0]}" && exit ;; esac
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
steps=''
[ "${1:-}" != --steps ] || { steps=yes; shift; }
compilers=("$@")
[ ${#compilers[@]} -gt 0 ] || compilers=(g++ clang++-16 clang++-19 nvcc)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

g++ -std=c++20 -O2 -Iinclude bench/planner/search.cpp -o "$folder/search"
"$folder/search"

# name, model, layers, options, layouts, budget (where the search is hardest, from the table above)
sizes=("8B llama_8b 32 36 8 140" "70B llama_70b 80 36 8 100" "405B llama_405b 126 36 8 60"
    "8B-16 llama_8b 16 36 8 140" "8B-64 llama_8b 64 36 8 140" "8B-128 llama_8b 128 36 8 140"
    "405B-24 llama_405b 126 24 8 300" "405B-48 llama_405b 126 48 8 60" "405B-2 llama_405b 126 36 2 300"
    "405B-4 llama_405b 126 36 4 140" "405B-16 llama_405b 126 72 16 15")

# cpu_seconds TIMES COMMAND...: the best of so many
cpu_seconds() {
    local best='' user system left=$1
    shift
    for (( ; left > 0; --left)); do
        CCACHE_DISABLE=1 /usr/bin/time -o "$folder/time" -f '%U %S' "$@" >"$folder/log" 2>&1 || { echo fails; return; }
        read -r user system <"$folder/time"
        best=$(awk -v b="$best" -v t="$user" -v s="$system" 'BEGIN { t += s; print b == "" || t < b ? t : b }')
    done
    printf '%.2f' "$best"
}

for compiler in "${compilers[@]}"; do
    command -v "$compiler" >/dev/null || { echo "skipped: $compiler is not installed"; continue; }
    printf '\n%-12s %-10s %7s %8s %8s %8s %8s %8s %10s\n' "$(basename "$compiler")" size layers options layouts alone search check steps
    for size in "${sizes[@]}"; do
        read -r name model layers options layouts budget <<<"$size"
        command=("$compiler" -std=c++20 -Iinclude "-DMODEL=$model" "-DLAYERS=$layers" "-DOPTIONS=$options"
            "-DLAYOUTS=$layouts" "-DBUDGET=$budget" bench/planner/compile.cpp)
        case $(basename "$compiler") in
        nvcc*) command+=(-x cu -cuda -o "$folder/out") ;;
        *) command+=(-fsyntax-only) ;;
        esac
        least=-
        if [ -n "$steps" ] && [[ $(basename "$compiler") == clang* ]]; then
            low=10000 least=20000000
            while [ $((least * 100 / low)) -gt 105 ]; do
                middle=$(awk -v a="$low" -v b="$least" 'BEGIN { printf "%d", sqrt(a * b) }')
                if "${command[@]}" -DAT_ONCE "-fconstexpr-steps=$middle" >/dev/null 2>&1; then least=$middle; else low=$middle; fi
            done
        fi
        printf '%-12s %-10s %7s %8s %8s %8s %8s %8s %10s\n' '' "$name" "$layers" "$options" "$layouts" \
            "$(cpu_seconds 3 "${command[@]}")" "$(cpu_seconds 3 "${command[@]}" -DSEARCH)" \
            "$(cpu_seconds 1 "${command[@]}" -DSEARCH -DCHECK)" "$least"
    done
done
