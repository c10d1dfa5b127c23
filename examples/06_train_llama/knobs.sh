#!/usr/bin/env bash
# usage: knobs.sh TRAIN_LLAMA DATA HELD_OUT
# What the other knobs do to a run: micro-batches, bfloat16 and recomputed blocks, a ZeRO stage and held-out text, from
# flags and from a file of torchtitan's; a record says them again, and flags win over it.
set -euo pipefail
program=$1 data=$2 held=$3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
die() { echo "knobs: $*"; exit 1; }
losses() { sed -nE 's/.*"event":"step".*"loss":([0-9.e+-]+).*/\1/p' "$1" | tr '\n' ' '; }
# near LIMIT A B: lists of as many numbers, each within a share of LIMIT
near() {
    awk -v limit="$1" -v a="$2" -v b="$3" 'BEGIN {
        n = split(a, x); if (n == 0 || n != split(b, y)) exit 1
        for (i = 1; i <= n; i++) { d = x[i] - y[i]; if ((d < 0 ? -d : d) > limit * x[i]) exit 1 }
    }' || die "$2 and $3 are not within $1${4:+: $4}"
}
differ() { [ "$1" != "$2" ] || die "$3: the same losses to the last digit"; }

"$program" --dataset "$data" --steps 3 --log-format json --layout dp_shard+tp >plain
"$program" --dataset "$data" --steps 3 --log-format json --layout dp_shard --zero-stage 2 >stage
near 1e-5 "$(losses plain)" "$(losses stage)" 'ZeRO-2'
cat >titan.toml <<'TOML'
[model]
name = "llama3"
flavor = "debugmodel"
[training]
local_batch_size = 2
global_batch_size = 8
seq_len = 256
steps = 3
mixed_precision_param = "bfloat16"
mixed_precision_reduce = "float32"
[parallelism]
data_parallel_shard_degree = -1
tensor_parallel_degree = 4
fsdp_reshard_after_forward = "always"
[activation_checkpoint]
mode = "full"
selective_ac_option = "2"
[validation]
enable = false
freq = 500
TOML
"$program" --config titan.toml --dataset "$data" --log-format json --record run.toml --trace trace.json \
    --trace-steps 1 >again
grep -q '"knobs":"micro_batches=2 bfloat16 recompute","micro_batches":2' again || die "not told the knobs: $(cat again)"
near 1e-3 "$(losses plain)" "$(losses again)" 'bfloat16'
differ "$(losses plain)" "$(losses again)" 'bfloat16'
printf '%s\n' 'file(READ trace.json text)' 'string(JSON events GET "${text}" traceEvents)' >trace.cmake
cmake -P trace.cmake || die 'the trace is not JSON'
grep -q 'were lost\|"events_lost":[1-9]' again && die 'a trace has no room for two micro-batches'
memory() { sed -nE 's/.*"memory_bytes":([0-9]+).*/\1/p' "$1"; }
[ "$(memory again)" -lt $(($(memory plain) / 2)) ] || die "memory: $(memory again) beside $(memory plain) bytes"
"$program" --config run.toml --log-format json >record
[ "$(losses again)" = "$(losses record)" ] || die 'a record does not say the knobs again'
"$program" --config run.toml --log-format json --local-batch-size -1 --mixed-precision-param float32 \
    --activation-checkpoint-mode none >flags
near 1e-6 "$(losses plain)" "$(losses flags)" 'flags over a record'
printf '%s\n' '[parallelism]' 'layout = ["dp_shard"]' 'zero_stage = 2' >stage.toml
"$program" --config stage.toml --dataset "$data" --steps 1 --fsdp-reshard-after-forward always --record over.toml \
    --log-format json >over
grep -q '"knobs":""' over || die 'a flag does not win over the ZeRO stage of a file'
grep -q '^zero_stage = -1' over.toml || die 'what lost is in the record'

# A layout may have its knobs behind it, as the log has them; the record says them again, and flags win over it.
"$program" --dataset "$data" --steps 3 --layout dp_shard=2,tp=4 micro_batches=2 bfloat16 recompute dp_shard,zero_stage=2 \
    --record own.toml >own
