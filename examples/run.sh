#!/usr/bin/env bash
# usage: bash examples/run.sh [TRAIN_LLAMA_ARGUMENT...]      e.g. bash examples/run.sh --help
# Installs what a bare Debian 12 lacks, builds train_llama, and trains the Llama-3 debug model under its layouts.
# SHARDTYPE_BUILD_DIR: where to build (default: build).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source cmake/setup.sh
build=${SHARDTYPE_BUILD_DIR:-build}

shardtype_setup runtime
options=()
[ -e "$build/CMakeCache.txt" ] || options=(-DSHARDTYPE_BUILD_TESTS=OFF -DSHARDTYPE_BUILD_BENCH=OFF)
shardtype_build "$build" train_llama "${options[@]}"
exec "$build/examples/train_llama" "$@"
