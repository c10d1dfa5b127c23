#!/usr/bin/env bash
# usage: bash tests/sanitize.sh [asan|tsan]... [-- CTEST_ARGUMENT...]
#
# Builds the tests of all that runs (communicator, kernels, operations, runtime, trainer, files) and the examples with
# clang 19's sanitizers, and runs them: asan is addresses and undefined behaviour, tsan is races (default: both).
# Thrust runs with its CPP system. Exit code: 0 if nothing was found, else 1. One line for each sanitizer ends it.
#
#   --help                      this
#   SHARDTYPE_BUILD_DIR=FOLDER  holds a build folder for each (default: build)
#   SHARDTYPE_JOBS=N            compiles at a time (default: one for each core); a compile takes up to 1.5 GiB
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source cmake/setup.sh
shardtype_begin tests/sanitize.sh

presets=()
while [ $# -gt 0 ]; do
    case $1 in
        --help | -h) shardtype_help tests/sanitize.sh && exit ;;
        asan | tsan) presets+=("$1") ;;
        --) shift && break ;;
        *) shardtype_refuse "unknown sanitizer $1: asan or tsan" ;;
    esac
    shift
done
[ ${#presets[@]} -gt 0 ] || presets=(asan tsan)

# Not g++ 12: examples/05_chain.cpp alone takes it more than 4 minutes with these checks, clang 19 about one.
compiler=clang++-19  # as the presets say
command -v "$compiler" >/dev/null || shardtype_refuse "$compiler is not installed (Debian package clang-19)"
[ -e "$("$compiler" -print-resource-dir)/lib/linux/libclang_rt.tsan-$(uname -m).a" ] ||
    shardtype_refuse "$compiler has no sanitizers (Debian package libclang-rt-19-dev)"

# For reports with lines; Debian's clang looks for it under another name.
symbolizer=$(command -v llvm-symbolizer-19 || command -v llvm-symbolizer || command -v addr2line || true)
export ASAN_OPTIONS=external_symbolizer_path=$symbolizer:detect_stack_use_after_return=1:strict_string_checks=1
export UBSAN_OPTIONS=external_symbolizer_path=$symbolizer:print_stacktrace=1
export TSAN_OPTIONS=external_symbolizer_path=$symbolizer:halt_on_error=1:suppressions=$PWD/tests/sanitize/tsan.supp
tests='^(comm|kernels|ops|optim|runtime|train)_|^example_0[1-5]_[a-z_]*$'
jobs=$(shardtype_number SHARDTYPE_JOBS "$(nproc)" 1)
status=0
summary=()
for preset in "${presets[@]}"; do
    build=$(realpath -m "$shardtype_build_dir/$preset")
    begin=$SECONDS result=
    mkdir -p "$build"
    if ! cmake --preset "$preset" -B "$build" -DSHARDTYPE_BUILD_BENCH=OFF >"$build/configure.log" 2>&1; then
        summary+=("$preset: does not configure: $build/configure.log") status=1
        continue
    fi
    mapfile -t targets < <(ctest --test-dir "$build" -N -R "$tests" -E message |
        sed -n 's/^ *Test *#[0-9]*: *\(example_\)\{0,1\}//p')
    if ! cmake --build "$build" -j "$jobs" --target "${targets[@]}" train_llama -- -k 0; then
        summary+=("$preset: does not build") status=1
        continue
    fi
    built=$((SECONDS - begin))
    ctest --test-dir "$build" --output-on-failure --no-tests=error --timeout 900 -R "$tests" -E message "$@" 2>&1 |
        tee "$build/ctest.log" || result="failed: "
    result+=$(grep -E '^[0-9]+% tests passed' "$build/ctest.log" || echo "no result of ctest")
    if "$build/examples/train_llama" --layout dp_shard=2,tp=4 --steps 2 >"$build/train_llama.log" 2>&1; then
        result+="; train_llama ran"
    else
        tail -n 40 "$build/train_llama.log"
        result="train_llama failed; $result" status=1
    fi
    [[ $result == 100%* ]] || status=1
    summary+=("$preset: $result; built in $built s, ran in $((SECONDS - begin - built)) s")
done
printf 'tests/sanitize.sh: %s\n' "${summary[@]}"
exit "$status"
