#!/usr/bin/env bash
# usage: check_includes.sh INCLUDE_ROOT
# Includes run one way: a header includes only its own layer and those before it in this list, and the compile-time
# layers include nothing heavy. So nothing light can become heavy through a header it includes. CUDA's and NCCL's headers
# are wanted only by what lies in a folder cuda, nccl or shared_gpu or is named so; others include of these only
# sizes (*scratch.hpp, room_sizes.hpp and the back end's, which hands them on), which need no toolkit.
set -euo pipefail
cd "$1/shardtype"

layers=(base mesh placement tensor rules search model schedule plan comm kernels ops runtime optim train)
compile_time=9  # the first nine: base to plan
heavy='thrust/|cub/|cuda|cublas|cudnn|nccl|mpi\.h|dnnl|oneapi/|xsimd|Random123|(iostream|functional|ranges|memory|chrono|algorithm|regex|unordered_map)$'

gpu='(^|/)(cuda|nccl|shared_gpu)(/|\.hpp$)'
light_gpu='^shardtype/((.*/)?(cuda|nccl|shared_gpu)/([a-z_]*scratch|room_sizes)|ops/cuda/back_end)\.hpp$'

declare -A rank
for i in "${!layers[@]}"; do rank[${layers[i]}]=$i; done
failures=0 headers=0
complain() { echo "$1: $2"; failures=$((failures + 1)); }

while read -r header; do
    header=${header#./}
    headers=$((headers + 1))
    layer=${header%%/*}
    if [ "$header" = shardtype.hpp ]; then own=$((compile_time - 1))  # the umbrellas stand after their last layer
    elif [ "$header" = runtime.hpp ]; then own=$((${#layers[@]} - 1))
    elif [ -n "${rank[$layer]:-}" ]; then own=${rank[$layer]}
    else complain "$header" "is in no layer (${layers[*]})"; continue
    fi
    while read -r included; do
        if [[ ! $header =~ $gpu || shardtype/$header =~ $light_gpu ]] && [[ ! $included =~ $light_gpu ]] &&
            [[ $included =~ ^(cuda|cublas|cudnn|nccl) || ( $included == shardtype/* && $included =~ $gpu ) ]]; then
            complain "$header" "includes <$included>, which needs CUDA: only a folder cuda, nccl or shared_gpu does"
        fi
        case $included in
        '"'*) complain "$header" "includes $included: write <shardtype/layer/...>" ;;
        shardtype/*/*)
            other=${included#shardtype/} other=${other%%/*}
            if [ -z "${rank[$other]:-}" ]; then complain "$header" "includes <$included>: $other is no layer"
            elif [ "${rank[$other]}" -gt "$own" ]; then complain "$header" "includes <$included>, a later layer"
            fi ;;
        shardtype/shardtype.hpp) [ "$header" = runtime.hpp ] || complain "$header" "includes the umbrella <$included>" ;;
        shardtype/*) complain "$header" "includes the umbrella <$included>" ;;
        xsimd/*) [ "${header##*/}" = xsimd.hpp ] ||  # it silences g++ 12, but only where it is the first to include it
            complain "$header" "includes <$included>: include the header xsimd.hpp of this library instead" ;;&
        *)
            if [ "$own" -lt "$compile_time" ] && grep -qE "^($heavy)" <<<"$included"; then
                complain "$header" "includes <$included>: too heavy for a compile-time layer"
            fi ;;
        esac
    done < <(sed -nE 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*(<([^>]*)>|("[^"]*)").*/\2\3/p' "$header")
done < <(find . -name '*.hpp' -o -name '*.cuh' -o -name '*.h' | sort)

[ "$headers" -gt 0 ] || complain "$PWD" "has no headers"
[ "$failures" -eq 0 ] || exit 1
echo "$headers headers, includes run one way"
