#!/usr/bin/env bash
# usage: refuses.sh TRAIN_LLAMA
# Wrong values, files, encodings and paths end with exit code 2 and one line that names them, before anything is trained
# or printed; what fails later ends with 1. A record can be given as --config, and flags win over it.
set -euo pipefail
program=$1
folder=$(mktemp -d)
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
cd "$folder"
count=0 wrong=0

# refuses CODE TEXT ARGUMENT...: one line with TEXT on standard error, nothing on standard output unless CODE is 1
refuses() {
    local code=$1 text=$2 status=0
    shift 2
    count=$((count + 1))
    "$program" "$@" >out 2>err || status=$?
    if [ "$status" -eq "$code" ] && [ "$(wc -l <err)" -eq 1 ] && [ "$(head -c 13 err)" = "train_llama: " ] &&
        grep -qF -- "$text" err && { [ "$code" -ne 2 ] || [ ! -s out ]; }; then return; fi
    wrong=$((wrong + 1))
    echo "$*: exit code $status (wanted $code), '$text' wanted in: $(cat err) $(head -c 200 out)"
}
# in_file TEXT LINE...: a configuration file of these lines
in_file() {
    local text=$1
    shift
    printf '%s\n' "$@" >job.toml
    refuses 2 "$text" --config job.toml
}

# flags
refuses 2 "'--nonsense': no such option; there are --layout, --data-parallel" --nonsense
refuses 2 'did you mean --steps?' --step 3
refuses 2 "'extra': no such option" extra
refuses 2 '--steps: ' --steps
refuses 2 '--steps: a value is missing before --lr' --steps --lr 3
refuses 2 "'2': no such option" --steps 1 2
refuses 2 "--steps: '' is not a whole number" --steps ''
refuses 2 "--steps: 'many' is not a whole number from 1 to 1000000" --steps many
refuses 2 '--steps: 0 is not' --steps 0
refuses 2 "--steps: '3.5' is not" --steps 3.5
refuses 2 "--steps: '10 ' is not" --steps '10 '
refuses 2 "--steps: '99999999999999999999' is not" --steps 99999999999999999999
refuses 2 '--steps' --steps 1 --steps 2
refuses 2 '--seed: -1 is not' --seed -1
refuses 2 '--lr: 0 is not a number above 0, at most 10' --lr 0
refuses 2 '--lr: -1 is not' --lr -1
refuses 2 '--lr: nan is not' --lr nan
refuses 2 '--lr: inf is not' --lr inf
refuses 2 "--lr: '1e-3x' is not" --lr 1e-3x
refuses 2 '--beta2: 1 is not' --beta2 1
refuses 2 '--decay-ratio: 1.5 is not a number from 0 to 1' --decay-ratio 1.5
refuses 2 "--log-format: 'xml' is not text or json" --log-format xml

# layouts and batches
refuses 2 "'pipeline' is no layout" --layout pipeline
refuses 2 '--layout: an empty word' --layout tp ''
refuses 2 "'tp=8,dp_shard=2' is no layout" --layout tp=8,dp_shard=2
refuses 2 "'dp_shard=8,' is no layout" --layout dp_shard=8,
refuses 2 "'tp=8,plain=2' is no layout" --layout tp=8,plain=2
refuses 2 "'tp=8,seq_len=512': all layouts have one sequence length and batch: give --seq-len and --global-batch-size by" \
    --layout tp=8,seq_len=512
refuses 2 "'tp=8,global_batch_size=64,bfloat16': all layouts have" --layout tp=8,global_batch_size=64,bfloat16
refuses 2 "'-DSHARDTYPE_TRAIN_LLAMA_LAYOUTS=dp_shard=4,tp=2,seq_len=256,global_batch_size=8'" --layout dp_shard=4,tp=2
refuses 2 'tp=3 with seq_len=256,global_batch_size=8 cannot be compiled: ' --layout tp=3
refuses 2 'does not divide over tp [ST-S608]' --layout dp_shard=4,tp=3
refuses 2 'does not divide over dp_shard [ST-S608]' --layout dp_shard=16,tp=16 --global-batch-size 16
refuses 2 'dp_shard=8,seq_len=512,global_batch_size=8;tp=8,seq_len=512,global_batch_size=8' \
    --layout dp_shard tp --seq-len 512
