#!/usr/bin/env bash
# usage: check_config.sh CMAKE SOURCE_DIR COMPILER WORK_DIR WAY PREFIX
# A project with shardtype_check_config, which gets the library as WAY says: `subdirectory` (of SOURCE_DIR, without
# examples and tests) or `find_package` (in PREFIX). A right file builds; each wrong one is refused at its own line; a
# file that is changed is read again.
set -euo pipefail
cmake=$1 source=$2 compiler=$3 work=$4/$5 way=$5 prefix=$6
good=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/good.toml
export LC_ALL=C
unset CXXFLAGS LDFLAGS CMAKE_PREFIX_PATH shardtype_DIR shardtype_ROOT
log=$work/log file=$work/project/job.toml
die() { echo "check_config, $way: $*"; exit 1; }

rm -rf "$work"
mkdir -p "$work/project" "$work/library"
if [ "$way" = subdirectory ]; then
    cp -R "$source"/{CMakeLists.txt,LICENSE,cmake,include} "$work/library"
    get="add_subdirectory(\"$work/library\" library)"
else
    get="find_package(shardtype REQUIRED)"
fi
project() {  # ARGUMENTS of the call
    printf '%s\n' 'cmake_minimum_required(VERSION 3.25)' 'project(user LANGUAGES CXX)' "$get" \
        'add_executable(app main.cpp)' "$@" >"$work/project/CMakeLists.txt"
}
configure() {
    "$cmake" -S "$work/project" -B "$work/build" -G Ninja -DCMAKE_CXX_COMPILER="$compiler" \
        -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_CXX_FLAGS='-Wall -Wextra -Wpedantic -Werror' "$@" >"$log" 2>&1
}
build() { "$cmake" --build "$work/build" >"$log" 2>&1; }
builds() { build || { cat "$log"; die "does not build: $*"; }; }
printf '%s\n' '#include "job.toml.hpp"' 'using job = shardtype::training_job<shardtype::config::job>;' '#include <cstdio>' \
    'int main() { std::printf("%ld %ld %ld\n", job::world_size, job::data_parallel_degree, job::dims.tp); }' \
    >"$work/project/main.cpp"

cp "$good" "$file"
project 'shardtype_check_config(app job.toml WORLD_SIZE 64 HARDWARE h100_sxm)'
configure || { cat "$log"; die "does not configure"; }
builds "$good"
[ "$("$work/build/app")" = "64 16 4" ] || die "the program says $("$work/build/app")"

# What is changed is read again, and only then.
build || die "does not build twice"
grep -q 'no work to do' "$log" || { cat "$log"; die "is built again without a change"; }
sleep 0.02
sed -i 's/^tensor_parallel_degree.*/tensor_parallel_degree = 8/' "$file"
builds "8 tensor ranks"
[ "$("$work/build/app")" = "64 8 8" ] || die "the changed file is not read: $("$work/build/app")"
sed -i 's/^tensor_parallel_degree.*/tensor_parallel_degree = 16/' "$file"
builds "16 tensor ranks that share 8 kv heads"
[ "$("$work/build/app")" = "64 4 16" ] || die "16 tensor ranks: $("$work/build/app")"

# refused LINE NUMBER-AND-TEXT SED-PROGRAM: one error, at that line of the file
cases=0
refused() {
    cases=$((cases + 1))
    sed "$3" "$good" >"$file"
    if cmp -s "$file" "$good"; then die "changes nothing: $3"; fi
    if build; then die "is built in spite of: $3"; fi
    grep -qF -- "$2" "$log" || { cat "$log"; die "not told '$2' for: $3"; }
    grep -qE "job\.toml:$1:[0-9]+: error: " "$log" || { cat "$log"; die "no error at line $1 for: $3"; }
    [ "$(grep -cE 'error: |job.toml:[0-9]+: [A-Z]' "$log")" -eq 1 ] || { cat "$log"; die "not one error for: $3"; }
}
refused 22 "[ST-J716] unknown key 'tensor_paralel_degree' in [parallelism]; did you mean tensor_parallel_degree?" \
    's/^tensor_parallel_degree/tensor_paralel_degree/'
refused 13 '[ST-J716] unknown section [trainning]; did you mean training?' 's/^\[training\]/[trainning]/'
refused 15 "[ST-J716] unknown key 'tensor_parallel_degree' in [training]; it belongs to [parallelism]" \
    's/^seq_len.*/tensor_parallel_degree = 4/'
