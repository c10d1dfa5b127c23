#!/usr/bin/env bash
# usage: auto.sh TRAIN_LLAMA DATA
# --layout auto: each setting of its constraints gives the layout that it should, which is trained and fits in what was
# predicted; a planned layout that is not compiled, bounds that nothing keeps to and wrong values are one line and code 2.
set -euo pipefail
program=$1 data=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
die() { echo "auto: $*"; exit 1; }
# takes LAYOUT ARGUMENT...: trains a step of it; the table says its arena, the line before training what was predicted
# (an upper bound: a quarter more at most)
takes() {
    local layout=$1
    shift
    "$program" --dataset "$data" --layout auto --steps 1 "$@" >out || die "$*: $(cat out)"
    grep -q "^auto: $layout with .*: predicted [0-9.]* ms a step on .*, [0-9.]* MiB a rank; the " out ||
        die "$* does not plan $layout: $(cat out)"
    grep -q "^layout $layout; " out || die "$* does not train $layout: $(cat out)"
    awk '/^auto:/ { match($0, /[0-9.]+ MiB a rank/); said = substr($0, RSTART) + 0 }
        / MiB +[0-9.]+$/ { arena = $(NF - 2) } END { d = said / arena - 1; exit !(d > -0.001 && d < 0.25) }' out ||
        die "$*: another memory than predicted: $(cat out)"
}
# refuses TEXT ARGUMENT...: one line with TEXT, code 2
refuses() {
    local text=$1 status=0
    shift
    "$program" --dataset "$data" --layout auto "$@" >out 2>err || status=$?
    [ "$status" = 2 ] && [ ! -s out ] && [ "$(wc -l <err)" = 1 ] && grep -qF -- "$text" err ||
        die "$*: exit code $status, '$text' wanted in: $(cat err) $(head -c 300 out)"
}

# The three layouts of the main job, eight sequences for each data-parallel rank, by the memory that a rank may take.
takes dp_shard=8 --local-batch-size 8
takes dp_shard=2,tp=4 --local-batch-size 8 --device-memory 120 --explain --record run.toml
grep -q '^  dp_shard=8  .* too large by ' out || die "not told what a faster mesh lacks: $(cat out)"
grep -q '^layers.0-5.attention  *fsdp<dp_shard>, sequence_parallel<tp> ' out || die "not told the plan: $(cat out)"
grep -q "layout = .*dp_shard=2,tp=4" run.toml && ! grep -q planner run.toml || die "the record: $(cat run.toml)"
"$program" --config run.toml >again || die 'the record does not run again'
takes tp=8 --local-batch-size 8 --device-memory 80
# One global batch: copies only, and AutoParallel's standard, a share of one over the ranks.
takes dp_replicate=8 --parameter-memory-low 1
takes dp_shard=8 --parameter-memory-high 0 --hardware a100_80gb
"$program" --dataset "$data" --layout auto --steps 1 --log-format json --parameter-memory-low 1 >json
grep -q '"event":"planned","layout":"dp_replicate=8","hardware":"h100_sxm","predicted_step_nanoseconds":[1-9][0-9]*,"pred' \
    json || die "no line of JSON: $(cat json)"
printf '%s\n' '[parallelism]' 'layout = "auto"' '[training]' 'local_batch_size = 8' 'steps = 1' '[planner]' \
    'device_memory = 80.0' >auto.toml
"$program" --config auto.toml --dataset "$data" --tensor-parallel-degree 8 --global-batch-size 8 >out 2>err
grep -q '^layout tp=8; ' out && ! grep -q '^auto: ' out || die "degrees do not win over a file's auto: $(cat out)"
"$program" --dataset "$data" --layout tp --steps 1 --device-memory 80 2>err >out
grep -qx 'train_llama: --device-memory without effect: .* --layout auto' err || die "no word on --device-memory: $(cat err)"

refuses 'the smallest is tp=8 with seq_len=256,global_batch_size=8, which needs 6' --local-batch-size 8 --device-memory 60
refuses 'no mesh of 8 ranks fits into 40.00 MiB (--device-memory); the smallest is dp_shard=' --device-memory 40
refuses 'no mesh of 8 ranks stores a share of the parameters from 0.6 to 0.7' --parameter-memory-low 0.6 --parameter-memory-high 0.7
refuses '-DSHARDTYPE_TRAIN_LLAMA_LAYOUTS=dp_shard=4,tp=2,seq_len=256,global_batch_size=8' --parameter-memory-high 0
grep -q -- '--layout auto: dp_shard=4,tp=2 with .*; of the compiled ones dp_shard=2,tp=4 comes next, .* slower' err ||
    die "not told which compiled layout is next: $(cat err)"
# Meshes that the rules refuse are passed over: no tensor rank splits an odd sequence.
refuses 'not compiled: dp_replicate=8 with seq_len=255' --seq-len 255
refuses 'no mesh of 7 ranks divides model and batch; --global-batch-size 8 under dp_replicate=7' --ranks 7
refuses "--hardware: 'h100' is not a100_80gb or h100_sxm" --hardware h100
if "$program" --dataset "$data" --layout auto --steps 1 --hardware this_machine \
    --parameter-memory-low 1 >out 2>err; then
    grep -q '^auto: .* predicted [0-9.]* ms a step on 8 x this_' out || die "this_machine: $(cat out)"
else
    grep -q '^train_llama: --hardware this_machine is not built in: build/bench/measure_machine ' err || die "$(cat err)"
fi
refuses '--device-memory: -1 is not a number from 0' --device-memory -1
refuses '--device-memory 90000 is more than the 76294 MiB of h100_sxm' --device-memory 90000
refuses '--parameter-memory-low: 1.5 is not a number from 0 to 1' --parameter-memory-low 1.5
refuses '--parameter-memory-high: -0.5 is not a number from 0 to 1' --parameter-memory-high -0.5
refuses '--parameter-memory-low 0.5 is more than --parameter-memory-high 0.25' --parameter-memory-low 0.5 \
    --parameter-memory-high 0.25
refuses "'auto tp': auto stands alone" tp
refuses "auto stands alone" bfloat16
refuses 'auto chooses the three degrees' --tensor-parallel-degree 4
echo 'auto: DP, DP and TP, TP; DDP; what is not compiled, does not fit or makes no sense'