refuses 2 'not compiled: dp_shard=8 with seq_len=256,global_batch_size=16' --layout dp_shard --global-batch-size 16
refuses 2 'no multiple of 8 data-parallel ranks' --layout dp_shard --global-batch-size 12
refuses 2 'no multiple of --local-batch-size 3 x 2 data-parallel ranks' \
    --layout dp_shard+tp --global-batch-size 8 --local-batch-size 3
refuses 2 "LAYOUTS=dp_shard=2,tp=4,seq_len=256,global_batch_size=8,micro_batches=4'" \
    --layout dp_shard+tp --global-batch-size 8 --local-batch-size 1
refuses 2 'dp_shard=8 with zero_stage=1,seq_len=256,global_batch_size=8,bfloat16,recompute=3 (' --layout dp_shard \
    --zero-stage 1 --mixed-precision-param bfloat16 --activation-checkpoint-mode selective --selective-ac-option 3
refuses 2 "-DSHARDTYPE_TRAIN_LLAMA_LAYOUTS=tp=8,seq_len=256,global_batch_size=8,recompute'" --layout tp \
    --fsdp-reshard-after-forward never --activation-checkpoint-mode full  # tp alone has no ZeRO stage
refuses 2 "'dp_shard=8,zero_stage=2' and --zero-stage or --fsdp-reshard-after-forward contradict each other" \
    --layout dp_shard=8,zero_stage=2 --zero-stage 1
refuses 2 "'dp_shard=8,bfloat16' and --mixed-precision-param contradict" --layout dp_shard,bfloat16 \
    --mixed-precision-param float32
refuses 2 "'tp=8,recompute=2' and --activation-checkpoint-mode and --selective-ac-option contradict" \
    --layout tp,recompute=2 --activation-checkpoint-mode full
refuses 2 "'dp_shard=2,tp=4,micro_batches=2' and --local-batch-size contradict" --layout dp_shard=2,tp=4,micro_batches=2 \
    --local-batch-size 4
refuses 2 'no multiple of micro_batches=3 x 2 data-parallel ranks' --layout dp_shard+tp,micro_batches=3
refuses 2 "'tp=8,bfloat16=2' is no layout" --layout tp=8,bfloat16=2
refuses 2 "'tp=8,bfloat16,micro_batches=2' is no layout" --layout tp=8 bfloat16 micro_batches=2  # out of order
refuses 2 "'bfloat16' is no layout" --layout bfloat16
refuses 2 "LAYOUTS=dp_shard=8,zero_stage=1,seq_len=256,global_batch_size=8'" --layout dp_shard zero_stage=1
refuses 2 "'tp=8,zero_stage=2': there is no dp_shard axis to split anything over" --layout tp=8,zero_stage=2
refuses 2 "'tp=8,recompute=7': one block in so many, at most 6" --layout tp=8,recompute=7
refuses 2 "'float16' is not float32 or bfloat16" --mixed-precision-param float16
refuses 2 "--activation-checkpoint-mode: 'some' is not none or selective or full" --activation-checkpoint-mode some
refuses 2 '--selective-ac-option: op is not there yet; it is a whole number from 1 to 6 here' --selective-ac-option op
refuses 2 '--zero-stage: 0 is not -1 or a whole number from 1 to 3' --zero-stage 0
refuses 2 '--fsdp-reshard-after-forward always and --zero-stage 2 contradict each other' \
    --zero-stage 2 --fsdp-reshard-after-forward always