refused 1 "[ST-J716] key 'seq_len' stands in no section; it belongs to [training]" '1s/.*/seq_len = 8192/'
refused 15 '[ST-J717] seq_len = 8192.5 is not a whole number' 's/^seq_len.*/seq_len = 8192.5/'
if [ "$way" = subdirectory ]; then
    refused 14 "[ST-J717] local_batch_size = '2' is not a whole number" 's/^local_batch_size.*/local_batch_size = "2"/'
    refused 11 '[ST-J717] lr = true is not a number' 's/^lr.*/lr = true/'
    refused 16 '[ST-J717] steps = 10.5 is not a whole number' 's/^steps.*/steps = 10.5/'
    refused 7 "[ST-J717] flavor = '8b' is no model; did you mean 8B?" 's/^flavor.*/flavor = "8b"/'
    refused 6 "[ST-J717] name = 'gpt2' is not there yet; it is llama3 here" 's/^name = "llama3"/name = "gpt2"/'
    refused 17 "[ST-J717] mixed_precision_param = 'float16' is not there; did you mean bfloat16?" \
        's/^dataset.*/mixed_precision_param = "float16"/'
    refused 17 "[ST-J717] mixed_precision_param = true is not a text in quotes" \
        's/^dataset.*/mixed_precision_param = true/'
    refused 17 "[ST-J717] mixed_precision_reduce = 'bfloat16' is not there yet; it is float32 here" \
        's/^dataset.*/mixed_precision_reduce = "bfloat16"/'
    refused 29 "[ST-J717] mode = 'memory_budget' is not there; there are none, selective, full" \
        's/^mode.*/mode = "memory_budget"/'
    refused 29 "[ST-J716] unknown key 'mod' in [activation_checkpoint]; did you mean mode?" 's/^mode.*/mod = "full"/'
    refused 30 "[ST-J717] selective_ac_option = 'op' is not there yet; it is a number n" \
        's/^mode.*/mode = "selective"\nselective_ac_option = "op"/'
    refused 30 '[ST-J701] selective_ac_option 33 is not from 1 to 32' \
        's/^mode.*/mode = "selective"\nselective_ac_option = "33"/'
    refused 23 '[ST-J701] zero_stage 4 is not from 1 to 3; write zero_stage = 3' 's/^pipeline_parallel.*/zero_stage = 4/'
    refused 24 "[ST-J717] fsdp_reshard_after_forward = 'always' is zero_stage = 3, not 2" \
        's/^pipeline_parallel.*/zero_stage = 2\nfsdp_reshard_after_forward = "always"/'
    refused 23 "[ST-J717] fsdp_reshard_after_forward = 'never' is zero_stage = 2 or 1, not 3" \
        's/^pipeline_parallel.*/fsdp_reshard_after_forward = "never"\nzero_stage = 3/'
    refused 23 "[ST-J717] fsdp_reshard_after_forward = 'sometimes' is not there; there are default, always, never" \
        's/^pipeline_parallel.*/fsdp_reshard_after_forward = "sometimes"/'
    refused 31 "[ST-J717] freq = 'often' is not a whole number" '$a [validation]\nfreq = "often"'
    # Four sequences, which are one too many below, fit in bfloat16 and beside recomputed blocks.
    sed 's/^local_batch_size.*/local_batch_size = 4/;s/^dataset.*/mixed_precision_param = "bfloat16"/' "$good" >"$file"
    builds "activations in bfloat16"
    sed 's/^local_batch_size.*/local_batch_size = 4/;s/^mode.*/mode = "selective"/' "$good" >"$file"
    builds "every other block recomputed"
    refused 14 'write local_batch_size = ' \
        's/^local_batch_size.*/local_batch_size = 24/;s/^mode.*/mode = "full"/;s/^pipeline.*/zero_stage = 1/'
    refused 15 '[ST-J701] seq_len 0 is not from 1 to 16777216; write seq_len = 4' 's/^seq_len.*/seq_len = 0/'
    refused 22 '[ST-J702] tensor_parallel_degree 0 is below 1; write tensor_parallel_degree = 1' \
        's/^tensor_parallel_degree.*/tensor_parallel_degree = 0/'
    refused 23 '[ST-J703] pipeline_parallel_degree 2 is not supported yet; write pipeline_parallel_degree = 1' \
        's/^pipeline_parallel_degree.*/pipeline_parallel_degree = 2/'
    refused 21 '[ST-J704] data_parallel_replicate_degree 1 x data_parallel_shard_degree 3 x tensor_parallel_degree 4 = 12, '"\
and world_size is 64; write data_parallel_shard_degree = 16" 's/^data_parallel_shard.*/data_parallel_shard_degree = 3/'
    refused 22 'tensor_parallel_degree 3 = 3 does not divide world_size 64' \
        's/^tensor_parallel_degree.*/tensor_parallel_degree = 3/'
    refused 17 '[ST-J705] global_batch_size 40 is not a multiple of local_batch_size 2 x data_parallel_replicate_degree 1 x '"\
data_parallel_shard_degree 16 = 32; write global_batch_size = 32" 's/^dataset.*/global_batch_size = 40/'
    refused 15 '[ST-J708] seq_len 8191 is not a multiple of tensor_parallel_degree 4; write seq_len = 8192' \
        's/^seq_len.*/seq_len = 8191/'
    refused 22 '[ST-J709] heads 32 is not a multiple of tensor_parallel_degree 64; write tensor_parallel_degree = 32' \
        's/^tensor_parallel_degree.*/tensor_parallel_degree = 64/'
    refused 21 '[ST-J712] vocabulary 128256 is not a multiple of tensor_parallel_degree 4 x data_parallel_shard_degree 256' \
        's/^\[parallelism\]/[parallelism]\nworld_size = 1024/;/^data_parallel_shard/d'
    refused 14 'write local_batch_size = 2' 's/^local_batch_size.*/local_batch_size = 4/'
    refused 14 '[ST-J715] parameters 501941248 + gradients 501941248 + optimizer_states 1003882496 + activations ' \
        's/^local_batch_size.*/local_batch_size = 4/'
    refused 14 'write local_batch_size = 1' 's/^local_batch_size.*/local_batch_size = 5\nglobal_batch_size = 80/'
    refused 14 'write mode = "full" in [activation_checkpoint]' \
        's/^local_batch_size.*/local_batch_size = 1/;s/^seq_len.*/seq_len = 65536/;s/^tensor_p.*/tensor_parallel_degree = 8/'
    refused 19 '[ST-J716] [[parallelism]] is an array of tables; write [parallelism]' 's/^\[parallelism\]/[[parallelism]]/'
    refused 7 "[ST-J716] unknown key 'zzzzzz' in [model]; there are name, flavor, " 's/^flavor = .*/zzzzzz = 1/'
