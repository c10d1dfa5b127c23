#!/usr/bin/env bash
# usage: bash tests/run.sh [CTEST_ARGUMENT...]      e.g. bash tests/run.sh -R comm
#
# Installs what a bare Debian 12 lacks (as root or with sudo; says what and why), builds everything, runs the tests.
# Exit code: ctest's; 1 with one line if it cannot be built here. clang 16 and 19 are used where they are installed.
#
#   --help                      this
#   SHARDTYPE_BUILD_DIR=FOLDER  where to build (default: build)
#   SHARDTYPE_JOBS=N            compiles at a time (default: as cores and memory allow)
#   SHARDTYPE_NEED_DISK_MIB=N, SHARDTYPE_NEED_MEMORY_MIB=N  what must be free, 0: not checked (default: as measured)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source cmake/setup.sh
shardtype_begin tests/run.sh

if [ "${1:-}" = --help ] || [ "${1:-}" = -h ]; then
    shardtype_help tests/run.sh
    exit
fi

shardtype_setup runtime bench test mpi
begin=$SECONDS
shardtype_build all -DCMAKE_COMPILE_WARNING_AS_ERROR=ON -DSHARDTYPE_BUILD_TESTS=ON -DSHARDTYPE_BUILD_EXAMPLES=ON \
    -DSHARDTYPE_BUILD_BENCH=ON
built=$SECONDS

log=$shardtype_scratch/ctest.log
status=0
# Tests run 8 threads and compilers: two at a time fill a small machine.
ctest --test-dir "$shardtype_build_dir" --output-on-failure --no-tests=error --timeout 900 \
    -j $((shardtype_jobs < 2 ? shardtype_jobs : 2)) "$@" 2>&1 | tee "$log" || status=$?

# What was not tested is worth seeing even where all pass.
echo
sed -n '/^skipped: /p' "$shardtype_build_dir/Testing/Temporary/LastTest.log" 2>/dev/null | sort -u || true
for compiler in clang++-16 clang++-19; do
    command -v "$compiler" >/dev/null || echo "skipped: $compiler is not installed, so nothing was compiled with it"
done
skipped=$(grep -c '\*\*\*Skipped' "$log") || true
echo "tests/run.sh: built in $((built - begin)) s, tested in $((SECONDS - built)) s, $skipped skipped, exit code $status"
grep -E '^[0-9]+% tests passed|^No tests were found' "$log" || true
exit "$status"
