#!/usr/bin/env bash
# usage: bash tests/gpu.sh [--dry-run] [STEP...]      e.g. bash tests/gpu.sh kernels bench      (no steps: all)
#        bash tests/gpu.sh --pack FOLDER
#
# On a machine with a GPU and nvcc, and with neither network nor packages: builds the programs of CUDA with plain nvcc (no
# CMake), runs them, and prints a summary last. Made to take less than 9 minutes with 16 cores; a step that would pass that
# is cut off or left out, and the summary says so. Steps, in order:
#   kernels    each kernel against float64, on the device
#   device     jobs and libraries: the gold run, layouts on one GPU against the CPU, graph against eager, NCCL with one rank
#   train      train_llama, on one rank and on eight that share the GPU
#   bench      the benchmark table, and torch.compile's line beside it where Python has torch
#   sanitize   compute-sanitizer on the kernels' tests: memcheck, racecheck, initcheck, synccheck
# Exit code 1 if a step failed, 77 if none ran, as without a device.
#
#   --pack FOLDER           on a machine with this project's packages: copies the headers and libraries that a GPU machine
#                           may lack into FOLDER (47 MiB); a folder third_party/ in the checkout is found by itself
#   --dry-run               what would be built and run
#   SHARDTYPE_DEPS=FOLDER   that folder, elsewhere
#   SHARDTYPE_BUILD_DIR=FOLDER  where to build (default: build-gpu)
#   OUT=FOLDER              for summary.txt, table.md and log.txt (default: the same)
#   SHARDTYPE_GPU_SECONDS=N the limit of all together (default: 530)
#   SHARDTYPE_GPU_STEP_SECONDS=N  of any one run (default: 60 to 150, as its kind)
#   SHARDTYPE_JOBS=N        compiles at a time (default: one for each core)
#   CUDA_HOME, CUDNN_ROOT, NCCL_HOME  where the toolkit and the libraries are, if not in the usual places or pip's
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 2
source tests/gpu/programs.sh
root=$PWD
refuse() {
    printf 'tests/gpu.sh: %s\n' "$*" >&2
    exit 2
}

pack() {
    local folder=$1 from name found size
    local headers=(boost/hana boost/hana.hpp dnnl.h dnnl_config.h dnnl_debug.h dnnl_types.h dnnl_version.h oneapi xsimd
        Random123 doctest nlohmann benchmark CLI toml++)
    mkdir -p "$folder/include" "$folder/lib" || refuse "cannot write to $folder"
    for name in "${headers[@]}"; do
        found=
        for from in ${CPLUS_INCLUDE_PATH:+${CPLUS_INCLUDE_PATH//:/ }} /usr/include /usr/local/include; do
            if [ -e "$from/$name" ]; then found=$from/$name && break; fi
        done
        if [ -z "$found" ]; then
            case $name in dnnl_*) continue ;; esac  # oneDNN's other versions have others
            refuse "--pack: <$name> is not installed here; bash tests/run.sh installs what is missing"
        fi
        mkdir -p "$(dirname "$folder/include/$name")"
        cp -RL "$found" "$(dirname "$folder/include/$name")/"
    done
    # oneDNN as packaged wants OpenCL's loader, too.
    for name in dnnl benchmark OpenCL; do
        found=$(ldconfig -p | awk -v name="lib$name.so" 'index($1, name) == 1 && /x86-64/ { print $NF; exit }')
        [ -n "$found" ] || refuse "--pack: lib$name is not installed here"
        found=$(readlink -f "$found")
        cp "$found" "$folder/lib/"
        from=$(basename "$found")
        local soname
        soname=$(readelf -d "$found" | sed -nE 's/.*SONAME.*\[(.*)\]/\1/p')
        [ "$soname" = "$from" ] || mv "$folder/lib/$from" "$folder/lib/$soname"
        echo "INPUT(-l:$soname)" >"$folder/lib/lib$name.so"  # no link: those get lost on the way
    done
    size=$(du -sm "$folder" | cut -f 1)
    echo "packed: $folder, $size MiB; take it along as third_party/ in the checkout, or name it: SHARDTYPE_DEPS"
    [ "$size" -lt 64 ] || refuse "--pack: $size MiB are more than 64"
}

dry='' steps=()
while [ $# -gt 0 ]; do
    case $1 in
        --help | -h) sed -n '2,/^[^#]/s/^# \{0,1\}//p' tests/gpu.sh && exit ;;
        --pack)
            [ $# -eq 2 ] || refuse "--pack wants a folder"
            pack "$2"
            exit ;;
        --dry-run) dry=yes ;;
        kernels | device | train | bench | sanitize) steps+=("$1") ;;
        *) refuse "there is no step $1: kernels, device, train, bench, sanitize" ;;
    esac
    shift