refuses 2 "--fsdp-reshard-after-forward: 'sometimes' is not default or always or never" \
    --fsdp-reshard-after-forward sometimes
refuses 2 '--global-batch-size: 0 is not -1 or a whole number' --global-batch-size 0
refuses 2 '--global-batch-size -1 needs --local-batch-size' --global-batch-size -1
refuses 2 'dp_shard -1 x tp 3 do not fill --ranks 8' --tensor-parallel-degree 3
refuses 2 'dp_replicate 2 x dp_shard 2 x tp 1 do not fill --ranks 8' \
    --data-parallel-replicate-degree 2 --data-parallel-shard-degree 2
refuses 2 'give one of them' --layout tp --tensor-parallel-degree 8
refuses 2 '--ranks belongs to' --ranks 4

# data
head -c 20000 /dev/zero | tr '\0' 'a' >data.txt
: >empty.txt
echo short >short.txt
head -c 4096 /dev/zero >zeros.txt
printf '\xff\xfea\0b\0' >utf16.txt
printf 'caf\xe9 %.0s' {1..200} >latin1.txt
printf '%01024d' 7 >bad.bin
mkdir -p no_text && cp zeros.txt no_text/
mkdir -p unread && chmod 000 unread
ln -sf loop_b loop_a && ln -sf loop_a loop_b
refuses 2 'missing.txt: no such file' --dataset missing.txt
refuses 2 'empty.txt: empty data set' --dataset empty.txt
refuses 2 'short.txt: 8 tokens are too few' --dataset short.txt
refuses 2 'zeros.txt: neither text' --dataset zeros.txt
refuses 2 'utf16.txt: ' --dataset utf16.txt
refuses 2 'latin1.txt: not UTF-8 text: byte 233 at offset 3' --dataset latin1.txt
refuses 2 'bad.bin' --dataset bad.bin
refuses 2 'no_text: no text file in this folder' --dataset no_text
refuses 2 'loop_a' --dataset loop_a
refuses 2 '/dev/null' --dataset /dev/null
refuses 2 "--dataset: '' is not a path" --dataset ''
if [ "$(id -u)" -ne 0 ]; then refuses 2 'unread' --dataset unread; fi

# a file of torchtitan's: its dataset is missed before a build for its layout is asked for
refuses 2 "--dataset: c4_test: no such file or folder; a dataset is a text file in UTF-8, a folder of them, or" \
    --dataset c4_test --layout tp --seq-len 512
printf '%s\n' '[training]' 'dataset = "c4_test"' 'seq_len = 2048' >titan.toml
refuses 2 '[training] dataset: c4_test: no such file or folder; a dataset is' --config titan.toml
refuses 2 'not compiled: ' --config titan.toml --dataset data.txt

