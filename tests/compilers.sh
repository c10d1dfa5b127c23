#!/usr/bin/env bash
# usage: bash tests/compilers.sh [gcc|clang|clang-19]... [-- CTEST_ARGUMENT...]
#
# Builds everything (examples, tests, bench; warnings are errors) with each compiler, by its preset (default: all three),
# and runs the tests, but those that choose their compilers themselves. One line for each compiler ends it.
#
#   --help                      this
#   SHARDTYPE_BUILD_DIR=FOLDER  holds a build folder for each (default: build)
#   SHARDTYPE_JOBS=N            compiles at a time (default: one for each core); a compile takes up to 1.5 GiB
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source cmake/setup.sh
shardtype_begin tests/compilers.sh

presets=()
while [ $# -gt 0 ]; do
    case $1 in
        --help | -h) shardtype_help tests/compilers.sh && exit ;;
        gcc | clang | clang-19) presets+=("$1") ;;
        --) shift && break ;;
        *) shardtype_refuse "unknown compiler $1: gcc, clang or clang-19" ;;
    esac
    shift
done
[ ${#presets[@]} -gt 0 ] || presets=(gcc clang clang-19)
declare -A command=([gcc]=g++ [clang]=clang++-16 [clang-19]=clang++-19) package=([gcc]=g++ [clang]=clang-16 [clang-19]=clang-19)
for preset in "${presets[@]}"; do
    command -v "${command[$preset]}" >/dev/null ||
        shardtype_refuse "${command[$preset]} is not installed (Debian package ${package[$preset]})"
done

jobs=$(shardtype_number SHARDTYPE_JOBS "$(nproc)" 1)
status=0
summary=()
for preset in "${presets[@]}"; do
    build=$shardtype_build_dir/$preset
    begin=$SECONDS result=
    mkdir -p "$build"
    if ! cmake --preset "$preset" -B "$build" >"$build/configure.log" 2>&1; then
        result="does not configure: $build/configure.log"
    elif ! cmake --build "$build" -j "$jobs" -- -k 0; then
        result="does not build"
    else
        built=$((SECONDS - begin))
        ctest --test-dir "$build" --output-on-failure --no-tests=error --timeout 900 -j "$((jobs < 2 ? jobs : 2))" \
            -E '^(fail|structure|consumer|setup)_|^example_03_message_|^example_train_llama_adds_layout$' "$@" 2>&1 |
            tee "$build/ctest.log" || result="failed: "
        result+=$(grep -E '^[0-9]+% tests passed' "$build/ctest.log" || echo "no result of ctest")
        result+="; built in $built s, tested in $((SECONDS - begin - built)) s"
    fi
    [[ $result == 100%* ]] || status=1
    summary+=("${command[$preset]}: $result")
done
printf 'tests/compilers.sh: %s\n' "${summary[@]}"
exit "$status"
