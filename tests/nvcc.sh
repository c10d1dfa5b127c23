#!/usr/bin/env bash
# usage: bash tests/nvcc.sh [NAME...]      e.g. bash tests/nvcc.sh cuda_gemm     (no names: all)
#
# Compiles every program of CUDA with nvcc, for sm_80 and sm_90, prints seconds and peak memory of each, links it, and
# runs it as far as the first device query: without a GPU each must say "no CUDA device" in one line. Needs no GPU.
# Exit code 1 if one does not compile or run, or a limit is passed.
#
#   --help                  this
#   --list                  the names
#   SHARDTYPE_BUILD_DIR=FOLDER  where to build (default: build/nvcc)
#   SHARDTYPE_JOBS=N        compiles at a time (default: one for each core)
#   SHARDTYPE_NVCC_SECONDS=N, SHARDTYPE_NVCC_MIB=N  the limits, of all together (default: 1500) and of any one (6144)
#   SHARDTYPE_DEPS=FOLDER   headers and libraries that are not installed here: see tests/gpu.sh --help
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source cmake/setup.sh
source tests/gpu/programs.sh
shardtype_begin tests/nvcc.sh
build=${SHARDTYPE_BUILD_DIR:-build/nvcc}
jobs=$(shardtype_number SHARDTYPE_JOBS "$(nproc)" 1)
most_seconds=$(shardtype_number SHARDTYPE_NVCC_SECONDS 1500 1)
most_mib=$(shardtype_number SHARDTYPE_NVCC_MIB 6144 1)

mapfile -t programs < <(gpu_programs)
case ${1:-} in
    --help | -h) shardtype_help tests/nvcc.sh && exit ;;
    --list) printf '%s\n' "${programs[@]%%|*}" && exit ;;
esac
if [ $# -gt 0 ]; then
    chosen=()
    for name in "$@"; do
        found=
        for program in "${programs[@]}"; do
            if [ "${program%%|*}" = "$name" ]; then chosen+=("$program") found=yes; fi
        done
        [ -n "$found" ] || shardtype_refuse "there is no program $name; those that are: bash tests/nvcc.sh --list"
    done
    programs=("${chosen[@]}")
fi

gpu_find "${SHARDTYPE_DEPS:-}"
[ ${#gpu_missing[@]} -eq 0 ] || shardtype_refuse "not found: $(printf '%s\n' "${gpu_missing[@]}" | paste -sd , -)"
[ ${#gpu_notes[@]} -eq 0 ] || printf '%s\n' "${gpu_notes[@]}"
architectures=(-gencode arch=compute_80,code=sm_80 -gencode arch=compute_90,code=sm_90)
mkdir -p "$build"
begin=$SECONDS
gpu_mains "$build" || shardtype_refuse "the main of the tests or of the benchmarks does not compile, see above"
if [[ " ${programs[*]} " == *"|train|"* ]]; then
    gpu_train_llama "$build" "$jobs" || shardtype_refuse "the host's part of train_llama does not compile, see above"
fi
printf '%d programs, %s, sm_80 and sm_90, %d at a time\n' "${#programs[@]}" \
    "$("$nvcc" --version | sed -n 's/.*release \([0-9.]*\).*/nvcc \1/p')" "$jobs"

# One program: compiled, linked, started. A line for it, when it is through.
try() {
    local name kind source status seconds mib cpu said text=ok
    IFS='|' read -r name kind source <<<"$1"
    gpu_compile "$build" "$name" "$kind" "$source" "${architectures[@]}" || true
    read -r status seconds mib cpu <"$build/$name.built"
    if [ "$status" -ne 0 ]; then
        text="does not compile: $(grep -m 1 -E 'error|undefined reference|fatal' "$build/$name.log" || tail -n 1 "$build/$name.log")"
    else
        status=0
        local arguments=() wanted=77
        [ "$kind" != train ] || arguments=(--device cuda) wanted=2  # where a CPU does, too, a GPU that is not there is a wrong flag
        said=$(CUDA_VISIBLE_DEVICES='' timeout 60 "$build/$name" "${arguments[@]}" 2>&1) || status=$?
        if [ "$status" -ne "$wanted" ] || [ "$(wc -l <<<"$said")" -ne 1 ] || [[ $said != *"no CUDA device"* ]]; then
            text="without a device: exit code $status and: $(head -n 3 <<<"$said" | paste -sd ' ' -)"
        fi
    fi
    if [ "$mib" != "?" ] && [ "$mib" -gt "$most_mib" ]; then text="takes more than $most_mib MiB; $text"; fi
    printf '%-32s %5s s (%4s s of CPU) %6s MiB  %s\n' "$name" "$seconds" "$cpu" "$mib" "$text"
    [ "$text" = ok ]
}

failed=0 running=0
for program in "${programs[@]}"; do
    if [ "$running" -ge "$jobs" ]; then
        wait -n || failed=$((failed + 1))
        running=$((running - 1))
    fi
    try "$program" &
    running=$((running + 1))
done
while [ "$running" -gt 0 ]; do
    wait -n || failed=$((failed + 1))
    running=$((running - 1))
done
spent=$((SECONDS - begin))
echo "tests/nvcc.sh: ${#programs[@]} programs, $failed failed, $spent s (limit $most_seconds s)"
[ "$failed" -eq 0 ] && [ "$spent" -le "$most_seconds" ]