# held-out text
for flag in '-dataset short.txt' '-steps 3' '-freq 3' '-fraction 0.1'; do
    refuses 2 "--validation${flag% *}: without --validation-enable nothing is evaluated" --validation${flag% *} ${flag#* }
done
printf '%0400d\n' 1 2 >numbers.txt
refuses 2 "--validation-dataset: missing.txt: no such file" --dataset numbers.txt --validation-enable \
    --validation-dataset missing.txt
refuses 2 '--validation-dataset: short.txt: 8 tokens are too few' --dataset numbers.txt --validation-enable \
    --validation-dataset short.txt
refuses 2 "'numbers.txt' and --dataset 'numbers.txt' have text in common" --dataset numbers.txt --validation-enable \
    --validation-dataset numbers.txt
mkdir -p texts && cp numbers.txt texts/
refuses 2 "'texts/numbers.txt' and --dataset './texts' have text in common" --dataset ./texts --validation-enable \
    --validation-dataset texts/numbers.txt
refuses 2 '--validation-fraction 0.1: numbers.txt: 81 tokens are too few' --dataset numbers.txt --validation-enable
refuses 2 '--validation-fraction: 0.6 is not a number above 0, at most 0.5' --validation-fraction 0.6
refuses 2 '--validation-steps: 0 is not -1 or a whole number' --validation-steps 0
refuses 2 '--validation-freq: 0 is not' --validation-freq 0

# records
refuses 2 "--record: 'no/such/folder/run.toml' cannot be written" --record no/such/folder/run.toml
refuses 2 "--record: 'no_text' cannot be written" --record no_text
refuses 2 "--record: '/proc/run.toml' cannot be written" --record /proc/run.toml
mkfifo fifo && refuses 2 "--record: 'fifo' cannot be written" --record fifo  # nor a device: never tried on a real one here

# reports and traces
for flag in --report --trace; do
    refuses 2 "$flag: 'no/such/folder/out' cannot be written" $flag no/such/folder/out
    refuses 2 "$flag: 'no_text' cannot be written" $flag no_text
    refuses 2 "$flag: 'fifo' cannot be written" $flag fifo
done
refuses 2 "--report and --trace: './one' is one file given twice" --report one --trace ./one
refuses 2 "--record and --report: 'one' is one file given twice" --report one --record one
refuses 2 '--trace-first: 0 is not a whole number from 1' --trace-first 0
refuses 2 '--trace-steps: 1001 is not a whole number from 1 to 1000' --trace-steps 1001

# configuration files
refuses 2 "'missing.toml': no such file" --config missing.toml
refuses 2 "'no_text': not a regular file" --config no_text
head -c 2000000 /dev/zero >large.toml
refuses 2 "'large.toml': more than 1 MiB" --config large.toml
in_file 'job.toml:2: ' '[training]' 'steps = = 3'
in_file "job.toml:2: [training] steps: 'ten' is not a whole number" '[training]' 'steps = "ten"'
in_file 'job.toml:2: [training] steps: 2.5 is not' '[training]' 'steps = 2.5'
in_file 'job.toml:2: [training] steps: a list is not' '[training]' 'steps = [1]'
in_file 'job.toml:3: [optimizer] lr: true is not' '' '[optimizer]' 'lr = true'
in_file 'job.toml:2: [training] step: no such key; did you mean steps?' '[training]' 'step = 3'
in_file 'job.toml:2: [optimizer] steps: no such key; it belongs to [training]' '[optimizer]' 'steps = 3'
in_file 'job.toml:1: [trainning]: no such section; did you mean training?' '[trainning]' 'steps = 3'
in_file "job.toml:1: 'steps' stands in no section" 'steps = 3'
in_file "job.toml:2: [parallelism] layout: 7 is not a word" '[parallelism]' 'layout = ["tp", 7]'
in_file 'job.toml:2: [parallelism] layout: an empty list' '[parallelism]' 'layout = []'
in_file 'job.toml:3: ' '[training]' 'steps = 3' 'steps = 4'
in_file '[[training]]: write [training]' '[[training]]' 'steps = 3'
in_file "[tr\\x0ax]: no such section" '["tr\nx"]' 'steps = 3'
in_file '[training] st\x0aeps: no such key' '[training]' '"st\neps" = 3'
refuses 2 "'a\\x0ab.toml': no such file" --config $'a\nb.toml'
refuses 2 'd\x0a.txt' --dataset $'d\n.txt'
in_file '[model] flavor: 8B is not there yet; it is debugmodel here' '[model]' 'name = "llama3"' 'flavor = "8B"'
in_file '[parallelism] context_parallel_degree: 2 is not there yet' '[parallelism]' 'context_parallel_degree = 2'
in_file '[checkpoint] enable_checkpoint: not there yet' '[checkpoint]' 'enable_checkpoint = true'
in_file '[training] dataset' '[training]' 'dataset = 3'
in_file '[validation] frequ: no such key; did you mean freq?' '[validation]' 'frequ = 3'
in_file '[activation_checkpoint] steps: no such key; it belongs to [training]' '[activation_checkpoint]' 'steps = 3'
in_file "[activation_checkpoint] selective_ac_option: op is not there yet; it is a whole number from 1 to 6 here" '[activation_checkpoint]' \
    'selective_ac_option = "op"'
in_file '[activation_checkpoint] mode: 3 is not none or selective or full' '[activation_checkpoint]' 'mode = 3'
in_file "[training] mixed_precision_reduce: bfloat16 is not there yet; it is float32 here" '[training]' \
    'mixed_precision_reduce = "bfloat16"'
printf '[training]\nsteps = 3 # \xff\n' >latin.toml
refuses 2 'latin.toml:2: ' --config latin.toml

# help names the choices
"$program" --help >help
for choices in 'none or selective or full' 'float32 or bfloat16' 'text or json' 'default or always or never'; do
    count=$((count + 1))
    tr -s ' \n' ' ' <help | grep -qF "($choices)" || { echo "--help lacks ($choices)"; wrong=$((wrong + 1)); }
done

# what fails later; a record that was there stays
echo old >old.toml
refuses 1 'not finite' --dataset data.txt --layout tp --steps 20 --lr 10 --max-norm 1e9 --warmup-steps 0 --eps 1e-30 \
    --weight-decay 10 --beta1 0 --beta2 0 --record old.toml
expect() {  # WHAT COMMAND...: the command must succeed
    local what=$1
    shift
    "$@" >out 2>err || { echo "$what: $* $(head -c 300 out err)"; wrong=$((wrong + 1)); }
}
expect 'an old record is lost' grep -qx old old.toml
expect 'an unfinished record is left' test -z "$(find . -name '*.part*')"
status=0
said=$("$program" --dataset data.txt --layout tp --steps 1 2>&1 >/dev/full) || status=$?
expect 'a full disk' test "$status" = 1 -a "$said" = 'train_llama: standard output could not be written'

# flags without effect, each told in one line
notes() {  # TEXT ARGUMENT...: the run goes well, and says it
    local text=$1
    shift
    "$program" --dataset data.txt --steps 1 "$@" >out 2>err && [ "$(cat err)" = "train_llama: $text" ] ||
        { echo "$*: '$text' wanted: $(cat err)"; wrong=$((wrong + 1)); }
}
notes '--zero-stage without effect: no dp_shard axis to split anything over' --layout tp --zero-stage 1
notes '--fsdp-reshard-after-forward without effect: no dp_shard axis to split anything over' --layout tp \
    --fsdp-reshard-after-forward never
notes '--selective-ac-option without effect: it is of --activation-checkpoint-mode selective' --layout tp \
    --selective-ac-option 3
notes '--validation-freq, --validation-steps without effect: --no-validation-enable' --layout tp --validation-steps 3 \
    --validation-freq 2 --no-validation-enable
notes '--trace-first, --trace-steps without effect: no --trace' --layout tp --trace-first 3 --trace-steps 1
notes '--trace-first 9: the last step is 1, and is traced' --layout tp --trace-first 9 --trace trace.json
notes '--trace-steps 3: the last step is 1; traced from step 1' --layout tp --trace-first 1 --trace-steps 3 --trace t.json
expect 'notes without a reason' "$program" --dataset data.txt --steps 1 --layout tp --trace t.json
expect 'notes without a reason' test ! -s err

# a page and a trace; where one finds no room, what was there stays, and the others are written
expect 'a page and a trace' "$program" --dataset data.txt --layout tp --steps 3 --report page.html --trace trace.json \
    --log-format json
cp out lines
expect 'the page has no curves' test "$(grep -c '<polyline' page.html)" = 2
expect 'the page needs a network' test -z "$(grep -E 'https?:|src=|@import|url\(' page.html)"
expect 'resident memory' grep -q '"resident_bytes":[1-9]' lines
printf '%s\n' 'file(READ trace.json text)' 'string(JSON count LENGTH "${text}" traceEvents)' \
    'if(count LESS 1000)' '    message(FATAL_ERROR "${count} events")' 'endif()' >trace.cmake
expect 'the trace is not JSON' cmake -P trace.cmake
expect 'no wait in the trace' grep -q '"name":"all_gather wait"' trace.json
cp page.html old.html
status=0
said=$(trap '' XFSZ && ulimit -f 64 && "$program" --dataset data.txt --layout tp --steps 3 --trace trace.json \
    --report page.html --record room.toml 2>&1 >/dev/null) || status=$?
expect 'a trace without room' test "$status" = 1 -a "${said#*--trace: *could not be written}" = ''
expect 'the record of a run whose trace found no room' grep -q '^\[\[run\]\]' room.toml
expect 'an old trace is lost' cmake -P trace.cmake
expect 'the page is not the new one' grep -q '</html>' page.html
expect 'an unfinished file is left' test -z "$(find . -name '*.part*')"

# a record runs again, from any folder, and stays as it is; flags win over it, whichever way they say it
expect 'a run' "$program" --dataset data.txt --layout tp --steps 2 --lr 0.001 --record a.toml
cp a.toml copy.toml
mkdir elsewhere
expect 'again' env -C elsewhere "$program" --config ../a.toml --record ../b.toml
expect 'the record does not run again' test "$(grep losses a.toml)" = "$(grep losses b.toml)"
expect 'flags' "$program" --config a.toml --steps 1 --no-enable-profiling
expect 'a record was overwritten' cmp a.toml copy.toml
expect 'flags' "$program" --config a.toml --steps 1 --record c.toml
expect 'flags do not win' grep -q '^steps = 1$' c.toml
expect 'flags win too far' grep -q '^lr = 0.001' c.toml
expect 'degrees over a layout' "$program" --config a.toml --steps 1 --tensor-parallel-degree 4 --record d.toml
expect 'degrees do not win' grep -q "layout = .*dp_shard=2,tp=4" d.toml
expect 'local over global' "$program" --config a.toml --steps 1 --local-batch-size 8 --layout dp_shard+tp --record e.toml
expect 'the local batch does not win' grep -q 'global_batch_size = -1' e.toml
expect 'its record' "$program" --config e.toml --steps 1
printf '%s\n' '[parallelism]' 'tensor_parallel_degree = 8' '[training]' 'local_batch_size = 8' >f.toml
expect 'a layout over degrees' "$program" --config f.toml --dataset data.txt --steps 1 --layout dp_shard \
    --global-batch-size 8 --record g.toml
expect 'the layout does not win' grep -q "layout = .*dp_shard=8" g.toml

# a file of torchtitan's: what changes nothing here is named on standard error
cat >titan.toml <<'TOML'
[job]
description = "debug"
[metrics]
log_freq = 2
[model]
name = "llama3"
flavor = "debugmodel"
[optimizer]
name = "AdamW"
lr = 8e-4
[training]
local_batch_size = 8
seq_len = 256
steps = 3
dataset = "data.txt"
[parallelism]
data_parallel_shard_degree = -1
tensor_parallel_degree = 8
[checkpoint]
enable_checkpoint = false
TOML
"$program" --config titan.toml --log-format json >lines 2>notes || { echo 'a file of torchtitan'; wrong=$((wrong + 1)); }
expect 'keys without effect are not named' grep -qx \
    'train_llama: titan.toml: .* change nothing here: \[checkpoint\] enable_checkpoint, \[job\] description, .*' notes
expect 'log_freq' test "$(grep -c '"event":"step"' lines)" = 2
printf '%s\n' 'file(STRINGS lines lines)' 'foreach(line IN LISTS lines)' '    string(JSON event GET "${line}" event)' \
    'endforeach()' >json.cmake
expect 'a line is not JSON' cmake -P json.cmake

echo "$count refusals, $wrong wrong"
[ "$wrong" -eq 0 ] && [ "$count" -ge 40 ]