fi
refused 20 '[ST-J719] Error while parsing' 's/^data_parallel_replicate_degree = 1/data_parallel_replicate_degree = = 1/'
sed 's/$/\r/' "$good" >"$file"
builds "lines that end in CR LF"
: >"$file"
if build; then die "an empty file fills 64 devices with the debug model"; fi
grep -qF 'job.toml:1:' "$log" || die "not told a line of an empty file"

# The call itself: told at configure time, in words.
told() {  # TEXT CALL [ARGUMENT...]
    project "$2"
    cp "$good" "$file"
    if configure "${@:3}"; then die "configured: $2"; fi
    tr -s '[:space:]' ' ' <"$log" | grep -qF -- "$1" || { cat "$log"; die "not told '$1' for $2"; }
}
told 'nowhere.toml: no such file' 'shardtype_check_config(app nowhere.toml)'
told 'there is no target apq' 'shardtype_check_config(apq job.toml)'
told 'WORLD_SIZE many is not a number of devices' 'shardtype_check_config(app job.toml WORLD_SIZE many)'
told 'not also DEVICES' 'shardtype_check_config(app job.toml DEVICES 8)'
told 'must be an executable' 'add_library(i INTERFACE)
shardtype_check_config(i job.toml)'
told 'not found: toml++ (libtomlplusplus-dev)' 'shardtype_check_config(app job.toml)' \
    -DCMAKE_DISABLE_FIND_PACKAGE_tomlplusplus=ON

# Without a size of the world, with a device that is not, and two files in two targets.
project 'shardtype_check_config(app job.toml)'
configure -DCMAKE_DISABLE_FIND_PACKAGE_tomlplusplus=OFF || die "does not configure again"
if build; then die "builds without a world size"; fi
grep -qF '[ST-J718] the number of devices is not known: write world_size in [parallelism], or WORLD_SIZE' "$log" ||
    { cat "$log"; die "not told that the world size is missing"; }
grep -qF 'job.toml:19:' "$log" || die "not told where a world size belongs"
project 'shardtype_check_config(app job.toml WORLD_SIZE 64 HARDWARE h100)'
configure || die "does not configure with h100"
if build; then die "builds for h100"; fi
grep -qF 'HARDWARE h100: did you mean a100_80gb?' "$log" || grep -qF 'HARDWARE h100: there are' "$log" ||
    { cat "$log"; die "not told which HARDWARE there is"; }
sed 's/^\[parallelism\]/[parallelism]\nworld_size = 8/' "$good" >"$work/project/other.toml"
project 'shardtype_check_config(app job.toml WORLD_SIZE 64)' 'shardtype_check_config(app other.toml)' \
    'add_library(library STATIC main.cpp)' 'shardtype_check_config(library job.toml WORLD_SIZE 128)'
configure || { cat "$log"; die "two files do not configure"; }
builds "two files and two targets"
echo "check_config, $way: $cases wrong files refused at their lines"
