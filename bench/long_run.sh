#!/usr/bin/env bash
# usage: bash bench/long_run.sh [--steps N] [--dataset PATH] [--write]
#
# Trains the debug model (sequence 256, global batch 8) on 2 x 4 ranks (dp_shard x tp) and on one rank, with the same data
# and seed, and checks: the process grows by less than 1 MiB after step 10, and the last losses are within 1e-3 of each
# other. Prints a table. 1,000 steps take about 25 minutes on two cores; run nothing beside it.
#
#   --steps N       how many (default: 1000; at least 20)
#   --dataset PATH  text to train on (default: this repository)
#   --write         put the table into docs/long_run.md, and the curves beside the log, build/long_run/
#   --help          this
#   SHARDTYPE_BUILD_DIR=FOLDER  where to build (default: build)
#   SHARDTYPE_TRAIN_LLAMA=FILE  a program that is built already
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source cmake/setup.sh
shardtype_begin bench/long_run.sh

arguments="$*" steps=1000 dataset=$PWD write=false
while [ $# -gt 0 ]; do
    case $1 in
        --help | -h) shardtype_help bench/long_run.sh && exit ;;
        --steps)
            [[ ${2:-} =~ ^[0-9]{2,6}$ && $2 -ge 20 ]] || shardtype_refuse "--steps: '${2:-}' is not a number from 20 on"
            steps=$2 && shift 2 ;;
        --dataset)
            [ -e "${2:-}" ] || shardtype_refuse "--dataset: '${2:-}': no such file"
            dataset=$2 && shift 2 ;;
        --write) write=true && shift ;;
        *) shardtype_refuse "there is no option $1" ;;
    esac
done
program=${SHARDTYPE_TRAIN_LLAMA:-}
if [ -z "$program" ]; then
    shardtype_setup runtime
    shardtype_build train_llama
    program=$shardtype_build_dir/examples/train_llama
fi
folder=${SHARDTYPE_BUILD_DIR:-build}/long_run
mkdir -p "$folder"

# A process for each layout: what one leaves behind would count for the next.
train() {  # LAYOUT NAME
    "$program" --layout "$1" --steps "$steps" --dataset "$dataset" --seed 42 --log-format json \
        --report "$folder/$2.html" >"$folder/$2.json"
}
train dp_shard=2,tp=4 2x4
train dp_shard=1 1

value() {  # NAME EVENT KEY: of the last such event
    sed -nE "s/^\{\"event\":\"$2\".*\"$3\":([^,}]*).*/\1/p" "$folder/$1.json" | tail -n 1
}
# The largest resident memory after step 10, less that of step 10, in bytes.
growth() {
    sed -nE 's/^\{"event":"step".*"step":([0-9]+),.*"resident_bytes":([0-9]+).*/\1 \2/p' "$folder/$1.json" |
        awk '$1 == 10 { at = $2 } $1 > 10 && $2 > most { most = $2 } END { print (at > 0 ? most - at : "none") }'
}
failed=0
table=$(
    printf '| ranks | first loss | last loss | tokens/s | seconds | resident memory at the end | growth after step 10 |\n'
    printf '|---|---|---|---|---|---|---|\n'
    for name in 2x4 1; do
        awk -v name="$name" -v first="$(value $name result first_loss)" -v last="$(value $name result last_loss)" \
            -v rate="$(value $name result tokens_per_second)" -v seconds="$(value $name result seconds)" \
            -v memory="$(value $name step resident_bytes)" -v growth="$(growth $name)" 'BEGIN {
            sub("x", " x ", name)
            printf "| %s | %.4f | %.6f | %.0f | %.0f | %.2f MiB | %.2f MiB |\n",
                name, first, last, rate, seconds, memory / 1048576, growth / 1048576 }'
    done
)
apart=$(awk -v a="$(value 2x4 result last_loss)" -v b="$(value 1 result last_loss)" 'BEGIN { d = a - b; print d < 0 ? -d : d }')
for name in 2x4 1; do
    awk -v grown="$(growth $name)" 'BEGIN { exit !(grown + 0 == grown && grown < 1048576) }' ||
        { echo "long_run: the process of $name grew by $(growth $name) bytes after step 10" >&2; failed=1; }
done
awk -v d="$apart" -v a="$(value 1 result last_loss)" 'BEGIN { exit !(a > 0 && d < 1e-3) }' ||
    { echo "long_run: the last losses are $apart apart" >&2; failed=1; }
text=$(printf 'Command: `bash bench/long_run.sh%s`, %s steps, on %s, %s CPUs.\n\n%s\n\nThe last losses are %s apart.\n' \
    "${arguments:+ $arguments}" "$steps" "$(sed -n 's/^model name[[:space:]]*: //p;' /proc/cpuinfo | head -n 1)" "$(nproc)" \
    "$table" "$apart")
printf '%s\n' "$text"
if $write && [ $failed -eq 0 ]; then
    awk -v text="$text" '/<!-- begin -->/ { print; print ""; print text; print ""; inside = 1 }
        /<!-- end -->/ { inside = 0 } !inside && !/<!-- begin -->/' docs/long_run.md >"$folder/long_run.md"
    cat "$folder/long_run.md" >docs/long_run.md
fi
exit $failed
