#!/usr/bin/env bash
# usage: bash examples/run.sh [TRAIN_LLAMA_ARGUMENT...]      e.g. bash examples/run.sh --layout dp_shard --steps 20
#
# Installs what a bare Debian 12 lacks (as root or with sudo; says what and why), builds train_llama, and trains the
# Llama-3 debug model under its layouts. A second time it installs and builds nothing and trains at once.
# Exit code: train_llama's; 1 with one line if it cannot be built here. Standard output is train_llama's alone.
#
#   --help                      this, and train_llama's options once it is built
#   SHARDTYPE_BUILD_DIR=FOLDER  where to build (default: build)
#   SHARDTYPE_JOBS=N            compiles at a time (default: as cores and memory allow)
#   SHARDTYPE_NEED_DISK_MIB=N, SHARDTYPE_NEED_MEMORY_MIB=N  what must be free, 0: not checked (default: as measured)
set -euo pipefail
start=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source cmake/setup.sh
shardtype_begin examples/run.sh
program=$shardtype_build_dir/examples/train_llama

if [ "${1:-}" = --help ] || [ "${1:-}" = -h ]; then
    shardtype_help examples/run.sh
    if [ -x "$program" ]; then
        echo
        "$program" --help
    fi
    exit
fi

shardtype_setup runtime
options=(-DSHARDTYPE_BUILD_EXAMPLES=ON)
[ -e "$shardtype_build_dir/build.ninja" ] || options+=(-DSHARDTYPE_BUILD_TESTS=OFF -DSHARDTYPE_BUILD_BENCH=OFF)
begin=$SECONDS
before=$(stat -c %Y "$program" 2>/dev/null) || before=none
shardtype_build train_llama "${options[@]}"
built="built in $((SECONDS - begin)) s"
[ "$before" != "$(stat -c %Y "$program")" ] || built="was built already"

begin=$SECONDS status=0
absolute=$(realpath "$program")
(cd "$start" && exec "$absolute" "$@") || status=$?
shardtype_note ""
shardtype_note "examples/run.sh: train_llama $built, ran $((SECONDS - begin)) s, exit code $status; run it again," \
    "or look at its options: $program --help"
exit "$status"