grep -q '^layout dp_shard=2,tp=4 micro_batches=2 bfloat16 recompute; ' own || die "not the layout that was asked for: $(cat own)"
grep -q '^layout dp_shard=8 zero_stage=2; ' own || die "not the second layout: $(cat own)"
"$program" --config own.toml --log-format json >own_again
[ "$(losses own_again)" = "$(losses again)$(losses stage)" ] || die 'knobs behind a layout, or in a record, differ from flags'
"$program" --config own.toml --layout dp_shard=8 --zero-stage 2 --steps 1 --log-format json >/dev/null || die 'flags over it'
"$program" --config own.toml --mixed-precision-param float32 --activation-checkpoint-mode none --local-batch-size -1 \
    --zero-stage -1 --steps 3 --log-format json >own_flags
near 1e-5 "$(losses plain)$(losses plain)" "$(losses own_flags)" 'flags over the knobs behind a layout'

# The loss on held-out text is the one that a step on it would report, and nothing is learnt from it.
"$program" --dataset "$held" --steps 1 --log-format json --layout dp_shard --fsdp-reshard-after-forward never >first
"$program" --dataset "$data" --steps 3 --log-format json --layout dp_shard --fsdp-reshard-after-forward never \
    --validation-enable --validation-dataset "$held" --validation-freq 2 --validation-steps 1 --lr 1e-30 \
    --report page.html --record held.toml >third
grep -qE '"event":"evaluations".*"batches":1,"batch_tokens":2048,"held_out_tokens":[0-9]+' third ||
    die "not told what an evaluation reads: $(cat third)"
validation() { sed -nE 's/.*"event":"validation".*"loss":([0-9.e+-]+).*/\1/p' "$1" | tr '\n' ' '; }
[ "$(grep -oE '"event":"validation"[^}]*"step":[0-9]+' third | grep -oE '[0-9]+$' | tr '\n' ' ')" = '1 2 3 ' ] ||
    die "evaluated at other steps: $(cat third)"
near 1e-6 "$(losses first) $(losses first) $(losses first)" "$(validation third)" 'held-out text'
near 1e-6 "$(losses stage | cut -d' ' -f1)" "$(losses third | cut -d' ' -f1)" 'a step before an evaluation'
"$program" --dataset "$data" --steps 3 --log-format json --layout dp_shard --zero-stage 2 --validation-enable \
    --validation-dataset "$held" --validation-freq 1 >learns
[ "$(losses learns)" = "$(losses stage)" ] || die "an evaluation changes the training: $(losses learns)"
[ "$(grep -c '<polyline class="curve beside' page.html)" = 1 ] || die 'no held-out losses on the page'
grep -q '^validated_steps = \[ 1, 2, 3 \]' held.toml || die 'no held-out losses in the record'
"$program" --config held.toml --steps 1 --no-validation-enable >text
! grep -q '"event":"validation"' text || die 'evaluated in spite of --no-validation-enable'
# The end of the data set is held out: the rest is what the training reads.
"$program" --dataset "$data" --steps 1 --layout dp_shard --zero-stage 2 --validation-enable --validation-fraction 0.4 >text
grep -qE '^an evaluation reads [0-9,]+ of [0-9,]+ held-out tokens, in whole batches of 2,048; the last [0-9,]+ are left out$|^an evaluation reads one batch of 2,048 tokens: ' text ||
    die "not told what is read: $(cat text)"
grep -qE '^validate step:  1  loss:  [0-9.]+  memory: ' text || die "no line of torchtitan's: $(cat text)"
awk '/tokens \(bytes/ { rest = $1 } /held out/ { held = $1 } END { exit !(held >= 0.4 * (rest + held) && held < 0.4 * (rest + held) + 1) }' \
    text || die "not 0.4 of the data held out: $(head -n 2 text)"
echo "knobs: micro-batches, bfloat16, recomputation, ZeRO-2, held-out text"