done
[ ${#steps[@]} -gt 0 ] || steps=(kernels device train bench sanitize)
wanted() { [[ " ${steps[*]} " == *" $1 "* ]]; }

seconds=${SHARDTYPE_GPU_SECONDS:-530}
[[ $seconds =~ ^[1-9][0-9]{0,4}$ ]] || refuse "SHARDTYPE_GPU_SECONDS is '$seconds', not a number of seconds"
jobs=${SHARDTYPE_JOBS:-$(nproc)}
[[ $jobs =~ ^[1-9][0-9]{0,2}$ ]] || refuse "SHARDTYPE_JOBS is '$jobs', not a number"
folder=${SHARDTYPE_BUILD_DIR:-$root/build-gpu}
out=${OUT:-$folder}
build=$folder/programs
SECONDS=0
left() { echo $((seconds - SECONDS)); }

dependencies=${SHARDTYPE_DEPS:-}
if [ -z "$dependencies" ] && [ -d third_party/include ]; then dependencies=$root/third_party; fi
[ -z "$dependencies" ] || dependencies=$(cd "$dependencies" 2>/dev/null && pwd) || refuse "there is no folder $SHARDTYPE_DEPS"
gpu_find "$dependencies"
if [ ${#gpu_missing[@]} -gt 0 ]; then
    refuse "not found: $(printf '%s, ' "${gpu_missing[@]}" | sed 's/, $//'); headers and libraries that are no part of" \
        "the toolkit: bash tests/gpu.sh --pack third_party, on a machine that has them"
fi
command -v "${CXX:-g++}" >/dev/null || refuse "not found: g++, which nvcc needs"

name_of_device=$(nvidia-smi --query-gpu=name --format=csv,noheader -i 0 2>/dev/null | head -n 1)
capability=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader -i 0 2>/dev/null | head -n 1 | tr -d .)
[[ $capability =~ ^[0-9]+$ ]] || capability=90
architectures=(-arch="sm_$capability")
sanitizer=
for file in "$(command -v compute-sanitizer)" "$cuda_root/bin/compute-sanitizer" \
    "$cuda_root/compute-sanitizer/compute-sanitizer" /usr/local/cuda/bin/compute-sanitizer; do
    if [ -z "$sanitizer" ] && [ -x "$file" ]; then sanitizer=$file; fi
done

# What is built, the slowest to compile and the most important first; those of the steps that are wanted.
programs=()
for kind in train device bench kernels; do
    step=$kind
    wanted "$step" || { [ "$kind" = kernels ] && wanted sanitize; } || continue
    while IFS= read -r program; do
        IFS='|' read -r name is source <<<"$program"
        [ "$is" = "$kind" ] || continue
        if [ ${#gpu_nccl_link[@]} -eq 0 ] && gpu_wants_nccl "$source"; then continue; fi
        programs+=("$program")
    done < <(gpu_programs)
done

heading=$(
    echo "device: ${name_of_device:-none}, sm_$capability; $("$nvcc" --version | sed -n 's/.*release \([0-9.]*\).*/nvcc \1/p');" \
        "$("${CXX:-g++}" --version | head -n 1); $jobs compiles at a time; limit $seconds s"
    [ ${#gpu_notes[@]} -eq 0 ] || printf '%s\n' "${gpu_notes[@]}"
    [ -n "$sanitizer" ] || echo "compute-sanitizer is not installed: the step sanitize is skipped"
)
echo "$heading"
if [ -n "$dry" ]; then
    echo "builds:"
    for program in "${programs[@]}"; do echo "  ${program%%|*} (${program##*|})"; done
    echo "flags: ${gpu_flags[*]}"
    echo "links: ${gpu_link[*]}"
    echo "runs: ${steps[*]}; writes summary.txt, table.md and log.txt to $out"
    exit
fi

rm -f "$build"/*.late
mkdir -p "$build" "$out" || refuse "cannot write to $build and $out"
summary=$out/summary.txt table=$out/table.md log=$out/log.txt
echo "$heading" >"$summary"
: >"$log"
: >"$table"
passed=0 failed=0 skipped=0 ran=0

# say RESULT SECONDS NAME [WHY]
say() {
    case $1 in
        passed) passed=$((passed + 1)) ;;
        failed) failed=$((failed + 1)) ;;
        *) skipped=$((skipped + 1)) ;;
    esac
    printf '%-8s %5s s  %s%s\n' "$1" "$2" "$3" "${4:+: $4}" | tee -a "$summary"
}

# run NAME LIMIT COMMAND...: its output goes to the log; 77 is skipped
run() {
    local name=$1 limit=$2 begin=$SECONDS status=0 file=$build/step.txt why
    shift 2
    if [ "$(left)" -lt 5 ]; then
        say skipped 0 "$name" "no time left"
        return 1
    fi
    [ "$limit" -le "${SHARDTYPE_GPU_STEP_SECONDS:-$limit}" ] || limit=$SHARDTYPE_GPU_STEP_SECONDS
    local own=$limit
    [ "$limit" -le "$(left)" ] || limit=$(left)
    timeout -k 5 "$limit" "$@" >"$file" 2>&1 || status=$?
    printf '\n=== %s: exit code %s, %s s: %s\n' "$name" "$status" $((SECONDS - begin)) "$*" >>"$log"
    tail -c 200000 "$file" >>"$log"
    case $status in
        0) ran=$((ran + 1)) && say passed $((SECONDS - begin)) "$name" ;;
        77) say skipped $((SECONDS - begin)) "$name" "$(grep -m 1 -oE 'no CUDA device.*|skipped: .*' "$file" | sed 's/^skipped: //' || tail -n 1 "$file")" ;;
        124 | 137)
            if [ "$limit" -lt "$own" ]; then say skipped $((SECONDS - begin)) "$name" "cut off: no time left"
            else say failed $((SECONDS - begin)) "$name" "cut off after $limit s"
            fi ;;
        *)
            why=$(grep -m 1 -E 'ERROR|error:|terminate|what\(\)|Error' "$file" || tail -n 1 "$file")
            say failed $((SECONDS - begin)) "$name" "exit code $status: ${why:0:300}" ;;
    esac
    return "$status"
}

begin=$SECONDS
if [[ " ${programs[*]} " == *"|train|"* ]]; then
    gpu_train_llama "$build" "$jobs" >>"$log" 2>&1 || say failed 0 "the host's part of train_llama" "it does not compile"
fi
gpu_mains "$build" >>"$log" 2>&1 || say failed 0 "the mains of tests and benchmarks" "they do not compile"
running=0
for program in "${programs[@]}"; do
    IFS='|' read -r name kind source <<<"$program"
    if [ "$running" -ge "$jobs" ]; then
        wait -n
        running=$((running - 1))
    fi
    (
        set -m  # a process group each, so that all of a compile ends
        # beyond this there is no time to run anything
        allowed=$((seconds * 2 / 3 - SECONDS))
        gpu_compile "$build" "$name" "$kind" "$source" "${architectures[@]}" &
        compile=$!
        (sleep $((allowed > 1 ? allowed : 1)) && touch "$build/$name.late" && kill -- "-$compile") >/dev/null 2>&1 &
        sleeper=$!
        wait "$compile"
        kill -- "-$sleeper"
    ) >/dev/null 2>&1 &
    running=$((running + 1))
done
wait
built=0
for program in "${programs[@]}"; do
    name=${program%%|*}
    if [ -x "$build/$name" ]; then
        built=$((built + 1))
    else
        if [ -e "$build/$name.late" ]; then
            say failed "$((SECONDS - begin))" "build $name" "cut off: no time left"
            continue
        fi
        printf '\n=== %s does not compile\n' "$name" >>"$log"
        tail -c 20000 "$build/$name.log" >>"$log" 2>/dev/null
        say failed "$(awk '{ print $2 }' "$build/$name.built" 2>/dev/null || echo '?')" "build $name" \
            "$(grep -m 1 -E 'error|undefined reference|fatal' "$build/$name.log" 2>/dev/null | cut -c 1-300)"
    fi
done
say "$([ "$built" -eq ${#programs[@]} ] && echo passed || echo failed)" $((SECONDS - begin)) "build, $built of ${#programs[@]} programs"

each() {  # KIND: lines of its programs that were built
    local program name kind
    for program in "${programs[@]}"; do
        IFS='|' read -r name kind _ <<<"$program"
        if [ "$kind" = "$1" ] && [ -x "$build/$name" ]; then echo "$name"; fi
    done
}

export OMP_NUM_THREADS=1
if wanted kernels; then for name in $(each kernels); do run "$name" 60 "$build/$name"; done; fi
if wanted device; then for name in $(each device); do run "$name" 120 "$build/$name"; done; fi
if wanted train; then
    for name in $(each train); do
        for layout in dp_shard=1 dp_shard=2,tp=4; do
            run "$name $layout" 60 "$build/$name" --layout "$layout" --steps 20 --dataset LICENSE
        done
    done
fi
if wanted bench; then
    {
        echo "Device: ${name_of_device:-none}. Command: bash tests/gpu.sh bench. Best and median microseconds of a call, its rate,"
        echo "and the limit that was measured in the same run."
    } >"$table"
    for name in $(each bench); do
        if run "$name" 150 "$build/$name" --markdown; then
            printf '\n### %s\n\n| benchmark | best us | median us | rate | limit | share | limit |\n%s\n' "$name" \
                '|---|---|---|---|---|---|---|' >>"$table"
            grep '^| `' "$build/step.txt" >>"$table"
        fi
    done
    if run "torch.compile" 150 python3 bench/peers/torch_compile.py; then
        printf '\n### torch.compile\n\n```\n%s\n```\n' "$(grep '^torch' "$build/step.txt")" >>"$table"
    fi
fi
if wanted sanitize; then
    for tool in memcheck racecheck initcheck synccheck; do
        for name in $(each kernels); do
            if [ -z "$sanitizer" ]; then
                say skipped 0 "$tool $name" "compute-sanitizer is not installed"
            else
                run "$tool $name" 60 "$sanitizer" --tool "$tool" --error-exitcode 9 "$build/$name"
            fi
        done
    done
fi

echo "tests/gpu.sh: $passed passed, $failed failed, $skipped skipped, $SECONDS s; $summary, $table, $log" | tee -a "$summary"
[ "$failed" -eq 0 ] || exit 1
[ "$ran" -gt 0 ] || exit 77
