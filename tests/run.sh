#!/usr/bin/env bash
# usage: bash tests/run.sh [CTEST_ARGUMENT...]      e.g. bash tests/run.sh -R comm
# Installs what a bare Debian 12 lacks, builds everything, runs the tests. Exit code: ctest's.
# SHARDTYPE_BUILD_DIR: where to build (default: build).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source cmake/setup.sh
build=${SHARDTYPE_BUILD_DIR:-build}

shardtype_setup runtime test
begin=$SECONDS
shardtype_build "$build" all -DSHARDTYPE_BUILD_TESTS=ON -DSHARDTYPE_BUILD_EXAMPLES=ON -DSHARDTYPE_BUILD_BENCH=ON
built=$SECONDS

log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
ctest --test-dir "$build" --output-on-failure --no-tests=error --timeout 900 -j 2 "$@" 2>&1 | tee "$log" || status=$?

# The figures and the reasons for skipping that tests print are worth seeing even where all pass.
echo
skipped=$(grep -c '\*\*\*Skipped' "$log") || true
echo "tests/run.sh: built in $((built - begin)) s, tested in $((SECONDS - built)) s, $skipped skipped, exit code $status"
grep -E '^[0-9]+% tests passed|^No tests were found' "$log" || true
exit "$status"
