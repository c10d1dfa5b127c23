#!/usr/bin/env bash
# usage: adds_layout.sh TRAIN_LLAMA SOURCE_DIR
# The CMake argument that a refusal prints makes a program that has the layout, with all its knobs.
set -euo pipefail
program=$1 source=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
head -c 20000 /dev/zero | tr '\0' 'a' >"$folder/data.txt"
arguments=(--layout dp_shard=2,tp=2 --seq-len 64 --global-batch-size 4 --local-batch-size 1 --zero-stage 1
    --mixed-precision-param bfloat16 --activation-checkpoint-mode selective --selective-ac-option 3
    --steps 2 --dataset "$folder/data.txt")

said=$("$program" "${arguments[@]}" 2>&1) && { echo "not refused"; exit 1; }
line=$(sed -nE "s/.*to add it: (cmake .*)/\1/p" <<<"$said")
[[ $line == "cmake -S '$source' -B '"*"' '-DSHARDTYPE_TRAIN_LLAMA_LAYOUTS="*" --target train_llama" ]] ||
    { echo "no CMake line in: $said"; exit 1; }
# The line, as it was printed, but in another build folder.
binary=$(sed -E "s/.* -B '([^']*)'.*/\1/" <<<"$line")
cmake -S "$source" -B "$folder/build" -G Ninja -DSHARDTYPE_BUILD_TESTS=OFF -DSHARDTYPE_BUILD_BENCH=OFF \
    -DCMAKE_CXX_FLAGS_RELEASE=-O1 >"$folder/log"
eval "${line//"$binary"/"$folder/build"}" >>"$folder/log" || { cat "$folder/log"; exit 1; }
"$folder/build/examples/train_llama" "${arguments[@]}" |
    grep -q '^dp_shard=2,tp=2 zero_stage=1 micro_batches=2 bfloat16 recompute=3  *\[2, 2\]'

! cmake -S "$source" -B "$folder/build" -DSHARDTYPE_TRAIN_LLAMA_LAYOUTS='tp = 2' >"$folder/log" 2>&1 &&
    grep -q "'tp = 2' is not a layout" "$folder/log" || { echo "a wrong CMake argument is taken"; exit 1; }
