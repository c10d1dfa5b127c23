#!/usr/bin/env bash
# usage: bash tests/mutation.sh [--sample | --values] [--only=TEXT] [--log]
#
# The mutation proof: every single-point change of the programs in tests/mutation is run on numbers with the checks off
# and given to the compiler. One that compiles and is wrong has survived; there must be none. docs/mutation.md says
# what is changed, and holds these tables. Exit code 1 if a mutant survives.
#
#   --sample   the fixed sample that the tests run, without the faults in source: under a minute
#   --values   no compiler: the rules as values say what is refused; half a minute
#   --only=TEXT  the programs with TEXT in their names, without the faults in source
#   --log      a line for each mutant
#   --help     this
#   CXX=...                               builds the program that makes the mutants (default: g++)
#   SHARDTYPE_MUTATION_COMPILER=...       judges them (default: clang++-16, clang++-19 or g++, the first there is)
#   SHARDTYPE_MUTATION_DRIVER=PROGRAM     that program, built already
#   SHARDTYPE_JOBS=N                      compilers at a time (default: 2)
set -euo pipefail
export LC_ALL=C
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
sample=no options=()
for argument in "$@"; do
    case $argument in
        --help | -h) sed -n '2,/^set /p' "${BASH_SOURCE[0]}" | sed -n 's/^# \{0,1\}//p'; exit 0 ;;
        --sample) sample=yes options+=(--sample) ;;
        --values) sample=yes options+=(--values) ;;
        --only=*) sample=yes options+=("$argument") ;;
        --log) options+=(--log) ;;
        *) echo "mutation.sh: unknown argument '$argument' (try --help)" >&2; exit 2 ;;
    esac
done
judge=${SHARDTYPE_MUTATION_COMPILER:-}
for one in clang++-16 clang++-19 g++; do
    if [ -z "$judge" ] && command -v "$one" >/dev/null; then judge=$one; fi
done
[ -n "$judge" ] || { echo "mutation.sh: no compiler: install g++ or clang++-16, or set SHARDTYPE_MUTATION_COMPILER" >&2; exit 1; }

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
driver=${SHARDTYPE_MUTATION_DRIVER:-}
if [ -z "$driver" ]; then
    driver=$scratch/driver
    "${CXX:-g++}" -std=c++20 -O1 -I"$root/include" -I"$root/tests" "$root/tests/mutation/main.cpp" -o "$driver" -pthread
fi
status=0
"$driver" "$scratch" "$judge" "$root/include" --jobs="${SHARDTYPE_JOBS:-2}" "${options[@]+"${options[@]}"}" || status=$?
if [ "$sample" = no ]; then
    echo
    bash "$root/tests/mutation/views.sh" || status=1
    echo
    bash "$root/tests/mutation/lowering.sh" || status=1
    echo
    bash "$root/tests/mutation/kernels.sh" || status=1
fi
exit "$status"
